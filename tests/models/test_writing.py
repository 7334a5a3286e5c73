"""How a writer on SQLite waits for another."""

from __future__ import annotations

import sqlite3
import threading

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from models import base
from models.base import BEGIN_WRITING, db

pytestmark = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def other(app):
    """Another connection to the same file, which holds the lock of the writer."""
    found = sqlite3.connect(db.engine.url.database, isolation_level=None, check_same_thread=False)
    found.execute("BEGIN IMMEDIATE")
    yield found
    found.close()


def write(connection):
    with connection.execution_options(**{BEGIN_WRITING: True}) as writing, writing.begin():
        return writing.execute(text("PRAGMA busy_timeout")).scalar_one()


@pytest.fixture
def tries(app):
    """How often the lock was looked for, one entry each."""
    found = []

    def note(_connection, _cursor, statement, *_more):
        found.extend([statement] if statement == "BEGIN IMMEDIATE" else [])

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


def test_it_has_its_turn_once_the_other_is_done(other, tries):
    letting_go = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    letting_go.start()
    # What is read afterwards waits as long as SQLite waits by itself.
    assert write(db.engine.connect()) == base.PATIENCE_MS
    letting_go.join()
    # SQLite by itself would have been asked once, and would have slept up to a tenth of a second at a time.
    assert len(tries) > 2


def test_it_says_so_when_the_other_does_not_end(other, monkeypatch):
    monkeypatch.setattr(base, "PATIENCE_MS", 50)
    with pytest.raises(OperationalError, match="locked"):
        write(db.engine.connect())
    other.execute("COMMIT")
    assert write(db.engine.connect()) == 50


def test_what_is_wrong_otherwise_is_not_tried_again(tries):
    with db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        with pytest.raises(OperationalError, match="within a transaction"):
            base._begin_writing(connection)
        assert len(tries) == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar_one() == base.PATIENCE_MS
