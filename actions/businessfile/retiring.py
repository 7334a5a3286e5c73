"""What is in the tables and not in the file: it stays, last in its list, or is retired."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile.reading import Problem
from actions.businessfile.rows import QUIET, listed
from models import bookings

_AHEAD = {
    "service": bookings.future_of_service,
    "resource": bookings.future_of_resource,
    "location": bookings.future_of_location,
}


def unnamed(session: OrmSession, table: Any, slugs: Sequence[str]) -> list[Any]:
    """The rows in service that the file does not name."""
    rows = session.execute(select(table).where(table.retired_at.is_(None))).scalars().all()
    return [row for row in rows if row.slug not in slugs]


def retire(
    session: OrmSession, kind: str, table: Any, rows: Sequence[Any], *, refused: list[Problem], now: datetime
) -> None:
    """Takes rows out of the offer; what is booked ahead is ``refused`` with its list."""
    for row in rows:
        ahead = _AHEAD[kind](session, [row.id], now)
        if ahead:
            reason = f"cannot be retired while it is booked ahead: {listed(ahead)}"
            refused.append(Problem(f"{kind} {row.slug}", reason, ahead=tuple(ahead)))
    gone = update(table).where(table.id.in_([row.id for row in rows])).values(retired_at=now)
    session.execute(gone.execution_options(**QUIET))


def put_last(session: OrmSession, table: Any, rows: Sequence[Any], *, first: int) -> bool:
    """Gives rows the positions from ``first`` on, in their own order; True when one of them moved."""
    moved = False
    for position, row in enumerate(sorted(rows, key=lambda each: (each.position, each.id)), first):
        if row.position != position:
            session.execute(
                update(table).where(table.id == row.id).values(position=position).execution_options(**QUIET)
            )
            moved = True
    return moved
