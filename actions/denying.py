"""What somebody asked for and may not: refused, and in the history."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from actions.record import record
from actions.transaction import run
from rules.rights import Viewer


def denied(*, by: Viewer, asked: str, at: str, booking_id: int | None = None, now: datetime) -> None:
    """Writes down that ``by`` asked for an action of the rights at the address ``at``, and was refused."""
    after = {"asked": asked, "at": at[:200]} | ({"booking": booking_id} if booking_id is not None else {})
    step: dict[str, Any] = {"object_kind": "staff", "object_id": by.id, "action": "denied", "after": after}
    run(lambda session: record(session, at=now, actor=by.actor, **step))
