"""Every hostile case through every field of every form."""

from __future__ import annotations

from unicodedata import category, normalize

import pytest
from sqlalchemy import func, select

from models.base import db
from models.booking import Booking
from rules import text
from tests.hostile import readers
from tests.hostile.cases import MAILS, NUMBERS, PHONES, STARTS, TEXTS, WORDS, ZONES
from tests.hostile.doors import CUSTOMER, tree
from tests.hostile.readers import blanks

pytestmark = pytest.mark.many
GOOD_AFTER_ALL = {("q_sure", "true"), ("q_sure", "1"), ("q_sure", "0"), ("q_born", "2026-12-01")}
# Stars are a number, too.
GOOD_AFTER_ALL |= {("q_liked", each) for each in ("1", "３", " 3 ", "+3")}
TEXT_FIELDS = {"name": 100, "company": 120, "q_line": 200, "q_short": 20, "q_story": 2000, "q_why": 200}


def count():
    db.session.rollback()
    return db.session.execute(select(func.count()).select_from(Booking)).scalar_one()


def latest():
    return db.session.execute(select(Booking).order_by(Booking.id.desc()).limit(1)).scalar_one()


def stored(booking, field):
    return booking.answers.get(field[2:]) if field.startswith("q_") else getattr(booking, field)


def test_the_fields_are_these(visitor):
    """A new field joins by itself; here one sees which there are."""
    form = visitor.details()
    assert set(form.of("text")) == set(TEXT_FIELDS)
    assert form.of("number") == ["q_people", "q_metres"]
    assert form.of("phone") == ["phone", "q_second"]
    assert form.of("email") == ["email", "q_copy"]
    assert set(form.of("choice")) == {"change", "q_sure", "q_topic", "q_extras", "q_liked"}


# On the database that takes less: no zero byte, no half of a character, no number beyond its column.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_every_text_in_every_text_field(visitor, app, clock):
    names = []
    for id, value, fate in TEXTS:
        refusing = [field for field, longest in TEXT_FIELDS.items() if len(value) > longest]
        if fate == "refused" and not refusing:
            refusing = ["name"]  # the others may be left out
        if refusing:
            _refused(visitor, id, value, refusing)
        taking = [field for field in TEXT_FIELDS if field not in refusing]
        if taking:
            names.append(_taken(visitor, id, value, fate, taking))
    readers.sent(app, clock.now, "".join(value for _, value, _ in TEXTS))
    readers.subscribed(visitor.client, clock.now, *names)


def _refused(visitor, id, value, fields):
    """A sentence at each field; what was typed is kept, there and elsewhere; nothing is booked."""
    form, before = visitor.details(), count()
    answer = visitor.client.post(form.action, data={**form.values, "q_sure": "yes", **dict.fromkeys(fields, value)})
    page = tree(answer)
    assert answer.status_code == 422, id
    readers.nothing_runs(page)
    for field in fields:
        assert page.find(id=f"{field}-error").get_text(strip=True), (id, field)
        kept = page.find(id=field)
        assert blanks(kept.get_text() if kept.name == "textarea" else kept["value"]) == blanks(value), (id, field)
    assert page.find(id="phone")["value"] == CUSTOMER["phone"]
    assert page.find("input", {"name": "q_sure", "value": "yes"}).has_attr("checked")
    assert count() == before, id


def _taken(visitor, id, value, fate, fields):
    """Stored as it is, or without what cannot be shown; read back as text. Gives the name of the booking."""
    form = visitor.details()
    answer = visitor.client.post(form.action, data={**form.values, "q_sure": "yes", **dict.fromkeys(fields, value)})
    assert answer.status_code == 303, (id, tree(answer).find_all(class_="error"))
    booking = latest()
    for field in fields:
        found = stored(booking, field)
        if fate == "refused":
            assert found is None, (id, field)
        elif fate == "kept":
            assert found == value, (id, field)
        else:
            assert found, (id, field)
            assert found == normalize("NFC", found), (id, field)
            assert not any(category(each) == "Cc" and each != "\n" for each in found), (id, field)
    said = [stored(booking, field) for field in fields if field != "company"]
    readers.shown(visitor.client.get(answer.headers["Location"].replace("/confirmed", "")), *filter(None, said))
    readers.shown(visitor.client.get(answer.headers["Location"]))
    return booking.name


