"""A message leaves once, is tried again when that helps, and never disappears."""

from __future__ import annotations

import email
import email.policy
from datetime import UTC, datetime, timedelta

import icalendar
import pytest
from sqlalchemy import select, update

from actions import cancel, move, upkeep
from models.base import db
from models.outbox import Message, MessageAttempt
from models.people import Contact
from notifications import dispatch, jobs
from tests.factories import HANNAH, booked, free
from tests.support.time import instant


@pytest.fixture
def clinic(load_business, clock, app, tmp_path):
    load_business("clinic")
    folder = app.config["SETTINGS"].outgoing
    for each in folder.glob("*"):
        each.unlink()
    return folder


def states():
    db.session.rollback()
    return {
        (row.kind, row.channel): row.state
        for row in db.session.execute(select(Message.kind, Message.channel, Message.state))
    }


def mails(folder):
    return [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted(folder.glob("*.eml"))
    ]


def test_a_booking_is_told_by_mail_and_text_and_to_the_assigned(clinic, clock):
    made = booked("check-up", clock.now).booking
    dispatch.deliver_due()
    assert states()["confirmation", "mail"] == "sent"
    assert states()["confirmation", "sms"] == "sent"
    assert states()["staff_booked", "mail"] == "sent"
    assert states()["reminder", "mail"] == "ready"
    text = next(clinic.glob("*.txt")).read_text().splitlines()
    assert text[0] == "+4915123456789"
    assert "Praxis am Park: General check-up" in text[1]
    assert len(text[1]) < 160 + 60  # the link of a trial carries its port
    mine = next(each for each in mails(clinic) if each["To"] == HANNAH["email"])
    assert mine["Subject"].startswith("Confirmed: ")
    assert mine["Auto-Submitted"] == "auto-generated"
    parts = {part.get_content_type(): part for part in mine.walk()}
    assert {"text/plain", "text/html", "text/calendar"} <= set(parts)
    event = icalendar.Calendar.from_ical(parts["text/calendar"].get_content()).walk("VEVENT")[0]
    assert (event["uid"], event["sequence"], event["status"]) == (f"{made.uid}@frontdesk", 0, "CONFIRMED")
    for content in (parts["text/plain"].get_content(), parts["text/html"].get_content()):
        assert f"{made.reference[:4]} {made.reference[4:]}" in content
        assert f"/b/{made.reference}?t=" in content


def test_delivering_again_sends_nothing(clinic, clock):
    booked("check-up", clock.now)
    assert dispatch.deliver_due() == 3
    assert dispatch.deliver_due() == 0
    ids = db.session.execute(select(Message.id).where(Message.state == "sent")).scalars().all()
    db.session.rollback()
    assert [jobs.deliver(id) for id in ids] == [None] * 3


def test_moving_tells_once_and_drops_what_is_overtaken(clinic, clock):
    starts = free("check-up", clock.now, first=(clock.now + timedelta(days=8)).date())
    made = booked("check-up", clock.now, start=starts[0].start).booking
    move.move(reference=made.reference, start=starts[30].start, now=clock.now)
    dispatch.deliver_due()
    found = states()
    assert found["confirmation", "mail"] == "dropped"
    assert found["moved", "mail"] == "sent"
    event = next(
        icalendar.Calendar.from_ical(part.get_content()).walk("VEVENT")[0]
        for each in mails(clinic)
        for part in each.walk()
        if part.get_content_type() == "text/calendar"
    )
    assert event["sequence"] == 1


def given(booking, person, start, clock):
    return move.move(reference=booking.reference, start=start, resources=[person], now=clock.now).booking


def lost(clinic, recipient):
    """The subjects that tell somebody of bookings that she has no more."""
    dispatch.deliver_due()
    return [each["Subject"] for each in mails(clinic) if each["To"] == recipient and each["Subject"].startswith("Free")]


