"""In the pseudo-language everything that a reader is told stands in brackets: what does not has escaped translation."""

from __future__ import annotations

import re
from typing import Any

import pytest
from bs4 import BeautifulSoup, NavigableString
from sqlalchemy import select

from models.base import db
from models.booking import Booking
from models.snapshot import catalogue
from tests.factories import HANNAH
from tests.portal.test_journey import form_of, tree

BRACKETS = re.compile(r"⟦[^⟦⟧]*⟧")
READ_ALOUD = ("aria-label", "alt", "title", "abbr", "placeholder")


@pytest.fixture
def clinic(load_business, app, client):
    load_business("clinic")
    app.config["PSEUDO_LOCALE"] = True
    yield client
    app.config["PSEUDO_LOCALE"] = False


def own_words() -> list[str]:
    """What the business, the customer and the languages themselves say."""
    known = catalogue(db.session())
    texts: list[Any] = [known.business.name]
    for location in known.locations.values():
        texts += [location.name, location.address, location.directions, *location.day_names.values()]
    texts += [resource.name for resource in known.resources.values()]
    for service in known.services.values():
        texts += [service.name, service.description, service.before_visit, service.group]
        texts += [question["label"] for question in service.questions]
    said: list[str] = [part for text in texts if text for part in ([text] if isinstance(text, str) else text.values())]
    said += [
        "English",
        "中文",
        "Pseudo",
        "Hannah",
        *HANNAH.values(),
        "+49 1512 3456789",
        "+49151****6789",
        "h***@example.com",
        "EY",
        "JB",
        known.business.name[0],
    ]
    reference = db.session.execute(select(Booking.reference)).scalar()
    if reference:
        said += [reference, f"{reference[:4]} {reference[4:]}"]
    return sorted(set(said), key=len, reverse=True)


def escaped(answer) -> list[str]:
    """The visible or spoken texts of a page that have words or figures outside of the brackets."""
    page = tree(answer)
    for hidden in page(["script", "style", "option"]):
        hidden.decompose()
    texts = [str(node) for node in page.find_all(string=True) if type(node) is NavigableString]
    texts += [element[name] for element in page.find_all(True) for name in READ_ALOUD if element.get(name)]
    found = []
    for text in texts:
        left = text
        while BRACKETS.search(left):
            left = BRACKETS.sub(" ", left)
        for word in own_words():
            left = left.replace(word, " ")
        if re.search(r"\w", left):
            found.append(" ".join(text.split()))
    return found


def get(client, path):
    return client.get(path + ("&" if "?" in path else "?") + "lang=xx")


@pytest.mark.parametrize(
    "path", ["/", "/book/check-up", "/book/ultrasound?day=2026-12-24", "/find", "/accessibility", "/nothing", "/zone"]
)
def test_no_word_of_a_page_escapes(clinic, path):
    assert escaped(get(clinic, path)) == []


def test_no_word_of_a_booking_escapes(clinic):
    clinic.set_cookie("lang", "xx")
    clinic.set_cookie("tz", "Asia/Shanghai")
    page = clinic.get("/book/ultrasound?day=2026-12-08")
    assert escaped(page) == []
    action, hidden = form_of(page)
    start = tree(page).find("button", {"name": "start"})["value"]
    details = clinic.post(action, data={**hidden, "start": start}).headers["Location"]
    assert escaped(clinic.get(details)) == []
    action, hidden = form_of(clinic.get(details), "name")
    assert escaped(clinic.post(action, data={**hidden, "phone": "110", "email": "x@"})) == []
    done = clinic.post(action, data={**hidden, **HANNAH, "q_referral": "no"})
    confirmed = done.headers["Location"]
    for each in ("/confirmed", "", "/cancel", "/move"):
        assert escaped(clinic.get(confirmed.replace("/confirmed", each))) == []


def test_the_test_sees_what_escapes(clinic):
    page = BeautifulSoup("<p>Hello 7</p>", "html.parser")

    class Answer:
        data = str(page).encode()

    assert escaped(Answer) == ["Hello 7"]
