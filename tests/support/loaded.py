"""Businesses of the tests that were loaded before: their rows are written again as they were, which is ten times as quick."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from flask import current_app
from psycopg import sql

from actions.businessfile.loading import Report, load
from models.base import db
from tests.support.databases import KEPT, full_tables

_known: dict[tuple[str, str, datetime], tuple[Report, dict[str, Any]]] = {}


def loaded(path: Path, now: datetime) -> Report:
    """Loads a file without pictures into the empty database of the application, whose context it is."""
    url = db.engine.url.render_as_string(hide_password=False)
    lite = db.engine.dialect.name == "sqlite"
    key = (db.engine.dialect.name, str(path), now)
    db.session.rollback()
    if key in _known:
        report, rows = _known[key]
        (_into_sqlite if lite else _into_postgres)(url, rows)
        return report
    report = load(path, pictures_dir=current_app.config["SETTINGS"].pictures, now=now)
    _known[key] = report, (_of_sqlite if lite else _of_postgres)(url)
    return report


def is_empty() -> bool:
    """Whether nothing is in the database yet."""
    empty = db.session.execute(db.text("SELECT count(*) FROM business")).scalar() == 0
    db.session.rollback()
    return empty


def _of_sqlite(url: str) -> dict[str, Any]:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        tables = [name for (name,) in names if name != KEPT and not name.startswith("sqlite_")]
        rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables}
    return {name: each for name, each in rows.items() if each}


def _into_sqlite(url: str, rows: dict[str, Any]) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
        for name, each in rows.items():
            marks = ", ".join("?" * len(each[0]))
            connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', each)


def _of_postgres(url: str) -> dict[str, Any]:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        rows = {}
        for name in full_tables(connection):
            listed = sql.SQL("SELECT json_agg(each)::text FROM {} AS each").format(sql.Identifier(name))
            rows[name] = connection.execute(listed).fetchone()[0]
    return rows


def _into_postgres(url: str, rows: dict[str, Any]) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        # No foreign keys in between: the tables come in any order.
        connection.execute("SET LOCAL session_replication_role = replica")
        for name, each in rows.items():
            write = sql.SQL(
                "INSERT INTO {0} OVERRIDING SYSTEM VALUE SELECT * FROM json_populate_recordset(NULL::{0}, %s)"
            )
            connection.execute(write.format(sql.Identifier(name)), [each])
        for name in rows:
            last = sql.SQL("SELECT setval(seq, (SELECT max(id) FROM {})) FROM pg_get_serial_sequence({}, 'id') AS seq")
            if "id" in _columns(connection, name):
                connection.execute(last.format(sql.Identifier(name), sql.Literal(name)))


def _columns(connection: Any, name: str) -> list[str]:
    return [
        each.name
        for each in connection.execute(sql.SQL("SELECT * FROM {} LIMIT 0").format(sql.Identifier(name))).description
    ]
