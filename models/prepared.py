"""Statements of the hot path, compiled once and handed straight to the driver.

SQLAlchemy takes six times as long to send a compiled statement as SQLite takes to run it (docs/decisions/0006). So what a
booking, a hold and a view send is written in SQLAlchemy Core, is compiled by it once for each dialect and shape of its
values, and keeps its types' own ways of writing and reading; only the way from there to the driver's cursor is ours.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from weakref import WeakKeyDictionary

from psycopg import RawCursor
from sqlalchemy import Connection, func, true
from sqlalchemy.engine import Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.sql.compiler import SQLCompiler

from models.base import OPEN

Process = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows as named tuples, and how many a statement changed."""

    rows: Sequence[Any]
    rowcount: int

    def __iter__(self) -> Iterator[Any]:
        return iter(self.rows)

    def all(self) -> Sequence[Any]:
        return self.rows

    def one(self) -> Any:
        """The only row; ValueError where there is none, or another."""
        (row,) = self.rows
        return row

    def scalar(self) -> Any:
        """The first column of the first row, None where there is none."""
        return self.rows[0][0] if self.rows else None

    def scalar_one(self) -> Any:
        """The first column of the only row."""
        return self.one()[0]

    def scalars(self) -> list[Any]:
        """The first column of every row."""
        return [row[0] for row in self.rows]


def run(session: OrmSession, statement: Any, values: Mapping[str, Any] | None = None, *, named: bool = True) -> Answer:
    """Runs a statement that was built once, on the session's own transaction. Raises what SQLAlchemy raises.

    Rows are not ``named`` where there are thousands of them, which takes as long as to fetch them.

    ``statement`` is kept with its compiled forms as long as it lives: one that is built anew each time gains nothing here.
    """
    return _run(session.info.get(OPEN) or session.connection(), statement, values or {}, named)


def glance(session: OrmSession, statement: Any, values: Mapping[str, Any] | None = None) -> Answer:
    """The same for a read that stands alone: where nothing has begun it begins nothing, which on PostgreSQL would take two
    more ways to the server and back. Each statement there reads what is committed when it starts, in a transaction or not."""
    engine = session.get_bind()
    if session.in_transaction() or engine.dialect.name == "sqlite" or not isinstance(engine, Engine):
        return run(session, statement, values)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return _run(connection, statement, values or {}, True)


def _run(connection: Connection, statement: Any, values: Mapping[str, Any], named: bool) -> Answer:
    form = _form(connection.dialect, statement, values)
    given = form.given(values)
    cursor = _cursor(connection)
    try:
        for listen in connection.dispatch.before_cursor_execute:
            listen(connection, cursor, form.text, given, None, False)
        cursor.execute(form.text, given)
        rows = form.read(cursor.fetchall(), named) if form.row is not None else ()
        return Answer(rows, cursor.rowcount)
    except connection.dialect.loaded_dbapi.Error as error:
        _refuse(connection, cursor, form.text, error)
    finally:
        cursor.close()


def _cursor(connection: Connection) -> Any:
    """A cursor that takes parameters in their order: psycopg would read a text of more than 4,096 characters anew each time
    to find them. https://www.psycopg.org/psycopg3/docs/advanced/cursors.html#raw-query-cursors"""
    if connection.dialect.name == "sqlite":
        return connection.connection.cursor()
    driver: Any = connection.connection.dbapi_connection
    return RawCursor(driver)


def plans_kept() -> Any:
    """A column for a statement of a writing transaction on PostgreSQL, which makes it plan the rest of its statements once
    for all their values, not once for each: the rows of a booking are written the same way whoever books, and to plan
    that takes as long as to do it. https://www.postgresql.org/docs/current/runtime-config-query.html#GUC-PLAN-CACHE-MODE

    On its own the planner would compare with what its first plans cost, when the tables were smaller. And since a plan
    that is kept may stem from a day when they were empty, it has to go by the indexes.
    """
    by_index = func.set_config("enable_seqscan", "off", true())
    return func.concat(func.set_config("plan_cache_mode", "force_generic_plan", true()), by_index)


