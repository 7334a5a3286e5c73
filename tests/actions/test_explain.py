"""Why a time is not offered and who would get it, with names, references and figures."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert

from actions import availability
from actions.explain import who_gets, why_not
from models.base import db
from models.booking import Session
from models.desk import Pause
from rules import errors
from tests.factories import TOM, booked, free, held
from wire import explaining
from wire.wording import Wording

EN, ZH = Wording("en"), Wording("zh")
BERLIN = "Europe/Berlin"
TUESDAY = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)  # nine o'clock in Berlin


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


def said(found, words=EN):
    return [explaining.broken(words, each, zone=BERLIN) for each in found]


def test_every_start_of_a_day_is_offered_exactly_when_nothing_is_said_against_it(clinic):
    booked("check-up", clinic.now, start=TUESDAY, resources=["dr-yilmaz"])
    held("check-up", clinic.now, start=TUESDAY + timedelta(hours=5), resources=["dr-braun"])
    asked = availability.resolved(service="check-up")
    day = date(2026, 12, 1)
    offered = {each.start for each in availability.view(asked, first=day, last=day, now=clinic.now).offers if each.free}
    for step in range(26):
        start = TUESDAY - timedelta(hours=1) + timedelta(minutes=30 * step)
        assert (start in offered) == (not why_not(service="check-up", start=start, now=clinic.now)), start


def test_the_booking_in_the_way_is_named_with_its_reference(clinic):
    first = booked("check-up", clinic.now, start=TUESDAY, resources=["dr-yilmaz"]).booking
    booked("check-up", clinic.now, start=TUESDAY, resources=["dr-braun"], customer=TOM)
    found = why_not(service="check-up", start=TUESDAY, resources=["dr-yilmaz"], now=clinic.now)
    taken = next(each for each in found if each.params.get("resource") == "dr-yilmaz")
    assert (taken.rule, taken.why, taken.params["references"]) == ("free", "booking", (first.reference,))
    spaced = f"{first.reference[:4]} {first.reference[4:]}"
    assert f"Dr. Elif Yılmaz is taken Tue 1 Dec, 09:00–09:30 by {spaced}." in said(found)
    assert any("12月1日 周二" in each for each in said(found, ZH))


def test_only_the_buffer_in_the_way_is_told_apart(clinic):
    booked("check-up", clinic.now, start=TUESDAY, resources=["dr-yilmaz"])
    found = why_not(service="check-up", start=TUESDAY + timedelta(minutes=30), resources=["dr-yilmaz"], now=clinic.now)
    assert {each.rule for each in found} == {"buffers"}
    assert all(each.overrulable for each in found)


def test_somebody_on_leave_is_named_with_the_end_of_it(clinic):
    start = datetime(2026, 12, 15, 8, 0, tzinfo=UTC)
    found = why_not(service="ultrasound", start=start, now=clinic.now)
    assert [(each.rule, each.why) for each in found] == [("open", "away")]
    assert said(found) == ["Dr. Jonas Braun is away until Fri 18 December."]


def test_the_hours_of_the_house_a_closed_day_and_a_holiday(clinic):
    noon = why_not(service="check-up", start=TUESDAY + timedelta(hours=4), now=clinic.now)
    assert said(noon) == ["Praxis am Park is open 08:00–12:00, 14:00–18:00 on Tue 1 December."]
    eve = why_not(service="check-up", start=datetime(2026, 12, 24, 8, 0, tzinfo=UTC), now=clinic.now)
    assert [each.why for each in eve] == ["closed"]
    christmas = why_not(service="check-up", start=datetime(2026, 12, 25, 8, 0, tzinfo=UTC), now=clinic.now)
    assert [each.why for each in christmas] == ["holiday"]


def test_notice_horizon_and_grid_are_named_with_their_figures(clinic):
    soon = why_not(service="check-up", start=clinic.now + timedelta(minutes=3), now=clinic.now)
    assert said(soon)[:2] == ["Visits start every 10 minutes.", "Notice of 2 hours is needed."]
    far = why_not(service="check-up", start=TUESDAY + timedelta(days=70), now=clinic.now)
    assert far[0].params["opens"] == date(2026, 12, 11)


def test_parts_of_a_minute_are_off_the_grid(clinic):
    assert [each.rule for each in why_not(service="check-up", start=TUESDAY.replace(second=7), now=clinic.now)] == [
        "grid"
    ]


def test_a_block_is_named_with_its_title(clinic):
    done = booked("check-up", clinic.now, start=TUESDAY, resources=["dr-yilmaz"]).booking
    db.session.execute(
        db.update(Session).where(Session.id == done.session_id).values(kind="block", title="Team meeting")
    )
    db.session.execute(db.text("UPDATE booking SET status = 'cancelled'"))
    found = why_not(service="check-up", start=TUESDAY, resources=["dr-yilmaz"], now=clinic.now)
    assert ("free", "block") in {(each.rule, each.why) for each in found}
    assert "Dr. Elif Yılmaz is blocked Tue 1 Dec, 09:00–09:30. Team meeting" in said(found)
    db.session.rollback()


def test_a_pause_is_named_though_everything_else_is_free(clinic):
    braun = availability.resolved(service="check-up", resources=["dr-braun"]).chosen[0].id
    for kind, id in (("business", None), ("resource", braun)):
        row = {"subject_kind": kind, "subject_id": id, "since": clinic.now, "made_by": "staff:1"}
        db.session.execute(insert(Pause).values(**row, sentence={"en": "We are moving house."}))
    db.session.commit()
    found = why_not(service="check-up", start=TUESDAY, now=clinic.now)
    assert said(found) == ["Online booking is paused. We are moving house."]
    his = why_not(service="check-up", start=TUESDAY, resources=["dr-braun"], now=clinic.now)
    assert said(his)[1:] == ["Online booking with Dr. Jonas Braun is paused. We are moving house."]


def test_who_would_get_it_is_who_gets_it(clinic):
    for day in range(3):
        starts = [each.start for each in free("check-up", clinic.now, first=date(2026, 12, 1 + 2 * (day % 2)))]
        start = starts[day * 5]
        told = who_gets(service="check-up", start=start, now=clinic.now)
        best = [each.resource for each in told if each.reason is not None]
        contact = {"name": f"N {day}", "email": f"n{day}@example.com"}
        done = booked("check-up", clinic.now, start=start, customer=contact).booking
        assert best == list(done.resources)


def test_those_who_cannot_are_told_with_what_keeps_them(clinic):
    booked("check-up", clinic.now, start=TUESDAY, resources=["dr-yilmaz"])
    told = {each.resource: each for each in who_gets(service="check-up", start=TUESDAY, now=clinic.now)}
    assert (told["dr-braun"].free, told["dr-yilmaz"].free) == (True, False)
    assert told["dr-braun"].reason == {"code": "only_one_free"}
    assert said(told["dr-yilmaz"].broken)[0].startswith("Dr. Elif Yılmaz is taken Tue 1 Dec")


def test_staff_may_ask_for_a_room_and_for_any_length_but_not_for_what_cannot_serve(clinic):
    assert why_not(service="check-up", start=TUESDAY, resources=["room-2"], length=25, now=clinic.now) == []
    with pytest.raises(errors.UnknownResource):
        why_not(service="ultrasound", start=TUESDAY, resources=["room-1"], now=clinic.now)
    for odd in (0, "x", 60 * 24 * 500):
        with pytest.raises(errors.BadDuration):
            why_not(service="check-up", start=TUESDAY, length=odd, now=clinic.now)


def test_a_class_has_its_own_length_only_and_says_how_many_places_are_left(load_business, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    booked("yoga", clock.now, start=start, seats=6)
    with pytest.raises(errors.BadDuration):
        why_not(service="yoga", start=start, length=17, now=clock.now)
    full = why_not(service="yoga", start=start, seats=3, now=clock.now)
    assert said(full) == ["2 places are left, 3 are wanted."]


@pytest.mark.parametrize(
    ("stored", "english", "chinese"),
    [
        ({"code": "only_one_free"}, "The only one who was free.", "当时只有这一位有空。"),
        ({"code": "needs_together"}, "So that everything that is needed fits together.", "这样安排，所需的才能凑齐。"),
        ({"code": "first_in_order"}, "First in the order.", "按顺序排在最前。"),
        (
            {"code": "fewest_that_week", "own": 31, "next": 38},
            "Fewest bookings that week: 31 against 38.",
            "那一周预约最少：31 个，另一位 38 个。",
        ),
        (
            {"code": "fewest_that_week", "own": 9, "next": 5, "own_weight": 2, "next_weight": 1},
            "Fewest bookings that week for the share: 9 with a share of 2 against 5 with 1.",
            "按份额算那一周预约最少：份额 2 有 9 个，另一位份额 1 有 5 个。",
        ),
        (
            {"code": "fewest_minutes_that_day", "own": 30, "next": 90},
            "Least to do that day: 30 minutes against 90.",
            "当天最空：30 分钟，另一位 90 分钟。",
        ),
        ({"code": "longest_without"}, "Longest without a booking.", "最久没有接到预约。"),
        ({"code": "chosen_by_customer"}, "Chosen by the customer.", "客人指定。"),
        ({"code": "chosen_by_staff"}, "Chosen at the desk.", "前台指定。"),
        ({"code": "by_hand", "by": "staff:3"}, "Assigned by hand.", "人工安排。"),
        (None, "", ""),
    ],
)
def test_each_reason_of_an_assignment_is_a_sentence(stored, english, chinese):
    assert (explaining.reason(EN, stored), explaining.reason(ZH, stored)) == (english, chinese)


def test_an_assignment_by_hand_names_who_did_it():
    stored = {"code": "by_hand", "by": "staff:3"}
    assert explaining.reason(EN, stored, by="Lena Weiß") == "Assigned by Lena Weiß."
    assert explaining.reason(ZH, stored, by="Lena Weiß") == "由 Lena Weiß 安排。"
