"""What is taken: the reads behind every availability view and every choice, a fixed number whatever is booked."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, bindparam, func, null, or_, select, true
from sqlalchemy.orm import Session as OrmSession

from models import prepared
from models.base import listed, minutes, seconds
from models.booking import Allocation, Booking, Hold, Session
from models.business import Business
from models.catalogue import Resource
from rules.workflow import LIVE
from scheduling import availability

NONE: Mapping[int, int] = {}


@dataclass(slots=True)
class Reading:
    """What the database says of a window: ``taken`` for the arithmetic, when the next hold in it expires, the version of the
    catalogue that was read in the same moment, and the sessions whose hold has expired but which still stand in the guard's
    way. ``rows`` are the allocations that count, as ``_TAKEN`` reads them."""

    taken: availability.Taken
    next_expiry: datetime | None
    edition: int
    expired: frozenset[int]
    rows: Sequence[tuple[Any, ...]]

    @property
    def sessions(self) -> dict[int, tuple[int, ...]]:
        """Whom each session takes. Reckoned when it is asked for: a month of many people has thousands that nobody asks for."""
        return _takes(self.rows)


def version(session: OrmSession, resource_ids: Collection[int]) -> tuple[int, int]:
    """The catalogue's version and the sum of the versions of these resources: equal pairs mean unchanged availability,
    the passing of time apart."""
    row = prepared.glance(session, _VERSION, {"ids": list(resource_ids)}).one()
    return int(row[0]), int(row[1] or 0)


@dataclass(frozen=True, slots=True)
class Versions:
    """The catalogue's version and that of every resource, read in one moment."""

    catalogue: int
    resources: Mapping[int, int]

    def of(self, resource_ids: Collection[int]) -> tuple[int, int]:
        """The same as ``version``, unasked."""
        return self.catalogue, sum(self.resources[id] for id in resource_ids)


def versions(session: OrmSession) -> Versions:
    """For pages that show many services: one query instead of one for each."""
    rows = prepared.glance(session, _VERSIONS).all()
    return Versions(int(rows[0][0]), {id: int(number) for _, id, number in rows if id is not None})


_VERSIONS: Any = select(Business.catalogue_version, Resource.id, Resource.version).outerjoin_from(
    Business, Resource, true()
)
_VERSION: Any = select(
    Business.catalogue_version,
    select(func.sum(Resource.version)).where(Resource.id.in_(bindparam("ids", expanding=True))).scalar_subquery(),
)


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
    whose: bool = True,
) -> Reading:
    """Everything taken in ``[since, until)``: one query for appointments, two for classes, one more under a cap per day.

    ``without`` maps session ids to seats that do not count for the asker: her own hold, or the booking that she moves. With
    ``whose`` False it is not asked which sessions take it: ``sessions`` and ``expired`` stay empty.
    """
    busy: dict[int, list[tuple[int, int]]] = defaultdict(list)
    held: dict[int, list[tuple[int, int]]] = defaultdict(list)
    emptied = _emptied(session, without, now) if without else frozenset()
    expired: set[int] = set()
    ends: set[int] = set()
    moment = now.timestamp()
    window = {"ids": list(resource_ids), "since": since, "until": until}
    if not whose and not emptied and service.seats == 1:
        return _times_only(session, service, location, window, now, without)
    rows = prepared.run(session, _TAKEN, window, named=False).rows
    edition = rows[0][0]
    if rows[0][_SESSION] is None:
        rows = []
    if emptied:
        rows = [row for row in rows if row[_SESSION] not in emptied]
    for row in rows:
        if row[_HELD_UNTIL] is None:
            busy[row[_UNIT]].append(row[_TIME])
        elif row[_HELD_UNTIL] <= moment:
            expired.add(row[_SESSION])
        else:
            held[row[_UNIT]].append(row[_TIME])
            busy[row[_UNIT]].append(row[_TIME])
            ends.add(row[_HELD_UNTIL])
    if expired:
        rows = [row for row in rows if row[_HELD_UNTIL] is None or row[_HELD_UNTIL] > moment]
    next_expiry = _soonest(ends)
    sessions: list[availability.OpenSession] = []
    if service.seats > 1:
        sessions, expiry = _sessions(session, service, location, _takes(rows), since, until, now, without)
        next_expiry = min((each for each in (next_expiry, expiry) if each), default=None)
    per_day = _per_day(session, service, location, since, until, now, without) if service.per_day else {}
    taken = availability.Taken(busy=busy, held=held, sessions=sessions, per_day=per_day)
    return Reading(taken, next_expiry, edition, frozenset(expired), rows)


def _times_only(
    session: OrmSession,
    service: availability.Service,
    location: availability.Location,
    window: dict[str, Any],
    now: datetime,
    without: Mapping[int, int],
) -> Reading:
    """The same of a month of many people, where nearly all is firm: put together by the database."""
    busy: dict[int, list[tuple[int, int]]] = defaultdict(list)
    held: dict[int, list[tuple[int, int]]] = defaultdict(list)
    ends: set[int] = set()
    edition, moment = 0, now.timestamp()
    for unit, starts, stops, held_until in prepared.run(session, _TIMES, window, named=False).rows:
        if unit is None:
            edition = held_until
            continue
        if held_until is not None and held_until <= moment:
            continue
        times = [*zip(json.loads(starts), json.loads(stops), strict=True)]
        busy[unit] += times
        if held_until is not None:
            held[unit] += times
            ends.add(held_until)
    per_day = (
        _per_day(session, service, location, window["since"], window["until"], now, without) if service.per_day else {}
    )
    taken = availability.Taken(busy=busy, held=held, sessions=[], per_day=per_day)
    return Reading(taken, _soonest(ends), edition, frozenset(), ())


def _soonest(ends: set[int]) -> datetime | None:
    return datetime.fromtimestamp(min(ends), UTC) if ends else None


def _takes(rows: Sequence[tuple[Any, ...]]) -> dict[int, tuple[int, ...]]:
    takes: dict[int, dict[int, None]] = defaultdict(dict)
    for row in rows:
        takes[row[_SESSION]][row[_RESOURCE]] = None
    return {id: tuple(each) for id, each in takes.items()}


_SESSION, _RESOURCE, _UNIT, _TIME, _HELD_UNTIL = 1, 2, 3, slice(4, 6), 6
_COUNTS = and_(
    Allocation.resource_id.in_(bindparam("ids", expanding=True)),
    Allocation.busy_to > bindparam("since"),
    Allocation.busy_from < bindparam("until"),
    Allocation.live,
)
# One row of the business in any case, so that its version is read in the same moment as what is taken.
_TAKEN: Any = select(
    Business.catalogue_version,
    Allocation.session_id,
    Allocation.resource_id,
    Allocation.unit_id,
    minutes(Allocation.busy_from),
    minutes(Allocation.busy_to),
    seconds(Allocation.held_until),
).outerjoin_from(Business, Allocation, _COUNTS)
# One row for each unit and end of a hold. Here that of the business has no unit, and its version in the place of that end.
_TIMES: Any = (
    select(
        Allocation.unit_id,
        listed(minutes(Allocation.busy_from)),
        listed(minutes(Allocation.busy_to)),
        seconds(Allocation.held_until),
    )
    .where(_COUNTS)
    .group_by(Allocation.unit_id, Allocation.held_until)
    .union_all(select(null(), null(), null(), Business.catalogue_version))
)


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
    takes: Mapping[int, tuple[int, ...]],
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
        found.append(
            availability.OpenSession(
                id=id,
                start=start,
                end=end,
                busy_start=busy_from,
                busy_end=busy_to,
                resources=takes[id],
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
