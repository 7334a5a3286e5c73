"""``flask import``: a file, as the desk imports it."""

from __future__ import annotations

import time
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

import clock
from actions.importing import choosing, receiving, running
from actions.importing.fields import KINDS
from models import import_queries, staff_queries
from models.base import db
from rules.errors import Invalid, Refusal
from rules.rights import Viewer
from wire import importing as said
from wire.wording import wording

SHOWN = 20


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--as", "mailbox", required=True, help="Mailbox of the account that imports.")
@click.option("--dry-run", is_flag=True, help="Look at every row and write none.")
@with_appcontext
def import_(kind: str, file: Path, mailbox: str, *, dry_run: bool) -> None:
    """Import FILE with its headers as they are known. Doubles that are there already are taken, nobody is told."""
    staff = staff_queries.by_email(db.session(), mailbox)
    if staff is None or staff.disabled_at is not None:
        raise click.ClickException(f"there is no account {mailbox}")
    by, folder = staff_queries.viewer_of(db.session(), staff), current_app.config["SETTINGS"].imports
    try:
        with file.open("rb") as stream:
            id = receiving.receive(stream, kind=kind, label=file.name, folder=folder, by=by, now=clock.now())
        receiving.match(id=id, mapping=receiving.owned(db.session(), id, by).mapping, by=by)
    except Invalid as refusal:
        raise click.ClickException(f"no column for: {', '.join(refusal.errors)}") from refusal
    except Refusal as refusal:
        raise click.ClickException(wording("en").sentence(refusal)) from refusal
    _carried_on(id, by, folder)
    if receiving.owned(db.session(), id, by).state == "ready":
        _tell_refused(id)
        if dry_run:
            _print(id)
            receiving.drop(id=id, folder=folder, by=by, now=clock.now())
            return
        choosing.start(id=id, tell=False, by=by, now=clock.now())
        _carried_on(id, by, folder)
    done = receiving.owned(db.session(), id, by)
    if done.state == "failed":
        raise click.ClickException(said.why(wording("en"), done.why or "", {}))
    _print(id)


def _carried_on(id: int, by: Viewer, folder: Path) -> None:
    """Here, or by a worker that was faster."""
    while receiving.owned(db.session(), id, by).state in ("checking", "running"):
        db.session.rollback()
        if not running.carry_on(folder=folder, clock=clock.now):
            time.sleep(0.5)


def _tell_refused(id: int) -> None:
    say = wording("en")
    for row in import_queries.rows(db.session(), id, ("refused",), limit=SHOWN):
        why = " ".join(
            f"{field}: {reason}" if field else reason for field, reason in said.reasons(say, row.wrong or [])
        )
        click.echo(f"row {row.number}: {why}", err=True)


def _print(id: int) -> None:
    for state, n in sorted(running.counts(db.session(), id).items()):
        click.echo(f"{said.ROWS[state].lower()}: {n}")
