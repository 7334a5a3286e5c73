"""The key of the house is changed: with the earlier one beside it everything of before goes on, without it nothing does."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from actions import passwords, upkeep
from backoffice import access
from models.base import db
from models.people import Staff
from notifications.worker import tick
from tests.backoffice.test_keys import secret_in
from tests.factories import HANNAH, booked, free
from tests.portal.test_frames import Frame
from tests.support.staff import PASSWORD, account, code_of, email_of, second_factor
from tests.support.time import Clock
from tests.support.web import Visitor, token_in
from wire import links

OLDER, OLD, NEW = "o" * 40, "e" * 40, "n" * 40
COOKIES = ("session", "desk", "desk-device")


@pytest.fixture
def before(load_business: Callable[..., Any], make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The clinic as it was before its key was changed."""
    load_business("clinic")
    app = make_app(SECRET_KEY=OLD)
    with app.app_context():
        yield app


@pytest.fixture(params=[True, False], ids=["kept", "dropped"])
def kept(request: pytest.FixtureRequest) -> bool:
    """Whether the earlier key still stands beside the new one; where it does not, the test is its own control."""
    return bool(request.param)


@pytest.fixture
def after(before: Flask, make_app: Callable[..., Flask], kept: bool) -> Flask:
    """The same house with another key."""
    return make_app(SECRET_KEY=NEW, **({"SECRET_KEY_FALLBACKS": f"{OLD},{OLDER}"} if kept else {}))


def moved(visitor: Visitor, to: Flask) -> Visitor:
    """The same browser before the house as it is now."""
    found = to.test_client()
    assert isinstance(found, Visitor)
    for name in COOKIES:
        if cookie := visitor.get_cookie(name):
            found.set_cookie(name, cookie.value)
    return found


def signed_in(app: Flask, id: int) -> Visitor:
    """A browser in which this account is signed in by the form with its token."""
    visitor = app.test_client()
    assert isinstance(visitor, Visitor)
    assert sign_in(visitor, id).status_code == 303
    return visitor


def sign_in(visitor: Visitor, id: int) -> Any:
    token = token_in(visitor.get("/desk/sign-in").text)
    return visitor.post("/desk/sign-in", data={"csrf_token": token, "email": email_of(id), "password": PASSWORD})


# Links


def test_links_of_before_open(before: Flask, after: Flask, kept: bool, clock: Clock):
    made, staff = booked("check-up", clock.now).booking, db.session.get_one(Staff, account())
    visitor, until = after.test_client(), clock.now + timedelta(hours=1)
    for key in (OLD, OLDER):
        for address in (
            links.manage_url("", made, key),
            links.calendar_url("", made, key),
            links.feedback_url("", made, key),
            links.account_url("", staff.id, staff.password_hash, until, key),
        ):
            assert visitor.get(address).status_code == (200 if kept else 404), address
        bearer = {"Authorization": f"Bearer {links.manage_token(made, key)}"}
        found = visitor.get(f"/api/v1/bookings/{made.reference}", headers=bearer)
        assert found.status_code == (200 if kept else 404)
        receipt = links.sign(key, "receipt", "7-1")[:22]
        assert links.receipt_of("7-1", receipt, after.config["SETTINGS"].secret_keys) == ((7, 1) if kept else None)


def test_links_of_before_open_nothing_else(before: Flask, after: Flask, clock: Clock):
    mine, other = (booked("check-up", clock.now, customer={**HANNAH, "name": name}).booking for name in ("A", "B"))
    visitor = after.test_client()
    for token in (links.manage_token(other, OLD), links.feedback_token(mine, OLD), links.manage_token(mine, "x" * 40)):
        assert visitor.get(f"/b/{mine.reference}?t={token}").status_code == 404


@pytest.mark.parametrize("kept", [True], indirect=True)
def test_pages_that_an_old_link_opens_lead_on_by_new_ones(before: Flask, after: Flask, clock: Clock):
    made = booked("check-up", clock.now).booking
    address = links.manage_url("", made, OLD).replace("?", "/confirmed?")
    page = BeautifulSoup(after.test_client().get(address).data, "html.parser")
    # The one to the same page in the other language apart.
    found = [each["href"] for each in page.find_all("a", href=re.compile("[?&]t="), hreflang=False)]
    assert len(found) == 2
    assert [each for each in found if links.manage_token(made, NEW) not in each] == []


def test_what_is_made_now_is_signed_with_the_new_key(before: Flask, after: Flask, clock: Clock):
    made = booked("check-up", clock.now).booking
    visitor = after.test_client()
    token = token_in(visitor.get("/find").text)
    form = {"csrf_token": token, "reference": made.reference, "contact": HANNAH["email"]}
    assert visitor.post("/find", data=form).headers["Location"].endswith(f"?t={links.manage_token(made, NEW)}")


# Browsers


def test_a_form_that_was_open_can_be_sent(before: Flask, after: Flask, kept: bool):
    visitor = signed_in(before, account())
    form = {"csrf_token": token_in(visitor.get("/desk/account/keys").text), "name": "Till", "days": "30"}
    now = moved(visitor, after)
    assert now.get("/desk/account").status_code == 200
    sent = now.post("/desk/account/keys", data=form)
    assert sent.status_code == (200 if kept else 403)
    assert bool(secret_in(sent.text)) == kept


