"""Handing somebody a copy of her own data: written down before it is handed over."""

from __future__ import annotations

from datetime import datetime

from actions.record import record
from actions.transaction import run
from rules.errors import NotAllowed
from rules.rights import Viewer


def copied(*, customer_id: int, how: str, by: Viewer, now: datetime) -> None:
    """Writes down who hands it over and ``how`` the person was identified. Raises NotAllowed for whoever has no right to export."""
    if not by.may("export"):
        raise NotAllowed
    run(
        lambda session: record(
            session,
            at=now,
            actor=by.actor,
            object_kind="customer",
            object_id=customer_id,
            action="copied",
            after={"identified": how},
        )
    )
