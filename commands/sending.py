"""``flask sending show`` and ``resume``: what a restored house would send, and letting it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import click
from sqlalchemy.orm import Session as OrmSession

import clock
from actions import sending as acts
from commands.failing import Group
from models import sending as facts
from models.base import db

sending = Group("sending", help="Whether messages leave: after a restore they wait.")


@sending.command("show")
def show() -> None:
    """Say whether messages leave, and what waits."""
    for line in said(db.session(), clock.now()):
        click.echo(line)


@sending.command("resume")
@click.option("--again/--leave-out", default=None, help="Send what was due before the restore too, or leave it out.")
def resume(again: bool | None) -> None:
    """Let messages leave again."""
    stop, now = facts.paused(db.session()), clock.now()
    if stop is None:
        click.echo("Sending is not paused.")
        return
    doubtful = facts.doubtful(db.session(), stop.since, now)
    if doubtful and again is None:
        raise click.ClickException(
            f"{doubtful} were due before the restore and may have left already: say --leave-out, or --again to send them"
        )
    left_out = acts.resume(again=again is not False, actor="shell", now=now)
    click.echo(f"Messages leave again.{f' Left out: {left_out}.' if left_out else ''}")


def said(session: OrmSession, now: datetime) -> Iterator[str]:
    """Whether messages leave, and what would, a line each."""
    stop = facts.paused(session)
    if stop is None:
        yield "Messages leave."
        return
    yield f"Sending is paused since {stop.since:%Y-%m-%d %H:%M} UTC: {would_send(session, stop, now)}"
    yield "`flask sending resume` lets messages leave."


def would_send(session: OrmSession, stop: facts.Paused, now: datetime) -> str:
    """What would leave, by kind, and how many of them may have left before."""
    counts = facts.waiting(session, now)
    if not counts:
        return "nothing waits."
    listed = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    doubtful = facts.doubtful(session, stop.since, now)
    already = f" {doubtful} were due before the restore and may have left already." if doubtful else ""
    return f"{sum(counts.values())} messages wait ({listed}).{already}"
