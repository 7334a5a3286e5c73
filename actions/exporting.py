"""Taking a file out of the house: written down before it is handed over."""

from __future__ import annotations

from datetime import datetime

from actions.record import record
from actions.transaction import run
from rules.errors import NotAllowed
from rules.rights import Viewer


def exported(*, what: str, form: str, rows: int, at: str, by: Viewer, now: datetime) -> None:
    """Writes down who takes ``what`` (figures, bookings) as which ``form`` with how many rows, from which address ``at``.
    Raises NotAllowed for whoever has no right to export."""
    if not by.may("export"):
        raise NotAllowed
    after = {"what": what, "form": form, "rows": rows, "at": at[:200]}
    run(
        lambda session: record(
            session,
            at=now,
            actor=by.actor,
            object_kind="staff",
            object_id=by.id,
            action="exported",
            after=after,
        )
    )
