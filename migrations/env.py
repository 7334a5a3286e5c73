"""How Alembic runs here: the application's own engine, batches on SQLite, one transaction for all that is to be done.

A restore hands over the connection that it writes with: then the tables are made in its transaction.
"""

from typing import Any

from alembic import context
from flask import current_app
from sqlalchemy import Connection

import models.all  # noqa: F401  fills the metadata
from models.base import BEGIN_WRITING, Base


def run_migrations_online() -> None:
    """Migrates the database of the connection that was handed over, else of the current application."""
    given = context.config.attributes.get("connection")
    if given is not None:
        _run(given)
        return
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect().execution_options(**{BEGIN_WRITING: True}) as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET statement_timeout = 0")
            connection.exec_driver_sql("SET lock_timeout = '2s'")
            connection.commit()
        _run(connection)


def _run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        include_object=_ours,
    )
    with context.begin_transaction():
        context.run_migrations()


def _ours(_object: Any, name: str | None, type_: str, _reflected: bool, _compare_to: Any) -> bool:
    """Leaves SQLite's own tables out of a comparison."""
    return not (type_ == "table" and name is not None and name.startswith("sqlite_"))


run_migrations_online()
