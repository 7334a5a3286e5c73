"""Every hostile text through every field: refused at its field, or stored and shown as text. Never a failure."""

from __future__ import annotations

import html
import unicodedata

import icalendar
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from actions import contacts, feeds
from models.base import db
from models.booking import Booking
from models.outbox import Message
from models.snapshot import catalogue
from notifications.compose import compose
from rules.errors import FieldError
from tests.factories import HANNAH, free
from tests.hostile.cases import MAILS, PHONES, TEXTS


@pytest.fixture
def clinic(load_business, client, clock):
    load_business("clinic")
    return client


@pytest.mark.parametrize(("id", "value", "fate"), TEXTS, ids=[each[0] for each in TEXTS])
def test_a_name_through_the_api_and_everything_that_shows_it(clinic, app, clock, id, value, fate):
    start = free("check-up", clock.now)[0].start.isoformat()
    answer = clinic.post(
        "/api/v1/bookings",
        json={"service": "check-up", "start": start, "customer": {**HANNAH, "name": value}},
        headers={"Idempotency-Key": "k"},
    )
    if fate == "refused":
        assert answer.status_code == 422
        assert "customer.name" in answer.json["errors"]
        assert db.session.execute(select(Booking.id)).first() is None
        return
    assert answer.status_code == 201, answer.json
    stored = db.session.execute(select(Booking.name)).scalar_one()
    if fate == "kept":
        assert stored == unicodedata.normalize("NFC", value)
    assert not any(unicodedata.category(each) == "Cc" for each in stored)
    _shown_as_text(clinic, answer.json, stored)
    _sent_as_text(app, clock, stored)
    _read_by_calendars(clinic, clock, stored)


def _shown_as_text(client, made, stored):
    page = client.get(made["manage_url"].removeprefix("http://localhost"))
    tree = BeautifulSoup(page.data, "html.parser")
    assert stored.strip() in " ".join(tree.get_text().split()) or " ".join(stored.split()) in " ".join(
        tree.get_text().split()
    )
    assert tree.find("img", src="x") is None
    assert all(script.get("src") for script in tree.find_all("script"))


def _sent_as_text(app, clock, stored):
    known = catalogue(db.session())
    from models import bookings

    for message in db.session.execute(select(Message)).scalars().all():
        view = bookings.by_id(db.session(), message.object_id)
        told = compose(message, view, known, app.config["SETTINGS"], now=clock.now)
        assert "\n" not in told.subject
        assert "<script>" not in told.html
        if "www.spam" in stored:
            assert "www.spam.example" not in told.text


def _read_by_calendars(client, clock, stored):
    secret = feeds.add(location="park", now=clock.now)
    parsed = icalendar.Calendar.from_ical(client.get(f"/feeds/{secret}.ics").data)
    assert any(stored in str(event["summary"]) for event in parsed.walk("VEVENT"))


@pytest.mark.parametrize(("id", "value", "fate"), TEXTS, ids=[each[0] for each in TEXTS])
def test_an_answer_through_the_form(clinic, clock, id, value, fate):
    page = clinic.get("/book/ultrasound")
    start = BeautifulSoup(page.data, "html.parser").find("button", {"name": "start"})["value"]
    clinic.post("/book/ultrasound", data={"start": start})
    answer = clinic.post(
        "/book/ultrasound/details", data={**HANNAH, "q_referral": "yes", "q_referred_by": value, "key": "k"}
    )
    if fate == "refused":
        assert answer.status_code in (413, 422)
        return
    if answer.status_code == 422:  # the question takes 120 characters
        assert len(value) > 100
        return
    assert answer.status_code == 303
    stored = db.session.execute(select(Booking.answers)).scalar_one()["referred_by"]
    shown = clinic.get(answer.headers["Location"].replace("/confirmed", ""))
    assert shown.status_code == 200
    assert (
        html.escape(stored, quote=False)[:20] in shown.get_data(as_text=True)
        or stored[:5] in BeautifulSoup(shown.data, "html.parser").text
    )


@pytest.mark.parametrize(("id", "value", "expected"), PHONES, ids=[each[0] for each in PHONES])
def test_phones(id, value, expected):
    found = contacts.phone(value, region="CN")
    assert found == expected if expected else isinstance(found, FieldError)


@pytest.mark.parametrize(("id", "value", "good"), MAILS, ids=[each[0] for each in MAILS])
def test_mailboxes(id, value, good):
    assert isinstance(contacts.email(value), str) is good


def test_the_domain_is_lowered_and_the_local_part_is_not():
    assert contacts.email("Anna.Lee+visit@Example.COM") == "Anna.Lee+visit@example.com"