# What is a phone is judged before any database is asked.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_phone_in_every_field_of_a_phone(visitor):
    for field in visitor.details().of("phone"):
        for id, value, number in PHONES:
            form, before = visitor.details(), count()
            answer = visitor.client.post(form.action, data={**form.values, field: value})
            if number is None:
                assert answer.status_code == 422, (id, field)
                assert tree(answer).find(id=f"{field}-error").get_text(strip=True)
                assert count() == before
            else:
                assert answer.status_code == 303, (id, field)
                assert stored(latest(), field) == number


# Refused before any database is asked.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_mailbox_in_every_field_of_a_mailbox(visitor):
    for field in visitor.details().of("email"):
        for id, value, good in MAILS:
            form, before = visitor.details(), count()
            answer = visitor.client.post(form.action, data={**form.values, field: value})
            assert answer.status_code == (303 if good else 422), (id, field)
            assert count() == before + good
            if not good:
                assert tree(answer).find(id=f"{field}-error").get_text(strip=True)


# On the database that takes less: no zero byte, no half of a character, no number beyond its column.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_every_number_in_every_field_of_a_number(visitor):
    for field in visitor.details().of("number"):
        for id, value, number in NUMBERS:
            form = visitor.details()
            answer = visitor.client.post(form.action, data={**form.values, field: value})
            if field == "q_people":
                assert answer.status_code == (422 if number is None else 303), id
            assert answer.status_code in (303, 422), (id, field)
            if answer.status_code == 422:
                assert tree(answer).find(id=f"{field}-error").get_text(strip=True), (id, field)
            else:
                assert isinstance(stored(latest(), field), int | float), (id, field)
                assert number is None or stored(latest(), field) == number


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_what_is_no_option_date_or_time_is_refused_at_its_field(visitor):
    form, before = visitor.details(), count()
    fields = [*form.of("choice", "date", "time")]
    fields.remove("change")
    for field in fields:
        for id, value in [*WORDS, *((id, value) for id, value, _ in NUMBERS), *STARTS]:
            if text.blank(value) or (field, value) in GOOD_AFTER_ALL:
                continue
            answer = visitor.client.post(form.action, data={**form.values, field: value})
            assert answer.status_code == 422, (id, field)
            assert tree(answer).find(id=f"{field}-error").get_text(strip=True), (id, field)
    assert count() == before


# On the database that takes less: no zero byte, no half of a character, no number beyond its column.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_odd_things_in_every_other_field_of_every_form_fail_nowhere(visitor):
    """Hidden fields, buttons, pills: what a browser would never send. It is refused, or counts as not said."""
    numbers = [value for _, value, _ in NUMBERS]
    common = [value for _, value in WORDS] + numbers[::5]
    more = {"start": [value for _, value in STARTS], "seats": numbers, "length": numbers, "tz": ZONES}
    seen, before = set(), count()
    for form in list(visitor.every_form()):
        for field, kind in form.kinds.items():
            if kind not in ("hidden", "choice", "text") or (form.action.split("?")[0], form.method, field) in seen:
                continue
            seen.add((form.action.split("?")[0], form.method, field))
            for value in [*common, *more.get(field, ())]:
                answer = _submitted(visitor.client, form, {field: value})
                assert answer.status_code < 500, (form.action, field, value[:100])
                if "<" in value and answer.data:
                    readers.nothing_runs(tree(answer))
    assert {field for _, _, field in seen} >= {
        *("start", "location", "length", "with", "seats", "src", "key", "reason", "reference", "contact", "back", "tz"),
    }
    assert count() >= before


def _submitted(client, form, values):
    if form.method == "post":
        return client.post(form.action, data={**form.values, **values})
    return client.get(form.action, query_string={**form.values, **values})


# On the database that takes less: no zero byte, no half of a character, no number beyond its column.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_every_text_as_the_reason_of_a_cancellation(visitor, app, clock):
    reasons = [(id, value, fate) for id, value, fate in TEXTS if fate != "refused" or len(value) > 200]
    for id, value, _fate in reasons:
        path, _, query = visitor.booked().partition("?")
        answer = visitor.client.post(f"{path}/cancel?{query}", data={"reason": value, "revision": "0"})
        page = tree(answer)
        if len(value) > 200:
            assert (answer.status_code, latest().status) == (422, "confirmed"), id
            assert page.find(id="reason-error").get_text(strip=True), id
            assert page.find(id="reason")["value"] == value, id
        else:
            assert (answer.status_code, latest().status) == (303, "cancelled"), id
            assert latest().cancel_reason == text.line(value), id
    said = readers.sent(app, clock.now, "".join(value for _, value, _ in reasons))
    assert any("Reason: Win now www. spam. example. com/x" in each for each in said)
