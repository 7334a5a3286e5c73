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
from rules.facts import Catalogue, Location, Plan, Resource, Service
from scheduling import availability
from scheduling.availability import Length

PUBLIC = frozenset({"public"})
LINK = frozenset({"public", "link"})
EVERYONE = frozenset({"public", "link", "staff"})
MAX_DAYS = 62
DEFAULT_DAYS = 14
NONE: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked wish: the facts behind the words of a request."""

    catalogue: Catalogue
    service: Service
    location: Location
    plan: Plan
    length: Length
    chosen: tuple[Resource, ...]
    seats: int

    @property
    def zone(self) -> ZoneInfo:
        """The location's zone."""
        return ZoneInfo(self.location.timezone)

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
    an unchanged version means an unchanged view."""

    asked: Asked
    first: date
    last: date
    offers: tuple[Offer, ...]
    version: str
    good_until: datetime


def resolve(
    known: Catalogue,
    *,
    service: str,
    location: str | None = None,
    length: int | str | None = None,
    resources: Sequence[str] = (),
    seats: int = 1,
    who: Collection[str] = PUBLIC,
) -> Asked:
    """Checks the words of a wish. Raises UnknownService, UnknownLocation, LocationRequired, UnknownResource,
    BadDuration, TooManySeats."""
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
    choosable = {id for need in plan.service.needs if need.choosable for id in need.candidates}
    chosen = []
    for slug in dict.fromkeys(resources):
        resource = known.resources.get(slug)
        if resource is None or resource.id not in choosable:
            raise errors.UnknownResource(resource=slug)
        chosen.append(resource)
    if seats < 1 or seats > offered.seats:
        raise errors.TooManySeats(seats=offered.seats, asked=seats)
    return Asked(known, offered, place, plan, _length(offered, length), tuple(chosen), seats)


def _length(service: Service, wanted: int | str | None) -> Length:
    if wanted is None:
        return service.lengths[0]
    try:
        asked = parse_length(wanted)
    except (ValueError, TypeError) as error:
        raise errors.BadDuration(lengths=service.lengths) from error
    if asked not in service.lengths:
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
    )
    if not without and not mine:
        known = _cache.get(key, stamp, now)
        if known is not None:
            return known
    found = _compute(session, asked, first, last, now, include_taken, without, mine or {}, stamp)
    if not without and not mine:
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
    )
    plan = asked.plan
    slots = availability.slots(plan.service, plan.location, plan.resources, reading.taken, ask)
    good_until = datetime.fromtimestamp(availability.good_until(plan.service, plan.location, slots, ask), UTC)
    if reading.next_expiry is not None:
        good_until = min(good_until, reading.next_expiry)
    offers = tuple(offer(asked.catalogue, slot, mine) for slot in slots)
    version = f"{stamp[0]}-{stamp[1]}-{int(good_until.timestamp())}"
    return View(asked, first, last, offers, version, good_until)


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


def offer(known: Catalogue, slot: availability.Slot, mine: Mapping[datetime, int]) -> Offer:
    """One slot with instants and slugs."""
    start = datetime.fromtimestamp(slot.start * 60, UTC)
    return Offer(
        start=start,
        end=datetime.fromtimestamp(slot.end * 60, UTC),
        resources=tuple(known.resource_by_id[id].slug for id in slot.choosable),
        seats_left=slot.seats_left,
        reason=slot.reason,
        who=known.resource_by_id[slot.who].slug if slot.who is not None else None,
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
