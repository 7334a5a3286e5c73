"""In the pseudo-language everything that a reader is told stands in brackets: what does not has escaped translation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup, NavigableString
from sqlalchemy import select, update

from actions import cancel, confirm, move
from models.base import db
from models.booking import Booking
from models.outbox import Message
from models.snapshot import catalogue
from notifications import dispatch, jobs
from notifications.outcome import Sent
from tests.factories import HANNAH, TOM, booked
from tests.portal.test_journey import form_of, tree
from wire.links import manage_token

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
    return outside(answer.data)


def outside(html: bytes | str) -> list[str]:
    page = BeautifulSoup(html, "html.parser")
    for hidden in page(["script", "style"]):
        hidden.decompose()
    # What holds a day together, or makes it strong, stands inside of a sentence.
    for held in page(class_="whole") + page("span", style="white-space:nowrap"):
        held.unwrap()
    page.smooth()
    texts = [str(node) for node in page.find_all(string=True) if type(node) is NavigableString]
    texts += [element[name] for element in page.find_all(True) for name in READ_ALOUD if element.get(name)]
    return bare(texts)


def bare(texts: Iterable[str]) -> list[str]:
    """Those of the texts that have words or figures outside of the brackets."""
    found, own = [], own_words()
    for text in texts:
        left = text
        while BRACKETS.search(left):
            left = BRACKETS.sub(" ", left)
        for word in own:
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


def test_no_word_of_what_is_said_when_a_time_is_lost_escapes(clinic, clock):
    clinic.set_cookie("lang", "xx")
    start = datetime(2026, 12, 8, 8, tzinfo=UTC)
    for person in ("dr-yilmaz", "dr-braun"):
        booked("check-up", clock.now, start=start, resources=[person], customer=TOM)
    for wanted in (start, start + timedelta(hours=12), start - timedelta(days=20), start + timedelta(days=300)):
        lost = clinic.post("/book/check-up", data={"start": wanted.isoformat()})
        assert lost.status_code in (409, 422)
        assert escaped(lost) == []


def test_no_word_of_a_change_escapes(clinic, clock, app):
    clinic.set_cookie("lang", "xx")
    made = booked("check-up", clock.now, start=datetime(2026, 12, 8, 8, tzinfo=UTC)).booking
    page, query = f"/b/{made.reference}", {"t": manage_token(made, app.config["SECRET_KEY"])}
    new = "2026-12-10T14:00:00Z"
    for path, more in [("/move", {"day": "2026-12-10"}), ("/move/confirm", {"start": new}), ("/cancel", {})]:
        shown = clinic.get(page + path, query_string={**query, **more})
        assert shown.status_code == 200
        assert escaped(shown) == []
    for path, data in [("/move", {"start": new}), ("/cancel", {"reason": "Ill"})]:
        done = clinic.post(page + path, data={**query, **data}, query_string=query)
        assert done.status_code == 303
        assert [each for each in escaped(clinic.get(done.headers["Location"])) if "Ill" not in each] == []
    clock.set("2026-12-09T12:00:00Z")
    assert [each for each in escaped(clinic.get(page, query_string=query)) if "Ill" not in each] == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/nothing", None),
        ("PUT", "/services", None),
        ("GET", "/services/nothing/slots", None),
        ("GET", "/services/check-up/slots?from=2026-12-08&to=2026-12-01&seats=x", None),
        ("POST", "/bookings", {"service": "check-up", "start": "2026-12-08T08:01:00Z", "customer": HANNAH}),
        ("POST", "/bookings", {"service": "check-up", "start": "2026-12-08T20:00:00Z", "customer": HANNAH}),
        ("POST", "/bookings", {"service": "check-up", "start": "2028-12-08T08:00:00Z", "customer": HANNAH}),
        ("POST", "/bookings", {"service": "check-up", "start": "x", "customer": {"phone": "1", "email": "x@"}, "y": 1}),
        ("POST", "/bookings", {"hold": "x" * 32, "customer": HANNAH}),
        ("POST", "/bookings", []),
    ],
)
def test_no_word_of_a_problem_escapes(clinic, method, path, body):
    headers = {"Accept-Language": "xx", "Idempotency-Key": "k"}
    answer = clinic.open(f"/api/v1{path}", method=method, json=body, headers=headers)
    assert answer.status_code >= 400
    said = [answer.json["title"], answer.json["detail"]]
    said += [each["detail"] for each in answer.json.get("errors", {}).values()]
    assert bare(said) == []


def test_no_word_of_what_is_sent_escapes(clinic, clock, monkeypatch):
    found = {}

    def keep(message, composed, settings, *, others, now):
        found[message.kind, message.channel] = composed
        return Sent("kept")

    monkeypatch.setattr(jobs, "_send", keep)
    start = datetime(2026, 12, 8, 8, tzinfo=UTC)
    wish = confirm.Wish("check-up", start, resources=["dr-yilmaz"])
    made = confirm.confirm(wish=wish, customer=HANNAH, answers={}, locale="xx", now=clock.now).booking
    db.session.execute(update(Message).values(locale="xx"))
    db.session.commit()
    dispatch.deliver_due()
    move.move(reference=made.reference, start=start + timedelta(days=2, hours=6), now=clock.now)
    db.session.execute(update(Message).values(locale="xx"))
    db.session.commit()
    dispatch.deliver_due()
    cancel.cancel(reference=made.reference, now=clock.now)
    db.session.execute(update(Message).values(locale="xx"))
    db.session.commit()
    dispatch.deliver_due()
    assert {kind for kind, _ in found} >= {"confirmation", "moved", "cancelled", "staff_booked", "staff_moved"}
    links = re.compile(r"https?://[^\s⟦⟧]+")
    for composed in found.values():
        assert outside(links.sub("", composed.html or "")) == []
        assert bare([composed.subject, links.sub("", composed.text)]) == []


def test_the_test_sees_what_escapes(clinic):
    page = BeautifulSoup("<p>Hello 7</p>", "html.parser")

    class Answer:
        data = str(page).encode()

    assert escaped(Answer) == ["Hello 7"]
