"""What has to be true of a booking to count for a figure, and what it is grouped by, as SQL on either database.

The same as ``rules/figures.py`` says; figures and the lists behind them are both made of these. A local date and hour come
from the difference to UTC that each session keeps, so that they are right across clock changes without the database
knowing zones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, func, or_, select
from sqlalchemy.orm import aliased

from models.base import minutes, seconds
from models.booking import Booking, Session
from models.history import History
from rules.figures import DAY, GONE, LEADS, OWN, TO_COME


def conditions(reasons: Sequence[str]) -> dict[str, ColumnElement[bool]]:
    """What has to be true of a booking that counts for each of these."""
    status, cancelled = Booking.status, Booking.status == "cancelled"
    mine = or_(Booking.cancelled_by.in_(OWN), Booking.cancel_reason.in_(reasons)).is_(True)
    firm = status != "cancelled"
    return {
        "confirmed": or_(status.in_(("confirmed", "arrived", "completed", "no_show")), and_(cancelled, _was_firm())),
        "completed": status == "completed",
        "no_show": status == "no_show",
        "late": and_(cancelled, mine, _was_firm(), _too_late()),
        "by_customer": and_(cancelled, mine, _was_firm()),
        "by_house": and_(cancelled, ~mine),
        "to_come": status.in_(TO_COME),
        "firm": firm,
        "first": and_(firm, _first()),
    }


def _cancelling(column: Any) -> Any:
    """``column`` of the step that cancelled the booking last."""
    step = and_(History.object_kind == "booking", History.object_id == Booking.id, History.action == "cancelled")
    return select(column).where(step).order_by(History.id.desc()).limit(1).correlate(Booking).scalar_subquery()


def _was_firm() -> ColumnElement[bool]:
    """True for what was more than a request when it was cancelled."""
    return func.coalesce(_cancelling(History.before["status"].as_string()), "confirmed") != "requested"


def _too_late() -> ColumnElement[bool]:
    cut_off = func.coalesce(Booking.terms["cancel_until"].as_integer(), 0) * 60
    return func.coalesce(_cancelling(seconds(History.at)) > seconds(Session.starts) - cut_off, False)


def _first() -> ColumnElement[bool]:
    """True where its customer has no earlier booking that was not cancelled."""
    other, its = aliased(Booking), aliased(Session)
    earlier = or_(its.starts < Session.starts, and_(its.starts == Session.starts, other.id < Booking.id))
    same = and_(other.customer_id == Booking.customer_id, other.status.not_in((*GONE, "cancelled")))
    return ~exists().where(other.session_id == its.id, same, earlier).correlate(Booking, Session)


def local_minute() -> Any:
    """The start on the location's clock, in minutes since 1970 there."""
    return minutes(Session.starts) + Session.utc_offset


def hour_of_week() -> Any:
    """0 for the first hour of a local Monday, 167 for the last of a Sunday."""
    # 1970 began on a Thursday.
    return (local_minute() // DAY + 3) % 7 * 24 + local_minute() % DAY // 60


def ahead() -> Any:
    """Minutes from booking to start."""
    return minutes(Session.starts) - minutes(Booking.created_at)


def lead_class() -> Any:
    """The class of ``LEADS``; nothing for what was written down after it had begun."""
    classes = [(ahead() >= LEADS[index] * DAY, index) for index in reversed(range(len(LEADS)))]
    return case(*classes)


def channel() -> Any:
    """Where a booking came from: the id of its source, ``desk``, ``program``, or ``direct`` for the portal without one."""
    return case(
        (Booking.source_id.is_not(None), cast(Booking.source_id, String)),
        (or_(Booking.created_by.startswith("staff:"), Booking.created_by == "shell"), "desk"),
        (Booking.created_by == "program", "program"),
        else_="direct",
    )


def answered(key: str) -> Any:
    """The answer to a question with one choice, as text."""
    return Booking.answers[key].as_string()


def paid() -> ColumnElement[bool]:
    """True for what brought in its price."""
    return and_(Booking.status == "completed", Booking.price_minor.is_not(None))