def test_what_is_held_stays_with_its_browser(before: Flask, after: Flask, kept: bool, clock: Clock):
    visitor = before.test_client()
    page = visitor.get("/book/check-up").text
    start = free("check-up", clock.now)[0].start.isoformat()
    held = visitor.post("/book/check-up", data={"csrf_token": token_in(page), "start": start}).headers["Location"]
    assert held == "/book/check-up/details"
    assert moved(visitor, after).get(held).status_code == (200 if kept else 302)


def test_a_visitor_of_a_frame_stays_the_same(before: Flask, after: Flask, kept: bool):
    frame = Frame(before, "/embed/check-up")
    frame.take()
    held = frame.title
    frame.app = after
    frame.get(frame.address)
    assert (frame.title == held) == kept


def test_a_browser_of_hers_is_known(before: Flask, after: Flask, kept: bool):
    owner = account()
    visitor = moved(signed_in(before, owner), after)
    mark = visitor.get_cookie("desk-device")
    with after.test_request_context(headers={"Cookie": f"desk-device={mark.value}"}):
        assert access.is_known_device(email_of(owner)) == kept
    # Signing in once more leaves one mark of hers that is known, by the new key.
    visitor.delete_cookie("desk")
    assert sign_in(visitor, owner).status_code == 303
    again = visitor.get_cookie("desk-device").value.split(".")
    assert again[0] == links.sign(NEW, "device", owner)
    assert len(again) == (1 if kept else 2)


# What was sent twice


def test_a_held_time_is_found_by_the_same_call(before: Flask, after: Flask, kept: bool, clock: Clock):
    body = {"service": "check-up", "start": free("check-up", clock.now)[0].start.isoformat()}
    given: dict[str, Any] = {"json": body, "headers": {"Idempotency-Key": "one"}}
    first = before.test_client().post("/api/v1/holds", **given)
    again = after.test_client().post("/api/v1/holds", **given)
    assert first.status_code == 201
    assert again.status_code == (201 if kept else 404)
    if kept:
        assert (again.json["hold"], again.headers["Idempotent-Replayed"]) == (first.json["hold"], "true")


def test_a_form_for_a_key_that_is_sent_twice_makes_one(before: Flask, after: Flask, kept: bool):
    visitor = signed_in(before, account())
    form = {
        "csrf_token": token_in(visitor.get("/desk/account/keys").text),
        "key": "one form",
        "name": "Till",
        "days": "30",
    }
    first = secret_in(visitor.post("/desk/account/keys", data=form).text)
    now = moved(visitor, after)
    # Without the earlier key its token is refused; a fresh one stands for a page that was opened since.
    form["csrf_token"] = token_in(now.get("/desk/account/keys").text)
    again = secret_in(now.post("/desk/account/keys", data=form).text)
    assert first
    assert again
    assert (again == first) == kept


# Second factors


@pytest.fixture
def sealed(before: Flask, clock: Clock) -> tuple[int, str]:
    """An account with a second factor of before, and the secret of its generator."""
    owner = account()
    secret, _ = second_factor(owner, before, clock.now)
    clock.tick(minutes=1)
    return owner, secret


def by_code(app: Flask, sealed: tuple[int, str], clock: Clock) -> int:
    """Signs in with password and code; what the code is answered with."""
    visitor = signed_in(app, sealed[0])
    token = token_in(visitor.get("/desk/sign-in/code").text)
    code = code_of(sealed[1], clock.now)
    return visitor.post("/desk/sign-in/code", data={"csrf_token": token, "code": code}).status_code


def test_a_second_factor_of_before_is_asked_for_and_taken(after: Flask, sealed: Any, kept: bool, clock: Clock):
    assert by_code(after, sealed, clock) == (303 if kept else 422)


def test_the_worker_seals_it_anew_so_that_the_earlier_key_can_go(
    before: Flask, after: Flask, sealed: Any, kept: bool, make_app: Callable[..., Flask], clock: Clock
):
    with after.app_context():
        tick()
    db.session.rollback()
    stored = db.session.scalars(select(Staff.second_factor).where(Staff.id == sealed[0])).one()
    assert passwords.opened(stored, (NEW,)) == (sealed[1] if kept else None)
    assert passwords.opened(stored, (OLD,)) == (None if kept else sealed[1])
    assert by_code(make_app(SECRET_KEY=NEW), sealed, clock) == (303 if kept else 422)


def test_what_is_sealed_with_the_new_key_stays_as_it_is(before: Flask, sealed: Any, clock: Clock):
    keys = (NEW, OLD, OLDER)
    assert upkeep.sweep(now=clock.now, keys=keys)["seals"] == 1
    assert upkeep.sweep(now=clock.now, keys=keys)["seals"] == 0
    assert "seals" not in upkeep.sweep(now=clock.now, keys=(NEW,))


def test_a_new_second_factor_needs_the_new_key_alone(after: Flask, clock: Clock):
    with after.app_context():
        owner = account()
        secret, _ = second_factor(owner, after, clock.now)
        assert passwords.opened(db.session.get_one(Staff, owner).second_factor or "", (NEW,)) == secret


def test_every_earlier_key_is_compared_whichever_fits():
    made: list[str] = []

    def noted(key: str) -> str:
        made.append(key)
        return key

    for given in (NEW, OLD, OLDER, "", "x" * 10_000, "\udcff"):
        made.clear()
        assert links.fits(given, (NEW, OLD, OLDER), noted) == (given in (NEW, OLD, OLDER))
        assert made == [NEW, OLD, OLDER]
