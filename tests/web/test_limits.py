"""How often: a fair behind one address is served; one visitor, one contact, one booking, one token has its figure."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from actions import feeds
from models.base import db
from models.booking import Booking, Hold
from tests.factories import HANNAH, TOM, booked

CUSTOMERS = 100


@pytest.fixture
def limited(make_app, load_business, app):
    """``limited("clinic")``: the application of a business with its limits on; the test stands in its context."""

    def made(business="clinic", **values):
        load_business(business)
        found = make_app(RATE_LIMITS="on", **values)
        found.config.update(PROPAGATE_EXCEPTIONS=False, WTF_CSRF_ENABLED=False)
        return found

    return made


def tree(answer):
    return BeautifulSoup(answer.data, "html.parser")


def starts(visitor, service="bench-time", **query):
    page = tree(visitor.get(f"/book/{service}", query_string=query))
    return [each["value"] for each in page.find_all("button", {"name": "start"})]


def form_of(page):
    form = next(each for each in page.find_all("form", method="post") if each.find(id="name"))
    return {each["name"]: each.get("value", "") for each in form.find_all("input", type="hidden")}


def contact(number):
    return {"name": f"Visitor {number}", "phone": f"+44 7400 {123000 + number}", "email": f"v{number}@example.com"}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_fair_of_a_hundred_customers_behind_one_address_is_served(limited, tmp_path):
    from tests.conftest import BUSINESSES

    fair = tmp_path / "fair.yaml"
    fair.write_text((BUSINESSES / "studio.yaml").read_text().replace("seats: 8", f"seats: {CUSTOMERS}"))
    app = limited(fair)
    visitor = app.test_client()
    start = starts(visitor, "yoga")[0]
    version = tree(visitor.get("/book/yoga")).find(id="times")["data-version"]
    live = {"path": "/book/yoga", "query_string": {"v": version}, "headers": {"X-Part": "times"}}
    # They look for a minute, every five seconds; all at once, for no limit knows how long this test takes.
    assert {visitor.get(**live).status_code for _ in range(CUSTOMERS * 12)} == {204}
    for number in range(CUSTOMERS):
        visitor = app.test_client()
        assert visitor.post("/book/yoga", data={"start": start}).status_code == 303, number
        hidden = form_of(tree(visitor.get("/book/yoga/details")))
        answer = visitor.post("/book/yoga/details", data={**hidden, **contact(number)})
        assert answer.status_code == 303, number
    db.session.rollback()
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == CUSTOMERS


def test_a_contact_books_five_times_within_an_hour(limited, clock):
    visitor = limited("rental").test_client()

    times = [each["start"] for each in visitor.get("/api/v1/services/bench-time/slots").json["slots"]]

    def book(number, **customer):
        return visitor.post(
            "/api/v1/bookings",
            json={"service": "bench-time", "start": times[20 + number], "customer": {**contact(1), **customer}},
            headers={"Idempotency-Key": f"key-{number}"},
        )

    clock.tick(minutes=20, seconds=30)
    for number in range(5):
        assert book(number, name=f"Somebody {number}").status_code == 201
        clock.tick(minutes=1)
    # The same mailbox with another phone, the same phone in another spelling: it is the same contact.
    for other in ({"phone": "+44 7400 999999"}, {"phone": "07400 123001", "email": "other@example.com"}):
        stopped = book(5, **other)
        assert (stopped.status_code, stopped.json["code"]) == (429, "rate_limited")
        assert stopped.headers["Retry-After"] == str(55 * 60)
        assert stopped.json["retry_after"] == 55 * 60
        assert stopped.json["detail"] == "That was too often. Try again at 10:21."
    assert book(5, **contact(2)).status_code == 201
    assert book(0, name="Somebody 0").headers["Idempotent-Replayed"] == "true"
    clock.tick(minutes=55)
    assert book(6).status_code == 201


def test_too_many_bookings_keep_what_was_typed_and_say_until_when(limited, clock):
    app = limited("clinic")
    for number in range(5):
        assert _booked(app.test_client(), HANNAH, "ultrasound", clock).status_code == 303, number
    stopped = _booked(app.test_client(), {**HANNAH, "name": "Another Name"}, "ultrasound", clock)
    page = tree(stopped)
    assert stopped.status_code == 429
    assert stopped.headers["Retry-After"] == "3600"
    assert page.find(id="phone-error").get_text(strip=True) == "That was too often. Try again at 11:00."
    assert page.find(id="name")["value"] == "Another Name"
    assert page.find("input", {"name": "q_referral", "checked": True})["value"] == "no"
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 5


def _booked(visitor, customer, service, clock):
    assert visitor.post(f"/book/{service}", data={"start": starts(visitor, service)[0]}).status_code == 303
    hidden = form_of(tree(visitor.get(f"/book/{service}/details")))
    return visitor.post(f"/book/{service}/details", data={**hidden, **customer, "q_referral": "no"})


def test_a_visitor_holds_ten_times_within_an_hour_and_another_one_still_can(limited, clock):
    app = limited("rental")
    visitor = app.test_client()
    times = starts(visitor)
    for number in range(10):
        assert visitor.post("/book/bench-time", data={"start": times[number]}).status_code == 303
        clock.tick(minutes=1)
    stopped = visitor.post("/book/bench-time", data={"start": times[11]})
    assert stopped.status_code == 429
    assert stopped.headers["Retry-After"] == str(50 * 60)
    assert "That was too often. Try again at 10:00." in stopped.text
    assert tree(stopped).find("main").find("a", class_="button")["href"] == "/book/bench-time"
    # The hold that she has is still hers.
    assert visitor.get("/book/bench-time/details").status_code == 200
    assert app.test_client().post("/book/bench-time", data={"start": times[11]}).status_code == 303
    clock.tick(minutes=50)
    assert visitor.post("/book/bench-time", data={"start": starts(visitor)[0]}).status_code == 303
    assert db.session.execute(select(func.count()).where(Hold.state == "released")).scalar_one() == 9


def look(visitor, reference, contact):
    return visitor.post("/find", data={"reference": reference, "contact": contact})


def test_a_booking_is_looked_for_in_vain_five_times_then_not_for_an_hour(limited, clock):
    app = limited("clinic")
    reference = booked("check-up", clock.now).booking.reference
    spellings = [reference, reference.lower(), f"{reference[:4]} {reference[4:]}", f"{reference[:4]}-{reference[4:]}"]
    for number in range(5):
        visitor = app.test_client()
        assert look(visitor, spellings[number % 4], f"guess{number}@example.com").status_code == 404
    stopped = look(app.test_client(), f" {reference[:2]} {reference[2:]}", HANNAH["email"])
    assert stopped.status_code == 429
    assert 3500 < int(stopped.headers["Retry-After"]) <= 3601
    assert "That was too often. Try again at 11:0" in stopped.text
    assert tree(stopped).find(id="contact")["value"] == HANNAH["email"]


def test_who_has_shown_that_it_is_hers_may_look_again_as_often_as_she_likes(limited, clock):
    app = limited("clinic")
    visitor, reference = app.test_client(), booked("check-up", clock.now).booking.reference
    for _ in range(3):
        assert [look(visitor, reference, f"{n}@example.com").status_code for n in range(3)] == [404] * 3
        assert look(visitor, reference, HANNAH["email"]).status_code == 303


def test_a_visitor_guesses_ten_times_and_another_one_at_the_same_address_still_finds_hers(limited, clock):
    app = limited("clinic")
    app.config["WTF_CSRF_ENABLED"] = True
    reference = booked("check-up", clock.now).booking.reference
    visitor, other = app.test_client(), app.test_client()
    tokens = {each: tree(each.get("/find")).find("input", {"name": "csrf_token"})["value"] for each in (visitor, other)}

    def tried(who, reference, contact):
        data = {"reference": reference, "contact": contact, "csrf_token": tokens[who]}
        return who.post("/find", data=data).status_code

    wrong = [f"{symbol}2345678" for symbol in "ABCDEFGHJK"]
    assert [tried(visitor, each, HANNAH["email"]) for each in wrong] == [404] * 10
    assert tried(visitor, reference, HANNAH["email"]) == 429
    assert tried(other, reference, HANNAH["email"]) == 303


def test_a_feed_is_read_sixty_times_an_hour(limited, clock):
    visitor = limited("clinic").test_client()
    secret, other = (feeds.add(location="park", now=clock.now) for _ in range(2))
    db.session.rollback()
    assert {visitor.get(f"/feeds/{secret}.ics").status_code for _ in range(60)} == {200}
    stopped = visitor.get(f"/feeds/{secret}.ics")
    assert stopped.status_code == 429
    assert 3400 < int(stopped.headers["Retry-After"]) <= 3601
    assert visitor.get(f"/feeds/{other}.ics").status_code == 200
    # What never was is nothing, however often it is asked for.
    assert {visitor.get("/feeds/never.ics").status_code for _ in range(70)} == {404}


def test_a_booking_is_not_moved_without_end(limited, clock):
    visitor = limited("rental").test_client()
    made = booked("bench-time", clock.now, customer=TOM).booking
    from wire.links import manage_token

    bearer = {"Authorization": f"Bearer {manage_token(made, visitor.application.config['SECRET_KEY'])}"}
    day = made.start + timedelta(days=1)
    answers = [
        visitor.post(
            f"/api/v1/bookings/{made.reference}/reschedule",
            json={"start": (day + timedelta(minutes=30 * (n % 2))).isoformat()},
            headers=bearer,
        ).status_code
        for n in range(21)
    ]
    assert answers == [200] * 20 + [429]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_the_counts_are_shared_through_redis(limited, make_app, redis_url, clock):
    first = limited("clinic", REDIS_URL=redis_url)
    secret = feeds.add(location="park", now=clock.now)
    db.session.rollback()
    assert {first.test_client().get(f"/feeds/{secret}.ics").status_code for _ in range(60)} == {200}
    second = make_app(RATE_LIMITS="on", REDIS_URL=redis_url)
    assert second.test_client().get(f"/feeds/{secret}.ics").status_code == 429


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_while_redis_is_away_each_process_counts_for_itself(limited, clock):
    visitor = limited("clinic", REDIS_URL="redis://127.0.0.1:1/0").test_client()
    secret = feeds.add(location="park", now=clock.now)
    db.session.rollback()
    found = [visitor.get(f"/feeds/{secret}.ics").status_code for _ in range(62)]
    assert found[:59] == [200] * 59
    assert found[-1] == 429


def test_the_limits_of_one_application_are_not_those_of_another(limited, client, clock):
    limited("clinic")
    secret = feeds.add(location="park", now=clock.now)
    assert {client.get(f"/feeds/{secret}.ics").status_code for _ in range(65)} == {200}
