"""What figures count: one row a booking, grouped by whatever they are asked for, in one statement on either database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, and_, case, cast, func, literal, or_, select, union_all
from sqlalchemy.orm import Session as OrmSession

from models.booking import Allocation, Booking, Session
from models.figure_terms import ahead, answered, channel, conditions, hour_of_week, lead_class, local_minute, paid
from models.scope import taken_by
from rules.figures import DAY, GONE, NAMES, Counts

EPOCH = date(1970, 1, 1).toordinal()
# As wide as any zone lies from UTC, so that the index finds the days before their local dates are compared.
WIDE = timedelta(hours=26)
ALL = "all"
KINDS = (ALL, "day", "place", "service", "resource", "channel", "hour", "ahead", "reason", "currency")
# What is counted once a day; the others follow from the place, day and service of these.
EACH_DAY = (ALL, "resource", "channel", "hour", "ahead", "reason", "currency")


@dataclass(frozen=True, slots=True)
class Which:
    """Which bookings: those that start at one of ``locations`` on the local dates ``first`` to ``last``; of one service and
    with one resource, where these are given. ``reasons`` are those that customers give, in every language; ``answers`` the
    questions (service and key) whose answers split the figures."""

    locations: tuple[int, ...]
    first: date
    last: date
    service: int | None = None
    resource: int | None = None
    reasons: tuple[str, ...] = ()
    answers: tuple[tuple[int, str], ...] = ()


Cells = dict[str, dict[str, Counts]]


def cells(session: OrmSession, which: Which, currency: str) -> Cells:
    """What the bookings count for, by kind and key: one statement. Keys are ids, dates since 1970, hours of the week (Monday
    at midnight is 0), classes of ``LEADS``, channels (a source's id, ``desk``, ``program`` or ``direct``), reasons as noted;
    answers are of the kind ``answer:service:key``."""
    kinds = (*KINDS, *map(asked, which.answers))
    found: Cells = {kind: {} for kind in kinds}
    facts = _facts(which, currency).cte("counted")
    for kind, key, *values in session.execute(union_all(*(grouped(facts, kind) for kind in kinds))):
        found[kind][key] = Counts(*(int(value or 0) for value in values))
    return found


def by_day(which: Which, currency: str) -> Any:
    """The same as a statement, for each place, day and service by itself: place, day, service, kind, key and counts."""
    facts = _facts(which, currency).cte("counted")
    kinds = (*EACH_DAY, *map(asked, which.answers))
    return union_all(*(grouped(facts, kind, facts.c.by_place, facts.c.by_day, facts.c.by_service) for kind in kinds))


def asked(answer: tuple[int, str]) -> str:
    """The kind under which the answers to a question are counted."""
    return f"answer:{answer[0]}:{answer[1]}"


def grouped(facts: Any, kind: str, *also: Any) -> Any:
    """One kind of them, ``also`` by other columns."""
    sums = [func.sum(facts.c[name]).label(name) for name in NAMES]
    if kind == ALL:
        found = select(*also, literal(kind).label("kind"), literal("").label("key"), *sums)
        return found.group_by(*also) if also else found
    if kind == "resource":
        return _by_resource(facts, *also)
    key = facts.c[f"by_{kind}"]
    found = select(*also, literal(kind).label("kind"), cast(key, String).label("key"), *sums)
    return found.where(key.is_not(None)).group_by(*also, key)


def _by_resource(facts: Any, *also: Any) -> Any:
    """Each booking once for each resource: of a session that lives what it takes, of one that is over what it last took."""
    mine = Allocation.session_id == facts.c.session
    took = select(facts, Allocation.resource_id).join_from(facts, Allocation, mine)
    # Several units of one resource are one.
    once = took.where(or_(Allocation.live, ~facts.c.lives)).distinct().subquery()
    sums = [func.sum(once.c[name]).label(name) for name in NAMES]
    by = [once.c[each.name] for each in also]
    found = select(*by, literal("resource").label("kind"), cast(once.c.resource_id, String).label("key"), *sums)
    return found.group_by(*by, once.c.resource_id)


def _facts(which: Which, currency: str) -> Any:
    """A row a booking: its session, what it is grouped by, and what it counts for."""
    local = local_minute()
    keys: dict[str, Any] = {
        "day": local // DAY,
        "place": Session.location_id,
        "service": Session.service_id,
        "channel": channel(),
        "hour": hour_of_week(),
        "ahead": lead_class(),
        "reason": case((and_(Booking.status == "cancelled", Booking.cancel_reason != ""), Booking.cancel_reason)),
        "currency": case((paid(), Booking.currency)),
    }
    for service, key in which.answers:
        keys[asked((service, key))] = case((Session.service_id == service, answered(key)))
    before = ahead() >= 0
    sums: dict[str, Any] = {
        "bookings": literal(1, Integer),
        "income": case((and_(paid(), Booking.currency == currency), Booking.price_minor), else_=0),
        "lead": case((before, ahead()), else_=0),
        "led": case((before, 1), else_=0),
        **{name: case((condition, 1), else_=0) for name, condition in conditions(which.reasons).items()},
    }
    columns: list[Any] = [Booking.id.label("booking"), Session.id.label("session"), Session.live.label("lives")]
    columns += [value.label(f"by_{name}") for name, value in keys.items()]
    columns += [sums[name].label(name) for name in NAMES]
    return select(*columns).join(Session, Session.id == Booking.session_id).where(*within(which))


def within(which: Which) -> list[ColumnElement[bool]]:
    """The condition for the bookings that are counted: requests that came to nothing are none."""
    found = [Session.location_id.in_(which.locations), *on_days(which.first, which.last), Booking.status.not_in(GONE)]
    if which.service is not None:
        found.append(Session.service_id == which.service)
    if which.resource is not None:
        # Its own time first, by the index that begins with it, and of that what still holds.
        since, until = _around(which.first, which.last)
        its = select(Allocation.session_id).where(Allocation.resource_id == which.resource)
        near = its.where(Allocation.busy_to > since, Allocation.busy_from < until)
        found += [Session.id.in_(near), taken_by(frozenset({which.resource}))]
    return found


def on_days(first: date, last: date) -> list[ColumnElement[bool]]:
    """The condition for starts on the local dates ``first`` to ``last``, each place by its own clock."""
    since, until = _around(first, last)
    return [
        Session.starts >= since,
        Session.starts < until,
        local_minute() >= (first.toordinal() - EPOCH) * DAY,
        local_minute() < (last.toordinal() - EPOCH + 1) * DAY,
    ]


def _around(first: date, last: date) -> tuple[datetime, datetime]:
    """Instants between which these dates lie on every clock."""
    since, until = (datetime(each.year, each.month, each.day, tzinfo=UTC) for each in (first, last))
    return since - WIDE, until + timedelta(days=1) + WIDE
