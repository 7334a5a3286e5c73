"""Calendar files and feeds, byte for byte as they leave through the front door, and as two parsers read them."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import icalendar
import pytest

from actions import cancel, feeds, move, review
from actions.hold import hashed
from tests.conftest import BUSINESSES
from tests.factories import HANNAH, TOM, booked
from tests.support.calendars import pairs, read_twice
from tests.support.time import instant
from tests.support.web import SECRET_KEY
from wire.links import calendar_url

GOLDEN = Path(__file__).parent / "golden"
FEED_SECRET = "a secret of forty-three letters, more or less"
BRITISH = {**HANNAH, "phone": "+44 7911 123456"}


@pytest.fixture
def house(load_business, client, clock, monkeypatch, tmp_path, same_ids):
    """``house("clinic", ("old", "new"))``: a business, some words of its file replaced; ids and references are always the same."""
    monkeypatch.setattr(feeds.secrets, "token_urlsafe", lambda _: FEED_SECRET)

    def load(name, *replaced):
        text = (BUSINESSES / f"{name}.yaml").read_text()
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / f"{name}.yaml"
        path.write_text(text)
        load_business(path)
        return client

    return load


def file_of(client, booking, language="en"):
    address = calendar_url("", booking, SECRET_KEY)
    answer = client.get(address, headers={"Accept-Language": language})
    assert answer.status_code == 200
    return answer.data


def book(service, start, clock, customer=HANNAH, **wish):
    return booked(service, clock.now, start=instant(start), customer=customer, **wish).booking


def test_confirmed(house, clock, golden):
    client = house("clinic")
    golden("confirmed.ics", file_of(client, book("check-up", "2026-12-08T08:00Z", clock)))


def test_moved(house, clock, golden):
    client = house("clinic")
    made = book("check-up", "2026-12-08T08:00Z", clock)
    clock.tick(hours=1)
    moved = move.move(reference=made.reference, start=instant("2026-12-08T13:30Z"), now=clock.now).booking
    golden("moved.ics", file_of(client, moved))


def test_cancelled(house, clock, golden):
    client = house("clinic")
    made = book("check-up", "2026-12-08T08:00Z", clock)
    clock.tick(hours=1)
    gone = cancel.cancel(reference=made.reference, reason="Ill", now=clock.now).booking
    golden("cancelled.ics", file_of(client, gone))


def test_requested_and_declined(house, clock, golden):
    client = house("clinic")
    asked = book("ultrasound", "2026-12-08T08:15Z", clock, answers={"referral": False})
    golden("requested.ics", file_of(client, asked))
    clock.tick(hours=1)
    golden(
        "declined.ics", file_of(client, review.decline(reference=asked.reference, actor="shell", now=clock.now).booking)
    )


def test_a_class_in_chinese(house, clock, golden):
    client = house("studio")
    golden("class.ics", file_of(client, book("yoga", "2026-12-02T10:00Z", clock, seats=3), "zh-CN"))


def test_two_days_through_a_change_of_clocks(house, clock, golden):
    clock.set("2026-10-01T09:00Z")
    client = house("rental")
    answers = {"licence": "X1", "abroad": False}
    made = book("van-hire", "2026-10-24T09:00Z", clock, BRITISH, length="2d", answers=answers)
    golden(
        "two-days.ics", file_of(client, review.approve(reference=made.reference, actor="shell", now=clock.now).booking)
    )


def test_both_readings_of_a_repeated_hour(house, clock, golden):
    clock.set("2026-10-01T09:00Z")
    client = house("night")
    golden("repeated-first.ics", file_of(client, book("watch", "2026-10-25T00:00Z", clock)))
    golden("repeated-second.ics", file_of(client, book("watch", "2026-10-25T01:00Z", clock, TOM)))


LONG = (
    (
        "{zh: 流瑜伽小班, en: Flow yoga}",
        "{zh: 流瑜伽小班🧘‍♀️🧘‍♂️舒展肩颈、放松身心的傍晚小课（零基础也可以，自带毛巾）👨‍👩‍👧‍👦, en: Flow yoga}",
    ),
    ("上海市静安区南京西路 1788 号", "上海市静安区南京西路 1788 号; 嘉里中心, 二期\\\\南区 3 楼，电梯出来左转到底 🏢"),
)


def test_chinese_and_emoji_are_folded_between_characters(house, clock, golden):
    client = house("studio", *LONG)
    golden("folded.ics", file_of(client, book("yoga", "2026-12-02T10:00Z", clock), "zh-CN"))


def test_discreet(house, clock, golden):
    client = house("rental")
    golden("discreet.ics", file_of(client, book("design-talk", "2026-12-02T09:00Z", clock, BRITISH, location="quay")))


@pytest.mark.parametrize("place", ["online", "phone", "customer"])
def test_elsewhere(house, clock, golden, place):
    other = f"    place: {place}\n" + (
        "    online_link: https://meet.example.com/harbour\n" if place == "online" else ""
    )
    client = house(
        "rental",
        ("    place: online\n    online_link: https://meet.example.com/harbour\n", other),
        ("    discreet: true\n", ""),
    )
    who = {**BRITISH, "address": "4 Canal Street, Manchester"} if place == "customer" else BRITISH
    golden(f"{place}.ics", file_of(client, book("design-talk", "2026-12-02T09:00Z", clock, who, location="quay")))


def feed(client, **subject):
    feeds.add(now=instant("2026-11-30T09:00Z"), **subject)
    return client.get(f"/feeds/{FEED_SECRET}.ics")


@pytest.fixture
def busy(house, clock):
    """A clinic with bookings of every kind: firm, asked for, moved, cancelled, declined, and of a family in Chinese."""
    client = house("clinic")
    book("check-up", "2026-12-08T08:00Z", clock, {**HANNAH, "name": "王小明 👨‍👩‍👧"}, resources=["dr-yilmaz"])
    moved = book("check-up", "2026-12-08T09:00Z", clock, TOM, resources=["dr-yilmaz"])
    gone = book(
        "check-up", "2026-12-09T08:00Z", clock, {**HANNAH, "name": 'O\'Neill; Ann, "Mrs"'}, resources=["dr-yilmaz"]
    )
    book("ultrasound", "2026-12-08T13:00Z", clock, answers={"referral": False})
    no = book("ultrasound", "2026-12-10T13:00Z", clock, TOM, answers={"referral": False})
    clock.tick(hours=1)
    move.move(reference=moved.reference, start=instant("2026-12-10T14:00Z"), now=clock.now)
    cancel.cancel(reference=gone.reference, now=clock.now)
    review.decline(reference=no.reference, actor="shell", now=clock.now)
    return client


def test_a_feed_of_a_person(busy, golden):
    golden("feed-of-a-person.ics", feed(busy, resource="dr-yilmaz").data)


def test_a_feed_of_a_place(busy, golden):
    golden("feed-of-a-place.ics", feed(busy, location="park").data)


# What holds for each of them


FILES = sorted(GOLDEN.glob("*.ics"))


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_file_is_what_calendars_can_read(path):
    raw = path.read_bytes()
    assert raw.endswith(b"END:VCALENDAR\r\n")
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()  # no character is cut
    for absent in (b"ATTENDEE", b"ORGANIZER", b"VALARM", b"RRULE:FREQ=YEARLY;UNTIL=1", b"SOURCE", b"\nX-LIC"):
        assert absent not in raw
    one, _ = read_twice(raw)
    assert (str(one["version"]), str(one["method"]), str(one["calscale"])) == ("2.0", "PUBLISH", "GREGORIAN")
    zones = {str(zone["tzid"]) for zone in one.walk("VTIMEZONE")}
    for event, twin in pairs(raw):
        for name in ("dtstart", "dtend"):
            assert event[name].dt.astimezone(UTC) == getattr(twin, name).value.astimezone(UTC)
            assert event[name].params.get("TZID") in {None, *zones}
        for name in ("uid", "summary", "status", "transp"):
            assert str(event[name]) == getattr(twin, name).value
        assert int(event["sequence"]) == int(twin.sequence.value)
        assert event["dtstamp"].dt == event["last-modified"].dt
        assert event["transp"] == ("TRANSPARENT" if event["status"] == "CANCELLED" else "OPAQUE")
        assert str(event["class"]) == "PRIVATE"


def test_a_feed_tells_no_secret():
    for path in GOLDEN.glob("feed-*.ics"):
        raw = path.read_bytes().replace(b"\r\n ", b"")
        assert not [each for each in (b"/b/", b"?t=", b"+49", b"@example.com", FEED_SECRET.encode()) if each in raw]


# How a feed travels


def test_a_feed_can_be_kept_and_asked_for_again(busy, clock):
    first = feed(busy, resource="dr-yilmaz")
    assert first.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert first.headers["Cache-Control"] == "private, max-age=300"
    assert "Set-Cookie" not in first.headers
    path, tag = f"/feeds/{FEED_SECRET}.ics", first.headers["ETag"]
    assert not tag.startswith("W/")
    clock.tick(hours=2)
    second = busy.get(path)
    assert (second.data, second.headers["ETag"]) == (first.data, tag)
    assert busy.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert busy.get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]}).status_code == 304
    head = busy.head(path)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", tag)
    book(
        "check-up",
        "2026-12-11T08:00Z",
        clock,
        {**TOM, "name": "Another", "phone": "+49 151 11111111"},
        resources=["dr-yilmaz"],
    )
    assert busy.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_an_entry_keeps_its_id_and_its_number_only_rises(house, clock):
    client = house("clinic")
    made = book("check-up", "2026-12-08T08:00Z", clock, resources=["dr-yilmaz"])
    feed(client, resource="dr-yilmaz")
    steps = [
        lambda: move.move(reference=made.reference, start=instant("2026-12-08T09:00Z"), now=clock.now),
        lambda: move.move(reference=made.reference, start=instant("2026-12-08T08:00Z"), now=clock.now),
        lambda: cancel.cancel(reference=made.reference, now=clock.now),
        lambda: cancel.cancel(reference=made.reference, now=clock.now),
    ]
    seen = []
    for step in [None, *steps]:
        clock.tick(minutes=10)
        if step:
            step()
        (event,) = icalendar.Calendar.from_ical(client.get(f"/feeds/{FEED_SECRET}.ics").data).walk("VEVENT")
        seen.append((str(event["uid"]), int(event["sequence"]), str(event["status"])))
    assert {uid for uid, _, _ in seen} == {f"{made.uid}@frontdesk"}
    assert [(number, status) for _, number, status in seen] == [
        (0, "CONFIRMED"),
        (1, "CONFIRMED"),
        (2, "CONFIRMED"),
        (3, "CANCELLED"),
        (3, "CANCELLED"),
    ]
    # It stays for a month, struck through, and goes.
    clock.tick(days=29)
    assert b"BEGIN:VEVENT" in client.get(f"/feeds/{FEED_SECRET}.ics").data
    clock.tick(days=3)
    assert b"BEGIN:VEVENT" not in client.get(f"/feeds/{FEED_SECRET}.ics").data


def test_an_ended_feed_is_gone(house, clock):
    client = house("clinic")
    assert feed(client, resource="dr-yilmaz").status_code == 200
    assert feeds.revoke(id=feeds.listed()[0].id, now=clock.now + timedelta(minutes=1))
    assert client.get(f"/feeds/{FEED_SECRET}.ics").status_code == 404
    assert hashed(FEED_SECRET) != FEED_SECRET
