"""What all tables share: the database handle, column types, names of constraints, and how each connection is set up."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Engine, Integer, MetaData, Table, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.sql.compiler import SQLCompiler
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
    return f"CAST(floor(extract(epoch from {compiler.process(element.clauses, **kw)}) / 60) AS bigint)"


@compiles(minutes, "sqlite")
def _minutes_on_sqlite(element: minutes, compiler: SQLCompiler, **kw: Any) -> str:
    return f"({compiler.process(element.clauses, **kw)} / 60)"


Json = JSON().with_variant(JSONB(), "postgresql")
Id = BigInteger().with_variant(Integer(), "sqlite")

BEGIN_WRITING = "frontdesk_begin_writing"


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
            "foreign_keys=ON",
            "busy_timeout=5000",
            "trusted_schema=OFF",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writing = connection.get_execution_options().get(BEGIN_WRITING, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


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


POSTGRESQL_OPTIONS = (
    "-c lock_timeout=3000 -c statement_timeout=10000 -c idle_in_transaction_session_timeout=30000 "
    "-c timezone=UTC -c default_transaction_isolation=read\\ committed -c application_name=frontdesk"
)


def engine_options(url: str) -> dict[str, Any]:
    """Engine options for Flask-SQLAlchemy, by database."""
    if url.startswith("sqlite"):
        return {"connect_args": {"timeout": 5, "check_same_thread": False}}
    return {"pool_size": 10, "max_overflow": 22, "connect_args": {"options": POSTGRESQL_OPTIONS}}
