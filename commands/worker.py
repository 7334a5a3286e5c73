"""``flask worker``."""

from __future__ import annotations

import click
from flask import current_app

from notifications.worker import work


@click.command("worker")
def worker() -> None:
    """Deliver messages and run what is due, until stopped. With REDIS_URL through RQ, without by itself."""
    work(current_app._get_current_object())  # type: ignore[attr-defined]
