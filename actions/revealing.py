"""Having a customer's contacts shown: an act with its reason, which stays in the history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from rules.rights import Viewer


def reveal(*, booking_id: int, why: str, by: Viewer, now: datetime) -> None:
    """Writes down who had the contacts of a booking shown, and what for."""
    _reveal("booking", booking_id, why, by, now)


def reveal_customer(*, customer_id: int, why: str, by: Viewer, now: datetime) -> None:
    """The same for the contacts of a customer."""
    _reveal("customer", customer_id, why, by, now)


def _reveal(kind: str, id: int, why: str, by: Viewer, now: datetime) -> None:

    def work(session: OrmSession) -> None:
        record(
            session,
            at=now,
            actor=by.actor,
            object_kind=kind,
            object_id=id,
            action="revealed",
            reason=why,
        )

    run(work)
