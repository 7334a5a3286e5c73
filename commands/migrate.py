"""``flask migrate``."""

from __future__ import annotations

import click
from flask.cli import with_appcontext
from flask_migrate import upgrade
from sqlalchemy.exc import DBAPIError

from commands import fit
from commands.failing import why


@click.command("migrate")
@with_appcontext
def migrate() -> None:
    """Bring the database to the newest schema."""
    try:
        if newer := fit.newer():
            raise click.ClickException(newer)
        upgrade()
    except DBAPIError as error:
        raise click.ClickException(why(error) or str(error.orig)) from error
