"""What all tables share: the database handle, column types, names of constraints, and how each connection is set up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    event,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Root of all tables. A plain declarative base, so that the Flask extension stays replaceable."""

    metadata = MetaData(naming_convention=NAMES)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "autoflush": False})


def table(model: type[Base]) -> Table:
    """The plain table of a model, for writing rows without the ORM's bookkeeping."""
    found = model.__table__
    assert isinstance(found, Table)
    return found


def upsert(model: type[Base], dialect: str) -> Any:
    """An INSERT into the table of ``model`` that can say ON CONFLICT, in the words of ``dialect``."""
    return (postgresql.insert if dialect == "postgresql" else sqlite.insert)(table(model))


def upsert_rows(model: type[Base], dialect: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    """The same for several rows of one shape, each a mapping from column to the name of its parameter or to an expression.

    Rows as a union of selects, since SQLAlchemy compiles INSERT … VALUES of several rows anew each time. A parameter may
    stand in several rows: psycopg keeps no statement of more than fifty prepared.
    """
    columns = table(model).c

    def value(name: str, given: Any) -> Any:
        return bindparam(given, type_=columns[name].type) if isinstance(given, str) else given

    selects = [select(*(value(name, given).label(name) for name, given in row.items())) for row in rows]
    # Only a plain select can be extended by the defaults of the other columns; without its WHERE, SQLite would take the ON of
    # ON CONFLICT for that of a join.
    listed = union_all(*selects).subquery()
    return upsert(model, dialect).from_select(list(rows[0]), select(*listed.c).where(true()))


def dialect_of(session: OrmSession) -> str:
    """``postgresql`` or ``sqlite``."""
    return str(session.get_bind().dialect.name)


def execute(
    session: OrmSession, statement: Executable, values: Mapping[str, Any] | Sequence[Mapping[str, Any]] | None = None
) -> CursorResult[*tuple[Any, ...]]:
    """Runs a statement that was built once, at import, on the session's own transaction but past the ORM.

    Building a statement anew and sending it through the ORM costs five times as much as the database takes for it, and a
    booking sends a dozen.
    """
    connection = session.info.get(OPEN) or session.connection()
    return connection.execute(statement, values)


def rows_changed(session: OrmSession, statement: UpdateBase) -> int:
    """Runs a conditional update or a delete and says how many rows it changed: whoever comes second has changed none. Objects
    that were read before stay as they were read."""
    done = session.execute(statement, execution_options={"synchronize_session": False})
    assert isinstance(done, CursorResult)
    return done.rowcount


class Instant(TypeDecorator[datetime]):
    """An instant: timestamptz on PostgreSQL, whole epoch seconds on SQLite; always an aware UTC datetime in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its zone")
        return int(value.timestamp()) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return datetime.fromtimestamp(value, UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class minutes(GenericFunction[int]):
    """``minutes(column)``: an Instant as whole UTC minutes since the epoch, computed by the database.

    The sweep of availability reads thousands of them; building datetimes for each would cost more than the query.
    """

    type = BigInteger()
    inherit_cache = True


@compiles(minutes)
def _minutes_on_postgresql(element: minutes, compiler: SQLCompiler, **kw: Any) -> str:
    # As a double, exact to the microsecond for centuries: extract() reckons with decimals, which takes three times as long.
    return f"CAST(floor(date_part('epoch', {compiler.process(element.clauses, **kw)}) / 60) AS bigint)"


@compiles(minutes, "sqlite")
def _minutes_on_sqlite(element: minutes, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} / 60)"


class seconds(GenericFunction[int]):
    """``seconds(column)``: an Instant as whole seconds since the epoch, for reckoning in the database, and for reads of thousands
    of rows where most are empty."""

    type = BigInteger()
    inherit_cache = True


@compiles(seconds)
def _seconds_on_postgresql(element: seconds, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(floor(date_part('epoch', {compiler.process(element.clauses, **kw)})) AS bigint)"


@compiles(seconds, "sqlite")
def _seconds_on_sqlite(element: seconds, compiler: SQLCompiler, **kw: Any) -> str:
    return compiler.process(element.clauses, **kw)


class listed(GenericFunction[str]):
    """``listed(column)``: the values of a group as a JSON array, in the order in which the database met their rows; of two
    columns of one group the same order. A read of thousands of rows costs a third less that way."""

    type = String()
    inherit_cache = True


@compiles(listed)
def _listed_on_postgresql(element: listed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"CAST(json_agg({compiler.process(element.clauses, **kw)}) AS text)"


@compiles(listed, "sqlite")
def _listed_on_sqlite(element: listed, compiler: SQLCompiler, **kw: Any) -> str:
    return f"json_group_array({compiler.process(element.clauses, **kw)})"


# SQLite gives a new row the highest id that is left: once the trial bookings are gone, a real one would get the id, the
# history and the message ids of one of them.
REUSES_NO_ID = {"sqlite_autoincrement": True}

Json = JSON().with_variant(JSONB(), "postgresql")
Id = BigInteger().with_variant(Integer(), "sqlite")

# How long a writer waits on SQLite, and for how long at a time.
PATIENCE_MS, GLANCE_MS = 5000, 4
BEGIN_WRITING = "frontdesk_begin_writing"
# Where a session keeps the connection of its writing transaction: asking the session anew takes as long as a statement.
OPEN = "frontdesk_open_connection"
# The key of ``session.info`` that holds the number of the request, where there is one.
REQUEST = "frontdesk_request"


def set_up_connections(engine: Engine) -> None:
    """Gives each new connection its settings: journal, keys and waiting times on SQLite, time-outs on PostgreSQL.

    On SQLite the driver's own transaction handling is switched off and BEGIN is sent by us, so that a transaction that
    may write starts as BEGIN IMMEDIATE (execution option ``BEGIN_WRITING``) and never has to upgrade a read lock.
    """
    if engine.dialect.name != "sqlite":
        _ping_idle(engine)
        return

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            # A booking writes some forty pages, most of them again with the next one: copied back a hundred bookings at a
            # time, not twenty-five.
            "wal_autocheckpoint=4000",
            "foreign_keys=ON",
            f"busy_timeout={PATIENCE_MS}",
            "trusted_schema=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get(BEGIN_WRITING, False):
            _begin_writing(connection)
        else:
            connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    """BEGIN IMMEDIATE, tried again every few milliseconds for as long as SQLite itself would wait.

    Between its own tries SQLite sleeps longer and longer, up to a tenth of a second, while others take the lock that was
    free for one of some milliseconds: of a hundred confirmations one waited 80 ms and a few half a second.
    """
    driver: Any = connection.connection.driver_connection
    until = monotonic() + PATIENCE_MS / 1000
    driver.execute(f"PRAGMA busy_timeout={GLANCE_MS}")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except OperationalError as error:
                if getattr(error.orig, "sqlite_errorname", "") != "SQLITE_BUSY" or monotonic() >= until:
                    raise
    finally:
        driver.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")


def _ping_idle(engine: Engine) -> None:
    """Tries connections that have been idle for some seconds before they are used: those of a server that was restarted
    are replaced unseen. Pinging each time would cost every request a round trip or more."""

    @event.listens_for(engine, "checkin")
    def _back(_connection: Any, record: Any) -> None:
        record.info["since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _out(connection: Any, record: Any, _proxy: Any) -> None:
        if monotonic() - record.info.get("since", monotonic()) < 3:
            return
        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except Exception as error:
            raise DisconnectionError from error


# Compiling a statement (jit) pays for scans of millions of rows; the plan of a booking came near its threshold.
POSTGRESQL_OPTIONS = (
    "-c jit=off -c lock_timeout=3000 -c statement_timeout=10000 -c idle_in_transaction_session_timeout=30000 "
    "-c timezone=UTC -c default_transaction_isolation=read\\ committed -c application_name=frontdesk"
)


def engine_options(url: str) -> dict[str, Any]:
    """Engine options for Flask-SQLAlchemy, by database."""
    # What people typed stays out of the log when a statement fails.
    common = {"hide_parameters": True}
    if url.startswith("sqlite"):
        return {**common, "connect_args": {"timeout": 5, "check_same_thread": False}}
    return {**common, "pool_size": 10, "max_overflow": 22, "connect_args": {"options": POSTGRESQL_OPTIONS}}
