"""``flask staff add`` and ``reset``."""

from __future__ import annotations

import secrets
import sys

import click
from flask import current_app

import clock
from actions import accounts, factors, resets
from commands.failing import Group
from models import staff_queries
from models.base import db
from models.snapshot import catalogue
from rules.errors import Invalid
from rules.rights import ROLES
from wire.wording import wording

staff = Group("staff", help="Accounts of those who work at the desk.")


@staff.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True)
@click.option("--name", help="How colleagues call her or him; default: the mailbox.")
@click.option("--person", help="Slug of the person as customers book her or him.")
def add(email: str, role: str, name: str | None, person: str | None) -> None:
    """Add an account; the password is asked for, or made and printed this once."""
    resource = None
    if person is not None:
        known = catalogue(db.session())
        if person not in known.resources:
            raise click.ClickException(f"There is no person {person!r}.")
        resource = known.resources[person].id
    password, made = _password()
    _say(
        lambda: accounts.add(
            email=email,
            name=name or email.partition("@")[0],
            role=role,
            resource=resource,
            password=password,
            by=None,
            actor="shell",
            now=clock.now(),
        )
    )
    click.echo(f"{email} may sign in at {current_app.config['SETTINGS'].base_url}/desk")
    if made:
        click.echo(f"Password: {password}")
        click.echo("It is shown this once.")


@staff.command("reset")
@click.argument("email")
def reset(email: str) -> None:
    """Set a new password and drop the second factor; all devices are signed out."""
    found = staff_queries.by_email(db.session(), email)
    if found is None:
        raise click.ClickException(f"There is no account {email!r}.")
    password, made = _password()
    id, had = found.id, found.second_factor is not None
    _say(lambda: resets.set_password(id=id, password=password, actor="shell", now=clock.now()))
    if had:
        factors.drop_second_factor(id=id, actor="shell", now=clock.now())
    click.echo(f"{email} has a new password{' and no second factor' if had else ''}; all devices are signed out.")
    if made:
        click.echo(f"Password: {password}")


@staff.command("leave")
@click.argument("email")
def leave(email: str) -> None:
    """End an account at once."""
    found = staff_queries.by_email(db.session(), email)
    if found is None:
        raise click.ClickException(f"There is no account {email!r}.")
    accounts.leave(id=found.id, by=None, actor="shell", now=clock.now())
    click.echo(f"{email} cannot sign in any more.")


@staff.command("list")
def list_staff() -> None:
    """Print the accounts."""
    found = staff_queries.accounts(db.session())
    for each in found:
        state = "left" if each.disabled_at else "may sign in" if each.ready else "invited"
        click.echo(f"{each.email}  {each.role}  {state}")
    if not found:
        click.echo("There are no accounts yet. `flask staff add EMAIL --role owner` makes the first.")


def _password() -> tuple[str, bool]:
    """The password that was typed, twice; without a terminal, or left empty, one that is made."""
    typed = ""
    if sys.stdin.isatty():
        typed = click.prompt("Password (empty: one is made)", hide_input=True, default="", show_default=False)
        if typed and click.prompt("Once more", hide_input=True) != typed:
            raise click.ClickException("The two passwords differ.")
    return (typed, False) if typed else (secrets.token_urlsafe(12), True)


def _say(act: object) -> None:
    try:
        act()  # type: ignore[operator]
    except Invalid as refusal:
        say = wording("en")
        raise click.ClickException(" ".join(say.field(each) for each in refusal.errors.values())) from refusal
