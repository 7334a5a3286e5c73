"""``flask backup`` and ``flask restore``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

import clock
import config
from actions import erasing
from actions.keeping.backup import NothingToKeep
from actions.keeping.backup import backup as make_backup
from actions.keeping.manifest import Damaged
from actions.keeping.restoring import NotRestored, Restored
from actions.keeping.restoring import restore as put_back
from commands.failing import why
from commands.sending import said
from models.base import db
from wire.links import fits, sign

OTHER_KEY = (
    "SECRET_KEY is not the one that it was made with: links sent so far and second factors have ended. "
    "With the old key in SECRET_KEY_FALLBACKS they go on."
)


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(file: Path) -> None:
    """Write everything but the settings into the new FILE, while the house is open: tables and pictures."""
    settings: config.Settings = current_app.config["SETTINGS"]
    try:
        found = make_backup(
            file,
            pictures_dir=settings.pictures,
            answers_dir=settings.answers,
            key_mark=_mark(settings.secret_key),
            now=clock.now(),
        )
    except NothingToKeep as error:
        raise click.ClickException("there is nothing to keep: the database has no tables yet") from error
    except OSError as error:
        raise click.ClickException(f"no backup was made: {_reason(error)}") from error
    except DBAPIError as error:
        raise _failed("no backup was made", error) from error
    size = os.path.getsize(file) / 1_000_000
    click.echo(f"{file}: {found.rows} rows, {len(found.pictures)} pictures, {size:.1f} MB, schema {found.schema}")


@click.command("restore")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--replace", metavar="NAME", help="Put it in the place of the house called NAME, which is lost.")
@with_appcontext
def restore(file: Path, replace: str | None) -> None:
    """Read the backup FILE into an empty database. Sending is paused until `flask sending resume`."""
    settings: config.Settings = current_app.config["SETTINGS"]
    try:
        done = put_back(
            file,
            pictures_dir=settings.pictures,
            answers_dir=settings.answers,
            now=clock.now(),
            replace=replace,
            erased=erasing.read_down(settings.erased),
        )
    except Damaged as damaged:
        raise click.ClickException(f"{file} cannot be restored: {damaged}. Nothing was changed.") from damaged
    except NotRestored as refused:
        raise click.ClickException(f"{refused}. Nothing was changed.") from refused
    except OSError as error:
        raise click.ClickException(f"nothing was changed: {_reason(error)}") from error
    except DBAPIError as error:
        raise _failed("nothing was changed", error) from error
    _print(done)
    if not fits(done.manifest.key_mark, settings.secret_keys, _mark):
        click.echo(OTHER_KEY)


def _mark(secret_key: str) -> str:
    return sign(secret_key, "backup")[:12]


def _print(done: Restored) -> None:
    found = done.manifest
    click.echo(
        f"Restored {found.house or 'the house'} as it was at {found.made_at:%Y-%m-%d %H:%M} UTC: {found.rows} rows, "
        f"{len(found.pictures)} pictures. Holds and sign-ins have ended."
    )
    if done.since.tokens:
        click.echo(f"Feeds and keys that were revoked since, and stay so: {len(done.since.tokens)}")
    for email in sorted(done.since.left):
        click.echo(f"Left since, and stays out: {email}")
    for public_id in sorted(done.since.erased):
        click.echo(f"Was erased since, and is erased again: customer {public_id}")
    if found.tables and not done.since.tokens:
        click.echo("Feeds and keys are open as they were then: `flask feed list` names them.")
    for line in said(db.session(), clock.now()):
        click.echo(line)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


def _failed(what: str, error: DBAPIError) -> Any:
    # The transaction is lost, whatever it was that the database did not take.
    reason = why(error) or str(error.orig).splitlines()[0]
    return click.ClickException(f"{what}: {reason}")
