"""What can be booked: one view for pages, API, holds, bookings and moves, all decided by ``scheduling.availability``."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session as OrmSession

from failpoints import enabled
from models import taken
from models.base import db
from models.snapshot import catalogue, latest
from models.snapshot import length as parse_length
from rules import errors
from rules.facts import Catalogue, Location, Pause, Plan, Resource, Service
from scheduling import availability
from scheduling.availability import Length

PUBLIC = frozenset({"public"})
LINK = frozenset({"public", "link"})
EVERYONE = frozenset({"public", "link", "staff"})
MAX_DAYS = 62
DEFAULT_DAYS = 14
HOUR = timedelta(hours=1)
NONE: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked wish: the facts behind the words of a request. ``online`` where a customer asks, for whom booking may be
    paused; ``off`` are then the resources that are."""

    catalogue: Catalogue
    service: Service
    location: Location
    plan: Plan
    length: Length
    chosen: tuple[Resource, ...]
    seats: int
    chosen_by: str = "customer"
    online: bool = False
    off: frozenset[int] = frozenset()

    @property
    def zone(self) -> ZoneInfo:
        """The location's zone."""
        return ZoneInfo(self.location.timezone)

    @property
    def ordinary(self) -> bool:
        """True when the rules are those of the catalogue, none set aside."""
        return self.plan is self.catalogue.plans.get((self.service.id, self.location.id))

    def candidates(self) -> tuple[int, ...]:
        """Ids of every resource that could serve."""
        return tuple(self.plan.resources)


@dataclass(frozen=True, slots=True)
class Offer:
    """One start, as instants. ``resources`` are slugs of those whom a customer may choose here and with whom the whole
    booking is possible; ``reason`` is None for what can be booked, else taken, held, full, closed, too_soon, too_far or
    limit; ``who`` the slug of what stands in the way, where one can be named; ``mine`` the asker's own hold."""

    start: datetime
    end: datetime
    resources: tuple[str, ...] = ()
    seats_left: int = 1
    reason: str | None = None
    who: str | None = None
    mine: bool = False

    @property
    def free(self) -> bool:
        """True when it can be booked right now."""
        return self.reason is None


@dataclass(frozen=True, slots=True)
class View:
    """The offers of some days, earliest first. ``version`` changes whenever they can have changed; until ``good_until``
    an unchanged version means an unchanged view. ``paused`` where online booking is off: then nothing is free."""

    asked: Asked
    first: date
    last: date
    offers: tuple[Offer, ...]
    version: str
    good_until: datetime
    paused: Pause | None = None


def resolve(
    known: Catalogue,
    *,
    service: str,
    location: str | None = None,
    length: int | str | None = None,
    resources: Sequence[str] = (),
    seats: int = 1,
    who: Collection[str] = PUBLIC,
    chosen_by: str = "customer",
    online: bool | None = None,
    any_length: bool = False,
) -> Asked:
    """Checks the words of a wish. ``chosen_by`` staff, ``resources`` may be any that can serve; ``online`` says that a
    customer asks, by default where not everything is offered that staff see; ``any_length``: one that was agreed once.

    Raises UnknownService, UnknownLocation, LocationRequired, UnknownResource, BadDuration, TooManySeats.
    """
    offered = known.services.get(service)
    if offered is None or offered.who not in who:
        raise errors.UnknownService(service=service)
    places = [id for id in offered.locations if (offered.id, id) in known.plans]
    if location is None:
        if len(places) != 1:
            raise errors.LocationRequired(locations=[known.location_by_id[id].slug for id in places])
        place = known.location_by_id[places[0]]
    else:
        found = known.locations.get(location)
        if found is None or found.id not in places:
            raise errors.UnknownLocation(location=location)
        place = found
    plan = known.plan(offered, place)
    if chosen_by == "staff":
        needs = tuple(replace(need, choosable=True) for need in plan.service.needs)
        plan = replace(plan, service=replace(plan.service, needs=needs))
    choosable = {id for need in plan.service.needs if need.choosable for id in need.candidates}
    chosen = []
    for slug in dict.fromkeys(resources):
        resource = known.resources.get(slug)
        if resource is None or resource.id not in choosable:
            raise errors.UnknownResource(resource=slug)
        chosen.append(resource)
    online = "staff" not in who if online is None else online
    if seats < 1 or seats > offered.seats:
        raise errors.TooManySeats(seats=offered.seats, asked=seats)
    agreed = _length(offered, length, any_length)
    return Asked(known, offered, place, plan, agreed, tuple(chosen), seats, chosen_by, online)