def test_who_lost_a_booking_is_told_which_one_though_it_moved_on_at_once(clinic, clock):
    first, later, last = (datetime(2026, 12, day, 14, tzinfo=UTC) for day in (8, 10, 3))
    made = booked("check-up", clock.now, start=first, resources=["dr-yilmaz"]).booking
    moved = given(given(made, "dr-braun", later, clock), "dr-braun", last, clock)
    assert moved.start == last
    assert lost(clinic, "yilmaz@example.com") == ["Free again: Tue 8 Dec, 15:00, General check-up"]
    assert lost(clinic, "braun@example.com") == []


def test_who_has_a_booking_again_never_hears_that_she_had_lost_it(clinic, clock):
    first, later = (datetime(2026, 12, day, 14, tzinfo=UTC) for day in (8, 10))
    made = booked("check-up", clock.now, start=first, resources=["dr-yilmaz"]).booking
    given(given(made, "dr-braun", later, clock), "dr-yilmaz", first, clock)
    assert lost(clinic, "yilmaz@example.com") == []
    assert lost(clinic, "braun@example.com") == ["Free again: Thu 10 Dec, 15:00, General check-up"]


def test_a_reminder_leaves_at_its_time_and_not_for_what_was_cancelled(clinic, clock):
    start = free("check-up", clock.now, first=(clock.now + timedelta(days=8)).date())[20].start
    kept = booked("check-up", clock.now, start=start).booking
    other = booked(
        "check-up", clock.now, start=free("check-up", clock.now, first=(clock.now + timedelta(days=9)).date())[20].start
    ).booking
    cancel.cancel(reference=other.reference, now=clock.now)
    dispatch.deliver_due()
    clock.set((start - timedelta(days=1)).isoformat())
    dispatch.deliver_due()
    rows = db.session.execute(
        select(Message.object_id, Message.state).where(
            Message.kind == "reminder", Message.channel == "mail", Message.offset_minutes == 1440
        )
    ).all()
    found = dict(rows)
    assert found[kept.id] == "sent"
    assert found[other.id] == "ready"
    clock.set((start + timedelta(days=1)).isoformat())
    dispatch.deliver_due()
    upkeep.sweep(now=clock.now)
    found = dict(
        db.session.execute(
            select(Message.object_id, Message.state).where(
                Message.kind == "reminder", Message.offset_minutes == 60, Message.channel == "sms"
            )
        ).all()
    )
    assert found[other.id] in ("dropped", "expired")


def test_nothing_is_lost_when_nobody_worked_for_two_days(clinic, clock):
    booked("check-up", clock.now)
    clock.tick(days=2)
    upkeep.sweep(now=clock.now)
    assert set(states().values()) == {"expired"}
    assert not list(clinic.glob("*"))


def reminders(channel="mail"):
    db.session.rollback()
    query = select(Message.offset_minutes, Message.state, Message.why).where(
        Message.kind == "reminder", Message.channel == channel
    )
    return {row.offset_minutes: (row.state, row.why) for row in db.session.execute(query)}


@pytest.fixture
def tomorrow(clinic, clock):
    """A booking of Tuesday at 14:30 in Berlin, made the Monday before at 10:00 and told at once."""
    made = booked("check-up", clock.set("2026-11-23T09:00Z"), start=instant("2026-12-01T13:30Z")).booking
    dispatch.deliver_due()
    return made


def test_a_clock_that_is_put_on_and_back_again_reminds_once(tomorrow, clock):
    clock.set("2026-11-30T11:35Z")
    dispatch.deliver_due()
    assert reminders()[1440][0] == "ready"
    for moment in ("2026-11-30T13:35Z", "2026-11-30T11:36Z", "2026-11-30T13:31Z", "2026-11-30T15:00Z"):
        clock.set(moment)
        dispatch.deliver_due()
        upkeep.sweep(now=clock.now)
    assert reminders()[1440][0] == "sent"
    tries = select(MessageAttempt.id).join(Message).where(Message.kind == "reminder", Message.offset_minutes == 1440)
    assert len(db.session.execute(tries).all()) == 2  # a mail and a text


