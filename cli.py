"""Commands of ``flask``."""

from __future__ import annotations

from flask import Flask

from commands.booking import booking
from commands.business import business, demo
from commands.doctor import doctor
from commands.feed import feed
from commands.importing import import_
from commands.keeping import backup, restore
from commands.migrate import migrate
from commands.retention import retention
from commands.sending import sending
from commands.staff import staff
from commands.worker import worker


def register(app: Flask) -> None:
    """Hangs every command on the application."""
    for command in (
        backup,
        business,
        demo,
        booking,
        doctor,
        feed,
        import_,
        migrate,
        restore,
        retention,
        sending,
        staff,
        worker,
    ):
        app.cli.add_command(command)
