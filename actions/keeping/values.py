"""How a value stands in a backup: the same on both databases, so that a table has one digest wherever it lies.

Each column is of one kind: ``instant`` (ISO 8601, UTC), ``local`` and ``date`` (wall clock), ``json`` (its text, keys sorted;
so that JSON's null and no value stay two things), ``bool``, ``int``, ``float``, ``text``.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, DateTime, Float, Integer, String, cast
from sqlalchemy.types import TypeEngine

from models.base import Instant

TYPES: Mapping[str, TypeEngine[Any]] = {
    "instant": Instant(),
    "local": DateTime(),
    "date": Date(),
    "json": String(),
    "bool": Boolean(),
    "int": BigInteger(),
    "float": Float(),
    "text": String(),
}
_KINDS: tuple[tuple[type[Any], str], ...] = (
    (Instant, "instant"),
    (DateTime, "local"),
    (Date, "date"),
    (JSON, "json"),
    (Boolean, "bool"),
    (Integer, "int"),
    (Float, "float"),
    (String, "text"),
)


def kind_of(type_: TypeEngine[Any]) -> str:
    """The kind of a column. Raises LookupError for a type that no backup holds yet."""
    if isinstance(type_, DateTime) and type_.timezone:
        return "instant"
    for known, kind in _KINDS:
        if isinstance(type_, known):
            return kind
    raise LookupError(f"a backup has no kind for {type_!r}")


def read(column: Any, kind: str) -> Any:
    """What to select for a column: JSON as the text that it is."""
    return cast(column, String).label(column.name) if kind == "json" else column


def _canonical(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_OUT: Mapping[str, Callable[[Any], Any]] = {
    "instant": lambda value: value.astimezone(UTC).isoformat(),
    "local": lambda value: value.isoformat(),
    "date": lambda value: value.isoformat(),
    "json": _canonical,
}
_IN: Mapping[str, Callable[[Any], Any]] = {
    "instant": datetime.fromisoformat,
    "local": datetime.fromisoformat,
    "date": date.fromisoformat,
}


def writers(kinds: list[str]) -> list[tuple[int, Callable[[Any], Any]]]:
    """What to do with which places of a row before it goes into the file."""
    return [(place, _OUT[kind]) for place, kind in enumerate(kinds) if kind in _OUT]


def readers(kinds: list[str]) -> list[tuple[int, Callable[[Any], Any]]]:
    """What to do with which places of a row that comes out of the file."""
    return [(place, _IN[kind]) for place, kind in enumerate(kinds) if kind in _IN]


def changed(row: list[Any], by: list[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    """The row with each of these places changed; no value stays none."""
    for place, how in by:
        if row[place] is not None:
            row[place] = how(row[place])
    return row
