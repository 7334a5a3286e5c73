"""Making a backup while the house is open: all of it as of one instant, a row at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from sqlalchemy import Connection, column, func, inspect, select, table, text

import models.all  # noqa: F401  fills the metadata
from actions.keeping import manifest, values
from actions.keeping.manifest import Manifest, PictureKept, TableKept
from models import schema
from models.base import Base, db

CHUNK = 1 << 20


class NothingToKeep(Exception):
    """The database has no tables of ours."""


def backup(
    target: Path, *, pictures_dir: Path, key_mark: str, now: datetime, answers_dir: Path | None = None
) -> Manifest:
    """Writes everything into the new file ``target`` and returns what it holds.

    It stands under its name once it is whole and on the disk; nobody but its owner may read it. Raises FileExistsError,
    OSError (no room left, for one) and NothingToKeep; none of them leaves anything behind.
    """
    if target.exists():
        raise FileExistsError(f"{target} is there already")
    part = target.with_name(f".{target.name}.part")
    try:
        with _private(part) as file, ZipFile(file, "w", ZIP_DEFLATED, compresslevel=4) as archive:
            found = _fill(archive, pictures_dir, answers_dir, key_mark, now)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return found


@contextmanager
def _private(path: Path) -> Iterator[IO[bytes]]:
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _fill(archive: ZipFile, pictures_dir: Path, answers_dir: Path | None, key_mark: str, now: datetime) -> Manifest:
    with as_of_now() as connection:
        version = schema.version(connection)
        if version is None:
            raise NothingToKeep
        tables = tuple(_keep(archive, connection, name) for name in _tables(connection))
        house = house_of(connection)
    # After the rows: a picture is put in its place before a row names it.
    pictures = tuple(_keep_picture(archive, path, "pictures") for path in _pictures(pictures_dir))
    given = _pictures(answers_dir) if answers_dir is not None else []
    answers = tuple(_keep_picture(archive, path, "answers") for path in given)
    found = Manifest(now, connection.dialect.name, version, house, key_mark, tables, pictures, answers)
    archive.writestr(manifest.NAME, manifest.write(found))
    return found


@contextmanager
def as_of_now() -> Iterator[Connection]:
    """A connection that goes on reading what was committed when it began, whatever is written meanwhile."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield connection
        connection.rollback()


# Made again of the others, and noted as such by their triggers when those are filled.
_DERIVED = frozenset({"day_count", "day_stale"})


def _tables(connection: Connection) -> list[str]:
    return sorted({*inspect(connection).get_table_names()} - {schema.VERSIONS, *_DERIVED})


def _keep(archive: ZipFile, connection: Connection, name: str) -> TableKept:
    columns = columns_of(connection, name)
    # The entry's time is that of the file alone: the same rows make the same bytes.
    entry = ZipInfo(f"tables/{name}.jsonl")
    entry.compress_type = ZIP_DEFLATED
    digest, rows = hashlib.sha256(), 0
    with archive.open(entry, "w", force_zip64=True) as file:
        for line in _lines(connection, name, columns):
            file.write(line)
            digest.update(line)
            rows += 1
    return TableKept(name, columns, rows, digest.hexdigest(), _next_id(connection, name))


def columns_of(connection: Connection, name: str) -> tuple[tuple[str, str], ...]:
    """The columns of a table as it stands in the database, with their kinds, by name.

    Kinds are those of our tables, since an instant is a whole number on SQLite; the database's own for what we no longer have.
    """
    known = Base.metadata.tables.get(name)
    found = []
    for each in inspect(connection).get_columns(name):
        ours = known is not None and each["name"] in known.columns
        type_ = known.columns[each["name"]].type if ours and known is not None else each["type"]
        found.append((each["name"], values.kind_of(type_)))
    return tuple(sorted(found))


def _lines(connection: Connection, name: str, columns: Iterable[tuple[str, str]]) -> Iterator[bytes]:
    made = {each: column(each, values.TYPES[kind]) for each, kind in columns}
    kinds = [kind for _, kind in columns]
    keys = [made[each] for each in inspect(connection).get_pk_constraint(name)["constrained_columns"]]
    wanted = [values.read(made[each], kind) for each, kind in columns]
    query = select(*wanted).select_from(table(name, *made.values())).order_by(*keys)
    writers = values.writers(kinds)
    for row in connection.execute(query, execution_options={"yield_per": 1000}):
        yield json.dumps(values.changed(list(row), writers), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _next_id(connection: Connection, name: str) -> int | None:
    """Behind every id that was ever given, also to rows that went since; None where the database does not keep it."""
    if connection.dialect.name == "postgresql":
        sequence = sequence_of(connection, name)
        if sequence is None:
            return None
        last, called = connection.execute(text(f"SELECT last_value, is_called FROM {sequence}")).one()  # noqa: S608
        return int(last) + bool(called)
    if not connection.execute(text("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'")).scalar():
        return None
    last = connection.execute(text("SELECT seq FROM sqlite_sequence WHERE name = :name"), {"name": name}).scalar()
    return int(last) + 1 if last is not None else None


def sequence_of(connection: Connection, name: str) -> str | None:
    """PostgreSQL's sequence of a table's ids; None for a table without."""
    if "id" not in {each["name"] for each in inspect(connection).get_columns(name)}:
        return None
    return connection.execute(select(func.pg_get_serial_sequence(name, "id"))).scalar()


def house_of(connection: Connection) -> str:
    """What the business calls itself, for whoever looks at the file; "" when there is none."""
    name = connection.execute(select(Base.metadata.tables["business"].c.name)).scalar() or ""
    return str(next(iter(name.values()), "")) if isinstance(name, dict) else str(name)


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.is_file() and not path.name.startswith("."))


def _keep_picture(archive: ZipFile, path: Path, room: str) -> PictureKept:
    digest = hashlib.sha256()
    with path.open("rb") as source, archive.open(f"{room}/{path.name}", "w", force_zip64=True) as target:
        while chunk := source.read(CHUNK):
            target.write(chunk)
            digest.update(chunk)
    return PictureKept(path.name, digest.hexdigest(), room)
