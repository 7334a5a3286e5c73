"""Mail servers and Twilio, as doubles that answer what the real ones answer."""

from __future__ import annotations

import json
import socket
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import select, update
from twilio.request_validator import RequestValidator
from werkzeug import Response

from models.base import db
from models.outbox import Message
from models.people import Contact
from notifications import dispatch, mail
from portal import webhooks
from tests.factories import HANNAH, booked
from tests.support.mailserver import BREAKS_OFF, HANGS, POLITE, Scripted
from wire.links import receipt_url

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
def scripted():
    server = Scripted()
    yield server
    server.close()


def sent_through(clinic, make_app, server, **says):
    server.says = {**POLITE, **{step.strip("_"): answer for step, answer in says.items()}}
    other = make_app(MAIL_URL=f"smtp://127.0.0.1:{server.port}", MAIL_FROM="desk@example.com")
    deliver(other)
    with other.app_context():
        contact = db.session.execute(select(Contact.state).where(Contact.kind == "email")).scalar_one()
    return told(other), contact


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("says", "state", "contact"),
    [
        ({"_": "554 no service for you"}, "retry", "good"),
        ({"_": "421 later"}, "retry", "good"),
        ({"_": BREAKS_OFF}, "retry", "good"),
        ({"MAIL": "550 5.1.0 we do not know your sender"}, "retry", "good"),
        ({"MAIL": "553 sender not yours"}, "retry", "good"),
        ({"MAIL": "452 4.3.1 no room"}, "retry", "good"),
        ({"MAIL": BREAKS_OFF}, "unknown", "good"),
        ({"RCPT": "550 nobody here"}, "failed", "bad"),
        ({"DATA": "451 4.3.0 later"}, "retry", "good"),
        ({".": "550 we do not like this text"}, "failed", "good"),
        ({".": "554 5.7.1 spam"}, "retry", "good"),
        ({".": BREAKS_OFF}, "unknown", "good"),
        ({"QUIT": "500 what?"}, "sent", "good"),
        ({"QUIT": BREAKS_OFF}, "sent", "good"),
    ],
)
def test_each_step_has_its_consequence_for_the_right_one(clinic, make_app, scripted, says, state, contact):
    found, mailbox = sent_through(clinic, make_app, scripted, **says)
    assert (found.state, mailbox) == (state, contact)


def test_a_mail_server_that_hangs_is_left_in_time(clinic, make_app, scripted, monkeypatch):
    monkeypatch.setattr(mail, "WHOLE", 0.5)
    found, _ = sent_through(clinic, make_app, scripted, RCPT=HANGS)
    assert (found.state, found.why) == ("unknown", "the connection was lost")


def test_a_goodbye_that_hangs_changes_nothing(clinic, make_app, scripted, monkeypatch):
    monkeypatch.setattr(mail, "GOODBYE", 0.2)
    found, _ = sent_through(clinic, make_app, scripted, QUIT=HANGS)
    assert found.state == "sent"
    assert scripted.taken == 2


def test_an_address_that_the_server_cannot_write_is_not_tried_for_ever(app, make_app, load_business, clock, scripted):
    load_business("clinic")
    booked("check-up", clock.now, customer={**HANNAH, "email": "jörg@example.com"})
    db.session.rollback()
    found, contact = sent_through(app, make_app, scripted)
    assert (found.state, contact) == ("failed", "good")


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


def test_a_look_up_never_takes_another_message_that_says_the_same(twilio, clock):
    broken = {"code": 20503, "message": "busy", "status": 503}
    twilio.double.expect_request(MESSAGES, method="POST").respond_with_json(broken, status=503)
    deliver(twilio)
    with twilio.app_context():
        said = parse_qs(twilio.double.log[-1][0].get_data(as_text=True))["Body"][0]
        other = select(Message.id).where(Message.channel == "sms", Message.kind == "reminder").limit(1)
        db.session.execute(update(Message).where(Message.id == other.scalar_subquery()).values(provider_id=SID))
        db.session.commit()
    found = {"messages": [{"sid": SID, "body": said, "status": "sent"}], "next_page_uri": None}
    twilio.double.expect_request(MESSAGES, method="GET").respond_with_json(found)
    clock.tick(minutes=2)
    deliver(twilio)
    assert told(twilio, channel="sms").state == "unknown"
    assert [request.method for request, _ in twilio.double.log] == ["POST", "GET", "POST"]


def test_without_the_check_a_forged_receipt_would_be_believed(twilio, monkeypatch):
    twilio.double.expect_request(MESSAGES, method="POST").respond_with_json(
        {"sid": SID, "status": "queued"}, status=201
    )
    deliver(twilio)
    forged = {"MessageSid": SID, "MessageStatus": "failed", "ErrorCode": "30007"}
    client = twilio.test_client()
    assert client.post("/webhooks/twilio/status", data=forged).status_code == 403
    assert told(twilio, channel="sms").state == "sent"
    monkeypatch.setattr(webhooks, "_genuine", lambda: True)
    assert client.post("/webhooks/twilio/status", data=forged).status_code == 204
    assert told(twilio, channel="sms") == ("failed", "30007", SID)


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


