"""Whether the guard stands: the database's own refusal of two live allocations of one unit that overlap."""

from __future__ import annotations

from sqlalchemy import Connection, text

from models.booking import GUARD

_ON_POSTGRESQL = "SELECT count(*) FROM pg_constraint WHERE conname = :name AND conrelid = 'allocation'::regclass"
_ON_SQLITE = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'allocation' AND name LIKE :name"


def stands(connection: Connection) -> bool:
    """True when this database has it: a constraint on PostgreSQL, a trigger for each way of writing on SQLite.

    Alembic does not see it, and a batch change of the table drops the triggers in silence; so it is asked for by name.
    """
    if connection.dialect.name == "postgresql":
        return bool(connection.execute(text(_ON_POSTGRESQL), {"name": GUARD}).scalar() == 1)
    return bool(connection.execute(text(_ON_SQLITE), {"name": f"{GUARD}_%"}).scalar() == 2)
