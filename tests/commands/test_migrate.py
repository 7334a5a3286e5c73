"""The schema is brought up to date while others use the tables."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from commands import migrate
from models.base import db
from running import prepare

pytestmark = pytest.mark.parametrize("database", ["postgres"], indirect=True)


@pytest.fixture
def behind(app):
    """A database one migration behind, and somebody who is writing a message there."""
    db.session.remove()
    db.engine.dispose()
    downgrade(revision="-1")
    other = db.engine.connect()
    other.execute(text("LOCK TABLE message IN ROW EXCLUSIVE MODE"))
    yield other
    other.close()
    upgrade()


def indexes():
    return {each["name"] for each in inspect(db.engine).get_indexes("message")}


def test_it_lets_them_pass_and_tries_again(behind, app, monkeypatch):
    assert "ix_message_unheard" not in indexes()
    monkeypatch.setattr(migrate.time, "sleep", lambda _seconds: behind.rollback())
    told = app.test_cli_runner().invoke(args=["migrate"])
    assert told.exit_code == 0, told.output
    assert told.output.count("Others use the tables; trying again") == 1
    assert "ix_message_unheard" in indexes()


def test_it_ends_with_a_sentence_when_they_never_do(behind, app, monkeypatch):
    monkeypatch.setattr(migrate, "TRIES", 2)
    monkeypatch.setattr(migrate.time, "sleep", lambda _seconds: None)
    told = app.test_cli_runner().invoke(args=["migrate"])
    assert told.exit_code == 1
    assert "lock timeout" in told.output
    assert "Traceback" not in told.output
    assert "ix_message_unheard" not in indexes()


def test_starting_everything_lets_them_pass_too(behind, app, monkeypatch, capfd):
    monkeypatch.setattr(prepare.config, "load", lambda: replace(app.config["SETTINGS"], demo=False))
    monkeypatch.setattr(migrate.time, "sleep", lambda _seconds: behind.rollback())
    monkeypatch.setattr(prepare.sys, "argv", ["prepare"])
    assert prepare.main() == 0, capfd.readouterr().err
    assert "ix_message_unheard" in indexes()
