"""Bookings where clocks change, years turn, and customers live elsewhere."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from actions import feeds
from models.base import db
from models.booking import Allocation
from models.catalogue import Resource
from notifications import dispatch
from tests.factories import HANNAH, TOM, booked, free
from tests.support.calendars import pairs
from tests.support.time import instant

GAP, OVERLAP = "2026-03-29", "2026-10-25"


@pytest.fixture
def night(load_business, client, clock, app):
    """The night house on the first of March 2026."""
    clock.set("2026-03-01T09:00Z")
    load_business("night")
    for each in app.config["SETTINGS"].outgoing.glob("*"):
        each.unlink()
    return client


def starts(client, service, day, **query):
    answer = client.get(f"/api/v1/services/{service}/slots", query_string={"from": day, "to": day, **query})
    return [each["start"] for each in answer.json["slots"]]


def book(client, service, start, customer=HANNAH, **more):
    body = {"service": service, "start": start, "customer": customer, **more}
    return client.post(
        "/api/v1/bookings", json=body, headers={"Idempotency-Key": f"{start} {customer['name']}".replace(" ", "-")}
    )


def told(app, recipient):
    """What was sent to somebody: the plain text of the first mail, or the first text message."""
    for path in sorted(app.config["SETTINGS"].outgoing.glob("*")):
        if path.suffix == ".txt":
            number, text = path.read_text().split("\n", 1)
            if number == recipient:
                return text
        else:
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if mail["To"] == recipient:
                return mail.get_body(("plain",)).get_content()
    raise AssertionError(f"nothing was sent to {recipient}")


def events(client, made):
    """The start and end of a booking's calendar file, as two parsers read them."""
    raw = client.get(made["calendar_url"].removeprefix("http://localhost")).data
    ((one, other),) = pairs(raw)
    return (one["dtstart"].dt, one["dtend"].dt), (other.dtstart.value, other.dtend.value)


def read(answer):
    """The words of a page as they are read, whatever holds them together."""
    return " ".join(BeautifulSoup(answer.data, "html.parser").get_text().split())


def test_a_time_that_does_not_exist_is_not_offered_and_cannot_be_booked(night):
    offered = starts(night, "watch", GAP)[:10]
    assert [each[11:16] for each in offered] == [
        "00:00",
        "00:30",
        "01:00",
        "01:30",
        "03:00",
        "03:30",
        "04:00",
        "04:30",
        "05:00",
        "05:30",
    ]
    bare = book(night, "watch", f"{GAP}T02:30:00")
    assert (bare.status_code, bare.json["errors"]["start"]["code"]) == (422, "not_an_instant")
    # With its offset it names an instant, and is told how the clock of the place shows that.
    assert book(night, "watch", f"{GAP}T02:30:00+01:00").json["start"] == f"{GAP}T03:30:00+02:00"


def test_both_readings_of_a_repeated_time_are_booked_by_two_people(night, app):
    day = [each for each in starts(night, "watch", OVERLAP) if each[11:13] < "06"]
    assert len(day) == 14
    first, second = (each for each in day if each[11:16] == "02:00")
    assert (first[-6:], second[-6:]) == ("+02:00", "+01:00")
    page = BeautifulSoup(night.get(f"/book/watch?day={OVERLAP}").data, "html.parser")
    shown = [" ".join(each.get_text(" ").split()) for each in page.find_all("button", {"name": "start"})]
    assert {"02:00 UTC+2", "02:00 UTC+1"} <= set(shown)
    for start, customer, clock in [(first, HANNAH, "UTC+2"), (second, TOM, "UTC+1")]:
        made = book(night, "watch", start, customer)
        assert made.status_code == 201
        for begins, ends in events(night, made.json):
            assert begins.astimezone(UTC) == instant(start)
            assert ends - begins == timedelta(minutes=30)
        dispatch.deliver_due()
        assert f"Berlin time, {clock}" in told(app, customer["email"])
        assert f"02:00 (Berlin time, {clock})" in told(app, customer["phone"].replace(" ", ""))
        assert f"Berlin time, {clock}" in night.get(made.json["manage_url"].removeprefix("http://localhost")).text


def test_the_feed_tells_two_readings_apart(night, clock):
    for start, customer in zip(
        [each for each in starts(night, "watch", OVERLAP) if each[11:16] == "02:00"], (HANNAH, TOM), strict=True
    ):
        book(night, "watch", start, customer)
    secret = feeds.add(resource="nora", now=clock.now)
    clock.set("2026-10-01T09:00Z")
    raw = night.get(f"/feeds/{secret}.ics").data
    for hour, (event, twin) in enumerate(pairs(raw)):
        assert event["dtstart"].dt == twin.dtstart.value == datetime(2026, 10, 25, hour, tzinfo=UTC)
    assert hour == 1


@pytest.mark.parametrize(("day", "hour"), [(GAP, "15"), (OVERLAP, "15")])
def test_the_deadline_that_is_shown_is_the_one_that_is_kept(night, clock, day, hour):
    start = next(each for each in starts(night, "watch", day) if each[11:13] == hour)
    made = book(night, "watch", start).json
    page, path = made["manage_url"].removeprefix("http://localhost"), f"/api/v1/bookings/{made['reference']}/cancel"
    last = instant(start) - timedelta(hours=24)
    # An hour to or fro on the wall clock of the day before.
    shown = "14:00" if day == GAP else "16:00"
    until = (
        f"Until Sat {int(day[-2:]) - 1} {'March' if day == GAP else 'October'}, {shown} you can change this yourself."
    )
    assert until in read(night.get(page))
    bearer = {"Authorization": f"Bearer {made['token']}"}
    clock.set(last + timedelta(seconds=1))
    assert night.post(path, json={}, headers=bearer).json["code"] == "too_late"
    assert "you can change this" not in read(night.get(page))
    clock.set(last)
    assert night.post(path, json={}, headers=bearer).json["status"] == "cancelled"


