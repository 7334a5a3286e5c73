"""The database under a restore: whether it is empty, and taking away what is in it, tables and all.

Whole tables go, never rows: what refuses to change a row of history stands as long as the table does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, inspect, text

from models import schema
from models.base import BEGIN_WRITING

# A worker beats on a database that has nothing else in it yet.
_SAYS_NOTHING = {schema.VERSIONS, "periodic_task"}


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """A connection of one transaction that is committed at the end and takes as long as it takes.

    Keys are checked once everything is there: on SQLite their checks are switched off, which only works outside of a
    transaction, so this connection is not used again.
    """
    with engine.connect().execution_options(**{BEGIN_WRITING: True}) as connection:
        if engine.dialect.name == "sqlite":
            connection.connection.driver_connection.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        else:
            connection.execute(text("SET LOCAL statement_timeout = 0"))
            connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        try:
            yield connection
            connection.commit()
        finally:
            connection.invalidate()


def is_empty(connection: Connection) -> bool:
    """True when no table has a row that anybody could miss."""
    names = [name for name in inspect(connection).get_table_names() if name not in _SAYS_NOTHING]
    quote = connection.dialect.identifier_preparer.quote
    return not any(
        connection.execute(text(f"SELECT 1 FROM {quote(name)} LIMIT 1")).scalar()  # noqa: S608  names of the database
        for name in names
    )


def take_away(connection: Connection) -> None:
    """Drops all tables, those of a newer version too, and on PostgreSQL the functions that their triggers call."""
    quote = connection.dialect.identifier_preparer.quote
    cascade = "" if connection.dialect.name == "sqlite" else " CASCADE"
    for name in inspect(connection).get_table_names():
        connection.execute(text(f"DROP TABLE {quote(name)}{cascade}"))
    if cascade:
        for function in connection.execute(text(_FUNCTIONS)).scalars().all():
            connection.execute(text(f"DROP FUNCTION {function}"))


_FUNCTIONS = """
SELECT p.oid::regprocedure::text FROM pg_proc p
WHERE p.pronamespace = current_schema()::regnamespace AND p.prorettype = 'trigger'::regtype
AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""
