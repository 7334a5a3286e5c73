"""``flask retention``."""

from __future__ import annotations

import click
from flask import current_app
from flask.cli import with_appcontext

import clock
from actions import attachments, erasing
from actions import retention as keeping
from models.base import db

NAMES = {
    "customers": "customers, with all that is about them",
    "bookings": "bookings, their customer not named any more",
    "messages": "messages, what they said",
    "sign_ins": "sign-ins",
}


@click.command("retention")
@click.option("--apply/--dry-run", "really", default=False, help="Take it away, or only count it (the default).")
@with_appcontext
def retention(really: bool) -> None:
    """Count what is personal and older than the house keeps it; with --apply it goes. The worker does so once a day."""
    now = clock.now()
    done = keeping.apply(now=now) if really else keeping.due(now=now)
    for name, figure in keeping.figures_of(db.session()).items():
        click.echo(f"kept: {name} for {figure} {keeping.retention.TERMS[name].unit}")
    for name, count in done.items():
        click.echo(f"{count:>6} {NAMES[name]}")
    if really:
        attachments.tidy(db.session(), current_app.config["SETTINGS"].answers)
        erasing.write_down(db.session(), current_app.config["SETTINGS"].erased)
    click.echo("Gone." if really else "Nothing was changed: --apply takes it away.")
