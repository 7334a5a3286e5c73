"""The units of a resource: which one of the file is which one of the tables, and which may go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile.reading import Problem
from actions.businessfile.rows import QUIET, listed
from models import bookings
from models.booking import Allocation
from models.catalogue import ResourceUnit


def write_units(
    session: OrmSession, id: int, each: Mapping[str, Any], *, refused: list[Problem], now: datetime
) -> bool:
    """Units keep their identity by name, then by order; one too many is retired, or ``refused`` when something ahead takes
    it. True when they differed."""
    query = select(ResourceUnit).where(ResourceUnit.resource_id == id).order_by(ResourceUnit.position)
    rows = list(session.execute(query).scalars())
    matched = _matched(rows, each["units"])
    changed = False
    for position, (name, row) in enumerate(zip(each["units"], matched, strict=True)):
        if row is None:
            session.execute(insert(ResourceUnit).values(resource_id=id, position=position, name=name))
            changed = True
        elif (row.name, row.position, row.retired_at) != (name, position, None):
            _set(session, row.id, name=name, position=position, retired_at=None)
            changed = True
    surplus = [row for row in rows if row.retired_at is None and row not in matched]
    if not surplus:
        return changed
    problem = _taken(session, surplus, now, f"resource {each['slug']}")
    if problem is not None:
        refused.append(problem)
    for row in surplus:
        _set(session, row.id, retired_at=now)
    return True


def _matched(rows: Sequence[ResourceUnit], names: Sequence[str | None]) -> list[ResourceUnit | None]:
    """For each wanted unit the row that it is: the one of its name, else the next one in service that no other name
    claims, else a retired one, else None."""
    named = {row.name: row for row in sorted(rows, key=lambda each: each.retired_at is None) if row.name}
    found = [named.get(name) if name else None for name in names]
    claimed = {row.id for row in found if row is not None}
    rest = iter(sorted((row for row in rows if row.id not in claimed), key=lambda each: each.retired_at is not None))
    return [row if row is not None else next(rest, None) for row in found]


def _set(session: OrmSession, id: int, **values: Any) -> None:
    session.execute(update(ResourceUnit).where(ResourceUnit.id == id).values(**values).execution_options(**QUIET))


def _taken(session: OrmSession, units: Sequence[ResourceUnit], now: datetime, place: str) -> Problem | None:
    """Why these units cannot go, or None."""
    sessions = select(Allocation.session_id).where(
        Allocation.unit_id.in_([unit.id for unit in units]),
        Allocation.live,
        Allocation.busy_to > now,
        or_(Allocation.held_until.is_(None), Allocation.held_until > now),
    )
    taken = session.execute(sessions).scalars().all()
    if not taken:
        return None
    gone = ", ".join(unit.name for unit in units if unit.name)
    of = f" ({gone})" if gone else ""
    ahead = bookings.of_sessions(session, taken)
    reason = f"capacity cannot shrink below what is booked ahead{of}: {listed(ahead)}"
    return Problem(place, reason, ahead=tuple(ahead))
