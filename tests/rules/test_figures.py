"""What a figure counts, and when there is too little to say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import figures
from rules.figures import ENOUGH, Change, Counts

START = datetime(2026, 12, 3, 9, tzinfo=UTC)
ILL = ("Ill", "生病")


def test_the_shares_of_a_month():
    month = Counts(bookings=684, confirmed=680, completed=612, no_show=23, late=49, by_customer=49, by_house=3)
    assert (month.due, month.met, month.cancelled) == (684, 635, 52)
    assert (month.fulfilment, month.cancellation, month.absence) == (895, 72, 36)


def test_of_too_few_nothing_is_said():
    few = Counts(completed=ENOUGH - 1, confirmed=ENOUGH - 1)
    assert (few.fulfilment, few.cancellation, few.absence) == (None, None, None)
    few.completed += 1
    assert few.fulfilment == 1000


def test_half_a_tenth_of_a_per_cent_is_rounded_up():
    assert figures.share(1, 2000) == 1
    assert figures.share(1, 2001) == 0
    assert figures.share(1, 16) == 63


@given(part=st.integers(0, 10**9), rest=st.integers(0, 10**9))
def test_a_share_lies_between_nothing_and_all(part, rest):
    found = figures.share(part, part + rest)
    assert found is None if part + rest < ENOUGH else found is not None and 0 <= found <= 1000
    if found is not None:
        assert abs(found - part * 1000 / (part + rest)) <= 0.5


def test_counts_are_added_one_by_one():
    both = Counts(bookings=3, firm=3, first=1, income=6500, lead=90, led=2)
    both += Counts(bookings=1, firm=1, lead=30, led=1)
    assert (both.bookings, both.returning, both.income, both.ahead) == (4, 3, 6500, 40)


def test_where_nothing_was_booked_ahead_there_is_no_average():
    assert Counts(bookings=1).ahead is None


def test_bookings_for_visits_of_the_same_source():
    assert figures.conversion(3, 20) == 150
    assert figures.conversion(3, 9) is None
    assert figures.conversion(30, 20) == 1500


@pytest.mark.parametrize("status", ["requested", "confirmed", "arrived", "completed", "no_show", "cancelled"])
def test_a_request_that_came_to_nothing_is_no_booking(status):
    assert figures.counts(status)
    assert not figures.counts("declined")
    assert not figures.counts("expired")


@pytest.mark.parametrize(
    ("by", "reason", "house"),
    [
        ("customer", None, False),
        ("program", "anything", False),
        ("house", None, True),
        ("staff:3", None, True),
        ("staff:3", "", True),
        ("staff:3", "The boiler is broken", True),
        ("staff:3", "生病", False),
        ("shell", "Ill", False),
        (None, None, True),
    ],
)
def test_whose_a_cancellation_is(by, reason, house):
    assert figures.by_house(by, reason, ILL) is house


@pytest.mark.parametrize(
    ("minutes_before", "cut_off", "late"),
    [(1441, 1440, False), (1440, 1440, False), (1439, 1440, True), (-5, 0, True), (0, None, False)],
)
def test_late_is_after_the_cut_off_and_not_at_it(minutes_before, cut_off, late):
    assert figures.late(START - timedelta(minutes=minutes_before), START, cut_off) is late


def test_a_second_after_the_cut_off_is_late():
    assert figures.late(START - timedelta(hours=24) + timedelta(seconds=1), START, 1440)


def test_a_cancellation_that_nobody_noted_is_not_late():
    assert not figures.late(None, START, 0)


@pytest.mark.parametrize(
    ("days", "found"),
    [(0, 0), (0.99, 0), (1, 1), (2, 2), (3, 2), (4, 3), (7, 3), (8, 4), (14, 4), (15, 5), (30, 5), (31, 6), (400, 6)],
)
def test_lead_times_fall_into_classes_of_whole_days(days, found):
    assert figures.lead_class(int(days * 1440)) == found


def test_more_is_good_or_bad_by_the_figure():
    assert figures.change("bookings", 5, 3) == Change(2, 1)
    assert figures.change("cancelled", 72, 90) == Change(-18, 1)
    assert figures.change("no_show", 72, 60) == Change(12, -1)
    assert figures.change("lead", 72, 60) == Change(12, 0)
    assert figures.change("income", 60, 60) == Change(0, 0)
    assert figures.change("fulfilled", None, 60) is None
    assert figures.change("fulfilled", 60, None) is None


def test_a_change_goes_up_or_down_or_stays():
    assert [Change(amount, 0).way for amount in (3, -3, 0)] == ["up", "down", "same"]


def test_income_is_compared_in_per_cent_of_what_it_was():
    assert figures.part_more(96, 100) == -4
    assert figures.part_more(100, 0) is None


def test_what_is_small_is_told_together():
    many = [(name, number) for number, name in enumerate("abcdefgh")]
    assert figures.six_at_most(many) == ([("h", 7), ("g", 6), ("f", 5), ("e", 4), ("d", 3)], 3)
    assert figures.six_at_most(many[:7]) == ([("g", 6), ("f", 5), ("e", 4), ("d", 3), ("c", 2), ("b", 1)], 0)


@pytest.mark.parametrize(
    ("taken", "bookable", "percent"),
    [(0, 60, 0), (1, 1000, 1), (999, 1000, 99), (60, 60, 100), (30, 60, 50), (5, 0, None), (70, 60, 100)],
)
def test_a_field_is_full_or_empty_only_when_it_is(taken, bookable, percent):
    assert figures.heat(taken, bookable) == percent


def test_the_shades_go_from_quiet_to_full():
    assert [figures.warmth(percent) for percent in (0, 16, 17, 50, 84, 99, 100)] == [0, 0, 1, 3, 5, 5, 5]


def test_every_figure_says_whether_more_is_better():
    assert set(figures.GOOD.values()) == {-1, 0, 1}
