"""Rows that belong to one owner, made equal to what a file says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile.times import Spell
from models.bookings import BookingView
from models.business import SpecialDay, WeeklyHours

QUIET = {"synchronize_session": False}
_NAMED = 20


def make_equal(session: OrmSession, table: Any, mine: Any, wanted: list[dict[str, Any]]) -> bool:
    """Makes the rows for which ``mine`` holds equal to ``wanted``; True when they differed."""
    columns = {column.name for column in table.__table__.columns} - {"id"}
    names = sorted({name for row in wanted for name in row} | columns)
    rows = session.execute(select(table).where(mine)).scalars().all()
    before = sorted(([getattr(row, name) for name in names] for row in rows), key=repr)
    after = sorted((_with_defaults(table, row, names) for row in wanted), key=repr)
    if before == after:
        return False
    session.execute(delete(table).where(mine).execution_options(**QUIET))
    for row in rows:
        session.expunge(row)
    for each in wanted:
        session.execute(insert(table).values(**each))
    return True


def _with_defaults(table: Any, row: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    found = []
    for name in names:
        default = table.__table__.columns[name].default
        fallback = default.arg if default is not None and default.is_scalar else None
        found.append(row.get(name, fallback))
    return found


def equal_beside_the_desk(session: OrmSession, table: Any, mine: Any, wanted: list[dict[str, Any]]) -> bool:
    """The same for rows that are also written at the desk: those stay, and what the file says of them is there already."""
    at_the_desk = session.execute(select(table).where(mine, table.source == "desk")).scalars().all()
    left = [row for row in wanted if not any(_says(each, row) for each in at_the_desk)]
    return make_equal(session, table, mine & (table.source != "desk"), left)


def equal_at_the_desk(session: OrmSession, table: Any, mine: Any, wanted: list[dict[str, Any]]) -> bool:
    """The same, written at the desk itself: what is there and wanted stays as it was given, what is not wanted goes whoever
    gave it, and what is new is the desk's, so that a load of the file leaves it alone."""
    there = list(session.execute(select(table).where(mine)).scalars())
    kept = {row.id for row in there if any(_is(each, row) for each in wanted)}
    fresh = [each for each in wanted if not any(_is(each, row) for row in there)]
    gone = [row for row in there if row.id not in kept]
    for row in gone:
        session.expunge(row)
    session.execute(delete(table).where(table.id.in_([row.id for row in gone])).execution_options(**QUIET))
    for each in fresh:
        source = each.get("source", "file")
        session.execute(insert(table).values(**{**each, "source": "desk" if source == "file" else source}))
    return bool(gone or fresh)


def _is(wanted: Mapping[str, Any], row: Any) -> bool:
    """True when a row that is there is the wanted one; one of every year is another than one of a date."""
    if wanted.get("source") != row.source and "yearly" in (wanted.get("source"), row.source):
        return False
    return _says(row, wanted) and getattr(row, "reason", None) == wanted.get("reason")


def _says(there: Any, row: Mapping[str, Any]) -> bool:
    """True when a row that is there says what the file says."""
    return all(getattr(there, name) == value for name, value in row.items() if name not in ("source", "reason"))


def hours_of(session: OrmSession, kind: str, id: int, hours: list[dict[str, Any]]) -> bool:
    """Weekly hours of a location, resource or service; True when they differed."""
    mine = (WeeklyHours.owner_kind == kind) & (WeeklyHours.owner_id == id)
    return make_equal(session, WeeklyHours, mine, [{"owner_kind": kind, "owner_id": id, **each} for each in hours])


def days_of(
    session: OrmSession, kind: str, id: int, days: Sequence[Mapping[str, Any]], *, at_the_desk: bool = False
) -> bool:
    """Special days of a location, resource or service; True when they differed."""
    mine = (SpecialDay.owner_kind == kind) & (SpecialDay.owner_id == id)
    write = equal_at_the_desk if at_the_desk else equal_beside_the_desk
    return write(session, SpecialDay, mine, [{"owner_kind": kind, "owner_id": id, **each} for each in days])


def weekly(spells: Sequence[Spell], location: int | None = None) -> list[dict[str, Any]]:
    """One row for each window of each week; ``location``: only there."""
    return [
        {"location_id": location, "weekday": weekday, "from_minute": start, "to_minute": end}
        | {"valid_from": spell.first, "valid_until": spell.last, "every_weeks": spell.every}
        for spell in spells
        for weekday, windows in enumerate(spell.week)
        for start, end in windows
    ]


def listed(ahead: Sequence[BookingView]) -> str:
    """Bookings as a mistake names them; without any, a hold stands in the way."""
    if not ahead:
        return "a time that is being held"
    named = [f"{view.reference} ({view.start.astimezone(UTC):%Y-%m-%d %H:%M} UTC)" for view in ahead[:_NAMED]]
    more = f" and {len(ahead) - _NAMED} more" if len(ahead) > _NAMED else ""
    return ", ".join(named) + more
