"""The schema's versions: which one a database is at, which ones this program knows, and bringing one to the other."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text

_WHERE = Path(__file__).resolve().parents[1] / "migrations"
VERSIONS = "alembic_version"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_WHERE).replace("%", "%%"))
    return config


@cache
def head() -> str:
    """The newest version that this program knew when it was started."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    assert found is not None
    return found


def knows(version: str) -> bool:
    """True when this program can bring a database from ``version`` to its own."""
    try:
        return ScriptDirectory.from_config(_config()).get_revision(version) is not None
    except CommandError:
        return False


def version(connection: Connection) -> str | None:
    """The version that a database is at; None for one without tables of ours."""
    if not inspect(connection).has_table(VERSIONS):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSIONS}")).scalar()  # noqa: S608  a name of ours
    return str(found) if found is not None else None


def unfit(found: str | None) -> str | None:
    """Why this program must not serve a database that is at ``found``, and what to do; None when it may."""
    if found == head():
        return None
    if found is None:
        return f"the database has no tables yet, schema {head()} is needed; run `make migrate`"
    if knows(found):
        return f"the database is at schema {found}, this program needs {head()}; run `make migrate`"
    return (
        f"the database is at schema {found}, which is newer than this program ({head()}): start the newer version, "
        "or restore the backup that was made before it"
    )


def bring(connection: Connection, to: str) -> None:
    """Brings the database up to the version ``to`` within the transaction that is open on ``connection``."""
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)
