"""Mail servers and Twilio, as doubles that answer what the real ones answer."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select
from twilio.request_validator import RequestValidator

from models.base import db
from models.outbox import Message
from models.people import Contact
from notifications import dispatch
from tests.factories import HANNAH, booked

TWILIO = json.loads((Path(__file__).parents[1] / "support" / "twilio.openapi.json").read_text())
MESSAGES = "/2010-04-01/Accounts/ACtest/Messages.json"
SID = "SM" + "0" * 32


class Mailbox:
    """Takes mail, or answers what it was told to."""

    def __init__(self):
        self.taken, self.answer = [], None

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.answer:
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.taken.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox():
    box = Mailbox()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    yield box
    controller.stop()


def told(app, kind="confirmation", channel="mail"):
    with app.app_context():
        return db.session.execute(
            select(Message.state, Message.why, Message.provider_id).where(
                Message.kind == kind, Message.channel == channel
            )
        ).one()


@pytest.fixture
def clinic(app, load_business, clock):
    load_business("clinic")
    booked("check-up", clock.now)
    db.session.rollback()
    return app


def deliver(app):
    with app.app_context():
        dispatch.deliver_due()


def test_mail_goes_to_one_recipient_over_smtp(clinic, make_app, mailbox):
    other = make_app(MAIL_URL=f"smtp://127.0.0.1:{mailbox.port}", MAIL_FROM="desk@example.com")
    deliver(other)
    assert told(other).state == "sent"
    to = [envelope.rcpt_tos for envelope in mailbox.taken]
    assert [HANNAH["email"]] in to
    assert [len(each) for each in to] == [1, 1]


@pytest.mark.parametrize(
    ("answer", "state", "contact"),
    [
        ("421 4.3.2 closing", "retry", "good"),
        ("450 4.2.0 greylisted", "retry", "good"),
        ("452 4.2.2 full", "retry", "good"),
        ("550 5.1.1 no such user", "failed", "bad"),
        ("553 5.1.3 bad address", "failed", "bad"),
        ("554 5.7.1 your reputation", "retry", "good"),
        ("552 5.2.2 full", "retry", "good"),
    ],
)
def test_each_answer_of_a_mail_server_has_its_consequence(clinic, make_app, mailbox, answer, state, contact):
    mailbox.answer = answer
    other = make_app(MAIL_URL=f"smtp://127.0.0.1:{mailbox.port}", MAIL_FROM="desk@example.com")
    deliver(other)
    assert told(other).state == state
    with other.app_context():
        assert db.session.execute(select(Contact.state).where(Contact.kind == "email")).scalar_one() == contact


def test_a_mail_server_that_is_away_is_tried_again(clinic, make_app):
    other = make_app(MAIL_URL="smtp://127.0.0.1:1", MAIL_FROM="desk@example.com")
    deliver(other)
    assert told(other).state == "retry"


@pytest.fixture
def twilio(clinic, make_app, httpserver):
    other = make_app(
        TWILIO_ACCOUNT_SID="ACtest",
        TWILIO_AUTH_TOKEN="token",
        TWILIO_FROM="+15005550006",
        TWILIO_API_BASE=httpserver.url_for("/").rstrip("/"),
    )
    other.double = httpserver
    return other


def test_a_text_goes_through_twilios_own_library(twilio):
    twilio.double.expect_request(MESSAGES, method="POST").respond_with_json(
        {"sid": SID, "status": "queued"}, status=201
    )
    deliver(twilio)
    assert told(twilio, channel="sms") == ("sent", None, SID)
    request = twilio.double.log[0][0]
    path = next(path for path in TWILIO["paths"] if path.endswith("/Messages.json"))
    known = TWILIO["paths"][path]["post"]["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"][
        "properties"
    ]
    assert set(request.form) <= set(known)
    assert request.form["To"] == "+4915123456789"


@pytest.mark.parametrize(
    ("status", "code", "state", "contact"),
    [
        (400, 21211, "failed", "bad"),
        (400, 21614, "failed", "bad"),
        (400, 21610, "failed", "opted_out"),
        (400, 21612, "failed", "good"),
        (429, 20429, "retry", "good"),
        (401, 20003, "retry", "good"),
        (400, 21608, "retry", "good"),
        (503, 20503, "unknown", "good"),
    ],
)
def test_each_answer_of_twilio_has_its_consequence(twilio, status, code, state, contact):
    body = {"code": code, "message": "no", "status": status}
    twilio.double.expect_request(MESSAGES, method="POST").respond_with_json(body, status=status)
    deliver(twilio)
    assert told(twilio, channel="sms").state == state
    with twilio.app_context():
        assert db.session.execute(select(Contact.state).where(Contact.kind == "phone")).scalar_one() == contact


def test_an_unknown_outcome_is_looked_up_before_it_is_sent_again(twilio, clock):
    sent = []

    def lost(request):
        from werkzeug.wrappers import Response

        sent.append(request.form["Body"])
        return Response(
            json.dumps({"code": 20503, "message": "busy", "status": 503}), status=503, mimetype="application/json"
        )

    twilio.double.expect_request(MESSAGES, method="POST").respond_with_handler(lost)
    deliver(twilio)
    found = {"messages": [{"sid": SID, "body": sent[0], "status": "sent"}], "next_page_uri": None}
    twilio.double.expect_request(MESSAGES, method="GET").respond_with_json(found)
    clock.tick(minutes=2)
    deliver(twilio)
    assert told(twilio, channel="sms") == ("sent", None, SID)
    assert len(sent) == 1


def _signed(app, path, form):
    base = app.config["SETTINGS"].base_url
    return {"X-Twilio-Signature": RequestValidator("token").compute_signature(f"{base}{path}", form)}


def test_receipts_only_raise_what_is_known(twilio):
    twilio.double.expect_request(MESSAGES, method="POST").respond_with_json(
        {"sid": SID, "status": "queued"}, status=201
    )
    deliver(twilio)
    client = twilio.test_client()
    path = "/webhooks/twilio/status"
    for status, state in [
        ("sent", "sent"),
        ("delivered", "delivered"),
        ("sent", "delivered"),
        ("undelivered", "delivered"),
    ]:
        form = {"MessageSid": SID, "MessageStatus": status}
        assert client.post(path, data=form, headers=_signed(twilio, path, form)).status_code == 204
        assert told(twilio, channel="sms").state == state


@pytest.mark.parametrize("headers", [{}, {"X-Twilio-Signature": "x"}])
def test_forged_receipts_are_refused(twilio, headers):
    client = twilio.test_client()
    assert (
        client.post(
            "/webhooks/twilio/status", data={"MessageSid": SID, "MessageStatus": "delivered"}, headers=headers
        ).status_code
        == 403
    )


def test_stop_ends_texts_and_start_brings_them_back(twilio):
    client = twilio.test_client()
    path = "/webhooks/twilio/inbound"
    for word, state in [("STOP", "opted_out"), ("start", "good")]:
        form = {"From": "+4915123456789", "Body": word}
        client.post(path, data=form, headers=_signed(twilio, path, form))
        with twilio.app_context():
            assert db.session.execute(select(Contact.state).where(Contact.kind == "phone")).scalar_one() == state