@pytest.mark.parametrize(
    ("awake", "first", "last"),
    [
        # Asleep for six hours, awake an hour before the visit, a quarter of an hour before, and when it has begun.
        ("2026-12-01T12:30Z", "sent", "sent"),
        ("2026-12-01T13:14Z", "sent", "sent"),
        ("2026-12-01T13:15Z", "expired", "expired"),
        ("2026-12-01T13:30Z", "expired", "expired"),
        ("2026-12-03T13:30Z", "expired", "expired"),
    ],
)
def test_a_late_reminder_leaves_only_while_it_helps(tomorrow, clock, awake, first, last):
    clock.set(awake)
    upkeep.sweep(now=clock.now)
    dispatch.deliver_due()
    found = reminders()
    assert (found[1440][0], found[60][0]) == (first, last)
    assert all(why == "too late to be of use" for state, why in found.values() if state == "expired")


def test_an_opted_out_number_gets_no_text(clinic, clock):
    booked("check-up", clock.now)
    db.session.execute(update(Contact).where(Contact.kind == "phone").values(state="opted_out"))
    db.session.commit()
    dispatch.deliver_due()
    assert states()["confirmation", "sms"] == "dropped"
    assert states()["confirmation", "mail"] == "sent"


def test_a_landline_gets_no_text(clinic, clock):
    booked("check-up", clock.now, customer={**HANNAH, "phone": "030 901820"})
    dispatch.deliver_due()
    assert states()["confirmation", "sms"] == "dropped"


def test_a_bug_is_tried_five_times_and_then_shown(clinic, clock, monkeypatch):
    booked(
        "check-up", clock.now, start=free("check-up", clock.now, first=(clock.now + timedelta(days=8)).date())[0].start
    )

    def broken(*_args, **_more):
        raise RuntimeError("broken")

    monkeypatch.setattr(jobs, "compose", broken)
    for _ in range(6):
        dispatch.deliver_due()
        clock.tick(hours=3)
    assert states()["confirmation", "mail"] == "failed"
    tries = (
        db.session.execute(
            select(MessageAttempt.attempt)
            .join(Message)
            .where(Message.kind == "confirmation", Message.channel == "mail")
        )
        .scalars()
        .all()
    )
    assert sorted(tries) == [1, 2, 3, 4, 5]


def test_a_claim_whose_owner_died_is_taken_over_after_its_lease(clinic, clock):
    booked("check-up", clock.now)
    db.session.execute(
        update(Message)
        .where(Message.kind == "confirmation")
        .values(state="claimed", attempt=1, lease_until=clock.now + timedelta(seconds=120))
    )
    db.session.commit()
    dispatch.deliver_due()
    assert states()["confirmation", "mail"] == "claimed"
    clock.tick(seconds=121)
    dispatch.deliver_due()
    assert states()["confirmation", "mail"] == "sent"


def test_chinese_customers_are_written_to_in_chinese(clinic, clock):
    from actions.confirm import Wish, confirm

    confirm(
        wish=Wish("check-up", free("check-up", clock.now)[0].start),
        customer=HANNAH,
        answers={},
        locale="zh",
        now=clock.now,
    )
    dispatch.deliver_due()
    mine = next(each for each in mails(clinic) if each["To"] == HANNAH["email"])
    assert "常规体检" in mine["Subject"]
    assert "您" in mine.get_body(("plain",)).get_content()
    text = next(clinic.glob("*.txt")).read_text().splitlines()[1]
    assert "常规体检" in text


def test_a_discreet_service_is_not_named(load_business, clock, app):
    load_business("rental")
    folder = app.config["SETTINGS"].outgoing
    for each in folder.glob("*"):
        each.unlink()
    booked("design-talk", clock.now, location="quay", customer={**HANNAH, "phone": "+44 7911 123456"})
    dispatch.deliver_due()
    for path in folder.glob("*"):
        raw = path.read_text(errors="replace")
        if path.suffix == ".eml":
            raw = str(email.message_from_string(raw, policy=email.policy.default)["Subject"])
        assert "Design talk" not in raw
        assert "Amara" not in raw
