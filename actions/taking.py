"""Taking a time and letting it go: the one place that writes allocations.

Lock order everywhere: idempotency, contact, service, resources (by id), session, hold or booking. The choice is made from
an unlocked read; then only what was chosen is locked and read again. The guard in the database has the last word.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.availability import Asked, question
from actions.loads import Ranking
from actions.transaction import Again
from failpoints import enabled, failpoint
from models import taken
from models.base import table
from models.booking import Allocation, Booking, Hold, Session
from models.bookings import LIVE
from models.business import Business
from models.catalogue import Resource, Service
from rules import errors
from scheduling import availability

NONE: Mapping[int, int] = {}


@dataclass(frozen=True, slots=True)
class Seat:
    """What was taken: the session, and whose time it is (resource ids in the order of the needs, each once)."""

    session_id: int
    start: datetime
    end: datetime
    resource_ids: tuple[int, ...]


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
    """Takes ``asked`` at ``start`` in the current transaction, firmly or until ``held_until``.

    Raises the refusal that says why not, or Again when what was chosen was lost between the look and the lock.
    """
    if asked.plan.service.per_day:
        lock_services(session, [asked.service.id])
    slot, reading = look(session, asked, start, now=now, without=letting_go.sessions if letting_go else NONE)
    if slot.reason is not None:
        raise refusal(asked, slot, start)
    failpoint("chosen")
    if slot.session is not None:
        return _join(
            session, asked, slot, reading.sessions[slot.session], now=now, held_until=held_until, letting_go=letting_go
        )
    ranking = Ranking(session, asked, start)
    day = _day(asked, start)
    assignment = availability.assign(
        asked.plan.service,
        asked.plan.location,
        asked.plan.resources,
        reading.taken,
        question(asked, first=day, last=day, now=now),
        slot.start,
        ranking.best_first,
    )
    if assignment is None:
        raise errors.SlotTaken(start=start)
    return _open(session, asked, slot, assignment, ranking, now=now, held_until=held_until, letting_go=letting_go)


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
        resource_ids=availability.concerned(plan.service, ask.chosen) or asked.candidates(),
        since=since,
        until=until,
        now=now,
        without=without,
    )
    minute = int(start.timestamp()) // 60
    return availability.at(plan.service, plan.location, plan.resources, reading.taken, ask, minute), reading


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
    chosen = select(Resource.id).where(Resource.id.in_(ids)).order_by(Resource.id)
    if not enabled("guard_off"):
        chosen = chosen.with_for_update(key_share=True)
    session.execute(
        update(Resource)
        .where(Resource.id.in_(chosen))
        .values(version=Resource.version + 1)
        .execution_options(synchronize_session=False)
    )


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
    ended = session.execute(
        update(Session)
        .where(Session.id == session_id, Session.live, Session.held_until <= now)
        .values(live=False, seats_taken=0)
        .execution_options(**quiet)
    )
    if ended.rowcount != 1:  # type: ignore[attr-defined]
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


def _join(
    session: OrmSession,
    asked: Asked,
    slot: availability.Slot,
    resource_ids: tuple[int, ...],
    *,
    now: datetime,
    held_until: datetime | None,
    letting_go: LettingGo | None,
) -> Seat:
    """Takes seats in a session that is open already."""
    assert slot.session is not None
    _lock_and_release(session, set(resource_ids), letting_go)
    _refuse_edited(session, asked)
    row = session.execute(
        select(Session.starts, Session.ends, Session.seats, Session.held_until, Session.live)
        .where(Session.id == slot.session)
        .with_for_update()
    ).one()
    if not row.live or (row.held_until is not None and row.held_until <= now):
        raise Again
    seats = taken.seats_taken(session, slot.session, now) + asked.seats
    if seats > row.seats and not enabled("guard_off"):
        raise Again
    firm = held_until is None or row.held_until is None
    until = None if firm else max(row.held_until, held_until)
    _write_session(session, slot.session, seats=min(seats, row.seats), live=True, held_until=until)
    return Seat(slot.session, row.starts, row.ends, resource_ids)


def _open(
    session: OrmSession,
    asked: Asked,
    slot: availability.Slot,
    assignment: Sequence[tuple[int, int, tuple[int, ...]]],
    ranking: Ranking,
    *,
    now: datetime,
    held_until: datetime | None,
    letting_go: LettingGo | None,
) -> Seat:
    """Opens a session on the chosen units."""
    service = asked.plan.service
    start, end = _instant(slot.start), _instant(slot.end)
    busy_from = start - timedelta(minutes=service.buffer_before)
    busy_to = end + timedelta(minutes=service.buffer_after)
    resource_ids = tuple(dict.fromkeys(resource for _, resource, _ in assignment))
    units = [unit for _, _, each in assignment for unit in each]
    _lock_and_release(session, set(resource_ids), letting_go)
    _refuse_edited(session, asked)
    if _lost(session, resource_ids, units, busy_from, busy_to, now) and not enabled("guard_off"):
        raise Again
    offset = start.astimezone(asked.zone).utcoffset() or timedelta()
    session_id = session.execute(
        insert(table(Session))
        .values(
            kind="service",
            service_id=asked.service.id,
            location_id=asked.location.id,
            starts=start,
            ends=end,
            busy_from=busy_from,
            busy_to=busy_to,
            zone=asked.location.timezone,
            utc_offset=int(offset.total_seconds()) // 60,
            seats=asked.service.seats,
            seats_taken=asked.seats,
            live=True,
            held_until=held_until,
            created_at=now,
        )
        .returning(table(Session).c.id)
    ).scalar_one()
    rows: list[dict[str, Any]] = [
        {
            "session_id": session_id,
            "resource_id": resource,
            "unit_id": unit,
            "need": need,
            "busy_from": busy_from,
            "busy_to": busy_to,
            "live": True,
            "held_until": held_until,
            "reason": ranking.reason(need, resource),
        }
        for need, resource, each in assignment
        for unit in each
    ]
    session.execute(insert(table(Allocation)), sorted(rows, key=lambda row: int(row["unit_id"])))
    return Seat(session_id, start, end, resource_ids)


def _lock_and_release(session: OrmSession, wanted: set[int], letting_go: LettingGo | None) -> None:
    if letting_go is None:
        lock_resources(session, wanted)
        return
    given_up = resources_of(session, letting_go.sessions)
    lock_resources(session, wanted | given_up)
    letting_go.release()


def _refuse_edited(session: OrmSession, asked: Asked) -> None:
    """Raises Again when the catalogue was edited since ``asked`` was read: edits take the same resource locks, so from here
    on it stands. A statement of its own, since it must see what was committed while we waited."""
    if session.execute(select(Business.catalogue_version)).scalar() != asked.catalogue.version:
        raise Again


def _lost(
    session: OrmSession,
    resource_ids: Collection[int],
    units: Sequence[int],
    busy_from: datetime,
    busy_to: datetime,
    now: datetime,
) -> bool:
    """True when one of the units has been taken since the look. Expired holds in the way are released."""
    rows = session.execute(
        select(Allocation.session_id, Allocation.unit_id, Allocation.held_until).where(
            Allocation.resource_id.in_(resource_ids),
            Allocation.live,
            Allocation.busy_to > busy_from,
            Allocation.busy_from < busy_to,
        )
    ).all()
    stale = {row.session_id for row in rows if row.held_until is not None and row.held_until <= now}
    # The guard cannot look at the clock, so whoever wants the time clears it away, with the resources locked.
    ended = {session_id for session_id in sorted(stale) if end_stale(session, session_id, now)}
    return any(row.unit_id in units and row.session_id not in ended for row in rows)


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)


def _day(asked: Asked, start: datetime) -> date:
    return start.astimezone(asked.zone).date()
