"""Behind https and a proxy: forms can be sent from every page, and what is unchanged is known again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from actions.confirm import Booked
from models.base import db
from models.booking import Booking
from tests.factories import booked, free
from tests.support.time import Clock
from tests.support.web import Visitor, token_in
from wire.links import manage_token

HOUSE = "https://book.example.com"


class Browser:
    """A visitor over https whose browser names no referrer, as those pages ask it to."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        assert isinstance(self.client, Visitor)

    def get(self, path: str, **more: Any) -> Any:
        return self.client.get(path, base_url=HOUSE, **more)

    def send(self, path: str, form: dict[str, str], *, to: str | None = None) -> Any:
        token = token_in(self.get(path).text)
        return self.client.post(to or path, data={**form, "csrf_token": token}, base_url=HOUSE)


@pytest.fixture
def made(load_business: Callable[..., Any], clock: Clock) -> Booked:
    load_business("clinic")
    ahead = free("check-up", clock.now, first=(clock.now + timedelta(days=8)).date())
    found = booked("check-up", clock.now, start=ahead[0].start)
    db.session.rollback()
    return found


@pytest.fixture
def house(make_app: Callable[..., Flask], made: Booked) -> Flask:
    return make_app(BASE_URL=HOUSE, RATE_LIMITS="on", PROXIES="1")


def test_a_booking_can_be_found_and_cancelled(house: Flask, made: Booked):
    browser = Browser(house)
    booking = made.booking
    found = browser.send("/find", {"reference": booking.reference, "contact": "hannah@example.com"})
    assert found.status_code == 303
    with house.app_context():
        token = manage_token(booking, house.config["SETTINGS"].secret_key)
    page = f"/b/{booking.reference}/cancel?t={token}"
    assert browser.send(page, {}).status_code == 303
    with house.app_context():
        assert db.session.get(Booking, booking.id).status == "cancelled"


def test_a_form_without_its_token_is_still_refused(house: Flask):
    answer = Browser(house).client.post("/find", data={"reference": "K7MQ4XWT"}, base_url=HOUSE)
    assert answer.status_code == 403


def test_a_tag_that_a_proxy_made_weak_is_known_again(house: Flask):
    browser = Browser(house)
    path = "/api/v1/services/check-up/slots?from=2026-12-07&to=2026-12-08"
    tag = browser.get(path).headers["ETag"]
    assert browser.get(path, headers={"If-None-Match": f"W/{tag}"}).status_code == 304


@pytest.mark.parametrize(
    ("said", "believed"), [("203.0.113.9", "203.0.113.9"), ("10.1.1.1, 203.0.113.9", "203.0.113.9")]
)
def test_the_address_that_the_proxy_wrote_is_the_visitors(house: Flask, said: str, believed: str):
    seen: list[str | None] = []

    @house.before_request
    def look() -> None:
        from flask import request

        seen.append(request.remote_addr)

    Browser(house).get("/healthz", headers={"X-Forwarded-For": said})
    assert seen == [believed]
