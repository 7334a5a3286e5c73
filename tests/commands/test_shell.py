"""The commands of the shell: what they print, and how they end."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from actions.confirm import Booked
from commands import fit
from models.base import db
from tests.conftest import BUSINESSES
from tests.factories import HANNAH, booked
from tests.support import databases
from tests.support.time import Clock


def said(app: Flask, *arguments: str, code: int = 0) -> str:
    """What a command prints; it ends with ``code``."""
    db.session.rollback()
    done = app.test_cli_runner().invoke(args=arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    assert done.exit_code == code, done.output
    db.session.rollback()
    return str(done.output)


@pytest.fixture
def made(load_business: Callable[..., Any], clock: Clock) -> Booked:
    load_business("clinic")
    return booked("check-up", clock.now)


@pytest.fixture
def request_(load_business: Callable[..., Any], clock: Clock) -> Booked:
    load_business("clinic")
    return booked("ultrasound", clock.now, customer={**HANNAH, "email": ""}, answers={"referral": False})


def test_bookings_are_listed_and_shown(app: Flask, made: Booked):
    reference = made.booking.reference
    line = f"{reference[:4]} {reference[4:]}  2026-11-30 "
    assert line in said(app, "booking", "list")
    assert line in said(app, "booking", "list", "--status", "confirmed")
    assert said(app, "booking", "list", "--status", "requested") == "No bookings in this time.\n"
    whole = said(app, "booking", "show", f"{reference[:4]}-{reference[4:].lower()}")
    assert "name: Hannah Vogel" in whole
    assert "phone: +4915123456789" in whole
    assert "with: " in whole


def test_what_cannot_be_meant_is_named(app: Flask, made: Booked):
    assert "'lost' is not one of 'requested'" in said(app, "booking", "list", "--status", "lost", code=2)
    assert "not in the range" in said(app, "booking", "list", "--days", "99999999", code=2)
    assert "There is no booking K7MQ4XWT." in said(app, "booking", "show", "K7MQ4XWT", code=1)
    assert "There is no booking ???." in said(app, "booking", "cancel", "???", code=1)


def test_a_request_is_approved_once(app: Flask, request_: Booked):
    reference = request_.booking.reference
    assert said(app, "booking", "approve", reference).endswith("is approved.\n")
    assert said(app, "booking", "approve", reference).endswith("was already approved.\n")
    assert "It is confirmed." in said(app, "booking", "decline", reference, code=1)


def test_a_request_is_declined_with_a_reason(app: Flask, request_: Booked):
    reference = request_.booking.reference
    assert said(app, "booking", "decline", reference, "--reason", "Closed for repairs").endswith("is declined.\n")
    assert "reason: Closed for repairs" in said(app, "booking", "show", reference)


def test_a_booking_is_cancelled_whatever_its_deadline(app: Flask, made: Booked):
    reference = made.booking.reference
    assert said(app, "booking", "cancel", reference, "--reason", "Ill").endswith("is cancelled.\n")
    assert said(app, "booking", "cancel", reference).endswith("was already cancelled.\n")


def test_a_feed_is_made_listed_and_revoked(app: Flask, made: Booked):
    address = said(app, "feed", "add", "--resource", "dr-braun").strip()
    assert address.startswith("http://localhost/feeds/")
    client = app.test_client()
    assert client.get(address.removeprefix("http://localhost")).status_code == 200
    id, _, told = said(app, "feed", "list").partition("  ")
    assert told.startswith("resource dr-braun  made 2026-11-30  last read 2026-11-30")
    assert said(app, "feed", "revoke", id) == f"Feed {id} is revoked.\n"
    assert client.get(address.removeprefix("http://localhost")).status_code == 404
    assert f"no open feed {id}" in said(app, "feed", "revoke", id, code=1)
    assert "There is no location 'moon'." in said(app, "feed", "add", "--location", "moon", code=1)
    assert "either --resource or --location" in said(app, "feed", "add", code=2)


def test_a_business_is_loaded_and_dumped(app: Flask, tmp_path: Path):
    clinic = str(BUSINESSES / "clinic.yaml")
    assert "no business has been loaded yet" in said(app, "business", "dump", code=1)
    assert "added: service check-up\n" in said(app, "business", "load", clinic)
    assert "left: service check-up\n" in said(app, "business", "load", clinic)
    copy = tmp_path / "copy.yaml"
    assert said(app, "business", "dump", str(copy)) == f"Written to {copy}\n"
    assert copy.read_text() == said(app, "business", "dump")
    assert "changed:" not in said(app, "business", "load", str(copy))


def test_a_wrong_business_is_named_and_changes_nothing(app: Flask, tmp_path: Path):
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text((BUSINESSES / "clinic.yaml").read_text().replace("Europe/Berlin", "Europe/Berln"))
    told = said(app, "business", "load", str(wrong), code=1)
    assert "business.timezone: must be a time zone like Europe/Berlin, not 'Europe/Berln'" in told
    assert told.endswith("Nothing was changed.\n")
    assert "this is not the demo business" in said(
        app, "business", "load", str(BUSINESSES / "clinic.yaml"), "--replace-demo", code=1
    )


COMMANDS = [
    ("booking", "list"),
    ("booking", "show", "K7MQ4XWT"),
    ("feed", "list"),
    ("business", "dump"),
    ("business", "load", str(BUSINESSES / "clinic.yaml")),
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_a_database_without_tables_is_one_line(app: Flask, arguments: tuple[str, ...]):
    tables = ("business", "booking", "token")
    with db.engine.begin() as connection:
        for table in tables:
            connection.execute(text(f"ALTER TABLE {table} RENAME TO {table}_away"))
    try:
        told = said(app, *arguments, code=1)
        assert told == "Error: the database is not at the newest schema; run `make migrate`\n"
    finally:
        with db.engine.begin() as connection:
            for table in tables:
                connection.execute(text(f"ALTER TABLE {table}_away RENAME TO {table}"))


@pytest.mark.parametrize("arguments", [*COMMANDS, ("migrate",)], ids=" ".join)
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_database_that_is_away_is_one_line(make_app: Callable[..., Flask], arguments: tuple[str, ...]):
    app = make_app(DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/none")
    done = app.test_cli_runner().invoke(args=arguments)
    assert done.exit_code == 1
    assert done.output.startswith("Error: the database does not answer: ")
    assert len(done.output.splitlines()) == 1
    assert "secret" not in done.output


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestUnsound:
    """What stops a start on SQLite."""

    def test_a_page_that_was_overwritten(self, app: Flask, load_business: Callable[..., Any]):
        load_business("clinic")
        assert fit.unsound() is None
        databases.let_go(app)
        file = Path(str(db.engine.url.database))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            root, size = (
                connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'service'").fetchone()[0],
                connection.execute("PRAGMA page_size").fetchone()[0],
            )
        with file.open("r+b") as opened:
            opened.seek((root - 1) * size)
            opened.write(b"\xff" * size)
        said = fit.unsound()
        assert said is not None and "is damaged" in said and "flask restore" in said

    def test_what_may_not_be_written(self, app: Flask, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(os, "access", lambda path, mode: not str(path).endswith(".db"))
        said = fit.unsound()
        assert said is not None and "cannot be written" in said and str(db.engine.url.database) in said

    def test_a_file_that_is_still_to_be_made(self, make_app: Callable[..., Flask], tmp_path: Path):
        with make_app(DATABASE_URL=f"sqlite:///{tmp_path}/new.db").app_context():
            assert fit.unsound() is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_damaged_file_is_one_line(make_app: Callable[..., Flask], tmp_path: Path):
    path = tmp_path / "frontdesk.db"
    path.write_bytes(b"nothing of a database" * 1000)
    app = make_app(DATABASE_URL=f"sqlite:///{path}")
    told = app.test_cli_runner().invoke(args=["migrate"]).output
    assert told == f"Error: the database is damaged, restore a backup: file is not a database ({path})\n"
