"""``flask migrate``."""

from __future__ import annotations

import time

import click
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy.exc import DBAPIError, OperationalError

from commands import fit
from commands.failing import why

# A change of a table waits for everybody who uses it, and everybody who comes after waits for it: it waits two seconds at most
# (migrations/env.py), lets the others pass, and tries again. https://www.postgresql.org/docs/current/errcodes-appendix.html
TRIES, PAUSE, TOO_LONG = 30, 1.0, {"55P03", "40P01"}


@click.command("migrate")
@with_appcontext
def migrate() -> None:
    """Bring the database to the newest schema, also while people book."""
    try:
        if newer := fit.newer():
            raise click.ClickException(newer)
        bring_up()
    except DBAPIError as error:
        raise click.ClickException(why(error) or str(error.orig)) from error


def bring_up() -> None:
    """Brings the schema up to date, letting others pass in between. Raises what the database says when they never do."""
    for left in reversed(range(TRIES)):
        try:
            upgrade()
            break
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in TOO_LONG or not left:
                raise
        click.echo("Others use the tables; trying again …", err=True)
        time.sleep(PAUSE)
