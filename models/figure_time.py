"""What else figures read: the time that is taken and blocked, visits and searches, and whether anything has changed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session as OrmSession

from models.base import minutes
from models.booking import Allocation, Session
from models.business import Business
from models.daily import DayStale
from models.doors import Source, VisitCount
from models.figures import WIDE, Which
from models.history import History

Taken = dict[tuple[int, int], list[tuple[int, int]]]
# More than any number of transactions that are open at once: whoever commits late has a number among the last.
RECENT = 1000


def taken(session: OrmSession, which: Which) -> tuple[Taken, Taken]:
    """What bookings take and what is blocked in the days of ``which``: for each place and resource UTC minutes, by start, a
    unit each. One statement."""
    booked: Taken = {}
    blocked: Taken = {}
    for place, service, resource, low, high in allocations(session, which):
        (blocked if service is None else booked).setdefault((place, resource), []).append((low, high))
    return booked, blocked


def allocations(
    session: OrmSession, which: Which, *, blocks: bool = False
) -> list[tuple[int, int | None, int, int, int]]:
    """Place, service (None for a block), resource and UTC minutes of all that is taken in the days of ``which``, by start;
    of ``blocks`` only, if wanted."""
    first, last = (datetime(each.year, each.month, each.day, tzinfo=UTC) for each in (which.first, which.last))
    since, until = first - WIDE, last + timedelta(days=1) + WIDE
    low, high = minutes(Allocation.busy_from), minutes(Allocation.busy_to)
    query = (
        select(Session.location_id, Session.service_id, Allocation.resource_id, low, high)
        .join(Session, Session.id == Allocation.session_id)
        .where(Allocation.live, Allocation.held_until.is_(None), Session.location_id.in_(which.locations))
        .where(Allocation.busy_to > since, Allocation.busy_from < until)
        .order_by(Allocation.busy_from)
    )
    if blocks:
        # They have an index of their own; a block takes what it lasts.
        query = query.where(text("session.kind <> 'service'"), Session.ends > since, Session.starts < until)
    elif which.service is not None:
        query = query.where(or_(Session.service_id == which.service, Session.service_id.is_(None)))
    if which.resource is not None:
        query = query.where(Allocation.resource_id == which.resource)
    return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def blocked(session: OrmSession, which: Which) -> Taken:
    """What is blocked in the days of ``which``, as in ``taken``."""
    found: Taken = {}
    for place, _, resource, low, high in allocations(session, which, blocks=True):
        found.setdefault((place, resource), []).append((low, high))
    return found


Visits = Counter[tuple[str, int, int]]


def visits(session: OrmSession, first: date, last: date, service: int | None = None) -> Visits:
    """How often each step was reached, by step, service and source (0: none). Days are those of the house's clock."""
    counted = func.sum(VisitCount.count)
    query = select(VisitCount.step, VisitCount.service_id, VisitCount.source_id, counted)
    query = query.where(VisitCount.day >= first, VisitCount.day <= last)
    if service is not None:
        query = query.where(VisitCount.service_id == service)
    rows = session.execute(query.group_by(VisitCount.step, VisitCount.service_id, VisitCount.source_id))
    return Counter({(step, by, source): int(count) for step, by, source, count in rows})


def sources(session: OrmSession) -> list[Any]:
    """Every source: id, code, kind, label and what it is the sign of."""
    columns = (Source.id, Source.code, Source.kind, Source.label)
    return list(session.execute(select(*columns, Source.service_id, Source.location_id, Source.resource_id)))


def version(session: OrmSession, since: date) -> tuple[int, ...]:
    """Another one once anything has changed that figures are made of; visits since ``since`` only, as those of days that
    are over do not. One statement, however much is stored."""
    newest = select(func.coalesce(func.max(History.id), 0)).scalar_subquery()
    # A step is seen when it is committed, which may be after one with a higher number: so they are counted, too.
    recent = select(func.count()).where(History.id > newest - RECENT).scalar_subquery()
    counted = select(func.coalesce(func.sum(VisitCount.count), 0)).where(VisitCount.day >= since).scalar_subquery()
    # What waits is counted later, and then it is something else again.
    waits = select(func.count()).select_from(DayStale).scalar_subquery()
    row = session.execute(select(Business.catalogue_version, newest, recent, counted, waits)).one()
    return tuple(int(each) for each in row)
