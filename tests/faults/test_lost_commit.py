"""The connection to PostgreSQL breaks over the COMMIT itself: nobody is told that nothing was changed."""

from __future__ import annotations

import pytest
from sqlalchemy import event, func, select

from models.base import db
from models.booking import Booking
from tests.factories import HANNAH
from tests.support.gate import Gate
from tests.support.houses import load_into
from tests.support.time import NOW

pytestmark = [pytest.mark.timeout(120), pytest.mark.parametrize("database", ["postgres"], indirect=True)]
BODY = {"service": "check-up", "start": "2026-12-08T08:00+01:00", "customer": HANNAH, "answers": {}}


@pytest.fixture
def gate(database, tmp_path):
    made = Gate(database.another(tmp_path))
    load_into(made.url, tmp_path, "clinic", NOW)
    yield made
    made.close()


@pytest.fixture
def clinic(gate, make_app, clock):
    clock.set(NOW.isoformat())
    app = make_app(DATABASE_URL=gate.url, WTF_CSRF_ENABLED=False)
    app.config.update(PROPAGATE_EXCEPTIONS=False)
    with app.app_context():
        yield app.test_client()
        db.session.remove()
        db.engine.dispose()


def once(name, act):
    """Does ``act`` the next time that the database is told ``name``, and something true comes of it."""
    left = [act]
    event.listen(db.engine, name, lambda *told: left and left[0](*told) and left.pop())


def breaking(act):
    once("commit", lambda _connection: act() or True)


def book(clinic):
    return clinic.post("/api/v1/bookings", json=BODY, headers={"Idempotency-Key": "lost-commit"})


def count():
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(Booking)).scalar_one()


def refused(answer):
    assert (answer.status_code, answer.json["code"]) == (503, "uncertain")
    assert "Nothing was changed" not in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    return True


def test_what_was_saved_unheard_is_there_when_the_same_is_sent_again(clinic, gate):
    breaking(gate.swallow)
    assert refused(book(clinic))
    assert count() == 1
    again = book(clinic)
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert count() == 1


def test_what_was_not_saved_is_done_when_the_same_is_sent_again(clinic, gate):
    breaking(gate.cut)
    assert refused(book(clinic))
    assert count() == 0
    again = book(clinic)
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers
    assert count() == 1


def test_what_breaks_before_the_end_was_certainly_not_saved(clinic, gate):
    def at_the_contact(_connection, _cursor, statement, *_more):
        return statement.startswith("INSERT INTO contact") and (gate.cut() or True)

    once("before_cursor_execute", at_the_contact)
    answer = book(clinic)
    assert (answer.status_code, answer.json["code"]) == (503, "busy")
    assert count() == 0
