"""What the diary reads: bookings, blocks and counts of some days within somebody's rights, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from models import bookings
from models.base import minutes
from models.booking import Allocation, Booking, Session
from models.bookings import BookingView
from models.business import Business
from models.desk import SavedView
from models.doors import Source
from models.figure_lists import counted
from models.figures import on_days
from models.scope import reachable, reached, readable, taken_by
from rules.figures import GONE
from rules.rights import Viewer

DAY = timedelta(days=1)
# More than anybody reads on one page.
MOST = 6000


class longer_than_a_day(GenericFunction[bool]):
    """``longer_than_a_day(starts, ends)``, in the words of the index that lists those."""

    inherit_cache = True


@compiles(longer_than_a_day)
def _on_postgresql(element: longer_than_a_day, compiler: SQLCompiler, **kw: Any) -> str:
    starts, ends = (compiler.process(each, **kw) for each in element.clauses)
    return f"{ends} - {starts} > interval '1 day'"


@compiles(longer_than_a_day, "sqlite")
def _on_sqlite(element: longer_than_a_day, compiler: SQLCompiler, **kw: Any) -> str:
    starts, ends = (compiler.process(each, **kw) for each in element.clauses)
    return f"{ends} - {starts} > 86400"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for: ids of places, of one resource and one service, statuses, a source's code; ``text`` with the
    ids of the services whose names have it (``named``). ``counted`` is what a figure counts among the local dates ``first`` to
    ``last``, by the ``reasons`` that customers give. What is empty narrows nothing."""

    locations: tuple[int, ...]
    resource: int | None = None
    service: int | None = None
    statuses: tuple[str, ...] = ()
    source: str | None = None
    text: str = ""
    named: tuple[int, ...] = ()
    counted: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when at which places. ``long`` are the few sessions that began more than a day before and are not over:
    named one by one, because a database that has to guess how many they are reads everything."""

    locations: tuple[int, ...]
    since: datetime
    until: datetime
    long: tuple[int, ...]

    def touching(self) -> ColumnElement[bool]:
        """The condition on ``session`` for what touches the window there."""
        here = Session.location_id.in_(self.locations)
        near = and_(here, Session.starts >= self.since - DAY, Session.starts < self.until, Session.ends > self.since)
        return or_(near, Session.id.in_(self.long)) if self.long else near


def window(session: OrmSession, locations: Sequence[int], since: datetime, until: datetime) -> Window:
    """The window ``[since, until)`` of these places: one query."""
    query = select(Session.id).where(
        longer_than_a_day(Session.starts, Session.ends),
        Session.starts < since - DAY,
        Session.ends > since,
        Session.location_id.in_(locations),
    )
    return Window(tuple(locations), since, until, tuple(session.execute(query.order_by(Session.id)).scalars()))


def between(session: OrmSession, viewer: Viewer, wanted: Wanted, seen: Window) -> list[BookingView]:
    """The bookings that touch a window, earliest first: two queries."""
    query = bookings.columns().where(seen.touching(), *_narrowed(viewer, wanted))
    return bookings.many(session, query.order_by(Session.starts, Booking.id).limit(MOST))


def listed(
    session: OrmSession, viewer: Viewer, wanted: Wanted, *, since: datetime, limit: int, skip: int
) -> list[BookingView]:
    """A page of the bookings that start at ``since`` or later, earliest first."""
    query = bookings.columns().where(
        Session.location_id.in_(wanted.locations), Session.starts >= since, *_narrowed(viewer, wanted)
    )
    return bookings.many(session, query.order_by(Session.starts, Booking.id).limit(limit).offset(skip))


def page(
    session: OrmSession,
    viewer: Viewer,
    wanted: Wanted,
    *,
    since: datetime,
    until: datetime,
    after: tuple[datetime, int] | None = None,
    limit: int,
) -> list[BookingView]:
    """The bookings that start in ``[since, until)``, earliest first, from behind ``after``: the start and id of one."""
    here = Session.location_id.in_(wanted.locations)
    query = bookings.columns().where(here, Session.starts >= since, Session.starts < until, *_narrowed(viewer, wanted))
    if after is not None:
        query = query.where(or_(Session.starts > after[0], and_(Session.starts == after[0], Booking.id > after[1])))
    return bookings.many(session, query.order_by(Session.starts, Booking.id).limit(limit))


def how_many(session: OrmSession, viewer: Viewer, wanted: Wanted) -> int:
    """How many bookings a figure counts that she may see."""
    query = select(func.count()).select_from(Booking).join(Session, Session.id == Booking.session_id)
    query = query.where(Session.location_id.in_(wanted.locations), *_narrowed(viewer, wanted))
    return session.execute(query).scalar_one()


def starts(
    session: OrmSession, viewer: Viewer, wanted: Wanted, *, since: datetime, until: datetime
) -> list[tuple[int, str, int]]:
    """The starts (UTC minutes) in ``[since, until)`` with status and count: one query."""
    query = (
        select(minutes(Session.starts), Booking.status, func.count())
        .join(Booking, Booking.session_id == Session.id)
        .where(Session.location_id.in_(wanted.locations), Session.starts >= since, Session.starts < until)
        .where(*_narrowed(viewer, wanted))
        .group_by(Session.starts, Booking.status)
    )
    return [(int(start), str(status), int(count)) for start, status, count in session.execute(query)]


@dataclass(frozen=True, slots=True)
class Blocked:
    """Time that is blocked, in UTC minutes, and for whom (resource ids)."""

    session_id: int
    start: int
    end: int
    title: str
    resources: tuple[int, ...]


def blocked(session: OrmSession, seen: Window) -> list[Blocked]:
    """The blocks that touch a window, earliest first: one query."""
    query = (
        select(Session.id, minutes(Session.starts), minutes(Session.ends), Session.title, Allocation.resource_id)
        .join(Allocation, Allocation.session_id == Session.id)
        .where(_blocks(seen), Allocation.live)
        .order_by(Session.starts, Session.id, Allocation.need)
    )
    found: dict[tuple[int, int, int, str], list[int]] = defaultdict(list)
    for id, start, end, title, resource in session.execute(query):
        found[id, start, end, title or ""].append(resource)
    return [Blocked(*each, tuple(dict.fromkeys(resources))) for each, resources in found.items()]


def version(session: OrmSession, viewer: Viewer, wanted: Wanted, seen: Window) -> str:
    """A text that is another one once anything has changed that the diary shows of a window: bookings that came,
    went or took a step, blocks, pauses, hours. One query."""
    shown = (
        select(func.count(), func.sum(Booking.revision + 1), func.max(Booking.changed_at), func.sum(Booking.id))
        .select_from(Booking)
        .join(Session, Session.id == Booking.session_id)
        .where(seen.touching(), *_narrowed(viewer, wanted))
        .subquery()
    )
    blocks = select(func.count(), func.sum(Session.id), func.sum(minutes(Session.starts) + minutes(Session.ends)))
    off = blocks.where(_blocks(seen)).subquery()
    query = select(Business.catalogue_version, *shown.c, *off.c).select_from(Business)
    row = session.execute(query.join(shown, true()).join(off, true())).one()
    return "-".join(str(each.timestamp() if isinstance(each, datetime) else each or 0) for each in row)


def saved_views(session: OrmSession, staff_id: int) -> list[SavedView]:
    """The views that she has kept and those that others share, by name."""
    query = select(SavedView).where(or_(SavedView.staff_id == staff_id, SavedView.shared))
    return list(session.execute(query.order_by(SavedView.name, SavedView.id)).scalars())


def _blocks(seen: Window) -> ColumnElement[bool]:
    return and_(seen.touching(), Session.kind != "service", Session.live)


def _narrowed(viewer: Viewer, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [reached(viewer, "booking.see")]
    if wanted.statuses:
        found.append(Booking.status.in_(wanted.statuses))
    if wanted.service is not None:
        found.append(Session.service_id == wanted.service)
    if wanted.resource is not None:
        found.append(taken_by(frozenset({wanted.resource})))
    if wanted.source is not None:
        found.append(Booking.source_id.in_(select(Source.id).where(Source.code == wanted.source)))
    if wanted.text:
        found.append(_with(viewer, wanted))
    if wanted.first and wanted.last:
        found += [*on_days(wanted.first, wanted.last), Booking.status.not_in(GONE)]
        found += [counted(each, wanted.reasons) for each in wanted.counted]
        if any(each.startswith("answer:") for each in wanted.counted):
            # Who may not read an answer is not told whose it is.
            found.append(readable(viewer))
    return found


def _with(viewer: Viewer, wanted: Wanted) -> ColumnElement[bool]:
    """The text in a name or contact that she may read, in the reference, or in the service's name."""
    text = wanted.text
    # SQLite knows capitals of ASCII only.
    spelled = dict.fromkeys((text, text.lower(), text.title(), text.upper()))
    columns = (Booking.name, Booking.company, *((Booking.email,) if reachable(viewer) else ()))
    names = [column.icontains(each, autoescape=True) for each in spelled for column in columns]
    digits = "".join(each for each in text if each.isdigit()).lstrip("0")
    phone = Booking.phone.contains(digits, autoescape=True) if len(digits) >= 3 and reachable(viewer) else false()
    code = "".join(each for each in text.upper() if each.isalnum())
    reference = Booking.reference.startswith(code, autoescape=True) if len(code) >= 4 else false()
    return or_(and_(readable(viewer), or_(*names, phone)), reference, Session.service_id.in_(wanted.named))
