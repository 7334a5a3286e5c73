"""``flask worker``."""

from __future__ import annotations

import click
from flask import Flask, current_app

from commands import fit
from notifications.worker import work


@click.command("worker")
def worker() -> None:
    """Deliver messages and run what is due, until stopped. With REDIS_URL through RQ, without by itself."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    if why := fit.why_not(app):
        click.echo(why, err=True)
        # As for an odd setting: trying again would not help.
        raise SystemExit(2)
    work(app)
