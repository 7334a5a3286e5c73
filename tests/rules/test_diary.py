"""The layout of the diary, on paper."""

from __future__ import annotations

from datetime import date

import pytest

from rules import diary

THURSDAY = date(2026, 12, 3)


def test_a_week_goes_from_monday_to_sunday_and_a_month_over_all_its_days():
    assert diary.days_of("week", THURSDAY) == (date(2026, 11, 30), date(2026, 12, 6))
    assert diary.days_of("month", date(2028, 2, 10)) == (date(2028, 2, 1), date(2028, 2, 29))
    assert diary.days_of("day", THURSDAY) == diary.days_of("list", THURSDAY) == (THURSDAY, THURSDAY)


def test_leafing_keeps_the_weekday_and_begins_another_month_on_its_first():
    assert diary.turned("week", THURSDAY, -1) == date(2026, 11, 26)
    assert diary.turned("day", THURSDAY, 1) == date(2026, 12, 4)
    assert diary.turned("month", date(2026, 12, 31), 1) == date(2027, 1, 1)
    assert diary.turned("month", date(2027, 1, 31), -1) == date(2026, 12, 1)


@pytest.mark.parametrize("view", diary.VIEWS)
@pytest.mark.parametrize("edge", [date.min, date.max])
def test_nobody_leafs_off_the_calendar(view, edge):
    day = diary.kept(edge)
    for pages in (-1, 1):
        for _ in range(8):
            day = diary.turned(view, day, pages)
        first, last = diary.days_of(view, day)
        assert date.min < first <= last < date.max


def test_what_reaches_over_the_edge_of_a_day_is_cut_there():
    assert diary.within([(0, 10), (20, 30), (40, 50)], 5, 45) == [(5, 10), (20, 30), (40, 45)]
    assert diary.within([(0, 10)], 10, 20) == []


def test_taken_time_outside_opening_hours_does_not_count_for_the_share():
    assert diary.share([(0, 30), (50, 80)], [(20, 60)]) == 50
    assert diary.share([(0, 40), (10, 20)], [(0, 40)]) == 100
    assert diary.share([(0, 10)], []) is None


def test_a_little_is_never_nothing_and_nearly_all_is_never_all():
    assert diary.share([(0, 1)], [(0, 1000)]) == 1
    assert diary.share([(0, 999)], [(0, 1000)]) == 99
    assert diary.share([], [(0, 1000)]) == 0


def test_who_is_out_and_who_comes_later_is_said_while_the_house_is_open():
    house = [(480, 720), (840, 1080)]
    assert diary.absence(house, []) == ("out", 0)
    assert diary.absence(house, [(840, 1080)]) == ("from", 840)
    assert diary.absence(house, [(495, 720)]) is None
    assert diary.absence(house, house) is None
    assert diary.absence([], []) is None


def test_a_day_is_drawn_in_whole_hours_around_what_is_in_it():
    assert diary.frame([(500, 1000)], 0, 1440) == (480, 1020)
    assert diary.frame([(500, 560)], 0, 1440) == (480, 960), "eight hours at least"
    assert diary.frame([(1300, 1440)], 0, 1440) == (960, 1440), "also late in the day"
    assert diary.frame([], 0, 1440) == (480, 1080)
    assert diary.frame([(-300, 2000)], 0, 1380) == (0, 1380), "a day of 23 hours"


def test_what_overlaps_lies_side_by_side_and_what_only_touches_does_not():
    assert diary.lanes([(0, 30), (10, 20), (20, 40), (40, 50)]) == [(0, 2), (1, 2), (1, 2), (0, 1)]
    assert diary.lanes([(0, 30), (30, 60)]) == [(0, 1), (0, 1)]
    assert diary.lanes([(0, 60), (0, 10), (5, 20), (15, 30)]) == [(0, 3), (1, 3), (2, 3), (1, 3)]
    assert diary.lanes([]) == []


def test_eight_lines_at_most_the_last_of_them_says_how_many_more():
    assert [diary.fold(count) for count in (0, 7, 8, 9, 30)] == [0, 7, 8, 7, 7]


def test_a_quiet_weekend_has_no_column():
    assert diary.worth_a_column([True] * 5 + [False, False]) == range(5)
    assert diary.worth_a_column([False] * 7) == range(5)
    assert diary.worth_a_column([True] * 5 + [False, True]) == range(7)
    assert diary.worth_a_column([False]) == range(1)


def test_today_has_its_column_however_quiet_it_is():
    assert diary.worth_a_column([False] * 7, 5) == range(6)
    assert diary.worth_a_column([False] * 7, 0) == range(5)
    assert diary.worth_a_column([True] * 7, 5) == range(7)
