"""Who is told what, when, by which way; and what is not worth sending any more."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from rules import messages
from rules.facts import Location, Service
from rules.messages import Planned
from tests.rules.cast import HOUSE, Visit, at, location, person, service

START = at("2026-12-03T15:00+01:00")  # a Thursday afternoon in Berlin
BOOKED = at("2026-11-30T10:00+01:00")
ANNA = person("Anna", "anna@example.com")
BEN = person("Ben", "ben@example.com")
MINUTE = timedelta(minutes=1)


def planned(
    event: str = "confirmed",
    *,
    visit: Visit | None = None,
    offers: Service | None = None,
    where: Location | None = None,
    staff: tuple[Any, ...] = (ANNA,),
    now: datetime = BOOKED,
) -> list[Planned]:
    return messages.plan(
        event,
        booking=visit or Visit(START),
        service=offers or service(),
        location=where or location(),
        business=HOUSE,
        staff=staff,
        now=now,
    )


def kinds(found: list[Planned]) -> list[tuple[str, str, str]]:
    return [(each.kind, each.channel, each.recipient) for each in found]


def reminders(found: list[Planned], kind: str = "reminder") -> dict[int, datetime]:
    """Offset to time, of the mails."""
    return {each.offset_minutes: each.due_at for each in found if each.kind == kind and each.channel == "mail"}


class TestWhoIsToldWhat:
    @pytest.mark.parametrize(
        ("event", "customer", "staff"),
        [
            ("confirmed", "confirmation", "staff_booked"),
            ("requested", "request_received", "staff_request"),
            ("approved", "approved", "staff_booked"),
            ("declined", "declined", "staff_cancelled"),
            ("expired", "expired", "staff_cancelled"),
            ("moved", "moved", "staff_moved"),
            ("requested_again", "request_received", "staff_request"),
            ("cancelled", "cancelled", "staff_cancelled"),
        ],
    )
    def test_the_customer_by_mail_and_sms_and_the_person_by_mail(self, event: str, customer: str, staff: str) -> None:
        assert kinds(planned(event, offers=service(reminders=()))) == [
            (customer, "mail", "ada@example.com"),
            (customer, "sms", "+4915123456789"),
            (staff, "mail", "anna@example.com"),
        ]

    def test_only_by_the_ways_that_she_gave(self) -> None:
        plain = service(reminders=())
        assert kinds(planned(visit=Visit(START, phone=None), offers=plain, staff=())) == [
            ("confirmation", "mail", "ada@example.com")
        ]
        assert kinds(planned(visit=Visit(START, email=None), offers=plain, staff=())) == [
            ("confirmation", "sms", "+4915123456789")
        ]
        assert planned(visit=Visit(START, email=None, phone=None), staff=()) == []

    def test_everybody_assigned_is_told_once_who_has_a_mailbox(self) -> None:
        shared = person("Clara", "anna@example.com")
        found = planned(offers=service(reminders=()), staff=(ANNA, BEN, shared, person("Dora")))
        assert [each.recipient for each in found if each.audience == "staff"] == ["anna@example.com", "ben@example.com"]

    def test_customers_read_their_language_and_staff_that_of_the_house(self) -> None:
        found = planned(visit=Visit(START, locale="zh"), offers=service(staff_reminders=(30,)))
        assert {(each.audience, each.locale) for each in found} == {("customer", "zh"), ("staff", "de")}

    def test_another_person_is_news_for_the_customer_and_told_to_each_of_the_people_by_itself(self) -> None:
        assert kinds(planned("reassigned", offers=service(reminders=()))) == [
            ("reassigned", "mail", "ada@example.com"),
            ("reassigned", "sms", "+4915123456789"),
        ]

    def test_a_question_goes_to_the_customer_and_is_of_use_until_its_deadline(self) -> None:
        found = messages.question("proposal", Visit(START), BOOKED, BOOKED + MINUTE)
        assert kinds(found) == [("proposal", "mail", "ada@example.com"), ("proposal", "sms", "+4915123456789")]
        assert {(each.due_at, each.deadline) for each in found} == {(BOOKED, BOOKED + MINUTE)}

    def test_news_leaves_at_once(self) -> None:
        assert {each.due_at for each in planned(offers=service(reminders=()))} == {BOOKED}

    def test_people_who_lost_a_booking_are_told_by_themselves(self) -> None:
        found = messages.to_staff("staff_cancelled", [ANNA, person("Dora")], business=HOUSE, start=START, now=BOOKED)
        assert kinds(found) == [("staff_cancelled", "mail", "anna@example.com")]
        assert (found[0].due_at, found[0].deadline, found[0].audience) == (BOOKED, START, "staff")

    def test_news_of_the_next_24_hours_leave_first_then_reminders_then_news_then_what_staff_read(self) -> None:
        later = {each.kind: each.priority for each in planned(offers=service(staff_reminders=(60,)))}
        soon = {each.kind: each.priority for each in planned(now=START - timedelta(hours=24) + MINUTE)}
        assert soon["confirmation"] < later["reminder"] < later["confirmation"]
        assert later["confirmation"] < later["staff_booked"] == later["staff_reminder"]
        edge = planned(now=START - timedelta(hours=24))
        assert edge[0].priority == later["confirmation"]

    def test_only_reminders_have_an_offset(self) -> None:
        assert {each.offset_minutes for each in planned(offers=service(reminders=()))} == {0}

    def test_no_two_of_one_plan_would_be_the_same_row(self) -> None:
        found = planned(offers=service(reminders=(60, 60, 1440), staff_reminders=(60, 60)), staff=(ANNA, ANNA, BEN))
        rows = [(each.kind, each.offset_minutes, each.channel, each.recipient) for each in found]
        assert len(set(rows)) == len(rows)


class TestHowLongItIsOfUse:
    def test_news_of_a_visit_until_it_begins(self) -> None:
        assert {each.deadline for each in planned(offers=service(reminders=()))} == {START}

    def test_news_of_a_visit_that_begins_at_once_for_an_hour(self) -> None:
        now = START - 5 * MINUTE
        assert {each.deadline for each in planned(offers=service(reminders=()), now=now)} == {now + timedelta(hours=1)}

    @pytest.mark.parametrize("event", ["declined", "expired", "cancelled"])
    def test_news_that_there_is_none_for_two_days(self, event: str) -> None:
        found = planned(event, now=START)
        assert {each.deadline for each in found if each.audience == "customer"} == {START + timedelta(days=2)}


class TestReminders:
    def test_they_leave_in_elapsed_time_before_the_start_by_every_way(self) -> None:
        found = [each for each in planned() if each.kind == "reminder"]
        assert [(each.channel, each.offset_minutes, each.due_at) for each in found] == [
            ("mail", 1440, START - timedelta(hours=24)),
            ("sms", 1440, START - timedelta(hours=24)),
            ("mail", 60, START - timedelta(hours=1)),
            ("sms", 60, START - timedelta(hours=1)),
        ]

    def test_a_day_before_is_24_hours_across_the_change_of_clocks(self) -> None:
        visit = Visit(at("2026-03-29T15:00+02:00"))
        assert reminders(planned(visit=visit, now=at("2026-03-01T09:00Z")))[1440] == at("2026-03-28T14:00+01:00")

    @pytest.mark.parametrize("event", ["requested", "requested_again", "declined", "expired", "cancelled"])
    def test_what_is_not_confirmed_is_not_reminded_of(self, event: str) -> None:
        assert reminders(planned(event)) == {}

    @pytest.mark.parametrize("event", ["confirmed", "approved", "moved"])
    def test_what_becomes_firm_is_reminded_of(self, event: str) -> None:
        assert set(reminders(planned(event))) == {1440, 60}

    def test_who_books_inside_the_offset_gets_none(self) -> None:
        assert set(reminders(planned(now=START - timedelta(hours=24) - MINUTE))) == {1440, 60}
        assert set(reminders(planned(now=START - timedelta(hours=24)))) == {60}
        assert reminders(planned(now=START - timedelta(hours=1))) == {}

    def test_who_books_at_night_inside_the_offset_is_not_reminded_in_the_morning(self) -> None:
        visit, twelve = Visit(at("2026-12-03T12:00+01:00")), service(reminders=(720,))
        assert reminders(planned(visit=visit, offers=twelve, now=at("2026-12-02T23:59+01:00"))) == {
            720: at("2026-12-03T08:00+01:00")
        }
        assert reminders(planned(visit=visit, offers=twelve, now=at("2026-12-03T00:01+01:00"))) == {}

    def test_staff_are_reminded_by_mail_at_any_hour(self) -> None:
        visit = Visit(at("2026-12-03T07:00+01:00"))
        found = planned(visit=visit, offers=service(reminders=(), staff_reminders=(30, 1440)), staff=(ANNA, BEN))
        assert [(each.recipient, each.offset_minutes) for each in found if each.kind == "staff_reminder"] == [
            ("anna@example.com", 1440),
            ("ben@example.com", 1440),
            ("anna@example.com", 30),
            ("ben@example.com", 30),
        ]
        assert reminders(found, "staff_reminder")[30] == at("2026-12-03T06:30+01:00")
        assert {each.deadline for each in found if each.kind == "staff_reminder"} == {visit.start}

    def test_a_late_one_is_of_use_until_a_quarter_of_an_hour_before(self) -> None:
        assert {each.deadline for each in planned() if each.kind == "reminder"} == {START - timedelta(minutes=15)}

    @pytest.mark.parametrize("offset", [1, 10, 15, 16, 60])
    def test_every_reminder_has_time_to_leave(self, offset: int) -> None:
        found = [each for each in planned(offers=service(reminders=(offset,))) if each.kind == "reminder"]
        assert len(found) == 2
        assert all(each.due_at + MINUTE <= each.deadline <= START for each in found)


class TestQuietHours:
    @pytest.mark.parametrize(
        ("start", "offset", "due"),
        [
            ("2026-12-04T21:59+01:00", 1440, "2026-12-03T21:59+01:00"),
            ("2026-12-04T22:00+01:00", 1440, "2026-12-04T08:00+01:00"),
            ("2026-12-04T07:59+01:00", 2880, "2026-12-02T08:00+01:00"),
            ("2026-12-04T08:00+01:00", 1440, "2026-12-03T08:00+01:00"),
            ("2026-12-04T08:30+01:00", 1440, "2026-12-03T08:30+01:00"),
            ("2026-12-04T10:00+01:00", 600, "2026-12-04T08:00+01:00"),
        ],
    )
    def test_a_reminder_waits_for_the_morning(self, start: str, offset: int, due: str) -> None:
        assert messages.reminder_due(at(start), offset, "Europe/Berlin") == at(due)

    @pytest.mark.parametrize(
        ("start", "offset", "due"),
        [
            ("2026-12-04T09:59+01:00", 600, "2026-12-03T23:59+01:00"),
            ("2026-12-04T08:30+01:00", 60, "2026-12-04T07:30+01:00"),
            ("2026-12-04T23:30+01:00", 60, "2026-12-04T22:30+01:00"),
        ],
    )
    def test_unless_that_is_less_than_two_hours_before(self, start: str, offset: int, due: str) -> None:
        assert messages.reminder_due(at(start), offset, "Europe/Berlin") == at(due)

    def test_the_clock_is_that_of_the_place(self) -> None:
        visit = Visit(at("2026-12-03T15:00+08:00"))
        found = planned(visit=visit, offers=service(reminders=(720,)), where=location("Asia/Shanghai"))
        assert reminders(found) == {720: at("2026-12-03T08:00+08:00")}

    def test_the_morning_after_the_change_of_clocks(self) -> None:
        start = at("2026-03-29T15:00+02:00")
        assert messages.reminder_due(start, 720, "Europe/Berlin") == at("2026-03-29T08:00+02:00")

    def test_two_that_wait_for_the_same_morning_are_sent_as_one(self) -> None:
        visit = Visit(at("2026-12-03T18:00+01:00"))
        found = planned(visit=visit, offers=service(reminders=(600, 720, 60)))
        assert reminders(found) == {600: at("2026-12-03T08:00+01:00"), 60: at("2026-12-03T17:00+01:00")}


class TestWhatIsStillWanted:
    def why(self, **changes: Any) -> str | None:
        given: dict[str, Any] = {
            "kind": "reminder",
            "revision": 2,
            "deadline": START - timedelta(minutes=15),
            "booking_status": "confirmed",
            "booking_revision": 2,
            "start": START,
            "now": START - timedelta(hours=1),
        }
        return messages.unwanted(**{**given, **changes})

    @pytest.mark.parametrize("kind", ["reminder", "staff_reminder", "confirmation", "staff_booked"])
    def test_what_is_due_and_true_leaves(self, kind: str) -> None:
        assert self.why(kind=kind) is None

    def test_nothing_leaves_at_its_deadline(self) -> None:
        assert self.why(now=START - timedelta(minutes=15) - MINUTE) is None
        assert self.why(now=START - timedelta(minutes=15)) == "too late to be of use"

    @pytest.mark.parametrize("status", ["cancelled", "requested", "arrived", "no_show"])
    @pytest.mark.parametrize("kind", ["reminder", "staff_reminder"])
    def test_no_reminder_of_what_is_not_firm(self, kind: str, status: str) -> None:
        assert self.why(kind=kind, booking_status=status) == "the booking is not confirmed any more"

    @pytest.mark.parametrize("kind", ["reminder", "staff_reminder"])
    def test_no_reminder_of_what_has_begun(self, kind: str) -> None:
        assert self.why(kind=kind, now=START, deadline=START + MINUTE) == "the visit has begun"

    @pytest.mark.parametrize("kind", ["staff_request", "request_reminder", "request_escalated"])
    def test_nobody_is_asked_for_what_is_decided(self, kind: str) -> None:
        assert self.why(kind=kind, booking_status="requested") is None
        assert self.why(kind=kind, booking_status="declined") == "the request is decided"

    @pytest.mark.parametrize("kind", ["reminder", "confirmation", "staff_moved", "cancelled"])
    def test_nothing_of_an_older_revision(self, kind: str) -> None:
        assert self.why(kind=kind, revision=1) == "the booking has changed since"

    def test_who_lost_a_booking_hears_of_it_whatever_becomes_of_it(self) -> None:
        assert self.why(kind="staff_cancelled", revision=1) is None
        assert self.why(kind="staff_cancelled", booking_status="cancelled") is None

    def test_who_has_it_again_never_hears_that_she_had_lost_it(self) -> None:
        assert self.why(kind="staff_cancelled", revision=1, has_it=True) == "the booking has changed since"

    def test_a_cancellation_leaves_although_nothing_is_firm(self) -> None:
        assert self.why(kind="cancelled", booking_status="cancelled") is None

    def test_news_of_a_visit_that_just_begins_still_leaves(self) -> None:
        assert self.why(kind="confirmation", now=START + MINUTE, deadline=START + 5 * MINUTE) is None


class TestHowItWas:
    """The question after a visit."""

    def asked(self, end: str, now: str, **more: Any) -> list[Planned]:
        visit = Visit(START, **more)
        object.__setattr__(visit, "end", at(end))
        return messages.how_it_was(visit, zone="Europe/Berlin", now=at(now))

    @pytest.mark.parametrize(
        ("end", "now", "due"),
        [
            ("2026-12-03T15:30+01:00", "2026-12-03T15:31+01:00", "2026-12-03T18:31+01:00"),
            ("2026-12-03T15:30+01:00", "2026-12-03T15:10+01:00", "2026-12-03T18:30+01:00"),
            ("2026-12-03T19:30+01:00", "2026-12-03T19:30+01:00", "2026-12-04T08:00+01:00"),
            ("2026-12-03T15:30+01:00", "2026-12-04T00:00+01:00", "2026-12-04T08:00+01:00"),
        ],
    )
    def test_leaves_three_hours_after_it_and_never_at_night(self, end, now, due):
        (found,) = self.asked(end, now)
        assert (found.kind, found.channel, found.due_at) == ("feedback", "mail", at(due))
        assert found.deadline - found.due_at == messages.USEFUL_FOR

    def test_goes_by_one_way_to_who_gave_one(self):
        end = "2026-12-03T15:30+01:00"
        assert [each.channel for each in self.asked(end, end, email=None, phone="+4915123456789")] == ["sms"]
        assert self.asked(end, end, email=None, phone=None) == []

    def test_is_not_asked_long_after(self):
        assert self.asked("2026-12-03T15:30+01:00", "2026-12-06T15:30+01:00") == []

    def test_is_not_sent_once_the_visit_did_not_come_about(self):
        given = {"kind": "feedback", "revision": 2, "deadline": START + timedelta(days=2), "booking_revision": 2}
        more = {"start": START, "now": START + timedelta(hours=4)}
        assert messages.unwanted(booking_status="completed", **given, **more) is None
        assert messages.unwanted(booking_status="no_show", **given, **more) == messages.NOT_OVER
