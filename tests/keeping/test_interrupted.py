"""Backups while people book, restores that are killed in the middle, files of an older schema."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import func, select, text

import config
from actions.keeping.backup import backup
from actions.keeping.restoring import restore
from app import create_app
from models import schema
from models.base import db
from models.booking import Booking
from models.people import Contact
from tests.invariants import check
from tests.keeping.conftest import keep, within
from tests.support import databases
from tests.support.houses import settings
from tests.support.time import Clock
from tests.support.web import Served, environment


@pytest.mark.race
def test_a_backup_under_load_is_one_moment_and_nobody_waits_for_it(
    serve: Callable[..., Served], other: Flask, clock: Clock, tmp_path: Path
):
    """Every booking that was acknowledged before it began is in it, none of those in it is half there."""
    served = serve("crowd")
    services = requests.get(f"{served.url}/api/v1/services").json()["services"]
    slots = []
    for each in services:
        query = {"from": "2026-12-01", "to": "2026-12-20", "location": each["locations"][0]}
        found = requests.get(f"{served.url}/api/v1/services/{each['slug']}/slots", params=query).json()
        slots += [(each["slug"], slot["start"]) for slot in found["slots"]]
    booked: list[str] = []
    failed: list[str] = []
    stop = threading.Event()

    def book(mine: list[tuple[str, str]]) -> None:
        for number, (service, start) in enumerate(mine):
            if stop.is_set():
                return
            answer = requests.post(
                f"{served.url}/api/v1/bookings",
                json={
                    "service": service,
                    "start": start,
                    "customer": {
                        "name": "Maya Lindqvist",
                        "email": f"maya{start}{number}@example.com".replace(":", ""),
                    },
                },
                headers={"Idempotency-Key": f"{service}-{start}-{number}"},
            )
            (booked if answer.status_code == 201 else failed).append(answer.json().get("reference", answer.text))

    crowd = [threading.Thread(target=book, args=(slots[each::3],)) for each in range(3)]
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    try:
        for each in crowd:
            each.start()
        while len(booked) < 10:
            assert any(each.is_alive() for each in crowd), failed
        before = list(booked)
        path = tmp_path / "one.zip"
        within(app, lambda: backup(path, pictures_dir=tmp_path / "none", key_mark="", now=clock.now))
        during = len(booked)
    finally:
        stop.set()
        for each in crowd:
            each.join()
        databases.let_go(app)
    assert not [each for each in failed if "slot_taken" not in each and "limit" not in each]

    def arrived() -> set[str]:
        restore(path, pictures_dir=tmp_path / "pictures", now=clock.now)
        with db.engine.connect() as connection:
            check(connection, now=clock.now)
        return set(db.session.execute(select(Booking.reference)).scalars())

    found = within(other, arrived)
    assert set(before) <= found <= set(booked)
    assert during >= len(before)


@pytest.mark.parametrize("step", ["restoring", "restored"])
def test_a_restore_that_is_killed_has_changed_nothing_and_can_be_done_again(
    app: Flask, kept: Path, other: Flask, clock: Clock, step: str
):
    own = other.config["SETTINGS"]
    environ = environment(own.data_dir, {"DATABASE_URL": own.database_url, "FAILPOINTS": f"{step}=kill"})
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "restore", str(kept)]
    done = subprocess.run(command, env=environ, cwd=config.ROOT, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL, done.stderr

    def again() -> None:
        assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 0
        assert schema.version(db.session.connection()) == schema.head()
        db.session.rollback()
        restore(kept, pictures_dir=own.pictures, now=clock.now)
        assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 3

    within(other, again)


def test_a_backup_of_an_older_schema_is_restored_and_brought_up(
    app: Flask, full: Any, other: Flask, clock: Clock, tmp_path: Path
):
    """The database is taken back to the third schema, as a house that was never upgraded stands there."""
    db.session.remove()
    with db.engine.begin() as connection:
        for table in ("note", "sign_in"):
            connection.execute(text(f"DELETE FROM {table}"))
    db.engine.dispose()
    downgrade(revision="0003")
    try:
        path, there = keep(app, tmp_path / "old.zip", clock)
    finally:
        upgrade()
    assert there.schema == "0003"
    assert "note" not in {each.name for each in there.tables}

    def arrived() -> None:
        restore(path, pictures_dir=tmp_path / "pictures", now=clock.now)
        assert schema.version(db.session.connection()) == schema.head()
        assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 3
        # What a later migration fills in is filled in.
        assert db.session.execute(select(Contact.backwards).where(Contact.kind == "phone")).scalars().first()

    within(other, arrived)


def test_a_house_of_a_newer_schema_gives_way_to_its_older_backup(app: Flask, kept: Path, clock: Clock):
    """The way back after an upgrade that went wrong: this program does not know what stands in the database."""
    db.session.remove()
    with db.engine.begin() as connection:
        connection.execute(text("CREATE TABLE of_tomorrow (id INTEGER PRIMARY KEY)"))
        connection.execute(text("INSERT INTO of_tomorrow VALUES (1)"))
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    restore(kept, pictures_dir=kept.parent, now=clock.now, replace="Praxis am Park")
    with db.engine.connect() as connection:
        assert schema.version(connection) == schema.head()
        assert not db.inspect(connection).has_table("of_tomorrow")
