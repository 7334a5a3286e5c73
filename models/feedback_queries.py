"""What was said of visits, within somebody's rights: summed by service and person, and one by one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session as OrmSession

from models import bookings
from models.booking import Allocation, Booking, Session
from models.bookings import BookingView
from models.catalogue import Resource
from models.feedback import Feedback
from models.figures import Which, within
from models.scope import reached
from rules.feedback import Marks
from rules.rights import Viewer

_SUMS = (func.count(), func.sum(Feedback.stars), func.sum(case((Feedback.stars <= 2, 1), else_=0)))


def satisfaction(session: OrmSession, which: Which) -> Marks:
    """The stars of the bookings that figures count: one query."""
    query = select(*_SUMS).select_from(Feedback).join(Booking, Booking.id == Feedback.booking_id)
    row = session.execute(query.join(Session, Session.id == Booking.session_id).where(*within(which))).one()
    return _marks(row)


def by_service(session: OrmSession, viewer: Viewer, since: datetime) -> dict[int, Marks]:
    """What each service (id) got since."""
    query = _seen(select(Session.service_id, *_SUMS), viewer, since).group_by(Session.service_id)
    return {id: _marks(sums) for id, *sums in session.execute(query)}


def by_person(session: OrmSession, viewer: Viewer, since: datetime) -> dict[int, Marks]:
    """What each person (id of the resource) got since, each visit once."""
    whose = select(Allocation.session_id, Allocation.resource_id).join(Resource, Resource.id == Allocation.resource_id)
    whose = whose.where(Resource.kind == "staff", Allocation.live).distinct()
    of = whose.subquery()
    query = _seen(select(of.c.resource_id, *_SUMS), viewer, since)
    query = query.join(of, of.c.session_id == Session.id).group_by(of.c.resource_id)
    return {id: _marks(sums) for id, *sums in session.execute(query)}


def _seen(query: Any, viewer: Viewer, since: datetime) -> Any:
    query = query.select_from(Feedback).join(Booking, Booking.id == Feedback.booking_id)
    query = query.join(Session, Session.id == Booking.session_id)
    return query.where(Feedback.created_at >= since, reached(viewer, "booking.see"))


def _marks(sums: Sequence[Any]) -> Marks:
    return Marks(*(int(each or 0) for each in sums))


def latest(
    session: OrmSession, viewer: Viewer, since: datetime, *, low: bool, limit: int = 50
) -> list[tuple[BookingView, Feedback]]:
    """What was said since, latest first; only few stars with ``low``."""
    query = _seen(select(Feedback), viewer, since).order_by(Feedback.created_at.desc(), Feedback.booking_id.desc())
    wanted = query.where(Feedback.stars <= 2) if low else query
    found = list(session.execute(wanted.limit(limit)).scalars())
    ids = [each.booking_id for each in found]
    views = {each.id: each for each in bookings.many(session, bookings.columns().where(Booking.id.in_(ids)))}
    return [(views[each.booking_id], each) for each in found]
