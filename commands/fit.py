"""What stops a start although every setting is fine, and what is said once it has gone well."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy.exc import DatabaseError, DBAPIError

import config
from actions.demo_staff import PASSWORD
from models import schema, staff_queries
from models.base import db


def why_not(app: Flask) -> str | None:
    """The sentence that says why this installation must not serve, or None. A database that is away stops nothing."""
    settings: config.Settings = app.config["SETTINGS"]
    with app.app_context():
        try:
            if wrong := schema.unfit(schema.version(db.session.connection())):
                return wrong
            known = staff_queries.demo_accounts(db.session()) if settings.production else []
        except DBAPIError:
            return None
        finally:
            db.session.remove()
            # A server that forks after this must not share a connection.
            db.engine.dispose()
    return refused(known) if known else None


def unsound() -> str | None:
    """The sentence for a file of SQLite that is damaged or may not be written, with what to do; None for a sound one, for one
    that is still to be made, and for PostgreSQL. Every page of the file is read: a second for each gigabyte."""
    name = db.engine.url.database
    if db.engine.dialect.name != "sqlite" or not name:
        return None
    file = Path(name)
    for each in (file.parent, file):
        # SQLite writes beside its file, too.
        if each.exists() and not os.access(each, os.W_OK):
            return (
                f"{each} cannot be written by this user: give it to the user that runs Frontdesk (`chown`, `chmod u+w`)"
            )
    if not file.exists():
        return None
    try:
        with db.engine.connect() as connection:
            found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    except DatabaseError as error:
        found = str(error.orig)
    if found == "ok" or "locked" in str(found):
        return None
    return f"{file} is damaged ({str(found).splitlines()[-1]}): put it aside, and restore the last backup with `flask restore FILE`"


def newer() -> str | None:
    """The sentence for a database that a newer version has already changed: no migration of ours leads on from there."""
    with db.engine.connect() as connection:
        found = schema.version(connection)
        return None if found is None or schema.knows(found) else schema.unfit(found)


def how_to_sign_in() -> str:
    """What stands behind the address of the desk."""
    session = db.session()
    if "owner@example.com" in staff_queries.demo_accounts(session):
        others = "manager@, desk@, staff@ and auditor@example.com with the same"
        return f"\n    Sign in as owner@example.com, password {PASSWORD}; {others}"
    if staff_queries.owners(session):
        return ""
    return f"\n    Nobody can sign in yet: `{_flask()} staff add EMAIL --role owner`"


def _flask() -> str:
    """How the shell of somebody in this folder calls ``flask`` for the very data that are meant here."""
    settings: config.Settings = current_app.config["SETTINGS"]
    where = settings.data_dir
    if where.is_relative_to(config.ROOT):
        where = where.relative_to(config.ROOT)
    elsewhere = f"DATA_DIR={shlex.quote(str(where))} " if where != Path("instance") else ""
    tool = Path(sys.prefix) / "bin" / "flask"
    near = tool.relative_to(config.ROOT) if tool.is_relative_to(config.ROOT) else "flask"
    return f"{elsewhere}{near} --app wsgi"


def refused(mailboxes: list[str]) -> str:
    """Why these accounts and production do not go together, and what to do."""
    return (
        f"BASE_URL is https, and everybody knows the password of {', '.join(mailboxes)}: end these accounts of the demo"
        " with `flask staff leave EMAIL`, or give each a password of its own with `flask staff reset EMAIL`"
    )
