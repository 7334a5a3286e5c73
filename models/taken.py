"""What is taken: the reads behind every availability view and every choice, a fixed number whatever is booked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session as OrmSession

from models.base import minutes
from models.booking import Allocation, Booking, Hold, Session
from models.bookings import LIVE
from models.business import Business
from models.catalogue import Resource
from scheduling import availability

NONE: Mapping[int, int] = {}


@dataclass(slots=True)
class Reading:
    """What the database says of a window: ``taken`` for the arithmetic, and when the next hold in it expires."""

    taken: availability.Taken
    next_expiry: datetime | None = None
    sessions: dict[int, tuple[int, ...]] = field(default_factory=dict)


def version(session: OrmSession, resource_ids: Collection[int]) -> tuple[int, int]:
    """The catalogue's version and the sum of the versions of these resources: equal pairs mean unchanged availability,
    the passing of time apart."""
    total = select(func.sum(Resource.version)).where(Resource.id.in_(resource_ids)).scalar_subquery()
    row = session.execute(select(Business.catalogue_version, total)).one()
    return int(row[0]), int(row[1] or 0)


def read(
    session: OrmSession,
    *,
    service: availability.Service,
    location: availability.Location,
    resource_ids: Collection[int],
    since: datetime,
    until: datetime,
    now: datetime,
    without: Mapping[int, int] = NONE,
) -> Reading:
    """Everything taken in ``[since, until)``: one query for appointments, two for classes, one more under a cap per day.

    ``without`` maps session ids to seats that do not count for the asker: her own hold, or the booking that she moves.
    """
    busy: dict[int, list[tuple[int, int]]] = defaultdict(list)
    held: dict[int, list[tuple[int, int]]] = defaultdict(list)
    takes: dict[int, list[int]] = defaultdict(list)
    next_expiry: datetime | None = None
    emptied = _emptied(session, without, now) if without else frozenset()
    rows = session.execute(
        select(
            Allocation.session_id,
            Allocation.resource_id,
            Allocation.unit_id,
            minutes(Allocation.busy_from),
            minutes(Allocation.busy_to),
            Allocation.held_until,
        ).where(
            Allocation.resource_id.in_(resource_ids),
            Allocation.busy_to > since,
            Allocation.busy_from < until,
            Allocation.live,
            or_(Allocation.held_until.is_(None), Allocation.held_until > now),
        )
    )
    for session_id, resource_id, unit_id, start, end, held_until in rows:
        if session_id in emptied:
            continue
        busy[unit_id].append((start, end))
        takes[session_id].append(resource_id)
        if held_until is not None:
            held[unit_id].append((start, end))
            next_expiry = held_until if next_expiry is None else min(next_expiry, held_until)
    sessions: list[availability.OpenSession] = []
    if service.seats > 1:
        sessions, expiry = _sessions(session, service, location, takes, since, until, now, without)
        next_expiry = min((each for each in (next_expiry, expiry) if each), default=None)
    per_day = _per_day(session, service, location, since, until, now, without) if service.per_day else {}
    taken = availability.Taken(busy=busy, held=held, sessions=sessions, per_day=per_day)
    return Reading(taken, next_expiry, {id: tuple(dict.fromkeys(ids)) for id, ids in takes.items()})


def _seats(now: datetime) -> tuple[Any, Any]:
    """Scalar subqueries: seats that bookings take of a session, and those of holds that have not expired."""
    booked = (
        select(func.coalesce(func.sum(Booking.seats), 0))
        .where(Booking.session_id == Session.id, Booking.status.in_(LIVE))
        .correlate(Session)
        .scalar_subquery()
    )
    held = (
        select(func.coalesce(func.sum(Hold.seats), 0))
        .where(Hold.session_id == Session.id, Hold.state == "open", Hold.expires_at > now)
        .correlate(Session)
        .scalar_subquery()
    )
    return booked, held


def seats_taken(session: OrmSession, session_id: int, now: datetime) -> int:
    """Seats of one session that bookings and unexpired holds take; exact when the session is locked."""
    booked, held = _seats(now)
    return int(session.execute(select(booked + held).where(Session.id == session_id)).scalar_one())


def _emptied(session: OrmSession, without: Mapping[int, int], now: datetime) -> frozenset[int]:
    """Those sessions that nobody else keeps: their allocations do not stand in the asker's way."""
    booked, held = _seats(now)
    rows = session.execute(select(Session.id, booked + held).where(Session.id.in_(without)))
    return frozenset(id for id, seats in rows if seats <= without[id])


def _sessions(
    session: OrmSession,
    service: availability.Service,
    location: availability.Location,
    takes: Mapping[int, list[int]],
    since: datetime,
    until: datetime,
    now: datetime,
    without: Mapping[int, int],
) -> tuple[list[availability.OpenSession], datetime | None]:
    booked, held = _seats(now)
    first_expiry = (
        select(func.min(Hold.expires_at))
        .where(Hold.session_id == Session.id, Hold.state == "open", Hold.expires_at > now)
        .correlate(Session)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Session.id,
            minutes(Session.starts),
            minutes(Session.ends),
            minutes(Session.busy_from),
            minutes(Session.busy_to),
            (booked + held).label("seats"),
            first_expiry.label("first_expiry"),
        ).where(
            Session.service_id == service.id,
            Session.location_id == location.id,
            Session.starts >= since,
            Session.starts < until,
            Session.live,
            or_(Session.held_until.is_(None), Session.held_until > now),
        )
    )
    found = []
    next_expiry: datetime | None = None
    for id, start, end, busy_from, busy_to, seats, expiry in rows:
        if expiry is not None:
            next_expiry = expiry if next_expiry is None else min(next_expiry, expiry)
        left = seats - without.get(id, 0)
        if id not in takes or (left <= 0 and id in without):
            continue
        resources = tuple(dict.fromkeys(takes[id]))
        found.append(
            availability.OpenSession(
                id=id,
                start=start,
                end=end,
                busy_start=busy_from,
                busy_end=busy_to,
                resources=resources,
                seats_taken=left,
                created=id,
            )
        )
    return found, next_expiry


def _per_day(
    session: OrmSession,
    service: availability.Service,
    location: availability.Location,
    since: datetime,
    until: datetime,
    now: datetime,
    without: Mapping[int, int],
) -> dict[date, int]:
    """Live bookings and open holds by local start date."""
    window = and_(
        Session.service_id == service.id,
        Session.location_id == location.id,
        Session.starts >= since,
        Session.starts < until,
    )
    booked = (
        select(minutes(Session.starts), func.count())
        .join(Booking, Booking.session_id == Session.id)
        .where(window, Booking.status.in_(LIVE))
        .group_by(Session.id, Session.starts)
    )
    held = (
        select(minutes(Session.starts), func.count())
        .join(Hold, Hold.session_id == Session.id)
        .where(window, Hold.state == "open", Hold.expires_at > now)
        .group_by(Session.id, Session.starts)
    )
    zone = ZoneInfo(location.zone)
    counts: dict[date, int] = defaultdict(int)
    for start, count in session.execute(booked.union_all(held)):
        day = datetime.fromtimestamp(start * 60, UTC).astimezone(zone).date()
        counts[day] += count
    for session_id in without:
        own = session.execute(select(Session.starts).where(Session.id == session_id, window)).scalar()
        if own is not None:
            counts[own.astimezone(zone).date()] -= 1
    return counts
