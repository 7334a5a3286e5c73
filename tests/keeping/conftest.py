"""A house with something of everything in it, and other houses to restore it into."""

from __future__ import annotations

import contextvars
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from actions import cancel, feeds, notes
from actions.keeping.backup import backup
from actions.keeping.manifest import Manifest
from app import create_app
from models.base import db
from tests.factories import TOM, booked, held
from tests.invariants import check
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import account, signed_in
from tests.support.time import Clock

PICTURE = b"not much of a picture"


@pytest.fixture
def full(app: Flask, load_business: Callable[..., Any], clock: Clock) -> SimpleNamespace:
    """A clinic with bookings, a request, a hold, a cancelled one, accounts, a feed, a note, a picture."""
    load_business("clinic")
    made = SimpleNamespace(owner=account("owner"))
    made.first = booked("check-up", clock.now).booking
    made.gone = booked("check-up", clock.tick(minutes=3), customer=TOM).booking
    made.asked = booked("ultrasound", clock.tick(minutes=1), answers={"referral": False}).booking
    cancel.cancel(reference=made.gone.reference, actor=f"staff:{made.owner}", now=clock.tick(minutes=1))
    made.held = held("check-up", clock.tick(seconds=5))
    made.feed = feeds.add(resource="dr-braun", location=None, now=clock.now)
    notes.add(booking_id=made.first.id, text="comes with her dog, 带狗", actor=f"staff:{made.owner}", now=clock.now)
    made.visitor = signed_in(app, made.owner)
    pictures: Path = app.config["SETTINGS"].pictures
    # Tests before this one may have left theirs.
    shutil.rmtree(pictures, ignore_errors=True)
    pictures.mkdir()
    (pictures / "logo.png").write_bytes(PICTURE)
    return made


@pytest.fixture
def kept(app: Flask, full: SimpleNamespace, clock: Clock, tmp_path: Path) -> Path:
    """A backup of it."""
    return keep(app, tmp_path / "kept.zip", clock)[0]


def keep(app: Flask, path: Path, clock: Clock) -> tuple[Path, Manifest]:
    """A backup of ``app`` in ``path``."""
    return path, backup(path, pictures_dir=app.config["SETTINGS"].pictures, key_mark="mark", now=clock.now)


@pytest.fixture(params=["sqlite", "postgres"])
def other(request: pytest.FixtureRequest, _databases: Any, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """A second, empty house on either kind of database; what is in it at the end obeys the invariants."""
    folder = tmp_path / "other"
    folder.mkdir()
    made = create_app(settings(_databases(request.param)[0].another(folder), folder))
    yield made
    within(made, lambda: _check(clock))
    databases.let_go(made)


def _check(clock: Clock) -> None:
    with db.engine.connect() as connection:
        check(connection, now=clock.now)


def within(app: Flask, work: Callable[[], Any]) -> Any:
    """What ``work`` returns in the other house's context."""

    def inside() -> Any:
        with app.app_context():
            try:
                return work()
            finally:
                db.session.remove()

    return contextvars.Context().run(inside)