def test_everything_names_the_venues_clock_first_and_the_customers_beside_it(night, app, clock):
    night.set_cookie("tz", "America/New_York")
    page = night.get("/book/tea?day=2026-03-10").text
    assert "Shanghai time" in page
    made = book(
        night, "tea", "2026-03-10T09:00:00+08:00", {**HANNAH, "phone": "+1 212 555 0123"}, timezone="America/New_York"
    )
    assert made.status_code == 201, made.json
    dispatch.deliver_due()
    elsewhere = "Shanghai time · Mon 9 Mar 21:00"
    manage = made.json["manage_url"].removeprefix("http://localhost")
    assert "Tue 10 March, 09:00–10:00" in (shown := read(night.get(manage)))
    assert elsewhere in shown
    assert "Tue 10 March, 09:00–10:00" in (mail := told(app, HANNAH["email"]))
    assert elsewhere in mail
    # Whoever works in Shanghai and sits in Berlin reads the clock of the place, by its name.
    assert "Tue 10 March, 09:00–10:00" in (staff := told(app, "pia@example.com"))
    assert "Shanghai time" in staff
    secret = feeds.add(resource="pia", now=clock.now)
    raw = night.get(f"/feeds/{secret}.ics").data
    assert b"DTSTART;TZID=Asia/Shanghai:20260310T090000" in raw
    assert icalendar.Calendar.from_ical(raw).walk("VEVENT")[0]["dtstart"].dt.astimezone(UTC) == instant(
        "2026-03-10T01:00Z"
    )


def test_a_text_to_somebody_elsewhere_names_the_zone(night, app):
    made = book(
        night, "watch", "2026-03-10T03:00:00+01:00", {**TOM, "name": "Tom"}, timezone="Asia/Shanghai", locale="zh"
    )
    dispatch.deliver_due()
    assert made.status_code == 201
    assert "3月10日 周二 03:00（柏林时间）" in told(app, TOM["phone"].replace(" ", ""))


@pytest.mark.parametrize(
    ("now", "service", "start", "end"),
    [
        ("2028-02-01T09:00Z", "watch", "2028-02-29T03:00:00+01:00", "2028-02-29T03:30:00+01:00"),
        ("2026-12-01T09:00Z", "company", "2026-12-31T23:30:00+01:00", "2027-01-01T00:00:00+01:00"),
        ("2026-12-01T09:00Z", "minute", "2026-12-31T23:59:00+01:00", "2027-01-01T00:01:00+01:00"),
        ("2040-02-01T09:00Z", "watch", "2040-02-29T05:30:00+01:00", "2040-02-29T06:00:00+01:00"),
        ("2040-10-01T09:00Z", "watch", "2040-10-28T02:30:00+01:00", "2040-10-28T03:00:00+01:00"),
        ("2099-12-01T09:00Z", "company", "2099-12-31T23:30:00+01:00", "2100-01-01T00:00:00+01:00"),
    ],
)
def test_odd_dates_are_dates_like_others(night, clock, now, service, start, end):
    clock.set(now)
    assert start in starts(night, service, start[:10])
    made = book(night, service, start)
    assert (made.status_code, made.json["start"], made.json["end"]) == (201, start, end)
    for begins, ends in events(night, made.json):
        assert (begins.astimezone(UTC), ends.astimezone(UTC)) == (instant(start), instant(end))


def test_a_week_that_crosses_the_year_is_one_week(night, clock):
    clock.set("2026-12-01T09:00Z")

    def taken(day, **wish):
        first = next(each for each in free("company", clock.now, first=day, **wish) if each.start.date() >= day)
        made = booked("company", clock.now, start=first.start, customer={**HANNAH, "name": f"{day}"}, **wish).booking
        return made.resources[0]

    # The 53rd week of 2026 is Monday 28 December to Sunday 3 January.
    assert taken(date(2026, 12, 28), resources=["nora"]) == "nora"
    assert taken(date(2027, 1, 2)) == "olaf"
    # In the week after, both have none: the one who waited longest.
    assert taken(date(2027, 1, 5)) == "nora"
    reason = (
        select(Allocation.reason).join(Resource, Resource.id == Allocation.resource_id).where(Resource.slug == "olaf")
    )
    assert db.session.execute(reason).scalar_one()["code"] != "only_one_free"


ODD_ZONES = ["../../etc/passwd", "", "CST", "UTC+8", "Asia/shanghai", "Asia/Shanghai\0", "localtime", "Factory", "posixrules", "/etc/localtime", "Asia", "x" * 300]  # fmt: skip


@pytest.mark.parametrize("zone", ODD_ZONES)
def test_only_listed_zones_are_zones(night, zone):
    made = book(night, "watch", "2026-03-10T03:00:00+01:00", timezone=zone)
    assert (made.status_code, made.json["errors"]["timezone"]["code"]) == (422, "not_a_zone")
    answer = night.get("/api/v1/services/watch/slots", query_string={"timezone": zone})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    chosen = night.get("/zone", query_string={"tz": zone, "back": "/book/watch"})
    assert chosen.status_code == 200
    assert not [each for each in chosen.headers.getlist("Set-Cookie") if each.startswith("tz=")]
    if zone.isprintable():
        night.set_cookie("tz", zone)
        assert night.get("/book/watch").status_code == 200
