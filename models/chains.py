"""Rows that are written together: on PostgreSQL one statement however many tables they go to, on SQLite one for each table.

A round trip costs more than the row it brings. PostgreSQL can write to several tables in one statement (data-modifying WITH
queries), each with the ids that the one before has made; SQLite cannot, and has no round trips.
https://www.postgresql.org/docs/current/queries-with.html#QUERIES-WITH-MODIFYING
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, Text, bindparam, cast, column, func, literal, literal_column, select, true, union_all
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session as OrmSession

from models import prepared
from models.base import Base, dialect_of, table, upsert, upsert_rows


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table, all of the same columns. ``after`` names columns that take the id of the one row of an earlier table;
    ``once`` the unique columns by which a row that is there already is left as it is (empty: by any). ``unless`` finds the id
    of a row that makes this one needless, by the parameters ``given``."""

    model: type[Base]
    rows: Sequence[Mapping[str, Any]]
    after: Mapping[str, type[Base]] = field(default_factory=dict)
    once: tuple[str, ...] | None = None
    unless: Select[int] | None = None
    given: Mapping[str, Any] = field(default_factory=dict)


def write(session: OrmSession, *links: Rows) -> dict[type[Base], list[int]]:
    """Writes the rows, table after table, and returns the ids that were made or found; what has no rows is left out. Where
    ``once`` left the first of a table as it was, nothing that comes after it is written."""
    found: dict[type[Base], list[int]] = {each.model: [] for each in links}
    links = tuple(each for each in links if each.rows)
    if not links:
        return found
    if dialect_of(session) == "sqlite":
        return found | _one_by_one(session, links)
    given: dict[str, Any] = {f"rows_{n}": json.dumps(each.rows, default=_stamp) for n, each in enumerate(links)}
    for each in links:
        given |= each.given
    for number, id in prepared.run(session, _chain(tuple(map(_shape, links))), given):
        found[links[number].model].append(id)
    return found


Shape = tuple[
    type[Base],
    tuple[str, ...],
    tuple[tuple[str, type[Base]], ...],
    tuple[str, ...] | None,
    Select[int] | None,
]


def _shape(link: Rows) -> Shape:
    return link.model, tuple(link.rows[0]), tuple(link.after.items()), link.once, link.unless


def _stamp(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(type(value).__name__)


@cache
def _chain(shapes: tuple[Shape, ...]) -> Any:
    """One statement for tables in this order; the rows of each are one parameter, a list in JSON: psycopg keeps no statement
    of more than fifty parameters, and to send each value by itself costs more than to write it."""
    made: dict[type[Base], Any] = {}
    for model, names, after, once, unless in shapes:
        number, types = len(made), table(model).c
        document = cast(bindparam(f"rows_{number}", type_=Text), JSONB)
        listed = func.jsonb_to_recordset(document).table_valued(*(column(name, types[name].type) for name in names))
        rows = listed.render_derived(name=f"given_{number}", with_types=True)
        earlier = [made[each] for _, each in after]
        written = [*names, *(name for name, _ in after)]
        rest = _defaults(model, written)
        wanted = select(*(rows.c[name] for name in names), *(each.c.id for each in earlier), *rest.values())
        wanted = wanted.select_from(_beside(rows, earlier))
        known = unless.cte(f"known_{number}") if unless is not None else None
        if known is not None:
            wanted = wanted.where(~select(known.c.id).exists())
        claim = upsert(model, "postgresql").from_select([*written, *rest], wanted, include_defaults=False)
        claim = claim if once is None else claim.on_conflict_do_nothing(index_elements=once or None)
        made[model] = claim.returning(_key(model).label("id")).cte(f"made_{number}")
        if known is not None:
            made[model] = union_all(select(known.c.id), select(made[model].c.id)).cte(f"one_{number}")
    return union_all(*(select(literal_column(str(number)), each.c.id) for number, each in enumerate(made.values())))


def _defaults(model: type[Base], written: Sequence[str]) -> dict[str, Any]:
    """What the other columns hold where nothing is said. SQLAlchemy would give those of two tables the same parameter."""
    left = (each for each in table(model).c if each.name not in written and each.default is not None)
    return {each.name: literal(_default(each.default), each.type) for each in left}


def _default(default: Any) -> Any:
    return default.arg(None) if default.is_callable else default.arg


def _beside(rows: Any, earlier: Sequence[Any]) -> Any:
    """Every row beside the one row of each earlier table."""
    for each in earlier:
        rows = rows.join(each, true())
    return rows


def _key(model: type[Base]) -> Any:
    return next(iter(table(model).primary_key))


def _one_by_one(session: OrmSession, links: Sequence[Rows]) -> dict[type[Base], list[int]]:
    found: dict[type[Base], list[int]] = {each.model: [] for each in links}
    for each in links:
        given = {name: found[model] for name, model in each.after.items()}
        if not all(given.values()):
            break
        known = prepared.run(session, each.unless, each.given).scalar() if each.unless is not None else None
        if known is not None:
            found[each.model] = [known]
            continue
        values: dict[str, Any] = {name: ids[0] for name, ids in given.items()}
        for number, row in enumerate(each.rows):
            values |= {f"{name}_{number}": value for name, value in row.items()}
        statement = _several(each.model, tuple(each.rows[0]), tuple(given), len(each.rows), each.once)
        found[each.model] = prepared.run(session, statement, values).scalars()
    return found


@cache
def _several(
    model: type[Base], names: tuple[str, ...], shared: tuple[str, ...], count: int, once: tuple[str, ...] | None
) -> Any:
    rows = [{**{name: name for name in shared}, **{name: f"{name}_{n}" for name in names}} for n in range(count)]
    if count == 1:
        claim = upsert(model, "sqlite").values({name: bindparam(given) for name, given in rows[0].items()})
    else:
        claim = upsert_rows(model, "sqlite", rows)
    claim = claim if once is None else claim.on_conflict_do_nothing(index_elements=once or None)
    return claim.returning(_key(model))
