"""Putting the rows of a backup into tables that have just been made: plain inserts, a thousand at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import IO, Any
from zipfile import ZipFile

from psycopg import sql
from sqlalchemy import Connection, column, func, insert, inspect, select, table, text

from actions.keeping import values
from actions.keeping.backup import sequence_of
from actions.keeping.manifest import Damaged, Manifest, TableKept

BATCH = 1000


def fill(connection: Connection, archive: ZipFile, found: Manifest) -> None:
    """Writes every row, then has the database check every key. Raises Damaged for tables that it does not have, and what
    the database raises for rows that it refuses."""
    known = set(inspect(connection).get_table_names())
    write = _copy if connection.dialect.name == "postgresql" else _insert
    with _keys_checked_at_the_end(connection):
        for each in found.tables:
            if each.name not in known:
                raise Damaged(f"schema {found.schema} has no table {each.name}")
            with archive.open(each.part) as file:
                write(connection, each, file)
    for each in found.tables:
        _go_on_after(connection, each)


def _insert(connection: Connection, kept: TableKept, file: IO[bytes]) -> None:
    made = table(kept.name, *(column(name, values.TYPES[kind]) for name, kind in kept.columns))
    names, readers = [name for name, _ in kept.columns], values.readers([kind for _, kind in kept.columns])
    statement = insert(made)
    while lines := list(islice(file, BATCH)):
        rows = [values.changed(json.loads(line.decode()), readers) for line in lines]
        connection.execute(statement, [dict(zip(names, row, strict=True)) for row in rows])


def _copy(connection: Connection, kept: TableKept, file: IO[bytes]) -> None:
    """PostgreSQL reads every value from the text that stands in the file."""
    columns = sql.SQL(", ").join(sql.Identifier(name) for name, _ in kept.columns)
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(kept.name), columns)
    with connection.connection.cursor().copy(statement) as copy:
        for line in file:
            copy.write_row(json.loads(line.decode()))


@contextmanager
def _keys_checked_at_the_end(connection: Connection) -> Iterator[None]:
    """Tables point at each other in circles; so their keys are checked together, once all rows are there.

    PostgreSQL: taken off and put on again, which checks every row in one go. SQLite: they are off on this connection.
    """
    if connection.dialect.name == "sqlite":
        yield
        if wrong := connection.execute(text("PRAGMA foreign_key_check")).first():
            raise Damaged(f"a row of {wrong[0]} points at a row of {wrong[2]} that is not there")
        return
    keys: Sequence[Any] = connection.execute(text(_KEYS)).all()
    for owner, name, _ in keys:
        connection.execute(text(f"ALTER TABLE {owner} DROP CONSTRAINT {name}"))
    yield
    for owner, name, definition in keys:
        connection.execute(text(f"ALTER TABLE {owner} ADD CONSTRAINT {name} {definition}"))


_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2
"""


def _go_on_after(connection: Connection, kept: TableKept) -> None:
    """The next id lies behind every one that was ever given."""
    if "id" not in {name for name, _ in kept.columns}:
        return
    id = column("id", values.TYPES["int"])
    highest = connection.execute(select(func.max(id)).select_from(table(kept.name, id))).scalar() or 0
    following = max(highest + 1, kept.next_id or 1)
    if connection.dialect.name == "postgresql":
        if name := sequence_of(connection, kept.name):
            connection.execute(text("SELECT setval(:name, :next, false)"), {"name": name, "next": following})
        return
    said = {"name": kept.name, "last": following - 1}
    if connection.execute(text("SELECT 1 FROM sqlite_sequence WHERE name = :name"), said).first():
        connection.execute(text("UPDATE sqlite_sequence SET seq = :last WHERE name = :name"), said)
    elif _never_again(connection, kept.name):
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:name, :last)"), said)


def _never_again(connection: Connection, name: str) -> bool:
    made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}).scalar()
    return "AUTOINCREMENT" in (made or "")
