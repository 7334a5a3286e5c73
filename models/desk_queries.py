"""What the desk reads of bookings: always within somebody's rights, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as OrmSession

from models import bookings
from models.booking import Allocation, Booking, Session
from models.bookings import BookingView
from models.desk import Note
from models.history import History
from models.message_queries import latest_failed
from models.outbox import Message
from models.people import Staff
from models.scope import reached
from rules.rights import Viewer


def seen_of(session: OrmSession, viewer: Viewer, references: Collection[str]) -> frozenset[str]:
    """Which of these bookings, by reference, she sees. One query."""
    query = select(Booking.reference).join(Session, Session.id == Booking.session_id)
    mine = query.where(Booking.reference.in_(sorted(references)), reached(viewer, "booking.see"))
    return frozenset(session.execute(mine).scalars())


def waiting(session: OrmSession, viewer: Viewer, now: datetime) -> int:
    """How many requests wait for somebody like her."""
    query = (
        select(func.count())
        .select_from(Booking)
        .join(Session, Session.id == Booking.session_id)
        .where(Booking.status == "requested", Session.starts > now, reached(viewer, "booking.decide"))
    )
    return session.execute(query).scalar_one()


def requests(session: OrmSession, viewer: Viewer, now: datetime, *, limit: int = 100) -> list[BookingView]:
    """The requests that wait for somebody like her, earliest start first."""
    query = bookings.columns().where(
        Booking.status == "requested", Session.starts > now, reached(viewer, "booking.decide")
    )
    return bookings.many(session, query.order_by(Session.starts, Booking.id).limit(limit))


def decided(session: OrmSession, viewer: Viewer, *, since: datetime, limit: int = 50) -> list[BookingView]:
    """What was asked for and has been decided since, latest first."""
    asked = select(History.object_id).where(
        History.object_kind == "booking", History.action.in_(("approved", "declined", "expired")), History.at >= since
    )
    query = bookings.columns().where(Booking.id.in_(asked), reached(viewer, "booking.see"))
    return bookings.many(session, query.order_by(Booking.changed_at.desc(), Booking.id).limit(limit))


def between(
    session: OrmSession,
    viewer: Viewer,
    *,
    since: datetime,
    until: datetime,
    statuses: Sequence[str] = (),
    limit: int = 2000,
) -> list[BookingView]:
    """The bookings that she may see and that touch ``[since, until)``, earliest first."""
    query = bookings.columns().where(Session.starts < until, Session.ends > since, reached(viewer, "booking.see"))
    if statuses:
        query = query.where(Booking.status.in_(statuses))
    return bookings.many(session, query.order_by(Session.starts, Booking.id).limit(limit))


def unfinished(session: OrmSession, viewer: Viewer, *, since: datetime, now: datetime, limit: int) -> list[BookingView]:
    """Visits that she may change, ended after ``since`` and still stand as confirmed, latest first."""
    query = bookings.columns().where(
        Booking.status == "confirmed", Session.ends > since, Session.ends <= now, reached(viewer, "booking.change")
    )
    return bookings.many(session, query.order_by(Session.ends.desc(), Booking.id).limit(limit))


def failed_messages(session: OrmSession, viewer: Viewer, now: datetime, *, limit: int = 20) -> list[Any]:
    """Messages to customers that did not arrive, about visits still to come: (message, booking view)."""
    query = (
        latest_failed()
        .join(Booking, (Booking.id == Message.object_id) & (Message.object_kind == "booking"))
        .join(Session, Session.id == Booking.session_id)
        .where(Session.starts > now, Booking.status.in_(bookings.FUTURE), reached(viewer, "message.send"))
        .order_by(Session.starts, Message.id)
        .limit(limit)
    )
    found = list(session.execute(query).scalars())
    views = bookings.many(session, bookings.columns().where(Booking.id.in_({each.object_id for each in found})))
    by_id = {each.id: each for each in views}
    return [(message, by_id[message.object_id]) for message in found]


def visits_before(session: OrmSession, views: Sequence[BookingView]) -> dict[int, tuple[int, datetime | None]]:
    """For each booking, by id: how many visits its customer had before it, and when the last was. One query."""
    if not views:
        return {}
    earlier, mine = Booking.__table__.alias("earlier"), Booking.__table__.alias("mine")
    its, own = Session.__table__.alias("its"), Session.__table__.alias("own")
    query = (
        select(mine.c.id, func.count(), func.max(its.c.starts))
        .select_from(mine)
        .join(own, own.c.id == mine.c.session_id)
        .join(earlier, earlier.c.customer_id == mine.c.customer_id)
        .join(its, its.c.id == earlier.c.session_id)
        .where(mine.c.id.in_([each.id for each in views]), its.c.starts < own.c.starts)
        .where(or_(earlier.c.status == "completed", earlier.c.status == "arrived"))
        .group_by(mine.c.id)
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}


def reasons(session: OrmSession, views: Sequence[BookingView]) -> dict[int, list[Any]]:
    """For each booking, by id: the stored reasons of its assignments, in the order of the needs. One query."""
    if not views:
        return {}
    query = (
        select(Allocation.session_id, Allocation.reason)
        .where(Allocation.session_id.in_({each.session_id for each in views}))
        .order_by(Allocation.need, Allocation.id)
    )
    found: dict[int, list[Any]] = {}
    for row in session.execute(query):
        kept = found.setdefault(row.session_id, [])
        if row.reason and row.reason not in kept:
            kept.append(row.reason)
    return {each.id: found.get(each.session_id, []) for each in views}


def history_of(session: OrmSession, booking_id: int, *, limit: int = 200) -> list[History]:
    """What happened to a booking, latest first."""
    query = select(History).where(History.object_kind == "booking", History.object_id == booking_id)
    return list(session.execute(query.order_by(History.id.desc()).limit(limit)).scalars())


def histories_of(session: OrmSession, booking_ids: Sequence[int]) -> dict[int, list[History]]:
    """What happened to each of some bookings, by id, latest first. One query."""
    if not booking_ids:
        return {}
    query = select(History).where(History.object_kind == "booking", History.object_id.in_(booking_ids))
    found: dict[int, list[History]] = {}
    for step in session.execute(query.order_by(History.id.desc())).scalars():
        found.setdefault(step.object_id, []).append(step)
    return found


def staff_names(session: OrmSession) -> Sequence[Any]:
    """Id and name of everybody who has or had an account."""
    return session.execute(select(Staff.id, Staff.name)).all()


def notes_of(session: OrmSession, booking_id: int) -> list[Note]:
    """The notes of staff about a booking, latest first."""
    query = select(Note).where(Note.object_kind == "booking", Note.object_id == booking_id)
    return list(session.execute(query.order_by(Note.id.desc())).scalars())