def _length(service: Service, wanted: int | str | None, any_length: bool) -> Length:
    if wanted is None:
        return service.lengths[0]
    try:
        asked = parse_length(wanted)
    except (ValueError, TypeError) as error:
        raise errors.BadDuration(lengths=service.lengths) from error
    if asked not in service.lengths and not any_length:
        raise errors.BadDuration(lengths=service.lengths)
    return asked


def view(
    asked: Asked,
    *,
    first: date | None = None,
    last: date | None = None,
    now: datetime,
    include_taken: bool = False,
    without: Mapping[int, int] = NONE,
    mine: Mapping[datetime, int] | None = None,
    limit_days: int = MAX_DAYS,
    stamp: tuple[int, int] | None = None,
) -> View:
    """The offers from ``first`` to ``last`` (local dates, both included; today and the 13 days after by default).

    ``without`` maps session ids to seats that do not count for the asker, ``mine`` says at which starts her holds are.
    Raises RangeTooLong, or Invalid where the range ends before it begins.
    """
    today = now.astimezone(asked.zone).date()
    first = first or today
    last = last or first + timedelta(days=DEFAULT_DAYS - 1)
    if last < first:
        raise errors.Invalid(errors={"to": errors.FieldError("before_from")})
    if (last - first).days >= limit_days:
        raise errors.RangeTooLong(days=limit_days)
    session = db.session()
    stamp = stamp or taken.version(session, asked.candidates())
    chosen = tuple(resource.id for resource in asked.chosen)
    key = (
        _where(session),
        asked.service.id,
        asked.location.id,
        asked.length,
        chosen,
        asked.seats,
        first,
        last,
        include_taken,
        asked.chosen_by,
        asked.online,
    )
    shared = asked.ordinary and not without and not mine
    if shared:
        known = _cache.get(key, stamp, now)
        if known is not None:
            return known
    found = _compute(session, asked, first, last, now, include_taken, without, mine or {}, stamp)
    if shared:
        _cache.put(key, stamp, found)
    return found


def stamped(ask: Callable[[Catalogue], Asked]) -> tuple[Asked, tuple[int, int]]:
    """``ask`` answered from the catalogue as it now stands, and the stamp of its availability: what changes whenever that can
    have changed by somebody's doing. One small query when the catalogue is unchanged."""
    session = db.session()
    known = latest(session)
    try:
        asked = ask(known)
        stamp = taken.version(session, asked.candidates())
        if stamp[0] == known.version:
            return asked, stamp
    except errors.Refusal:
        # Perhaps only because the catalogue has changed: asked again below.
        pass
    asked = ask(catalogue(session))
    return asked, taken.version(session, asked.candidates())


def _compute(
    session: OrmSession,
    asked: Asked,
    first: date,
    last: date,
    now: datetime,
    include_taken: bool,
    without: Mapping[int, int],
    mine: Mapping[datetime, int],
    stamp: tuple[int, int],
) -> View:
    off = paused(asked, now)
    asked = narrowed(asked, now)
    ask = question(asked, first=first, last=last, now=now, include_taken=include_taken)
    since, until = _window(asked, first, last)
    reading = taken.read(
        session,
        service=asked.plan.service,
        location=asked.plan.location,
        resource_ids=asked.candidates(),
        since=since,
        until=until,
        now=now,
        without=without,
        whose=False,
    )
    plan = asked.plan
    without_those_off(asked, reading.taken)
    slots = availability.slots(plan.service, plan.location, plan.resources, reading.taken, ask)
    good_until = datetime.fromtimestamp(availability.good_until(plan.service, plan.location, slots, ask), UTC)
    if reading.next_expiry is not None:
        good_until = min(good_until, reading.next_expiry)
    if asked.online:
        ends = (each.until for each in asked.catalogue.pauses if each.until is not None and each.holds(now))
        good_until = min(good_until, *ends, good_until)
    slugs = {id: resource.slug for id, resource in asked.catalogue.resource_by_id.items()}
    offers = tuple(offer(slugs, slot, mine) for slot in slots)
    if off is not None:
        shut = (replace(each, resources=(), seats_left=0, reason="closed", who=None) for each in offers)
        offers = tuple(shut) if include_taken else ()
    version = f"{stamp[0]}-{stamp[1]}-{int(good_until.timestamp())}"
    return View(asked, first, last, offers, version, good_until, off)


