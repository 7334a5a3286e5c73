"""A field that is left while the form is still open: questions that depend on others, ways that stand in for each other,
consents, looking for a booking; and nothing is counted, held longer or found out with it."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from actions import consenting
from models.base import db
from models.booking import Booking, Hold
from tests.factories import HANNAH, booked
from tests.portal.test_journey import form_of, hold_first, tree
from web.limits import WRONG_BY_VISITOR

DETAILS = "/book/ultrasound/details"


@pytest.fixture
def clinic(load_business, client):
    load_business("clinic")
    return client


def told(client, path, *fields, **typed):
    """The sentences at these fields, when so much was typed."""
    answer = client.post(f"{path}/check", data={**typed, "field": list(fields)})
    assert answer.status_code in (200, 204), answer.data
    page = tree(answer)
    assert [each["id"] for each in page.find_all(class_="error")] == [
        f"{name}-error" for name in fields if page.find(id=f"{name}-error")
    ]
    return {name: page.find(id=f"{name}-error").get_text() for name in fields if page.find(id=f"{name}-error")}


def test_a_question_that_is_not_asked_has_nothing_wrong(clinic):
    hold_first(clinic, "ultrasound")
    fields = ("q_referral", "q_referred_by")
    needed = "This is needed."
    assert told(clinic, DETAILS, *fields) == {"q_referral": needed}
    assert told(clinic, DETAILS, *fields, q_referral="no", q_referred_by="x" * 500) == {}
    assert told(clinic, DETAILS, *fields, q_referral="yes", q_referred_by=" ") == {"q_referred_by": needed}
    long = "This is too long: at most 120 characters."
    assert told(clinic, DETAILS, *fields, q_referral="yes", q_referred_by="x" * 121) == {"q_referred_by": long}
    assert told(clinic, DETAILS, *fields, q_referral="maybe") == {"q_referral": "Yes or no is needed."}


def test_an_e_mail_stands_in_for_a_phone_and_a_wrong_one_for_nothing(clinic):
    hold_first(clinic)
    path, both = "/book/check-up/details", ("phone", "email")
    assert told(clinic, path, *both) == {"phone": "A phone number or an e-mail address is needed."}
    assert told(clinic, path, *both, email=HANNAH["email"]) == {}
    unfinished = "Something is missing after the @. For example: name@example.com"
    assert told(clinic, path, *both, email="hannah@") == {"email": unfinished}


def test_what_has_to_be_agreed_to_is_told_in_the_readers_language(clinic, clock):
    said = {"en": "I am over 14.", "zh": "我已满 14 周岁。"}
    consenting.write_text(purpose="minor", said=said, asked=True, needed=True, actor="staff:1", now=clock.now)
    hold_first(clinic)
    page = clinic.get("/book/check-up/details?lang=zh")
    ticked = tree(page).find(id="consent_minor")["value"]
    needed, agree = "这一项需要填写。", "不同意此项则无法预约。"
    refused = told(clinic, "/book/check-up/details", "consent_minor", "name")
    assert refused == {"consent_minor": agree, "name": needed}
    assert told(clinic, "/book/check-up/details", "consent_minor", consent_minor=ticked) == {}
    assert told(clinic, "/book/check-up/details", "consent_minor", consent_minor="x") == {"consent_minor": agree}


def test_looking_at_a_field_holds_nothing_longer_and_what_is_over_still_has_its_form(clinic, clock):
    hold_first(clinic)
    until = db.session.execute(select(Hold.expires_at)).scalar_one()
    clock.tick(minutes=9)
    assert told(clinic, "/book/check-up/details", "email", email="hannah@")
    db.session.rollback()
    assert db.session.execute(select(Hold.expires_at)).scalar_one() == until
    clock.tick(minutes=2)
    assert told(clinic, "/book/check-up/details", "email", email="hannah@")
    assert clinic.get("/book/check-up/details").status_code == 409


def test_once_it_is_booked_nothing_of_it_comes_back(clinic):
    _, details = hold_first(clinic)
    action, hidden = form_of(clinic.get(details), "name")
    assert clinic.post(action, data={**hidden, **HANNAH}).status_code == 303
    assert told(clinic, details, "name", "email", name="", email="x") == {
        "name": "This is needed.",
        "email": "Something is missing after the @. For example: name@example.com",
    }
    assert db.session.execute(select(Booking.name)).scalars().all() == [HANNAH["name"]]


ODD = "A reference has 8 letters and figures, never 0 or O, 1, I or L among them. For example: K7MQ 4XWT"
FIND = [
    ("", "", {"reference": "This is needed.", "contact": "This is needed."}),
    (
        "K7M",
        "hannah@",
        {"reference": ODD, "contact": "Something is missing after the @. For example: name@example.com"},
    ),
    ("K7MQ-4XW0", "hannah", {"reference": ODD, "contact": "A phone number or an e-mail address is needed."}),
    ("k7mq 4xwt", "030 1", {"contact": "This number does not have the right length."}),
    ("Ｋ７ＭＱ４ＸＷＴ", "+86 138 0013 8000", {}),
]


@pytest.mark.parametrize(("reference", "contact", "wrong"), FIND, ids=[reference for reference, *_ in FIND])
def test_what_cannot_be_a_reference_or_a_contact_is_told_on_leaving_and_on_sending(clinic, reference, contact, wrong):
    typed = {"reference": reference, "contact": contact}
    assert told(clinic, "/find", "reference", "contact", **typed) == wrong
    sent = clinic.post("/find", data=typed)
    assert sent.status_code == 404
    page = tree(sent)
    assert {name: page.find(id=f"{name}-error").get_text() for name in typed if page.find(id=f"{name}-error")} == wrong


def test_leaving_a_field_finds_no_booking_out_and_counts_as_no_try(load_business, make_app, clock):
    load_business("clinic")
    made = booked("check-up", clock.now).booking
    app = make_app(RATE_LIMITS="on")
    app.config["WTF_CSRF_ENABLED"] = False
    visitor, tries = app.test_client(), int(WRONG_BY_VISITOR.split("/")[0])
    answers = {
        visitor.post(
            "/find/check", data={"reference": reference, "contact": contact, "field": ["reference", "contact"]}
        ).data
        for reference in (made.reference, "ZZZZZZZZ")
        for contact in (HANNAH["email"], "other@example.com", HANNAH["phone"])
        for _ in range(tries)
    }
    assert answers == {b""}
    found = visitor.post("/find", data={"reference": made.reference, "contact": HANNAH["email"]})
    assert found.status_code == 303