@pytest.mark.parametrize("path", ["/webhooks/twilio/status", "/webhooks/twilio/inbound"])
def test_forged_receipts_are_refused(twilio, path):
    client, form = (
        twilio.test_client(),
        {"MessageSid": SID, "MessageStatus": "delivered", "From": "+49", "Body": "STOP"},
    )
    right = _signed(twilio, path, form)
    elsewhere = RequestValidator("token").compute_signature(f"https://evil.example{path}", form)
    other_scheme = RequestValidator("token").compute_signature(f"https://localhost{path}", form)
    unsigned = [{}, *({"X-Twilio-Signature": odd} for odd in ("", "x", "ü", "x" * 5000, elsewhere, other_scheme))]
    assert {client.post(path, data=form, headers=each).status_code for each in unsigned} == {403}
    for changed in ({**form, "MessageStatus": "failed"}, {**form, "Extra": "1"}, {}):
        assert client.post(path, data=changed, headers=right).status_code == 403
    assert client.post(f"{path}?a=b", data=form, headers=right).status_code == 403
    assert client.post(path, json=form, headers=right).status_code == 403


@pytest.mark.parametrize(
    ("code", "contact"), [("30003", "good"), ("30005", "bad"), ("30006", "bad"), ("21610", "opted_out"), ("", "good")]
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_receipt_that_names_a_dead_number_ends_texts_to_it(twilio, code, contact):
    twilio.double.expect_request(MESSAGES, method="POST").respond_with_json(
        {"sid": SID, "status": "queued"}, status=201
    )
    deliver(twilio)
    path = "/webhooks/twilio/status"
    form = {"MessageSid": SID, "MessageStatus": "undelivered", "ErrorCode": code}
    twilio.test_client().post(path, data=form, headers=_signed(twilio, path, form))
    assert told(twilio, channel="sms").state == "failed"
    with twilio.app_context():
        assert db.session.execute(select(Contact.state).where(Contact.kind == "phone")).scalar_one() == contact


def test_a_receipt_that_comes_again_or_late_or_odd_changes_nothing(twilio):
    twilio.double.expect_request(MESSAGES, method="POST").respond_with_json(
        {"sid": SID, "status": "queued"}, status=201
    )
    deliver(twilio)
    client, path = twilio.test_client(), "/webhooks/twilio/status"
    odd = [{"MessageSid": sid, "MessageStatus": "failed"} for sid in ("", "SM", "%", "'--", "x" * 10_000, "短信")]
    odd += [{"MessageSid": SID, "MessageStatus": status} for status in ("", "DELIVERED", "x" * 10_000, "read")]
    for form in [{"MessageSid": SID, "MessageStatus": "delivered"}] * 3 + odd:
        assert client.post(path, data=form, headers=_signed(twilio, path, form)).status_code == 204
    assert told(twilio, channel="sms").state == "delivered"
    null = {"MessageSid": "a\0b", "MessageStatus": "failed", "ErrorCode": "\0"}
    assert client.post(path, data=null, headers=_signed(twilio, path, null)).status_code in (204, 400)


@pytest.fixture
def public(twilio):
    """The same house under the name by which a carrier reaches it."""
    known = twilio.config["SETTINGS"]
    twilio.config["SETTINGS"] = replace(known, base_url="https://localhost")
    return twilio


def receipts_of(app, made, *said):
    """A carrier that sends these receipts to where it was told, before it gives its own answer ``made``."""

    def answer(request):
        path = request.form["StatusCallback"].removeprefix("https://localhost")
        for status in said:
            form = {"MessageSid": SID, "MessageStatus": status, "ErrorCode": "30005" if status == "failed" else ""}
            with app.app_context():
                told_us = app.test_client().post(path, data=form, headers=_signed(app, path, form))
            assert told_us.status_code == 204
        return made

    return answer


TAKEN = Response(json.dumps({"sid": SID, "status": "queued"}), status=201, mimetype="application/json")


@pytest.mark.parametrize(
    ("made", "said", "known"),
    [
        (TAKEN, ["sent", "delivered"], ("delivered", None, SID)),
        (TAKEN, ["failed", "delivered"], ("failed", "30005", SID)),
        (Response("", status=500), ["delivered"], ("delivered", None, SID)),
    ],
)
def test_a_receipt_that_comes_before_the_answer_counts(public, made, said, known):
    public.double.expect_request(MESSAGES, method="POST").respond_with_handler(receipts_of(public, made, *said))
    deliver(public)
    assert told(public, channel="sms") == known


def test_a_receipt_is_believed_only_of_the_message_that_its_address_names(public):
    public.double.expect_request(MESSAGES, method="POST").respond_with_json({}, status=500)
    deliver(public)
    assert told(public, channel="sms").state == "unknown"
    with public.app_context():
        wanted = select(Message.id).where(Message.channel == "sms", Message.kind == "confirmation")
        texted = db.session.execute(wanted).scalar_one()
    right = receipt_url("", texted, 1, public.config["SECRET_KEY"])
    wrong = [right[:-1], right.replace("-1&", "-2&"), "/webhooks/twilio/status?of=&key=", "/webhooks/twilio/status"]
    form = {"MessageSid": SID, "MessageStatus": "failed"}
    client = public.test_client()
    for path in [*wrong, receipt_url("", texted, 2, public.config["SECRET_KEY"])]:
        assert client.post(path, data=form, headers=_signed(public, path, form)).status_code == 204
        assert told(public, channel="sms").state == "unknown"
    client.post(right, data=form, headers=_signed(public, right, form))
    assert told(public, channel="sms").state == "failed"


def test_stop_ends_texts_and_start_brings_them_back(twilio):
    client = twilio.test_client()
    path = "/webhooks/twilio/inbound"
    for word, state in [("STOP", "opted_out"), ("start", "good")]:
        form = {"From": "+4915123456789", "Body": word}
        client.post(path, data=form, headers=_signed(twilio, path, form))
        with twilio.app_context():
            assert db.session.execute(select(Contact.state).where(Contact.kind == "phone")).scalar_one() == state
