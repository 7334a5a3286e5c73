"""``flask backup``, ``restore``, ``sending``: what they print, and what the doctor and Today say of a restored house."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

import config
from app import create_app
from commands import fit
from models import schema
from models.base import db
from notifications.worker import tick
from tests.commands.test_doctor import lines
from tests.commands.test_shell import said
from tests.keeping.conftest import within
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import account, signed_in
from tests.support.time import Clock
from tests.support.web import environment

HOUSE = "Praxis am Park"


def test_a_backup_says_what_it_holds(app: Flask, full: Any, tmp_path: Path):
    path = tmp_path / "one.zip"
    told = said(app, "backup", str(path))
    assert told.startswith(f"{path}: ")
    assert "1 pictures" in told
    assert f"schema {schema.head()}" in told
    assert "is there already" in said(app, "backup", str(path), code=1)
    missing = said(app, "backup", str(tmp_path / "nowhere" / "one.zip"), code=1)
    assert missing == "Error: no backup was made: No such file or directory\n"


def test_a_restore_says_what_it_would_send_and_waits(app: Flask, full: Any, other: Flask, tmp_path: Path, clock: Clock):
    path = tmp_path / "one.zip"
    said(app, "backup", str(path))
    clock.tick(minutes=1)
    told = within(other, lambda: said(other, "restore", str(path)))
    assert f"Restored {HOUSE} as it was at 2026-11-30 09:05 UTC" in told
    assert "Sending is paused since 2026-11-30 09:06 UTC" in told
    assert "confirmation" in told
    assert "SECRET_KEY" not in told
    ill = within(other, lambda: lines(other)[1])
    assert ill["sending"].startswith("FAIL")
    assert "may have left already" in ill["sending"]
    assert ill["messages"].startswith("ok")
    assert "--leave-out" in within(other, lambda: said(other, "sending", "resume", code=1))
    assert "Left out: " in within(other, lambda: said(other, "sending", "resume", "--leave-out"))
    assert within(other, lambda: said(other, "sending", "resume")) == "Sending is not paused.\n"
    assert within(other, lambda: said(other, "sending", "show")) == "Messages leave.\n"
    assert within(other, lambda: lines(other)[1]["sending"]).startswith("ok")


def test_today_says_that_nothing_leaves_yet(app: Flask, full: Any, kept: Path):
    said(app, "restore", str(kept), "--replace", HOUSE)
    tick()
    page = signed_in(app, full.owner).get("/desk/").text
    assert "Nothing is sent from this house yet" in page
    assert "It was restored as of" in page
    assert "messages wait until" in page
    assert "House restored from a backup" in signed_in(app, full.owner).get("/desk/history?action=restored").text
    staff = signed_in(app, account("staff", resource="dr-braun"))
    assert "Nothing is sent from this house yet" not in staff.get("/desk/").text
    said(app, "sending", "resume", "--again")
    assert "Nothing is sent from this house yet" not in signed_in(app, full.owner).get("/desk/").text


def test_another_key_is_named(app: Flask, full: Any, make_app: Callable[..., Flask], tmp_path: Path):
    path = tmp_path / "one.zip"
    said(app, "backup", str(path))
    other = make_app(SECRET_KEY="another secret key, forty letters long!!")
    told = within(other, lambda: said(other, "restore", str(path), "--replace", HOUSE))
    assert "SECRET_KEY is not the one" in told


def test_a_key_that_stands_among_the_earlier_ones_is_not(
    app: Flask, full: Any, make_app: Callable[..., Flask], tmp_path: Path
):
    path, earlier = tmp_path / "one.zip", "e" * 40
    before = make_app(SECRET_KEY=earlier)
    within(before, lambda: said(before, "backup", str(path)))
    other = make_app(SECRET_KEY="another secret key, forty letters long!!", SECRET_KEY_FALLBACKS=earlier)
    told = within(other, lambda: said(other, "restore", str(path), "--replace", HOUSE))
    assert "SECRET_KEY" not in told


def test_refusals_are_one_line(app: Flask, full: Any, kept: Path, tmp_path: Path):
    full_house = said(app, "restore", str(kept), code=1)
    assert full_house == (
        f"Error: the database is not empty: it is {HOUSE}. `--replace NAME` puts the backup in its place. "
        "Nothing was changed.\n"
    )
    letter = tmp_path / "letter.zip"
    letter.write_text("Dear all")
    refused = said(app, "restore", str(letter), code=1)
    assert len(refused.splitlines()) == 1
    assert refused.endswith("Nothing was changed.\n")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_house_without_tables_has_nothing_to_keep(make_app: Callable[..., Flask], tmp_path: Path):
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'none.db'}")
    assert "nothing to keep" in within(app, lambda: said(app, "backup", str(tmp_path / "one.zip"), code=1))


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_database_that_is_away_is_one_line(make_app: Callable[..., Flask], kept: Path, tmp_path: Path):
    app = make_app(DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/none")
    for arguments in (("backup", str(tmp_path / "two.zip")), ("restore", str(kept)), ("sending", "show")):
        done = within(app, lambda given=arguments: app.test_cli_runner().invoke(args=given))
        assert done.exit_code == 1
        assert "does not answer" in done.output
        assert "secret" not in done.output
        assert len(done.output.splitlines()) == 1


# Which schema may be served


@pytest.fixture
def at(app: Flask) -> Any:
    """``at("0005")``: the database says that it is at this version; afterwards it is what it was."""

    def set_to(version: str) -> None:
        db.session.rollback()
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :version"), {"version": version})

    yield set_to
    set_to(schema.head())


def test_the_newest_schema_is_served(app: Flask):
    assert fit.why_not(app) is None
    assert fit.newer() is None


def test_an_older_schema_is_not_served_and_its_way_is_named(app: Flask, at: Any):
    at("0005")
    assert fit.why_not(app) == f"the database is at schema 0005, this program needs {schema.head()}; run `make migrate`"
    assert fit.newer() is None


def test_a_newer_schema_is_neither_served_nor_migrated(app: Flask, at: Any):
    at("9999")
    assert "newer than this program" in str(fit.why_not(app))
    told = said(app, "migrate", code=1)
    assert "newer than this program" in told
    assert len(told.splitlines()) == 1
    assert "newer than this program" in said(app, "worker", code=2)


def test_a_database_without_tables_is_not_served(make_app: Callable[..., Flask], tmp_path: Path):
    app = make_app(DATABASE_URL=f"sqlite:///{tmp_path / 'none.db'}")
    assert "has no tables yet" in str(fit.why_not(app))


def test_a_database_that_is_away_stops_no_start(make_app: Callable[..., Flask]):
    app = make_app(DATABASE_URL="postgresql://nobody:secret@127.0.0.1:1/none")
    assert fit.why_not(app) is None


def test_a_real_server_ends_with_one_line(database: Any, tmp_path: Path):
    url = database.another(tmp_path)
    app = create_app(settings(url, tmp_path))

    def older() -> None:
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '0005'"))

    within(app, older)
    databases.let_go(app)
    command = [sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", "127.0.0.1:0", "--no-control-socket"]
    done = subprocess.run(
        [*command, "--log-level", "critical"],
        cwd=config.ROOT,
        env=environment(tmp_path, {"DATABASE_URL": url}),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode in (3, 4)
    assert [line for line in done.stderr.splitlines() if "schema" in line] == [
        f"the database is at schema 0005, this program needs {schema.head()}; run `make migrate`"
    ]
