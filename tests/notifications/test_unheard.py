"""Texts whose receipt never came: the carrier is asked, by a double that answers as its description says."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import event, select

from actions import receipts
from models.base import db
from models.outbox import Message
from models.people import Contact
from notifications import dispatch, unheard
from tests.factories import booked

TWILIO = json.loads((Path(__file__).parents[1] / "support" / "twilio.openapi.json").read_text())
HOME = "/2010-04-01/Accounts/ACtest/Messages"
SID = "SM" + "0" * 32


@pytest.fixture
def house(app, load_business, make_app, clock, httpserver):
    """A house whose one text has left by the double."""
    load_business("clinic")
    booked("check-up", clock.now)
    other = make_app(
        TWILIO_ACCOUNT_SID="ACtest",
        TWILIO_AUTH_TOKEN="token",
        TWILIO_FROM="+15005550006",
        TWILIO_API_BASE=httpserver.url_for("/").rstrip("/"),
    )
    httpserver.expect_request(f"{HOME}.json", method="POST").respond_with_json({"sid": SID, "status": "queued"}, 201)
    with other.app_context():
        dispatch.deliver_due()
        yield other


def known(server, **said):
    server.expect_ordered_request(f"{HOME}/{SID}.json", method="GET").respond_with_json({"sid": SID, **said})


def ask(house, clock, **later):
    clock.tick(**later)
    return unheard.ask(house.config["SETTINGS"], now=clock.now)


def now_of():
    db.session.rollback()
    return db.session.execute(
        select(Message.state, Message.why).where(Message.channel == "sms", Message.kind == "confirmation")
    ).one()


@pytest.mark.parametrize(
    ("status", "code", "state", "why", "contact"),
    [
        ("delivered", None, "delivered", None, "good"),
        ("undelivered", 30005, "failed", "30005", "bad"),
        ("failed", None, "failed", "the carrier did not say why", "good"),
        ("sent", None, "sent", None, "good"),
        ("queued", None, "sent", None, "good"),
    ],
)
def test_a_text_without_a_receipt_is_asked_for(house, clock, httpserver, status, code, state, why, contact):
    shape = TWILIO["components"]["schemas"]["message_enum_status"]["enum"]
    assert status in shape
    known(httpserver, status=status, error_code=code)
    assert ask(house, clock, minutes=11) == 1
    assert now_of() == (state, why)
    assert db.session.execute(select(Contact.state).where(Contact.kind == "phone")).scalar_one() == contact


def test_it_is_asked_for_less_and_less_often_and_given_up_after_three_days(house, clock, httpserver):
    for _ in range(20):
        known(httpserver, status="sent", error_code=None)
    asked = [minute for minute in range(0, 74 * 60, 5) if ask(house, clock, minutes=5)]
    assert 5 < len(asked) < 12
    gaps = [after - before for before, after in pairwise(asked)]
    assert gaps == sorted(gaps)
    assert now_of() == ("sent", "unconfirmed")


def test_nothing_is_asked_before_a_receipt_can_be_late_nor_by_a_house_without_a_carrier(house, app, clock):
    assert ask(house, clock, minutes=9) == 0
    assert ask(app, clock, days=1) == 0


def test_a_text_that_the_carrier_does_not_know_is_not_asked_for_again(house, clock, httpserver):
    no = {"code": 20404, "message": "not found", "status": 404}
    httpserver.expect_request(f"{HOME}/{SID}.json", method="GET").respond_with_json(no, 404)
    assert ask(house, clock, minutes=11) == 1
    assert now_of() == ("sent", "unconfirmed")
    assert ask(house, clock, days=1) == 0


def test_a_carrier_that_is_away_is_asked_again_later(house, clock, httpserver):
    broken = {"code": 20503, "message": "busy", "status": 503}
    httpserver.expect_ordered_request(f"{HOME}/{SID}.json", method="GET").respond_with_json(broken, 503)
    known(httpserver, status="delivered", error_code=None)
    assert ask(house, clock, minutes=11) == 1
    assert now_of() == ("sent", None)
    assert ask(house, clock, minutes=12) == 1
    assert now_of() == ("delivered", None)


def test_they_are_found_by_their_index(house, clock):
    sent = []
    event.listen(db.engine, "before_cursor_execute", lambda _c, _u, said, values, *_: sent.append((said, values)))
    receipts.unheard(now=clock.now)
    said, values = next(each for each in sent if each[0].startswith("SELECT") and "next_at <=" in each[0])
    connection = db.session.connection()
    explain = "EXPLAIN QUERY PLAN"
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN"
    plan = " ".join(str(row) for row in connection.exec_driver_sql(f"{explain} {said}", values))
    assert "ix_message_unheard" in plan
