"""No room on the disk of the database: nothing can be saved and that is said, nothing is half written, and whoever only looks
is not kept from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, func, select, text

from actions import keys
from models import staff_queries
from models.base import db
from models.booking import Allocation, Booking, Hold, Session
from models.doors import Token
from models.history import History
from models.outbox import Message
from models.people import SignIn, Staff
from tests.factories import HANNAH, booked, free, held
from tests.support.databases import Database
from tests.support.staff import account, signed_in

KEPT = (Session, Allocation, Hold, Booking, History, Message, SignIn, Token)
NO_ROOM = "Nothing can be saved at the moment. Nothing was changed."
FUNCTION = """CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"""


def _said(*statements: str) -> None:
    db.session.rollback()
    with db.engine.begin() as connection:
        for each in statements:
            connection.execute(text(each))


@contextmanager
def full(kind: str) -> Iterator[None]:
    """Nothing that is to be kept finds room."""
    names = [each.__tablename__ for each in KEPT]
    if kind == "postgres":
        fire = 'CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON "{}" FOR EACH ROW EXECUTE FUNCTION no_room()'
        _said(FUNCTION, *(fire.format(name) for name in names))
        undo = ["DROP FUNCTION no_room() CASCADE"]
    else:
        raised = "BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"
        pairs = [(name, kind) for name in names for kind in ("INSERT", "UPDATE")]
        _said(*(f'CREATE TRIGGER no_room_{kind}_{name} BEFORE {kind} ON "{name}" {raised}' for name, kind in pairs))
        undo = [f"DROP TRIGGER no_room_{kind}_{name}" for name, kind in pairs]
    try:
        yield
    finally:
        _said(*undo)


def count() -> list[int]:
    db.session.rollback()
    return [db.session.execute(select(func.count()).select_from(each)).scalar_one() for each in KEPT]


def test_nothing_is_half_saved_and_looking_goes_on(app: Flask, load_business: Any, clock: Any, database: Database):
    load_business("clinic")
    made, kept = booked("check-up", clock.now).booking, held("check-up", clock.now)
    start = free("check-up", clock.now)[-1].start.isoformat()
    desk = signed_in(app, account("front_desk"))
    by = staff_queries.viewer_of(db.session(), db.session.get_one(Staff, account("owner")))
    key = keys.make(name="till", may=None, days=30, by=by, now=clock.now).secret
    visitor, before = app.test_client(), count()
    clock.tick(minutes=2)  # so that the use of the sign-in and the key would be noted
    wish = {"service": "check-up", "start": start}
    body = {"hold": kept.secret, "customer": HANNAH, "answers": {}}
    with full(database.name):
        for path, data in (("/holds", wish), ("/bookings", body)):
            answer = visitor.post(f"/api/v1{path}", json=data, headers={"Idempotency-Key": "full"})
            assert (answer.status_code, answer.json["code"]) == (503, "storage_full")
            assert int(answer.headers["Retry-After"]) > 0
        refused = visitor.post("/book/check-up", data=wish)
        assert refused.status_code == 503
        assert "Nothing was changed" in refused.text
        refused = desk.post(f"/desk/b/{made.reference}/cancel", data={"reason": "Ill"})
        assert refused.status_code == 503
        for path in ("/", "/book/check-up", "/find", "/api/v1/services/check-up/slots", "/readyz"):
            assert visitor.get(path).status_code == 200, path
        for path in ("/desk/", "/desk/diary", f"/desk/b/{made.reference}"):
            assert desk.get(path).status_code == 200, path
        listed = visitor.get("/api/v1/bookings", headers={"Authorization": f"Bearer {key}"})
        assert [each["reference"] for each in listed.json["bookings"]] == [made.reference]
        assert count() == before
    # There is room again: the same key has its one effect.
    answer = visitor.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": "full"})
    assert answer.status_code == 201
    assert visitor.get(f"/b/{made.reference}").status_code == 404


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_file_that_may_not_grow_takes_whole_bookings_or_none(app: Flask, load_business: Any, clock: Any):
    load_business("clinic")
    offers = free("check-up", clock.now)
    pages = db.session.execute(text("PRAGMA page_count")).scalar_one()

    def limit(connection: Any, *_more: Any) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages + 8}")

    db.session.rollback()
    event.listen(db.engine, "checkout", limit)
    client, told = app.test_client(), []
    try:
        for number, offer in enumerate(offers[:200]):
            start = offer.start.isoformat()
            who = {"name": "x" * 90, "email": f"{number}@example.com"}
            body = {"service": "check-up", "start": start, "customer": who, "answers": {}}
            answer = client.post("/api/v1/bookings", json=body, headers={"Idempotency-Key": f"key-{number}"})
            told.append((answer.status_code, answer.json.get("code")))
            if answer.status_code == 503:
                break
    finally:
        event.remove(db.engine, "checkout", limit)
        db.session.rollback()
        db.engine.dispose()
    assert told[-1] == (503, "storage_full")
    assert {each for each, _ in told[:-1]} <= {201, 409}
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == [
        each for each, _ in told
    ].count(201)
    assert db.session.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
