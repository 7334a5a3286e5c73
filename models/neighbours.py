"""Who has the time around a start: each allocation with its own core, its buffers, and what it belongs to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session as OrmSession

from models.base import execute, minutes
from models.booking import Allocation, Booking, Session
from rules.workflow import LIVE
from scheduling.intervals import Interval


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One live allocation. UTC minutes: ``busy`` with its buffers, ``start`` to ``end`` without. ``kind`` is the session's
    (service, block, outside), ``held_until`` None for what is firm, ``references`` the bookings of the session."""

    allocation_id: int
    session_id: int
    resource_id: int
    unit_id: int
    busy: Interval
    start: int
    end: int
    kind: str
    title: str | None
    held_until: datetime | None
    references: tuple[str, ...] = ()

    def meets(self, start: datetime, end: datetime) -> bool:
        """True when the visit itself, its buffers apart, overlaps ``[start, end)``."""
        return self.start * 60 < end.timestamp() and start.timestamp() < self.end * 60

    def expired(self, now: datetime) -> bool:
        """True for a hold that is over, whether or not anything has swept it away."""
        return self.held_until is not None and self.held_until <= now


def around(session: OrmSession, *, resource_ids: Collection[int], since: datetime, until: datetime) -> list[Neighbour]:
    """Everything that takes one of these resources in ``[since, until)``, in order of time: two queries. Expired holds are
    among them."""
    rows = execute(session, _AROUND, {"ids": list(resource_ids), "since": since, "until": until}).all()
    found = [
        # A visit that ended early, or whose buffers gave way, takes less than its session says.
        Neighbour(id, of, resource, unit, (start, end), max(starts, start), min(ends, end), kind, title, held)
        for id, of, resource, unit, start, end, starts, ends, kind, title, held in rows
    ]
    known: dict[int, list[str]] = defaultdict(list)
    for of, reference in execute(session, _WHOSE, {"sessions": list({each.session_id for each in found})}):
        known[of].append(reference)
    return [replace(each, references=tuple(known[each.session_id])) for each in found]


_AROUND: Any = (
    select(
        Allocation.id,
        Allocation.session_id,
        Allocation.resource_id,
        Allocation.unit_id,
        minutes(Allocation.busy_from),
        minutes(Allocation.busy_to),
        minutes(Session.starts),
        minutes(Session.ends),
        Session.kind,
        Session.title,
        Allocation.held_until,
    )
    .join(Session, Session.id == Allocation.session_id)
    .where(
        Allocation.resource_id.in_(bindparam("ids", expanding=True)),
        Allocation.busy_to > bindparam("since"),
        Allocation.busy_from < bindparam("until"),
        Allocation.live,
    )
    .order_by(Allocation.busy_from, Allocation.id)
)
_WHOSE: Any = (
    select(Booking.session_id, Booking.reference)
    .where(Booking.session_id.in_(bindparam("sessions", expanding=True)), Booking.status.in_(LIVE))
    .order_by(Booking.id)
)


def cores(neighbours: Iterable[Neighbour], now: datetime, emptied: Collection[int] = ()) -> dict[int, list[Interval]]:
    """Per unit what is taken when everybody's buffers are left out; sessions of ``emptied`` do not count."""
    busy: dict[int, list[Interval]] = defaultdict(list)
    for each in neighbours:
        if not each.expired(now) and each.session_id not in emptied:
            busy[each.unit_id].append((each.start, each.end))
    return busy
