"""Forms from elsewhere, forms without a token, forms that were open for too long: over every route that changes something."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from models.base import db
from models.booking import Booking, Hold
from tests.factories import HANNAH, booked

SAFE = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture
def guarded(load_business, app):
    """The clinic with its form tokens asked for."""
    load_business("clinic")
    app.config["WTF_CSRF_ENABLED"] = True
    yield app
    app.config["WTF_CSRF_ENABLED"] = False


def changing(app):
    """Every address that takes a change, with a method of it."""
    for rule in app.url_map.iter_rules():
        values = {"slug": "check-up", "reference": "K7MQ4XWT", "secret": "x" * 32, "token": "x", "id": 1, "until": 1}
        values |= {"step": "drop" if rule.endpoint == "desk.do_import" else "leave"}
        values |= {"room": "places", "public_id": "x", "purpose": "marketing", "tab": "read", "way": "copy"}
        for method in sorted(rule.methods - SAFE):
            with app.test_request_context():
                yield method, app.url_for(rule.endpoint, **{name: values[name] for name in rule.arguments})


def state():
    db.session.rollback()
    return [db.session.execute(select(func.count()).select_from(table)).scalar_one() for table in (Booking, Hold)]


def tree(answer):
    return BeautifulSoup(answer.data, "html.parser")


def token_of(visitor, path="/find"):
    return tree(visitor.get(path)).find("input", {"name": "csrf_token"})["value"]


def test_the_addresses_that_change_something_are_these(guarded):
    # The desk's own are in the table of rights.
    assert sorted({path for _, path in changing(guarded) if not path.startswith("/desk/")}) == [
        "/api/v1/bookings",
        "/api/v1/bookings/K7MQ4XWT/approve",
        "/api/v1/bookings/K7MQ4XWT/arrive",
        "/api/v1/bookings/K7MQ4XWT/assign",
        "/api/v1/bookings/K7MQ4XWT/cancel",
        "/api/v1/bookings/K7MQ4XWT/complete",
        "/api/v1/bookings/K7MQ4XWT/decline",
        "/api/v1/bookings/K7MQ4XWT/no-show",
        "/api/v1/bookings/K7MQ4XWT/reschedule",
        "/api/v1/holds",
        f"/api/v1/holds/{'x' * 32}",
        "/b/K7MQ4XWT/answer",
        "/b/K7MQ4XWT/cancel",
        "/b/K7MQ4XWT/consent",
        "/b/K7MQ4XWT/move",
        "/book/check-up",
        "/book/check-up/details",
        "/book/check-up/details/check",
        "/f/K7MQ4XWT",
        "/find",
        "/find/check",
        "/webhooks/twilio/inbound",
        "/webhooks/twilio/status",
    ]


def test_without_a_token_or_with_anothers_nothing_is_changed(guarded):
    visitor, other = guarded.test_client(), guarded.test_client()
    token_of(visitor)
    foreign = token_of(other)
    for method, path in changing(guarded):
        for data in ({}, {"csrf_token": ""}, {"csrf_token": "x"}, {"csrf_token": foreign}):
            answer = visitor.open(path, method=method, data={**data, "start": "2026-12-08T08:00:00Z", **HANNAH})
            assert answer.status_code in (400, 401, 403, 404, 415), (method, path, data)
    assert state() == [0, 0]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:8001"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "null"},
    ],
    ids=str,
)
def test_a_form_from_elsewhere_is_refused_even_with_the_right_token(guarded, headers):
    visitor = guarded.test_client()
    token = token_of(visitor)
    for method, path in changing(guarded):
        if path.startswith("/api/"):
            continue
        answer = visitor.open(path, method=method, data={"csrf_token": token}, headers=headers)
        assert answer.status_code == 403, path
    assert state() == [0, 0]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://localhost"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_a_form_of_ones_own_is_taken(guarded, headers):
    visitor = guarded.test_client()
    data = {"csrf_token": token_of(visitor), "start": "2026-12-08T08:00:00Z"}
    assert visitor.post("/book/check-up", data=data, headers=headers).status_code == 303
    assert state() == [0, 1]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_the_programs_door_takes_no_form(guarded, kind):
    visitor = guarded.test_client()
    for method, path in changing(guarded):
        if path.startswith("/api/") and method == "POST":
            answer = visitor.post(
                path, data={"service": "check-up"}, content_type=kind, headers={"Idempotency-Key": "k"}
            )
            assert answer.status_code in (401, 404, 415), path
    assert state() == [0, 0]


def test_a_get_of_what_changes_something_changes_nothing(guarded, clock):
    booked("check-up", clock.now)
    before = state()
    visitor = guarded.test_client()
    for _, path in changing(guarded):
        for method in ("GET", "HEAD", "TRACE"):
            answer = visitor.open(
                path, method=method, query_string={"start": "2026-12-08T08:00:00Z", "_method": "POST"}
            )
            assert answer.status_code < 500, path
            assert visitor.open(path, method=method, headers={"X-HTTP-Method-Override": "POST"}).status_code < 500
    assert state() == before


def test_no_browser_of_another_site_may_read_an_answer(guarded):
    visitor = guarded.test_client()
    for _, path in changing(guarded):
        for origin in ("https://evil.example", "null"):
            answer = visitor.options(path, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
            assert not [name for name, _ in answer.headers if name.startswith("Access-Control-")], path


def test_a_form_that_was_open_since_yesterday_keeps_what_was_typed(guarded, clock):
    visitor = guarded.test_client()
    data = {"csrf_token": token_of(visitor, "/book/check-up"), "start": "2026-12-08T08:00:00Z"}
    details = visitor.post("/book/check-up", data=data).headers["Location"]
    form = {each["name"]: each.get("value", "") for each in tree(visitor.get(details)).find_all("input")}
    clock.tick(days=1)
    visitor.delete_cookie("session")
    stale = visitor.post(details, data={**form, **HANNAH}, headers={"Sec-Fetch-Site": "same-origin"})
    page = tree(stale)
    assert stale.status_code == 403
    assert "Your details are kept." in page.get_text()
    again = page.find("main").find("a", class_="button")
    assert (again["href"], again.get_text()) == (details, "Open it again")
    # The time has to be chosen once more; the rest is there.
    times = visitor.get(visitor.get(again["href"]).headers["Location"])
    token, start = (tree(times).find(attrs={"name": name})["value"] for name in ("csrf_token", "start"))
    details = visitor.post("/book/check-up", data={"csrf_token": token, "start": start}).headers["Location"]
    page = tree(visitor.get(details))
    assert {name: page.find(id=name)["value"] for name in HANNAH} == HANNAH
    form = {each["name"]: each.get("value", "") for each in page.find_all("input")}
    assert visitor.post(details, data=form).status_code == 303


def test_a_form_from_elsewhere_leaves_nothing_behind(guarded):
    visitor = guarded.test_client()
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        answer = visitor.post("/book/check-up/details", data=HANNAH, headers=headers)
        assert answer.status_code == 403
        assert "Set-Cookie" not in answer.headers
        assert HANNAH["name"] not in answer.text
