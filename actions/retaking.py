"""Taking a time again that a booking had, and giving back the rest of one that ends early: the same units, through the guard.

Resources and sessions are locked already, in the one order (``locked_with``).
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import and_, case, literal, select, update
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import aliased

from actions.proposed import kept_for
from actions.taking import end_stale, lock_resources, lock_session, resources_of
from actions.transaction import Again
from failpoints import enabled
from models import bookings, taken
from models.base import Instant
from models.booking import Allocation, Booking, Session
from models.bookings import BookingView
from models.catalogue import Resource, ResourceUnit
from rules import errors

QUIET = {"synchronize_session": False}
OPEN = ("requested", "confirmed", "arrived")


def locked_with(session: OrmSession, seen: BookingView, session_ids: Collection[int]) -> BookingView:
    """The booking as it now is, locked together with the resources of these sessions and of what is kept for it, and the
    sessions. Raises Again when somebody was faster."""
    wanted = sorted({seen.session_id, *session_ids, *kept_for(session, seen.id)})
    lock_resources(session, resources_of(session, wanted))
    for id in wanted:
        lock_session(session, id)
    session.execute(select(Booking.id).where(Booking.id == seen.id).with_for_update())
    current = bookings.by_id(session, seen.id)
    assert current is not None
    if current.revision != seen.revision:
        raise Again
    return current


def retake(session: OrmSession, session_id: int, *, seats: int, now: datetime) -> None:
    """Makes room for ``seats`` in a session that the booking had: the session lives again if it was over. The caller then
    writes the booking and settles the session. Raises SlotTaken, ResourceGone."""
    columns = (Session.live, Session.starts, Session.zone, Session.seats, Session.held_until)
    place = session.execute(select(*columns).where(Session.id == session_id)).one()
    if place.live and place.held_until is not None and place.held_until <= now:
        end_stale(session, session_id, now)
    elif place.live:
        left = place.seats - taken.seats_taken(session, session_id, now)
        if seats > left:
            raise errors.SlotTaken(start=place.starts, zone=place.zone, seats_left=left)
        return
    _refuse_gone(session, session_id, place.starts)
    _clear(session, session_id, place.starts, place.zone, now)
    session.execute(
        update(Allocation)
        .where(Allocation.session_id == session_id)
        .values(live=True, held_until=None)
        .execution_options(**QUIET)
    )
    session.execute(
        update(Session).where(Session.id == session_id).values(live=True, held_until=None).execution_options(**QUIET)
    )


def shorten(session: OrmSession, view: BookingView, ends: datetime) -> bool:
    """Ends the session of a visit at ``ends`` and frees the rest, buffers kept. False when others of the session are still
    to be seen, or nothing is left to free."""
    others = select(Booking.id).where(
        Booking.session_id == view.session_id, Booking.id != view.id, Booking.status.in_(OPEN)
    )
    if ends >= view.end or session.execute(others.limit(1)).first():
        return False
    _stretch(session, view.session_id, ends, ends - view.end)
    return True


def lengthen(session: OrmSession, view: BookingView, ends: datetime, now: datetime) -> None:
    """Takes the rest of a visit again that was freed, until ``ends``. Raises SlotTaken."""
    if ends <= view.end:
        return
    _stretch(session, view.session_id, ends, ends - view.end, now=now)


def _stretch(
    session: OrmSession, session_id: int, ends: datetime, by: timedelta, *, now: datetime | None = None
) -> None:
    place = session.execute(select(Session.busy_to, Session.starts, Session.zone).where(Session.id == session_id)).one()
    busy_to = place.busy_to + by
    if now is not None:
        _clear(session, session_id, place.starts, place.zone, now, until=busy_to)
    # Where buffers gave way to a neighbour, what is freed is only what was had.
    had = (
        case((Allocation.busy_to < busy_to, Allocation.busy_to), else_=literal(busy_to, Instant))
        if now is None
        else busy_to
    )
    for table, values in ((Session, {"ends": ends, "busy_to": busy_to}), (Allocation, {"busy_to": had})):
        mine = (
            Session.id == session_id if table is Session else and_(Allocation.session_id == session_id, Allocation.live)
        )
        session.execute(update(table).where(mine).values(**values).execution_options(**QUIET))


def _refuse_gone(session: OrmSession, session_id: int, start: datetime) -> None:
    units = select(Allocation.id).join(ResourceUnit, ResourceUnit.id == Allocation.unit_id)
    gone = units.join(Resource, Resource.id == ResourceUnit.resource_id).where(
        Allocation.session_id == session_id,
        ResourceUnit.retired_at.is_not(None) | Resource.retired_at.is_not(None),
    )
    if session.execute(gone.limit(1)).first():
        raise errors.ResourceGone(start=start)


def _clear(
    session: OrmSession,
    session_id: int,
    start: datetime,
    zone: str,
    now: datetime,
    *,
    until: datetime | None = None,
) -> None:
    """Ends what has expired in the way of this session's units. Raises SlotTaken for what has not."""
    mine, other = aliased(Allocation), aliased(Allocation)
    overlap = and_(
        other.unit_id == mine.unit_id,
        other.session_id != mine.session_id,
        other.live,
        other.busy_from < (mine.busy_to if until is None else until),
        mine.busy_from < other.busy_to,
    )
    rows = session.execute(
        select(other.session_id, other.held_until).join(mine, overlap).where(mine.session_id == session_id).distinct()
    ).all()
    for id, held_until in sorted(rows, key=lambda row: row[0]):
        expired = held_until is not None and held_until <= now
        if expired and not end_stale(session, id, now):
            raise Again
        if not expired and not enabled("guard_off"):
            raise errors.SlotTaken(start=start, zone=zone)
