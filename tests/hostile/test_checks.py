"""Every hostile case in a field that somebody has just left: it is told what sending would tell, word for word, and no more."""

from __future__ import annotations

import io
from itertools import zip_longest

import pytest
from sqlalchemy import event, func, select

from models.base import db
from models.booking import Hold
from tests.hostile import readers
from tests.hostile.cases import MAILS, NUMBERS, PHONES, STARTS, TEXTS, WORDS
from tests.hostile.doors import tree

# What is judged does not depend on the database.
pytestmark = [pytest.mark.many, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

CASES = {
    ("text",): [value for _, value, _ in TEXTS],
    ("phone",): [value for _, value, _ in PHONES],
    ("email",): [value for _, value, _ in MAILS],
    ("number",): [value for _, value, _ in NUMBERS],
    ("choice", "date", "time"): [value for _, value in [*WORDS, *STARTS]],
}


@pytest.fixture
def written():
    """The statements that change something, from here on."""
    found = []

    def note(_connection, _cursor, statement, *_more):
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            found.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    yield found
    event.remove(db.engine, "before_cursor_execute", note)


def sentences(answer):
    """What a reader sees said of each field of a form."""
    return {
        each["id"].removesuffix("-error"): each.get_text(strip=True)
        for each in tree(answer).find_all(class_="error")
        if not each.has_attr("hidden")
    }


def test_a_field_that_is_left_is_told_what_sending_tells(visitor, written):
    form = visitor.details()
    fields = {field: values for kinds, values in CASES.items() for field in form.of(*kinds) if field != "change"}
    before = db.session.execute(select(Hold.expires_at)).scalars().all()
    written.clear()
    said = 0
    # One value of every field at a time; the name is left out, so that sending books nothing either.
    for row in zip_longest(*({(field, value) for value in values} for field, values in fields.items())):
        data = {**form.values, **dict(filter(None, row)), "name": ""}
        asked = visitor.client.post(f"{form.action}/check", data={**data, "field": [*fields, "name", "nothing"]})
        assert asked.status_code == 200
        assert "Set-Cookie" not in asked.headers
        readers.nothing_runs(tree(asked))
        assert not written
        sent = visitor.client.post(form.action, data=data)
        assert sent.status_code == 422
        assert sentences(asked) == sentences(sent)
        said += len(sentences(asked))
        written.clear()
    assert said > 300
    db.session.rollback()
    assert db.session.execute(select(Hold.expires_at)).scalars().all() == before


def test_only_what_is_asked_for_is_told_and_odd_names_are_nothing(visitor):
    form = visitor.details()
    path, data = f"{form.action}/check", {**form.values, "email": "nobody@", "phone": "1", "q_people": "99"}
    assert set(sentences(visitor.client.post(path, data={**data, "field": "email"}))) == {"email"}
    assert set(sentences(visitor.client.post(path, data={**data, "field": ["q_people", "phone"]}))) == {
        "phone",
        "q_people",
    }
    for odd in (
        "",
        "name",
        "csrf_token",
        "start",
        "customer.email",
        "answers.people",
        "people",
        "\0",
        '"><img src=x>',
        "x" * 9000,
    ):
        answer = visitor.client.post(path, data={**data, "field": odd})
        assert (answer.status_code, answer.data) == (204, b""), odd
    # Very many fields are no way to keep the house busy.
    assert visitor.client.post(path, data={**data, "field": ["x"] * 20_000}).status_code in (204, 413)


def test_who_holds_no_time_there_is_told_nothing(visitor, app):
    form = visitor.details()
    data = {**form.values, "email": "nobody@", "field": "email"}
    stranger = app.test_client()
    for path in (
        f"{form.action}/check",
        "/book/class/details/check",
        "/book/inside/details/check",
        "/book/nothing/details/check",
    ):
        assert stranger.post(path, data=data).status_code == 204, path
    assert visitor.client.post("/book/class/details/check", data=data).status_code == 204
    assert db.session.execute(select(func.count()).select_from(Hold)).scalar_one() == 1


def test_a_file_that_is_kept_already_is_not_missed(visitor):
    form = visitor.details("paper")
    letter = (io.BytesIO(b"Dear all"), "letter.txt")
    sent = visitor.client.post(form.action, data={**form.values, "name": "", "q_letter": letter})
    asked = visitor.client.post(f"{form.action}/check", data={**form.values, "name": "", "field": ["name", "q_letter"]})
    assert sentences(asked) == sentences(sent) == {"name": "This is needed."}
