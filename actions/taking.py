"""Taking a time and letting it go: the one place that writes allocations.

Lock order everywhere: idempotency, contact, service, resources (by id), session, hold or booking. The choice is made from
an unlocked read; then only what was chosen is locked and read again. The guard in the database has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.availability import Asked, narrowed, paused, question, without_those_off
from actions.loads import Ranking
from actions.transaction import Again
from failpoints import enabled, failpoint
from models import prepared, taken
from models.base import dialect_of, rows_changed, table
from models.booking import Allocation, Booking, Hold, Session
from models.bookings import LIVE
from models.business import Business
from models.catalogue import Resource, Service
from models.chains import Rows, write
from rules import errors
from scheduling import availability

NONE: Mapping[int, int] = {}
Assignment = Sequence[tuple[int, int, tuple[int, ...]]]  # need, resource id, unit ids


@dataclass(frozen=True, slots=True)
class Seat:
    """What was taken: the session, and whose time it is (resource ids in the order of the needs, each once).

    ``rows`` open a session that is still to be written; ``session_id`` is 0 until then.
    """

    session_id: int
    start: datetime
    end: datetime
    resource_ids: tuple[int, ...]
    rows: tuple[Rows, ...] = ()


@dataclass(frozen=True, slots=True)
class LettingGo:
    """What the same transaction gives up for a new time: sessions and, once they are locked, how."""

    sessions: Mapping[int, int]  # session id -> seats that do not count for the asker
    release: Callable[[], None]


def take(
    session: OrmSession,
    asked: Asked,
    start: datetime,
    *,
    now: datetime,
    held_until: datetime | None,
    letting_go: LettingGo | None = None,
) -> Seat:
    """Takes ``asked`` at ``start`` in the current transaction, firmly or until ``held_until``. Raises what ``claim`` raises."""
    seat = claim(session, asked, start, now=now, held_until=held_until, letting_go=letting_go)
    if not seat.rows:
        return seat
    return replace(seat, session_id=write(session, *seat.rows)[Session][0], rows=())


def claim(
    session: OrmSession,
    asked: Asked,
    start: datetime,
    *,
    now: datetime,
    held_until: datetime | None,
    letting_go: LettingGo | None = None,
) -> Seat:
    """Chooses and locks what ``asked`` takes at ``start``, and leaves the rows of a new session to the caller, who writes them
    with what stands on them.

    Raises the refusal that says why not, or Again when what was chosen was lost between the look and the lock.
    """
    off = paused(asked, now)
    if off is not None:
        raise errors.Paused(said=off.sentence, until=off.until, zone=asked.location.timezone)
    asked = narrowed(asked, now)
    if asked.plan.service.per_day:
        lock_services(session, [asked.service.id])
    terms = _Terms(session, asked, start, now, held_until, letting_go)
    only = _only(asked)
    if only:
        terms.lock(only)
    slot, reading = look(session, asked, start, now=now, without=letting_go.sessions if letting_go else NONE)
    if slot.reason is not None:
        raise refusal(asked, slot, start)
    failpoint("chosen")
    if slot.session is not None:
        return _join(terms, slot, reading.sessions[slot.session])
    ranking = Ranking(session, asked, start, now)
    assignment = _assigned(asked, slot, reading, ranking, now)
    return _open(terms, slot, reading, assignment, ranking)


def _only(asked: Asked) -> frozenset[int]:
    """The resources of an appointment that leaves no choice, so that they can be locked before the look and need no second
    one; else none."""
    ids = availability.concerned(asked.plan.service, frozenset(each.id for each in asked.chosen))
    choice = len(ids) > len(asked.plan.service.needs) or asked.service.seats > 1
    return frozenset() if choice or enabled("guard_off") else ids


@dataclass(slots=True)
class _Terms:
    """How something is being taken: for whom, until when, in exchange for what; and whether its resources are locked."""

    session: OrmSession
    asked: Asked
    start: datetime
    now: datetime
    held_until: datetime | None
    letting_go: LettingGo | None
    locked: bool = False

    def lock(self, wanted: Collection[int]) -> None:
        """Locks ``wanted`` and what is given up for it, in one order, once."""
        if not self.locked:
            given_up = resources_of(self.session, self.letting_go.sessions) if self.letting_go else set()
            lock_resources(self.session, {*wanted, *given_up})
        self.locked = True

    def let_go(self) -> None:
        """Releases what is given up; everything is locked by now."""
        if self.letting_go is not None:
            self.letting_go.release()


def look(
    session: OrmSession, asked: Asked, start: datetime, *, now: datetime, without: Mapping[int, int] = NONE
) -> tuple[availability.Slot, taken.Reading]:
    """The decision for one start, from what the database says now. Raises OffGrid for parts of a minute."""
    if start.second or start.microsecond:
        raise errors.OffGrid(step=None if asked.service.starts else asked.service.slot_step)
    plan = asked.plan
    day = _day(asked, start)
    ask = question(asked, first=day, last=day, now=now)
    stay = timedelta(minutes=asked.length.minutes, days=asked.length.days)
    if plan.service.per_day:
        # The cap counts the whole local date, whatever its zone.
        since, until = start - timedelta(days=2), start + timedelta(days=2) + stay
    else:
        since = start - timedelta(minutes=plan.service.buffer_before)
        until = start + stay + timedelta(minutes=plan.service.buffer_after, days=1 if asked.length.days else 0)
    reading = taken.read(
        session,
        service=plan.service,
        location=plan.location,
        resource_ids=(availability.concerned(plan.service, ask.chosen) | asked.off) or asked.candidates(),
        since=since,
        until=until,
        now=now,
        without=without,
    )
    without_those_off(asked, reading.taken)
    minute = int(start.timestamp()) // 60
    slot = availability.at(plan.service, plan.location, plan.resources, reading.taken, ask, minute, choices=False)
    return slot, reading


def refusal(asked: Asked, slot: availability.Slot, start: datetime) -> errors.Refusal:
    """The refusal that a reason of a slot stands for."""
    day = _day(asked, start)
    if slot.reason == "closed":
        who = asked.catalogue.resource_by_id[slot.who].slug if slot.who is not None else None
        return errors.Closed(day=day, who=who, name=asked.location.day_names.get(day))
    if slot.reason == "too_soon":
        return errors.TooSoon(min_notice=asked.service.min_notice, start=start)
    if slot.reason == "too_far":
        return errors.TooFar(day=day, opens=day - timedelta(days=asked.service.horizon_days))
    if slot.reason == "off_grid":
        return errors.OffGrid(step=None if asked.service.starts else asked.service.slot_step)
    if slot.reason == "limit":
        return errors.LimitReached(which="per_day", limit=asked.service.per_day)
    return errors.SlotTaken(start=start, seats_left=slot.seats_left)


def lock_services(session: OrmSession, ids: Sequence[int]) -> None:
    """Locks services, for caps per day."""
    if not enabled("guard_off"):
        session.execute(
            select(Service.id).where(Service.id.in_(ids)).order_by(Service.id).with_for_update(key_share=True)
        )


def lock_resources(session: OrmSession, ids: Collection[int]) -> None:
    """Locks resources in id order and says that their time changes: one statement. On SQLite the transaction is the lock."""
    prepared.run(session, _UNLOCKED if enabled("guard_off") else _LOCKED, {"ids": list(ids)})


_IN_ORDER = select(Resource.id).where(Resource.id.in_(bindparam("ids", expanding=True))).order_by(Resource.id)
_UNLOCKED = update(table(Resource)).where(Resource.id.in_(_IN_ORDER)).values(version=Resource.version + 1)
_LOCKED = (
    update(table(Resource))
    .where(Resource.id.in_(_IN_ORDER.with_for_update(key_share=True)))
    .values(version=Resource.version + 1)
)


def lock_session(session: OrmSession, id: int) -> None:
    """Locks a session, before the holds and bookings that it carries."""
    prepared.run(session, _SESSION, {"id": id})


_SESSION = select(Session.id).where(Session.id == bindparam("id")).with_for_update()


def resources_of(session: OrmSession, session_ids: Collection[int]) -> set[int]:
    """Ids of the resources that these sessions take or took."""
    return set(session.execute(select(Allocation.resource_id).where(Allocation.session_id.in_(session_ids))).scalars())


def settle(session: OrmSession, session_id: int, *, now: datetime, leaving: int | None = None) -> None:
    """Makes a session say what its bookings and holds say: seats, until when it is held, and whether it lives at all.

    Its resources are locked already. ``leaving`` is a booking that is about to belong to another session.
    """
    session.execute(select(Session.id).where(Session.id == session_id).with_for_update())
    booked = session.execute(
        select(func.coalesce(func.sum(Booking.seats), 0)).where(
            Booking.session_id == session_id, Booking.status.in_(LIVE), Booking.id != (leaving or 0)
        )
    ).scalar_one()
    held, last = session.execute(
        select(func.coalesce(func.sum(Hold.seats), 0), func.max(Hold.expires_at)).where(
            Hold.session_id == session_id, Hold.state == "open", Hold.expires_at > now
        )
    ).one()
    live = booked + held > 0
    until = None if booked or not live else last
    _write_session(session, session_id, seats=booked + held, live=live, held_until=until)


def _write_session(session: OrmSession, id: int, *, seats: int, live: bool, held_until: datetime | None) -> None:
    quiet = {"synchronize_session": False}
    session.execute(
        update(Session)
        .where(Session.id == id)
        .values(seats_taken=seats, live=live, held_until=held_until)
        .execution_options(**quiet)
    )
    session.execute(
        update(Allocation)
        .where(Allocation.session_id == id, Allocation.live)
        .values(live=live, held_until=held_until)
        .execution_options(**quiet)
    )


def end_stale(session: OrmSession, session_id: int, now: datetime) -> bool:
    """Ends one session whose last hold has expired. False when somebody confirmed it meanwhile."""
    quiet = {"synchronize_session": False}
    ended = rows_changed(
        session,
        update(Session)
        .where(Session.id == session_id, Session.live, Session.held_until <= now)
        .values(live=False, seats_taken=0),
    )
    if ended != 1:
        return False
    session.execute(
        update(Allocation).where(Allocation.session_id == session_id).values(live=False).execution_options(**quiet)
    )
    session.execute(
        update(Hold)
        .where(Hold.session_id == session_id, Hold.state == "open")
        .values(state="expired")
        .execution_options(**quiet)
    )
    return True


def _join(terms: _Terms, slot: availability.Slot, resource_ids: tuple[int, ...]) -> Seat:
    """Takes seats in a session that is open already."""
    assert slot.session is not None
    session, now, held_until = terms.session, terms.now, terms.held_until
    terms.lock(resource_ids)
    terms.let_go()
    _refuse_edited(session, terms.asked)
    row = session.execute(
        select(Session.starts, Session.ends, Session.seats, Session.held_until, Session.live)
        .where(Session.id == slot.session)
        .with_for_update()
    ).one()
    if not row.live or (row.held_until is not None and row.held_until <= now):
        raise Again
    seats = taken.seats_taken(session, slot.session, now) + terms.asked.seats
    if seats > row.seats and not enabled("guard_off"):
        raise Again
    firm = held_until is None or row.held_until is None
    until = None if firm else max(row.held_until, held_until)
    _write_session(session, slot.session, seats=min(seats, row.seats), live=True, held_until=until)
    return Seat(slot.session, row.starts, row.ends, resource_ids)


def _assigned(
    asked: Asked, slot: availability.Slot, reading: taken.Reading, ranking: Ranking, now: datetime
) -> Assignment:
    start = _instant(slot.start)
    day = _day(asked, start)
    found = availability.assign(
        asked.plan.service,
        asked.plan.location,
        asked.plan.resources,
        reading.taken,
        question(asked, first=day, last=day, now=now),
        slot.start,
        ranking.best_first,
    )
    if found is None:
        raise errors.SlotTaken(start=start)
    return found


def _open(
    terms: _Terms, slot: availability.Slot, reading: taken.Reading, assignment: Assignment, ranking: Ranking
) -> Seat:
    """Opens a session on the chosen units."""
    session, asked, now = terms.session, terms.asked, terms.now
    service = asked.plan.service
    busy_from = _instant(slot.start - service.buffer_before)
    busy_to = _instant(slot.end + service.buffer_after)
    locked = {resource for _, resource, _ in assignment}
    # On SQLite the transaction has been the lock from its beginning: what was read still stands.
    stands = terms.locked or dialect_of(session) == "sqlite"
    terms.lock(locked)
    if not stands:
        without = terms.letting_go.sessions if terms.letting_go else NONE
        reading = taken.read(
            session,
            service=service,
            location=asked.plan.location,
            resource_ids=locked,
            since=busy_from,
            until=busy_to,
            now=now,
            without=without,
        )
        if _lost(reading.taken, assignment, slot.start - service.buffer_before, slot.end + service.buffer_after):
            assignment = _among_the_locked(terms, ranking, locked, without)
        elif not enabled("guard_off") and ranking.overtaken(assignment):
            raise Again
    terms.let_go()
    if reading.edition != asked.catalogue.version:
        raise Again
    # The guard cannot look at the clock, so whoever wants the time clears away what has expired.
    for session_id in sorted(reading.expired):
        if not end_stale(session, session_id, now):
            raise Again
    return _opening(terms, slot, busy_from, busy_to, assignment, ranking)


def _lost(found: availability.Taken, assignment: Assignment, busy_from: int, busy_to: int) -> bool:
    """True when one of the chosen units is taken between two minutes."""
    if enabled("guard_off"):
        return False
    units = [unit for _, _, each in assignment for unit in each]
    return any(start < busy_to and busy_from < end for unit in units for start, end in found.busy.get(unit, ()))


def _among_the_locked(
    terms: _Terms, ranking: Ranking, locked: Collection[int], without: Mapping[int, int]
) -> Assignment:
    """Another choice after the first was lost while its locks were waited for: of the same resources, which nobody can take
    from us any more. Raises the refusal when nothing is left, Again when it takes others."""
    slot, reading = look(terms.session, terms.asked, terms.start, now=terms.now, without=without)
    if slot.reason is not None:
        raise refusal(terms.asked, slot, terms.start)
    if slot.session is not None:
        raise Again
    assignment = _assigned(terms.asked, slot, reading, ranking, terms.now)
    if any(resource not in locked for _, resource, _ in assignment):
        raise Again
    return assignment


def _opening(
    terms: _Terms,
    slot: availability.Slot,
    busy_from: datetime,
    busy_to: datetime,
    assignment: Assignment,
    ranking: Ranking,
) -> Seat:
    """The rows of a session and of what it takes."""
    asked, start, end = terms.asked, _instant(slot.start), _instant(slot.end)
    offset = start.astimezone(asked.zone).utcoffset() or timedelta()
    opened = {
        "kind": "service",
        "service_id": asked.service.id,
        "location_id": asked.location.id,
        "starts": start,
        "ends": end,
        "busy_from": busy_from,
        "busy_to": busy_to,
        "zone": asked.location.timezone,
        "utc_offset": int(offset.total_seconds()) // 60,
        "seats": asked.service.seats,
        "seats_taken": asked.seats,
        "live": True,
        "held_until": terms.held_until,
        "created_at": terms.now,
    }
    taking = sorted((unit, need, resource) for need, resource, each in assignment for unit in each)
    rows = [
        {
            "busy_from": busy_from,
            "busy_to": busy_to,
            "held_until": terms.held_until,
            "live": True,
            "unit_id": unit,
            "need": need,
            "resource_id": resource,
            "reason": ranking.reason(need, resource),
        }
        for unit, need, resource in taking
    ]
    opens = Rows(Session, [opened]), Rows(Allocation, rows, after={"session_id": Session})
    return Seat(0, start, end, tuple(dict.fromkeys(resource for _, resource, _ in assignment)), opens)


def _refuse_edited(session: OrmSession, asked: Asked) -> None:
    """Raises Again when the catalogue was edited since ``asked`` was read: edits take the same resource locks, so from here
    on it stands. A statement of its own, since it must see what was committed while we waited."""
    if prepared.run(session, _EDITION).scalar() != asked.catalogue.version:
        raise Again


_EDITION = select(Business.catalogue_version)


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def _day(asked: Asked, start: datetime) -> date:
    return start.astimezone(asked.zone).date()
