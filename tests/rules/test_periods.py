"""Which dates a period has, and which it is compared with."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rules.periods import FIRST, LAST, LONGEST, Period, before, chosen, kept, named, next_morning

THURSDAY = date(2026, 12, 3)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("today", "2026-12-03", "2026-12-03"),
        ("week", "2026-11-30", "2026-12-06"),
        ("month", "2026-12-01", "2026-12-31"),
        ("anything else", "2026-12-01", "2026-12-31"),
    ],
)
def test_a_period_that_has_a_name_lies_around_today(name, first, last):
    found = named(name, THURSDAY)
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    ("first", "last", "then"),
    [
        ("2026-12-03", "2026-12-03", "2026-12-02 2026-12-02"),
        ("2026-11-30", "2026-12-06", "2026-11-23 2026-11-29"),
        ("2026-03-01", "2026-03-31", "2026-02-01 2026-02-28"),
        ("2026-01-01", "2026-12-31", "2025-01-01 2025-12-31"),
        ("2026-01-01", "2026-03-31", "2025-10-01 2025-12-31"),
        ("2026-02-02", "2026-02-28", "2026-01-06 2026-02-01"),
        ("2026-02-01", "2026-02-27", "2026-01-05 2026-01-31"),
    ],
)
def test_whole_months_are_compared_with_months_and_days_with_days(first, last, then):
    found = before(chosen(date.fromisoformat(first), date.fromisoformat(last)))
    assert f"{found.first} {found.last}" == then


def test_dates_in_the_wrong_order_are_turned_round():
    assert chosen(date(2026, 12, 9), THURSDAY) == Period(THURSDAY, date(2026, 12, 9))


def test_too_many_dates_are_cut_to_the_latest_two_years():
    found = chosen(date(2000, 1, 1), THURSDAY)
    assert (found.last, found.days) == (THURSDAY, LONGEST)


def test_dates_beyond_every_calendar_are_brought_back():
    assert kept(date(1, 1, 1)) == FIRST
    assert kept(date(9999, 12, 31)) == LAST
    assert before(named("month", date(1, 1, 1))).days == 31


def test_a_period_that_is_not_whole_months_has_none():
    assert chosen(date(2026, 12, 1), date(2026, 12, 30)).months == 0
    assert chosen(date(2026, 12, 2), date(2026, 12, 31)).months == 0
    assert chosen(date(2026, 11, 1), date(2026, 12, 31)).months == 2


@pytest.mark.parametrize(
    ("now", "morning"),
    [
        ("2026-12-03T05:59", "2026-12-03T06:00"),
        ("2026-12-03T06:00", "2026-12-04T06:00"),
        ("2026-10-24T12:00", "2026-10-25T06:00"),
        ("2026-10-24T05:00", "2026-10-25T06:00"),
        ("2026-03-28T07:00", "2026-03-29T05:00"),
    ],
)
def test_the_next_morning_is_at_seven_by_the_clock_of_the_house(now, morning):
    found = next_morning(datetime.fromisoformat(now).replace(tzinfo=UTC), "Europe/Berlin")
    assert found == datetime.fromisoformat(morning).replace(tzinfo=UTC)
