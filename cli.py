"""Commands of ``flask``."""

from __future__ import annotations

from flask import Flask

from commands.business import business


def register(app: Flask) -> None:
    """Hangs every group of commands on the application."""
    for group in (business,):
        app.cli.add_command(group)