def paused(asked: Asked, now: datetime) -> Pause | None:
    """Why nothing of this can be booked online now, or None."""
    if not asked.online or not asked.catalogue.pauses:
        return None
    whole = asked.catalogue.paused(asked.service, asked.location, now)
    if whole is not None:
        return whole
    off = asked.catalogue.paused_resources(now)
    for resource in asked.chosen:
        if resource.id in off:
            return off[resource.id]
    for need in asked.plan.service.needs:
        if need.candidates and off.keys() >= set(need.candidates):
            return off[need.candidates[0]]
    return None


def narrowed(asked: Asked, now: datetime) -> Asked:
    """``asked`` without the resources that cannot be booked online now."""
    off = (
        frozenset(asked.catalogue.paused_resources(now)) & frozenset(asked.plan.resources)
        if asked.online
        else frozenset()
    )
    if not off:
        return asked
    needs = tuple(
        replace(need, candidates=tuple(id for id in need.candidates if id not in off))
        for need in asked.plan.service.needs
    )
    plan = replace(asked.plan, service=replace(asked.plan.service, needs=needs))
    return replace(asked, plan=plan, off=off)


def without_those_off(asked: Asked, found: availability.Taken) -> None:
    """Leaves out the sessions of those who cannot be booked online: nobody joins them."""
    if asked.off:
        found.sessions = [each for each in found.sessions if not asked.off & set(each.resources)]


def question(asked: Asked, *, first: date, last: date, now: datetime, include_taken: bool = False) -> availability.Ask:
    """``asked`` as the question that ``scheduling.availability`` answers."""
    return availability.Ask(
        first=first,
        last=last,
        now_seconds=int(now.timestamp()),
        length=asked.length,
        seats=asked.seats,
        chosen=frozenset(resource.id for resource in asked.chosen),
        include_taken=include_taken,
    )


def offer(slugs: Mapping[int, str], slot: availability.Slot, mine: Mapping[datetime, int]) -> Offer:
    """One slot with instants and the ``slugs`` of its resources."""
    start = datetime.fromtimestamp(slot.start * 60, UTC)
    return Offer(
        start=start,
        end=datetime.fromtimestamp(slot.end * 60, UTC),
        resources=tuple(map(slugs.__getitem__, slot.choosable)),
        seats_left=slot.seats_left,
        reason=slot.reason,
        who=slugs[slot.who] if slot.who is not None else None,
        mine=start in mine,
    )


def _window(asked: Asked, first: date, last: date) -> tuple[datetime, datetime]:
    """The instants that can touch a start of these days: a day of slack for zones, the longest stay and the buffers."""
    service = asked.service
    stay = timedelta(minutes=asked.length.minutes + service.buffer_after, days=asked.length.days + 1)
    since = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1, minutes=service.buffer_before)
    until = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=2) + stay
    return since, until


def first_free(
    asked: Asked, *, now: datetime, without: Mapping[int, int] = NONE, stamp: tuple[int, int] | None = None
) -> Offer | None:
    """The first start that can be booked in the whole horizon, or None. Looks at a fortnight first, then at the rest."""
    today = now.astimezone(asked.zone).date()
    horizon = asked.service.horizon_days
    for skip, days in ((0, DEFAULT_DAYS), (DEFAULT_DAYS, max(1, horizon + 1 - DEFAULT_DAYS))):
        if skip > horizon:
            break
        first = today + timedelta(days=skip)
        found = view(
            asked,
            first=first,
            last=first + timedelta(days=days - 1),
            now=now,
            without=without,
            limit_days=days,
            stamp=stamp,
        )
        for each in found.offers:
            if each.free:
                return each
    return None