@dataclass(frozen=True, slots=True)
class _Form:
    """One statement for one dialect: its text, how its values are written and its rows read. ``plain`` are the parameters
    as (name in the text, name among the values, place in a list of values, how it is written)."""

    text: str
    fixed: Mapping[str, Any]
    plain: Sequence[tuple[str, str, int | None, Process | None]]
    order: Sequence[str]
    row: Callable[[Any], Any] | None
    reading: Sequence[tuple[int, Process]]

    def given(self, values: Mapping[str, Any]) -> Any:
        """The parameters in the order of the text."""
        ready = dict(self.fixed)
        for name, source, place, process in self.plain:
            value = values[source] if place is None else values[source][place]
            ready[name] = value if process is None else process(value)
        return [ready[name] for name in self.order]

    def read(self, rows: list[Any], named: bool) -> list[Any]:
        if self.reading:
            rows = [self._columns(each) for each in rows]
        row = self.row if named else None
        return rows if row is None else [row(each) for each in rows]

    def _columns(self, row: Any) -> list[Any]:
        columns = list(row)
        for number, process in self.reading:
            columns[number] = process(columns[number])
        return columns


_forms: WeakKeyDictionary[Any, dict[Any, _Form]] = WeakKeyDictionary()


def _form(dialect: Dialect, statement: Any, values: Mapping[str, Any]) -> _Form:
    known = _forms.get(statement)
    if known is None:
        known = _forms[statement] = {}
    shape = (dialect.name, *((name, len(each)) if type(each) is list else name for name, each in values.items()))
    form = known.get(shape)
    if form is None:
        form = known[shape] = _compiled(dialect, statement, values)
    return form


def _compiled(dialect: Dialect, statement: Any, values: Mapping[str, Any]) -> _Form:
    """SQLAlchemy's own compilation, lists spread to as many parameters as they have members."""
    compiled: SQLCompiler = statement.compile(dialect=dialect, column_keys=list(values))
    assert not compiled.update_prefetch
    defaults = {each.key: _default(each.default) for each in compiled.insert_prefetch}
    lists = {bind.key for bind in compiled.binds.values() if bind.expanding}
    state = compiled.construct_expanded_state({**defaults, **values})
    spread = {
        name: (source, place)
        for source in lists
        for place, name in enumerate(state.parameter_expansion.get(source, ()))
    }
    writing = {
        name: each.type.dialect_impl(dialect).bind_processor(dialect) for each, name in compiled.bind_names.items()
    }
    writing |= state.processors
    fixed, plain = {}, []
    for name, value in state.parameters.items():
        if name in lists:
            continue
        source, place = spread.get(name, (name, None))
        process = writing.get(name)
        if source in values:
            plain.append((name, source, place, process))
        else:
            fixed[name] = value if process is None else process(value)
    row, reading = _reading(dialect, compiled)
    if state.positiontup is not None:
        return _Form(state.statement, fixed, tuple(plain), state.positiontup, row, reading)
    text, order = _numbered(state.statement)
    return _Form(text, fixed, tuple(plain), order, row, reading)


def _numbered(text: str) -> tuple[str, list[str]]:
    """A text with ``%(name)s`` as one with ``$1``, and the names in their order."""
    order = list(dict.fromkeys(_NAMED.findall(text)))
    numbers = {name: f"${number}" for number, name in enumerate(order, 1)}
    return _NAMED.sub(lambda found: numbers[found[1]], text).replace("%%", "%"), order


_NAMED = re.compile(r"%\((\w+)\)s")


def _default(default: Any) -> Any:
    """What a column holds where nothing is said: the same for every row, since the form is kept."""
    if not default.is_callable:
        return default.arg
    first, again = default.arg(None), default.arg(None)
    assert first == again, "a default that differs each time has to be given as a value"
    return first


def _reading(dialect: Dialect, compiled: SQLCompiler) -> tuple[Callable[[Any], Any] | None, list[tuple[int, Process]]]:
    columns = compiled._result_columns
    if not columns:
        return None, []
    row = namedtuple("row", [each.keyname for each in columns], rename=True)  # type: ignore[misc]
    found = [each.type.dialect_impl(dialect).result_processor(dialect, None) for each in columns]
    return row._make, [(number, each) for number, each in enumerate(found) if each is not None]


def _refuse(connection: Connection, cursor: Any, text: str, error: Any) -> NoReturn:
    """Raises an error of the driver as SQLAlchemy does. A connection that is gone is never used again, nor are those that
    waited beside it."""
    dialect = connection.dialect
    lost = dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
    if lost:
        connection.invalidate(error)
        connection.engine.dispose()
    raise DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    ) from error
