"""Databases at the newest schema: made once per process, then emptied or copied, which is quicker than migrating again."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from flask_migrate import upgrade
from psycopg import sql

from actions import availability
from models import snapshot
from models.base import db
from portal import kept
from reports import figures

KEPT = "alembic_version"


def migrate(app: Flask) -> None:
    """Brings the application's database to the newest schema and lets go of it."""
    with app.app_context():
        upgrade()
        db.session.remove()
        db.engine.dispose()


def let_go(app: Flask) -> None:
    """Closes every connection of the application, so that its database can be replaced or copied."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    snapshot.forget()
    availability.forget()
    kept.forget()
    figures.forget()


class Sqlite:
    """Copies of one migrated file."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.template = folder / "template.db"
        self.path = folder / "test.db"

    def url(self, path: Path | None = None) -> str:
        """The address of the file of the tests, or of ``path``."""
        return f"sqlite:///{path or self.path}"

    def empty(self) -> None:
        """Puts a fresh copy in the place of what the last test left."""
        copy_sqlite(self.template, self.path)

    def another(self, folder: Path) -> str:
        """The address of one more database, for servers of their own."""
        path = folder / f"{secrets.token_hex(4)}.db"
        copy_sqlite(self.template, path)
        return self.url(path)

    def drop(self) -> None:
        """The folder goes with the run."""


class Postgres:
    """Databases on one server, all named after this run and process, all dropped at its end."""

    name = "postgres"

    def __init__(self, server: str) -> None:
        self.server = server
        self.prefix = f"fd_test_{os.getpid()}_{secrets.token_hex(3)}"
        self.template = f"{self.prefix}_template"
        self.database = f"{self.prefix}_test"
        self._create(self.template)

    def url(self, database: str | None = None) -> str:
        """The address of the database of the tests, or of another one on this server."""
        parts = psycopg.conninfo.conninfo_to_dict(self.server)
        # Everything but the name stays as it was given: host, port, socket folder, password.
        before, mark, query = self.server.partition("?")
        scheme, _, rest = before.partition("://")
        return f"{scheme}://{rest.partition('/')[0]}/{database or self.database}{mark}{query}" if parts else self.server

    def ready(self) -> None:
        """Makes the database of the tests, once the template is migrated."""
        self._create(self.database, template=self.template)

    def empty(self) -> None:
        """Deletes all rows: of so few it is six times as quick as TRUNCATE, which makes every file anew."""
        with psycopg.connect(self.url()) as connection:
            # No foreign keys, and nothing that keeps history from being deleted.
            connection.execute("SET LOCAL session_replication_role = replica")
            for each in full_tables(connection):
                connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(each)))
            connection.execute(
                "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
                " FROM pg_sequences WHERE last_value IS NOT NULL"
            )

    def another(self, _folder: Path) -> str:
        """The address of one more database, for servers of their own."""
        name = f"{self.prefix}_{secrets.token_hex(3)}"
        self._create(name, template=self.template)
        return self.url(name)

    def drop(self) -> None:
        """Drops everything that this process has made."""
        with psycopg.connect(self.server, autocommit=True) as connection:
            ours = connection.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [self.prefix])
            for (name,) in ours.fetchall():
                connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _create(self, name: str, template: str = "template0") -> None:
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
            )


Database = Sqlite | Postgres


def full_tables(connection: psycopg.Connection[Any]) -> list[str]:
    """The tables that hold rows, that of the schema's version apart."""
    tables = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    some = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(each), sql.Identifier(each))
        for each in tables
        if each != KEPT
    )
    return [row[0] for row in connection.execute(some)]


def copy_sqlite(source: Path, target: Path) -> None:
    """Copies a file that nobody writes, and removes what belonged to the one that stood there."""
    # The file itself too: a connection that is still open somewhere keeps its own, and never sees this one change.
    for ending in ("", "-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    shutil.copyfile(source, target)
