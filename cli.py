"""Commands of ``flask``."""

from __future__ import annotations

from flask import Flask

from commands.booking import booking
from commands.business import business, demo
from commands.doctor import doctor
from commands.feed import feed
from commands.worker import worker


def register(app: Flask) -> None:
    """Hangs every command on the application."""
    for command in (business, demo, booking, doctor, feed, worker):
        app.cli.add_command(command)
