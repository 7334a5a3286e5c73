"""Links that do not open: one page for all of them, and as much work for one as for another."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import update

from models import bookings
from models.base import db
from models.booking import Booking
from models.bookings import BookingView
from tests.factories import booked
from tests.support.statements import statements
from tests.support.time import Clock
from wire import links

OTHER_KEY = "another secret key, forty letters long!!"


@dataclass
class Work:
    """What an answer took: the statements in the order in which they were asked, and how often two signatures were compared."""

    statements: list[str]
    compared: int = 0


@contextmanager
def noted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Notes the work of what happens inside."""
    work, real = Work([]), hmac.compare_digest

    def compare(one: bytes, other: bytes) -> bool:
        work.compared += 1
        return real(one, other)

    with monkeypatch.context() as patched, statements() as work.statements:
        patched.setattr(hmac, "compare_digest", compare)
        yield work


@dataclass(frozen=True, slots=True)
class Cast:
    """A booking with a link that opens, and links that do not: what each is, its reference and its token."""

    mine: BookingView
    odd: dict[str, tuple[str, str]]


def cast(app: Flask, clock: Clock, token: Callable[..., str], elsewhere: Callable[..., str]) -> Cast:
    """``token`` makes those that open, ``elsewhere`` those of another purpose."""
    key = app.config["SECRET_KEY"]
    old = booked("check-up", clock.now).booking
    clock.tick(days=75)
    people = ({"name": name, "email": f"{name}@example.com"} for name in ("mine", "other", "ended"))
    mine, other, ended = (booked("check-up", clock.now, customer=each).booking for each in people)
    db.session.execute(update(Booking).where(Booking.id == ended.id).values(token_version=Booking.token_version + 1))
    db.session.commit()
    right = token(mine, key)
    tokens = {
        "none": "",
        "short": right[:-1],
        "one letter": "x",
        "wrong": right[:-1] + ("A" if right[-1] != "A" else "B"),
        "long": "x" * 10_000,
        "right and more": right + "x" * 10_000,
        "not ASCII": "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 22,
        "another's": token(other, key),
        "another purpose": elsewhere(mine, key),
        "another key": token(mine, OTHER_KEY),
    }
    odd = {what: (mine.reference, each) for what, each in tokens.items()}
    odd |= {"revoked": (ended.reference, token(ended, key)), "expired": (old.reference, token(old, key))}
    places = {"nobody's": "K7MQ4XWT", "short": "K7M", "no reference": "0000-IIII", "long": "K" * 10_000}
    return Cast(mine, odd | {f"reference: {what}": (each, right) for what, each in places.items()})


DOORS: dict[str, tuple[str, Callable[..., str], Callable[..., str]]] = {
    "manage": ("/b/{}", links.manage_token, links.feedback_token),
    "calendar": ("/b/{}/calendar.ics", links.manage_token, links.feedback_token),
    "cancel": ("/b/{}/cancel", links.manage_token, links.feedback_token),
    "feedback": ("/f/{}", links.feedback_token, links.manage_token),
    "program": ("/api/v1/bookings/{}", links.manage_token, links.feedback_token),
}


@pytest.mark.parametrize("door", DOORS)
def test_whatever_does_not_open_gets_one_page_for_the_same_work(
    load_business: Callable[..., Any], app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch, door: str
):
    load_business("clinic")
    path, token, elsewhere = DOORS[door]
    found, visitor = cast(app, clock, token, elsewhere), app.test_client()

    def ask(reference: str, token: str) -> Any:
        if door == "program":
            # A header is Latin-1: what else is typed there never comes in.
            bearer = token.encode("ascii", "replace").decode()
            return visitor.get(path.format(reference), headers={"Authorization": f"Bearer {bearer}"})
        return visitor.get(path.format(reference) + f"?t={quote(token)}")

    # What is kept of the first answer is there for the others.
    ask(*found.odd["wrong"])
    with noted(monkeypatch) as plain:
        first = ask(*found.odd["wrong"])
    assert first.status_code == 404
    assert plain.compared == 1
    for what, given in found.odd.items():
        with noted(monkeypatch) as work:
            answer = ask(*given)
        assert (answer.status_code, answer.data) == (404, first.data), what
        assert work == plain, what
    # The control: the right one opens, and is seen to be more work.
    with noted(monkeypatch) as work:
        assert ask(found.mine.reference, token(found.mine, app.config["SECRET_KEY"])).status_code == 200
    assert work.compared == 1
    assert len(work.statements) > len(plain.statements)


@pytest.mark.parametrize("door", ["manage", "feedback", "program"])
def test_a_link_that_ends_while_it_is_looked_at_brings_no_new_one(
    load_business: Callable[..., Any], app: Flask, clock: Clock, monkeypatch: pytest.MonkeyPatch, door: str
):
    load_business("clinic")
    path, token, _ = DOORS[door]
    mine = booked("check-up", clock.now).booking
    old, real = token(mine, app.config["SECRET_KEY"]), bookings.linked

    def then_ended(*given: Any) -> Any:
        found = real(*given)
        db.session.execute(update(Booking).values(token_version=Booking.token_version + 1))
        db.session.commit()
        return found

    monkeypatch.setattr(bookings, "linked", then_ended)
    given: dict[str, Any] = {"headers": {"Authorization": f"Bearer {old}"}} if door == "program" else {}
    asked = path.format(mine.reference) + ("" if given else f"?t={old}")
    assert app.test_client().get(asked, **given).status_code == 404
