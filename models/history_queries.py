"""History as it is searched: within somebody's rights, latest first, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, or_, select, true
from sqlalchemy.orm import Session as OrmSession

from models.booking import Booking, Session
from models.history import History, HistoryPersonal
from models.scope import reached, readable
from rules.rights import Viewer

PAGE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; what is None or "" is not asked. ``before`` is the id from which an older page goes on, ``reference``
    the booking that ``text`` names, if it names one."""

    actor: str | None = None
    kind: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str = ""
    reference: str | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One step with its personal values, as they are kept."""

    step: History
    before: dict[str, Any]
    after: dict[str, Any]


def page(session: OrmSession, viewer: Viewer, wanted: Wanted, *, limit: int = PAGE) -> tuple[list[Row], int | None]:
    """The steps that she may read, latest first, and where the next page goes on: one query."""
    query = select(History, HistoryPersonal.before, HistoryPersonal.after)
    query = query.outerjoin(HistoryPersonal, HistoryPersonal.history_id == History.id)
    query = query.where(_within(viewer), *_asked(viewer, wanted)).order_by(History.id.desc()).limit(limit + 1)
    rows = [Row(step, before or {}, after or {}) for step, before, after in session.execute(query)]
    return rows[:limit], rows[limit - 1].step.id if len(rows) > limit else None


def _within(viewer: Viewer) -> ColumnElement[bool]:
    """Bookings and blocks that her right to read history reaches; about accounts, rights and the house whoever sees accounts."""
    mine = reached(viewer, "history.see")
    booking = and_(History.object_kind == "booking", _booking(mine))
    block = select(Session.id).where(Session.id == History.object_id, mine).exists()
    found = or_(booking, and_(History.object_kind == "block", block))
    return or_(found, History.object_kind.not_in(("booking", "block"))) if viewer.may("staff.see") else found


def _booking(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """True for a step of a booking for which ``condition`` holds."""
    about: Select[Any] = select(Booking.id).join(Session, Session.id == Booking.session_id)
    return about.where(Booking.id == History.object_id, condition).exists()


def _asked(viewer: Viewer, wanted: Wanted) -> list[ColumnElement[bool]]:
    equal = ((History.actor, wanted.actor), (History.object_kind, wanted.kind), (History.action, wanted.action))
    found: list[ColumnElement[bool]] = [column == value for column, value in equal if value]
    if wanted.since:
        found.append(History.at >= wanted.since)
    if wanted.until:
        found.append(History.at < wanted.until)
    if wanted.before:
        found.append(History.id < wanted.before)
    if wanted.text:
        found.append(_said(viewer, wanted))
    return found


def _said(viewer: Viewer, wanted: Wanted) -> ColumnElement[bool]:
    """Steps of the booking that is named, and those whose reason or customer has the text in it, where she reads these."""
    is_booking = History.object_kind == "booking"
    named = and_(is_booking, _booking(Booking.reference == wanted.reference)) if wanted.reference else false()
    called = and_(is_booking, _booking(and_(Booking.name.icontains(wanted.text, autoescape=True), readable(viewer))))
    reads: ColumnElement[bool] = true() if viewer.role == "auditor" else _booking(readable(viewer))
    why = and_(History.reason.icontains(wanted.text, autoescape=True), or_(~is_booking, reads))
    return or_(named, called, why)
