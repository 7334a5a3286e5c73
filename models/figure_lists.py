"""The bookings behind a figure: what a code of it asks of a booking, in the words that figures count by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, or_, select, true

from models.base import minutes
from models.booking import Allocation, Booking, Session
from models.catalogue import Resource, Service
from models.figure_terms import ahead, answered, channel, conditions, lead_class, local_minute
from rules.figures import DAY
from rules.workflow import LIVE

PLAIN = frozenset({"confirmed", "completed", "no_show", "late", "by_customer", "by_house", "to_come", "firm", "first"})
ALSO = frozenset({"granted", "due", "met", "returning", "online"})
WEEK = 7 * DAY


def counted(code: str, reasons: Sequence[str]) -> ColumnElement[bool]:
    """The condition for the bookings that a figure counts: one of its words, or ``channel:desk``, ``clock:9``, ``during:33``,
    ``kind:staff``, ``ahead:2``, ``answer:service:key:value``."""
    terms = conditions(reasons)
    if code in PLAIN:
        return terms[code]
    made: dict[str, Any] = {
        "granted": true(),
        "due": or_(terms["completed"], terms["no_show"], terms["late"]),
        "met": or_(terms["completed"], terms["no_show"]),
        "returning": and_(terms["firm"], ~terms["first"]),
        "online": channel().not_in(("desk", "program")),
    }
    if code in made:
        found: ColumnElement[bool] = made[code]
        return found
    kind, _, value = code.partition(":")
    return _BY[kind](value)


def _clock(value: str) -> Any:
    return local_minute() % DAY // 60 == int(value)


def _during(value: str) -> Any:
    """What takes time within that hour of any week."""
    begin = int(value) * 60
    # The days since 1970 count from a Thursday.
    since = (minutes(Session.busy_from) + Session.utc_offset + 3 * DAY) % WEEK
    until = since + minutes(Session.busy_to) - minutes(Session.busy_from)
    this_week = and_(since < begin + 60, until > begin)
    return and_(Booking.status.in_(LIVE), or_(this_week, until > begin + WEEK))


def _kind(value: str) -> Any:
    took = select(Allocation.id).join(Resource, Resource.id == Allocation.resource_id)
    return took.where(Allocation.session_id == Session.id, Allocation.live, Resource.kind == value).exists()


def _answer(value: str) -> Any:
    service, key, said = value.split(":", 2)
    mine = select(Service.id).where(Service.slug == service)
    # A yes is true on PostgreSQL and 1 on SQLite.
    spelled = {"true": ("true", "1"), "false": ("false", "0"), "1": ("true", "1"), "0": ("false", "0")}.get(
        said, (said,)
    )
    return and_(Session.service_id.in_(mine), answered(key).in_(spelled))


_BY: dict[str, Any] = {
    "channel": lambda value: channel() == value,
    "reason": lambda value: and_(Booking.status == "cancelled", Booking.cancel_reason == value),
    "ahead": lambda value: and_(ahead() >= 0, cast(lead_class(), String) == value),
    "clock": _clock,
    "during": _during,
    "kind": _kind,
    "answer": _answer,
}
