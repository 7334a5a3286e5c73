"""Bookings as they are read: one flat view with its resources, and the queries that find them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session as OrmSession

from models.base import execute
from models.booking import Allocation, Booking, Session
from models.business import Location
from models.catalogue import Resource, Service
from models.doors import Source
from rules.workflow import LIVE

FUTURE = ("requested", "confirmed")


@dataclass(frozen=True, slots=True)
class BookingView:
    """One booking with its session. Instants are aware UTC; ``zone`` is the location's. ``resources`` are slugs, each once,
    in the order of the needs; ``staff`` those of them that are people. For a booking that is over or cancelled they are
    the ones it last had. ``overruled``: the ``rules`` that staff set aside for it, and the ``reason``."""

    id: int
    uid: str
    reference: str
    status: str
    revision: int
    token_version: int
    session_id: int
    service: str
    location: str
    start: datetime
    end: datetime
    zone: str
    seats: int
    place: str
    name: str
    phone: str | None
    email: str | None
    company: str | None
    address: str | None
    answers: Mapping[str, Any]
    definition_id: int | None
    locale: str
    customer_zone: str | None
    price_minor: int | None
    currency: str | None
    terms: Mapping[str, Any]
    source: str | None
    created_at: datetime
    changed_at: datetime
    created_by: str
    cancelled_by: str | None
    cancel_reason: str | None
    contact_id: int | None
    resources: tuple[str, ...] = ()
    resource_ids: tuple[int, ...] = ()
    staff: tuple[str, ...] = ()
    customer_id: int = 0
    overruled: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """What the links of a booking are signed over, and when its visit ends."""

    uid: str
    token_version: int
    end: datetime


def linked(session: OrmSession, reference: str) -> Linked | None:
    """The same of the booking with this reference, or None."""
    found = execute(session, _LINKED, {"wanted": reference}).one_or_none()
    return Linked(*found) if found is not None else None


_LINKED: Any = (
    select(Booking.uid, Booking.token_version, Session.ends)
    .join(Session, Session.id == Booking.session_id)
    .where(Booking.reference == bindparam("wanted"))
)

_COLUMNS: Any = (
    select(
        Booking.id,
        Booking.uid,
        Booking.reference,
        Booking.status,
        Booking.revision,
        Booking.token_version,
        Booking.session_id,
        Service.slug.label("service"),
        Location.slug.label("location"),
        Session.starts.label("start"),
        Session.ends.label("end"),
        Session.zone,
        Booking.seats,
        Booking.place,
        Booking.name,
        Booking.phone,
        Booking.email,
        Booking.company,
        Booking.address,
        Booking.answers,
        Booking.definition_id,
        Booking.locale,
        Booking.customer_zone,
        Booking.price_minor,
        Booking.currency,
        Booking.terms,
        Source.code.label("source"),
        Booking.created_at,
        Booking.changed_at,
        Booking.created_by,
        Booking.cancelled_by,
        Booking.cancel_reason,
        Booking.contact_id,
        Booking.customer_id,
        Booking.overruled,
    )
    .join(Session, Session.id == Booking.session_id)
    .join(Service, Service.id == Session.service_id)
    .join(Location, Location.id == Session.location_id)
    .outerjoin(Source, Source.id == Booking.source_id)
)


def by_reference(session: OrmSession, reference: str) -> BookingView | None:
    """The booking with this reference (already folded to its 8 symbols), or None."""
    return _one(session, _BY_REFERENCE, {"wanted": reference})


def by_id(session: OrmSession, booking_id: int) -> BookingView | None:
    """The booking with this id, or None."""
    return _one(session, _BY_ID, {"wanted": booking_id})


_BY_REFERENCE = _COLUMNS.where(Booking.reference == bindparam("wanted"))
_BY_ID = _COLUMNS.where(Booking.id == bindparam("wanted"))


def listed(
    session: OrmSession,
    *,
    status: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int = 100,
) -> list[BookingView]:
    """Bookings that start in ``[since, until)``, earliest first."""
    query = _COLUMNS.order_by(Session.starts, Booking.id).limit(limit)
    if status:
        query = query.where(Booking.status.in_(status))
    if since:
        query = query.where(Session.starts >= since)
    if until:
        query = query.where(Session.starts < until)
    return many(session, query)


def for_feed(
    session: OrmSession,
    *,
    resource_id: int | None = None,
    location_id: int | None = None,
    since: datetime,
    until: datetime,
    cancelled_since: datetime,
    limit: int = 1000,
) -> list[BookingView]:
    """Bookings of a resource or a location that start in the window; cancelled ones only if changed after ``cancelled_since``."""
    query = (
        _COLUMNS.where(Session.starts >= since, Session.starts < until)
        .where(
            or_(
                Booking.status.in_(LIVE),
                and_(Booking.status.in_(("cancelled", "declined", "expired")), Booking.changed_at >= cancelled_since),
            )
        )
        .order_by(Session.starts, Booking.id)
        .limit(limit)
    )
    if resource_id is not None:
        taken = select(Allocation.session_id).where(Allocation.resource_id == resource_id)
        query = query.where(Booking.session_id.in_(taken))
    if location_id is not None:
        query = query.where(Session.location_id == location_id)
    return many(session, query)


def future_of_resource(session: OrmSession, resource_ids: Iterable[int], now: datetime) -> list[BookingView]:
    """Bookings still to come that take one of these resources."""
    taken = select(Allocation.session_id).where(Allocation.resource_id.in_(list(resource_ids)), Allocation.live)
    query = _COLUMNS.where(Booking.session_id.in_(taken), Session.ends > now, Booking.status.in_(FUTURE))
    return many(session, query.order_by(Session.starts, Booking.id))


def future_of_service(session: OrmSession, service_ids: Iterable[int], now: datetime) -> list[BookingView]:
    """Bookings still to come of these services."""
    query = _COLUMNS.where(Session.service_id.in_(list(service_ids)), Session.ends > now, Booking.status.in_(FUTURE))
    return many(session, query.order_by(Session.starts, Booking.id))


def future_of_location(session: OrmSession, location_ids: Iterable[int], now: datetime) -> list[BookingView]:
    """Bookings still to come at these locations."""
    query = _COLUMNS.where(Session.location_id.in_(list(location_ids)), Session.ends > now, Booking.status.in_(FUTURE))
    return many(session, query.order_by(Session.starts, Booking.id))


def standing_in(
    session: OrmSession,
    *,
    resource_ids: Iterable[int] = (),
    location_id: int | None = None,
    start: datetime,
    end: datetime,
    now: datetime,
) -> list[BookingView]:
    """Bookings not over yet that take one of these resources, or anything at the location, between ``start`` and ``end``, by
    id."""
    taken = select(Allocation.session_id).where(Allocation.resource_id.in_(list(resource_ids)), Allocation.live)
    where = Session.location_id == location_id if location_id is not None else Booking.session_id.in_(taken)
    query = _COLUMNS.where(where, Session.starts < end, Session.ends > start, Session.ends > now)
    return many(session, query.where(Booking.status.in_(FUTURE)).order_by(Booking.id))


def upcoming_of(session: OrmSession, whose: ColumnElement[bool], now: datetime) -> list[BookingView]:
    """Bookings that are not over, of the customers that a condition on the table names, earliest first."""
    wanted = (Booking.status.in_((*FUTURE, "arrived")), Session.ends > now, whose)
    return many(session, _COLUMNS.where(*wanted).order_by(Session.starts, Booking.id))


def of_sessions(session: OrmSession, session_ids: Iterable[int]) -> list[BookingView]:
    """The live bookings of these sessions."""
    query = _COLUMNS.where(Booking.session_id.in_(list(session_ids)), Booking.status.in_(LIVE))
    return many(session, query.order_by(Session.starts, Booking.id))


def _one(session: OrmSession, query: Select[Any], values: Mapping[str, Any]) -> BookingView | None:
    found = many(session, query, values)
    return found[0] if found else None


_WHO: Any = (
    select(Allocation.session_id, Resource.slug, Resource.id, Resource.kind)
    .join(Resource, Resource.id == Allocation.resource_id)
    .join(Session, Session.id == Allocation.session_id)
    # Of a session that lives only what it still takes; of one that is over what it last took.
    .where(Allocation.session_id.in_(bindparam("sessions", expanding=True)), or_(Allocation.live, ~Session.live))
    .order_by(Allocation.need, Allocation.id)
)


def columns() -> Any:
    """The start of every query that ``many`` reads."""
    return _COLUMNS


def many(session: OrmSession, query: Select[Any], values: Mapping[str, Any] | None = None) -> list[BookingView]:
    """The bookings of a query on ``columns``, with what each takes: two queries."""
    rows = execute(session, query, values).mappings().all()
    if not rows:
        return []
    taken: dict[int, dict[str, tuple[int, str]]] = defaultdict(dict)
    sessions = list({row["session_id"] for row in rows})
    for session_id, slug, resource_id, kind in execute(session, _WHO, {"sessions": sessions}):
        taken[session_id].setdefault(slug, (resource_id, kind))
    return [
        BookingView(
            **row,
            resources=tuple(taken[row["session_id"]]),
            resource_ids=tuple(id for id, _ in taken[row["session_id"]].values()),
            staff=tuple(slug for slug, (_, kind) in taken[row["session_id"]].items() if kind == "staff"),
        )
        for row in rows
    ]


def by_status(session: OrmSession) -> dict[str, int]:
    """How many bookings there are in each status."""
    counted = select(Booking.status, func.count()).group_by(Booking.status)
    return dict(session.execute(counted).all())