def alternatives(
    asked: Asked, *, near: datetime, now: datetime, count: int = 3, without: Mapping[int, int] = NONE
) -> list[Offer]:
    """The free starts nearest to ``near``, at most ``count``, nearest first; the start itself may be among them with somebody else."""
    day = near.astimezone(asked.zone).date()
    today = now.astimezone(asked.zone).date()
    anyone = replace(asked, chosen=())
    found: list[Offer] = []
    for wish in (asked, anyone) if asked.chosen else (asked,):
        for reach in (2, 14):
            first = max(today, day - timedelta(days=reach))
            last = max(first, day + timedelta(days=reach))
            offers = view(wish, first=first, last=last, now=now, without=without).offers
            free = [each for each in offers if each.free and each not in found]
            if wish is asked:
                free = [each for each in free if each.start != near]
            free.sort(key=lambda each: (abs(each.start - near), each.start))
            found += [each for each in free if each.start not in {known.start for known in found}]
            if len(found) >= count:
                return found[:count]
    return found[:count]


def nearby(
    asked: Asked, *, near: datetime, now: datetime, count: int = 4, without: Mapping[int, int] = NONE
) -> list[Offer]:
    """Free starts to take instead of ``near``, each near in a way of its own: the closest, the same with somebody else,
    another one of that day, an earlier day, the same hour of a later day. What is missing is filled up with the closest."""
    day, wall = near.astimezone(asked.zone).date(), near.astimezone(asked.zone).time()
    today = now.astimezone(asked.zone).date()
    first = max(today, day - timedelta(days=7))
    last = max(first, day + timedelta(days=7))

    def around(wish: Asked) -> list[Offer]:
        return [each for each in view(wish, first=first, last=last, now=now, without=without).offers if each.free]

    free = sorted(around(asked), key=lambda each: (abs(each.start - near), each.start))
    local = {each.start: each.start.astimezone(asked.zone) for each in free}
    others = around(replace(asked, chosen=())) if asked.chosen else []
    wishes = [
        free[:1],
        [each for each in others if each.start == near],
        [each for each in free if local[each.start].date() == day and abs(each.start - free[0].start) >= HOUR],
        [each for each in free if local[each.start].date() < day],
        [each for each in free if local[each.start].date() > day and local[each.start].time() == wall],
        *([each] for each in free),
    ]
    found: dict[datetime, Offer] = {}
    for wish in wishes:
        fresh = next((each for each in wish if each.start not in found), None)
        if fresh is not None and len(found) < count:
            found[fresh.start] = fresh
    return list(found.values()) or [each for each in [first_free(asked, now=now, without=without)] if each]


def _where(session: OrmSession) -> str:
    return str(session.get_bind().engine.url)


class _Views:
    """The last views computed by this process, each kept while its version stands and its time has not come."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: OrderedDict[object, tuple[tuple[int, int], View]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: object, stamp: tuple[int, int], now: datetime) -> View | None:
        with self._lock:
            kept = None if enabled("cold") else self._kept.get(key)
            if kept is None or kept[0] != stamp or now >= kept[1].good_until:
                return None
            self._kept.move_to_end(key)
            return kept[1]

    def put(self, key: object, stamp: tuple[int, int], found: View) -> None:
        with self._lock:
            self._kept[key] = (stamp, found)
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()


_cache = _Views(512)


def forget() -> None:
    """Drops what was computed, for tests that put another database in the same place."""
    _cache.clear()


def resolved(
    *,
    service: str,
    location: str | None = None,
    length: int | str | None = None,
    resources: Sequence[str] = (),
    seats: int = 1,
    who: Collection[str] = PUBLIC,
) -> Asked:
    """``resolve`` against the catalogue as it now stands."""
    known = catalogue(db.session())
    return resolve(known, service=service, location=location, length=length, resources=resources, seats=seats, who=who)
