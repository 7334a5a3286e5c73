"""``flask booking list``, ``show``, ``approve``, ``decline``, ``cancel``: the same actions as everywhere."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from zoneinfo import ZoneInfo

import click

import clock
from actions import cancel as cancelling
from actions import change, review
from actions.confirm import Booked
from commands.failing import Group
from models import bookings
from models.base import db
from models.bookings import BookingView
from notifications import dispatch
from rules import reference as references
from rules.attachments import is_attached
from rules.errors import Missing, Refusal
from rules.workflow import STATES
from wire.wording import wording

MOST = 500
booking = Group("booking", help="Bookings: list and show them, decide requests, cancel.")


@booking.command("list")
@click.option("--status", multiple=True, type=click.Choice(STATES), help="Only these; may be given again.")
@click.option("--days", default=14, show_default=True, type=click.IntRange(1, 3660), help="How many days ahead.")
def list_bookings(status: tuple[str, ...], days: int) -> None:
    """Print the bookings to come, earliest first."""
    now = clock.now()
    found = bookings.listed(
        db.session(), status=status, since=now - timedelta(hours=12), until=now + timedelta(days=days), limit=MOST + 1
    )
    for view in found[:MOST]:
        click.echo(_line(view))
    if len(found) > MOST:
        click.echo(f"… and more after these {MOST}; ask for fewer days or one status.")
    if not found:
        click.echo("No bookings in this time.")


@booking.command("show")
@click.argument("reference")
def show(reference: str) -> None:
    """Print one booking."""
    view = _got(reference)
    click.echo(_line(view))
    for name in ("name", "phone", "email", "company", "address"):
        if getattr(view, name):
            click.echo(f"  {name}: {getattr(view, name)}")
    click.echo(f"  with: {', '.join(view.resources)}")
    for key, answer in view.answers.items():
        click.echo(f"  {key}: {answer['name'] if is_attached(answer) else answer}")
    if view.cancel_reason:
        click.echo(f"  reason: {view.cancel_reason}")


@booking.command("approve")
@click.argument("reference")
def approve(reference: str) -> None:
    """Confirm a request; the customer is told."""
    _do(reference, lambda code: review.approve(reference=code, actor=change.SHELL, now=clock.now()), "approved")


@booking.command("decline")
@click.argument("reference")
@click.option("--reason", help="The customer reads it.")
def decline(reference: str, reason: str | None) -> None:
    """Decline a request; its time is free again and the customer is told."""
    _do(
        reference,
        lambda code: review.decline(reference=code, actor=change.SHELL, reason=reason, now=clock.now()),
        "declined",
    )


@booking.command("cancel")
@click.argument("reference")
@click.option("--reason", help="The customer reads it.")
def cancel(reference: str, reason: str | None) -> None:
    """Cancel a booking, whatever its deadline; the customer is told."""
    _do(
        reference,
        lambda code: cancelling.cancel(reference=code, reason=reason, actor=change.SHELL, now=clock.now()),
        "cancelled",
    )


def _do(reference: str, action: Callable[[str], Booked], word: str) -> None:
    code = references.parse(reference)
    try:
        if code is None:
            raise Missing
        done = action(code)
    except Refusal as refusal:
        if isinstance(refusal, Missing):
            raise click.ClickException(f"There is no booking {reference}.") from refusal
        now = refusal.params.get("status")
        raise click.ClickException(wording("en").sentence(refusal) + (f" It is {now}." if now else "")) from refusal
    dispatch.ring(done.messages)
    click.echo(f"{references.spaced(done.booking.reference)} {'was already' if done.replayed else 'is'} {word}.")


def _got(reference: str) -> BookingView:
    code = references.parse(reference)
    found = bookings.by_reference(db.session(), code) if code else None
    if found is None:
        raise click.ClickException(f"There is no booking {reference}.")
    return found


def _line(view: BookingView) -> str:
    local = view.start.astimezone(ZoneInfo(view.zone))
    return f"{references.spaced(view.reference)}  {local:%Y-%m-%d %H:%M %Z}  {view.status:<9}  {view.service} at {view.location}  {view.name}"
