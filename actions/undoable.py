"""What a step at the desk leaves behind, so that it can be undone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from models.base import execute, table
from models.bookings import BookingView
from models.desk import Undo
from rules import desk


@dataclass(frozen=True, slots=True)
class Last:
    """The last step at the desk: the ``revision`` that it made of the booking, and what that was ``before``: its columns,
    and when it ended."""

    id: int
    revision: int
    action: str
    before: Mapping[str, Any]
    made_by: str
    made_at: datetime
    until: datetime
    settled_at: datetime | None


def keep(
    session: OrmSession, action: str, before: BookingView, *, revision: int, actor: str, now: datetime
) -> datetime | None:
    """Writes how to undo a step, and gives until when; None for a step that cannot be undone."""
    until = desk.undo_until(action, actor, now)
    if until is None:
        return None
    row = {"booking_id": before.id, "revision": revision, "action": action, "before": _before(before)}
    execute(session, _KEPT, {**row, "made_by": actor, "made_at": now, "until": until})
    return until


_KEPT = insert(table(Undo)).inline()


def _before(view: BookingView) -> dict[str, Any]:
    return {
        "status": view.status,
        "session_id": view.session_id,
        "terms": dict(view.terms),
        "price_minor": view.price_minor,
        "currency": view.currency,
        "cancelled_by": view.cancelled_by,
        "cancel_reason": view.cancel_reason,
        "ends": view.end.isoformat(),
    }


def last(session: OrmSession, booking_id: int) -> Last | None:
    """The last step at the desk that could be undone once, or None."""
    columns = (
        Undo.id,
        Undo.revision,
        Undo.action,
        Undo.before,
        Undo.made_by,
        Undo.made_at,
        Undo.until,
        Undo.settled_at,
    )
    query = select(*columns).where(Undo.booking_id == booking_id).order_by(Undo.revision.desc()).limit(1)
    found = session.execute(query).one_or_none()
    return Last(*found) if found else None


def settled(session: OrmSession, step: Last, now: datetime) -> None:
    """Notes that a step was undone."""
    session.execute(
        update(Undo).where(Undo.id == step.id).values(settled_at=now).execution_options(synchronize_session=False)
    )
