"""``flask feed add``, ``list``, ``revoke``."""

from __future__ import annotations

import click
from flask import current_app

import clock
from actions import feeds
from commands.failing import Group
from rules.errors import Missing

feed = Group("feed", help="Calendar feeds of resources and places.")


@feed.command("add")
@click.option("--resource", help="Slug of a person, room or thing.")
@click.option("--location", help="Slug of a place.")
def add(resource: str | None, location: str | None) -> None:
    """Make a feed and print its address; it is shown this once."""
    if (resource is None) == (location is None):
        raise click.UsageError("Name either --resource or --location.")
    try:
        secret = feeds.add(resource=resource, location=location, now=clock.now())
    except Missing as refusal:
        raise click.ClickException(
            f"There is no {'resource' if resource else 'location'} {resource or location!r}."
        ) from refusal
    click.echo(f"{current_app.config['SETTINGS'].base_url}/feeds/{secret}.ics")


@feed.command("list")
def list_feeds() -> None:
    """Print the feeds with their numbers; addresses are not kept."""
    found = feeds.listed()
    for each in found:
        used = f"last read {each.last_used_at:%Y-%m-%d}" if each.last_used_at else "never read"
        state = f"revoked {each.revoked_at:%Y-%m-%d}" if each.revoked_at else used
        click.echo(f"{each.id}  {each.kind} {each.slug}  made {each.created_at:%Y-%m-%d}  {state}")
    if not found:
        click.echo("There are no feeds yet. `flask feed add --location SLUG` makes one.")


@feed.command("revoke")
@click.argument("number", type=int)
def revoke(number: int) -> None:
    """End the feed NUMBER; its address answers 404 from now on."""
    if not feeds.revoke(id=number, now=clock.now()):
        raise click.ClickException(f"There is no open feed {number}.")
    click.echo(f"Feed {number} is revoked.")
