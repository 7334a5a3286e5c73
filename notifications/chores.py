"""Periodic tasks: whose turn it is among the workers, and those that may take long, done beside the sending."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as OrmSession

import config
from actions import attachments, erasing, retention
from actions.transaction import run
from models.base import db, rows_changed
from models.doors import PeriodicTask
from notifications import unheard


def do_long_ones(settings: config.Settings, *, now: datetime, ended: Callable[[], bool]) -> None:
    """Lets go what is old, and asks what became of texts, each when its turn has come. ``ended`` stops in between."""
    if run(partial(my_turn, name="retention", now=now, every=retention.EVERY)):
        retention.apply(now=now)
        attachments.tidy(db.session(), settings.answers)
        erasing.write_down(db.session(), settings.erased)
    if run(partial(my_turn, name="unheard", now=now, every=unheard.EVERY)):
        unheard.ask(settings, now=now, ended=ended)


def beat(session: OrmSession, now: datetime) -> None:
    """Says that a worker is there."""
    row = _insert(session).values(name="worker", last_run=now)
    session.execute(row.on_conflict_do_update(index_elements=["name"], set_={"last_run": now}))


def my_turn(session: OrmSession, name: str, now: datetime, every: timedelta) -> bool:
    """Takes the turn of a periodic task by a conditional update: one process wins, the others wait for the next."""
    session.execute(_insert(session).values(name=name, next_due=now).on_conflict_do_nothing())
    taken = rows_changed(
        session,
        update(PeriodicTask)
        .where(PeriodicTask.name == name, PeriodicTask.next_due <= now)
        .values(next_due=now + every, last_run=now),
    )
    return taken == 1


def _insert(session: OrmSession) -> Any:
    return (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(PeriodicTask)
