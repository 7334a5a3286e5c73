"""Counting days anew after something has changed in them: what changed is looked up, then the days, a few at a time."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session as OrmSession

from actions.transaction import run
from models.base import db, dialect_of, minutes, table, upsert
from models.booking import Booking, Session
from models.daily import HEAT, TAKEN, DayCount, DayStale, waiting
from models.doors import PeriodicTask
from models.figure_time import allocations
from models.figures import EPOCH, Which, by_day
from models.snapshot import catalogue
from rules import use
from rules.errors import Busy
from rules.facts import Catalogue
from rules.figures import DAY, NAMES, SPLITTING

CHUNK, DAYS = 2000, 7
_TURN = "count_days"
_QUIET = {"synchronize_session": False}


def count(*, now: datetime, seconds: float = 2.0) -> int:
    """Counts what has changed, for about as long as ``seconds``; returns how much still waits (0 when all is counted).

    Several processes may do it at once: one row is their lock. What changes meanwhile waits for the next time.
    """
    until = time.monotonic() + seconds
    while waiting(db.session()):
        db.session.rollback()
        try:
            run(lambda session: _look_up(session, now) or _count_some(session, now))
        except Busy:
            # Somebody else is at it, and takes longer than anybody waits.
            break
        if time.monotonic() >= until:
            break
    left = waiting(db.session())
    db.session.rollback()
    return left


def _lock(session: OrmSession, now: datetime) -> None:
    turn = upsert(PeriodicTask, dialect_of(session)).values(name=_TURN, last_run=now)
    session.execute(turn.on_conflict_do_update(index_elements=["name"], set_={"last_run": now}))


def _look_up(session: OrmSession, now: datetime) -> bool:
    """Turns some of the sessions that were noted into their days; those of their customers' other bookings, too, of which
    another may be the first now."""
    _lock(session, now)
    noted = select(DayStale.id, DayStale.session_id, DayStale.customer_id).where(DayStale.location_id.is_(None))
    rows = session.execute(noted.order_by(DayStale.id).limit(CHUNK)).all()
    if not rows:
        return False
    local: list[Any] = [(minutes(edge) + Session.utc_offset) // DAY for edge in (Session.busy_from, Session.busy_to)]
    customers = {row.customer_id for row in rows if row.customer_id is not None}
    theirs = select(Booking.session_id).where(Booking.customer_id.in_(customers))
    which = or_(Session.id.in_({row.session_id for row in rows}), Session.id.in_(theirs))
    query: Any = select(Session.location_id, *local).where(which).distinct()
    found = [(int(place), int(low), int(high)) for place, low, high in session.execute(query)]
    days = {(place, day) for place, low, high in found for day in range(low, high + 1)}
    known = {tuple(row) for row in session.execute(_days())}
    fresh = [{"location_id": place, "day": day} for place, day in sorted(days - known)]
    if fresh:
        session.execute(insert(table(DayStale)), fresh)
    session.execute(delete(DayStale).where(DayStale.id.in_([row.id for row in rows])).execution_options(**_QUIET))
    return True


def _days() -> Any:
    return select(DayStale.location_id, DayStale.day).where(DayStale.location_id.is_not(None)).distinct()


def _count_some(session: OrmSession, now: datetime) -> bool:
    """Counts a run of days of one place anew."""
    _lock(session, now)
    query = _days().order_by(DayStale.location_id, DayStale.day).limit(DAYS)
    noted = [tuple(row) for row in session.execute(query)]
    if not noted:
        return False
    place, first = noted[0]
    days = [day for of, day in noted if of == place and day < first + DAYS]
    last = days[-1]
    those = (DayStale.location_id == place, DayStale.day >= first, DayStale.day <= last)
    session.execute(delete(DayStale).where(*those).execution_options(**_QUIET))
    old = (DayCount.location_id == place, DayCount.day >= first, DayCount.day <= last)
    session.execute(delete(DayCount).where(*old).execution_options(**_QUIET))
    known = catalogue(session)
    which = Which(
        locations=(place,),
        first=date.fromordinal(first + EPOCH),
        last=date.fromordinal(last + EPOCH),
        reasons=known.customers_reasons,
        answers=questions(known),
    )
    counted = by_day(which, known.business.currency).subquery()
    columns = ("location_id", "day", "service_id", "kind", "key", *NAMES)
    session.execute(insert(table(DayCount)).from_select(columns, select(*counted.c), include_defaults=True))
    rows = _taken(session, known, which)
    if rows:
        session.execute(insert(table(DayCount)), rows)
    return True


def questions(known: Catalogue) -> tuple[tuple[int, str], ...]:
    """Every question with one choice, by its service."""
    return tuple(
        (service.id, question["key"])
        for service in known.services.values()
        for question in service.questions
        if question["type"] in SPLITTING
    )


def _taken(session: OrmSession, known: Catalogue, which: Which) -> list[dict[str, object]]:
    """The minutes taken on each day: of each resource, and of each kind of resource by hour of the week."""
    place = known.location_by_id[which.locations[0]]
    spans: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for _, service, resource, low, high in allocations(session, which):
        if service is not None:
            spans.setdefault((service, resource), []).append((low, high))
    sums: Counter[tuple[int, int, str, str]] = Counter()
    for ordinal in range(which.first.toordinal(), which.last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        for (service, resource), those in spans.items():
            hours = use.by_hour(place.timezone, tuple(those), day, day)
            kind = known.resource_by_id[resource].kind
            for hour, taken in enumerate(hours):
                if taken:
                    sums[ordinal - EPOCH, service, TAKEN, str(resource)] += taken
                    sums[ordinal - EPOCH, service, HEAT, f"{kind}:{hour}"] += taken
    blank = dict.fromkeys(NAMES, 0)
    return [
        {
            "location_id": place.id,
            "day": day,
            "service_id": service,
            "kind": kind,
            "key": key,
            **blank,
            "minutes": taken,
        }
        for (day, service, kind, key), taken in sums.items()
    ]
