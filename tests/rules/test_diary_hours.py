"""When houses are open and people are in, on the days that the diary shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any

from rules.diary_hours import day_of, in_hours, open_hours
from scheduling import availability, hours
from tests.rules.cast import location, person

MONDAY = date(2026, 11, 30)
BASE = (MONDAY.toordinal() - hours.EPOCH) * 1440 - 60


def week(*windows: tuple[int, int]) -> hours.Timetable:
    """The same windows every day."""
    return hours.Timetable(weekly=(windows,) * 7)


def place(id: int = 1, *windows: tuple[int, int]) -> Any:
    return location(id=id, hours=availability.Location(id=id, zone="Europe/Berlin", timetable=week(*windows)))


def who(at: dict[int, availability.Resource]) -> Any:
    return replace(person("Anna"), at=at)


def works(timetable: hours.Timetable | None = None, *absences: hours.Absence) -> availability.Resource:
    return availability.Resource(4, 0, (1,), timetable, absences, "Europe/Berlin")


def on(found: list[tuple[int, int]], day: int = 0) -> list[tuple[int, int]]:
    """Minutes after midnight of the day."""
    begin = BASE + day * 1440
    return [(low - begin, high - begin) for low, high in found if begin <= low < begin + 1440]


def test_a_day_lasts_as_long_as_its_clock_says_and_a_skipped_one_not_at_all():
    begin, end = day_of("Europe/Berlin", date(2026, 10, 25))
    assert end - begin == 25 * 60
    begin, end = day_of("Pacific/Apia", date(2011, 12, 30))
    assert begin == end == day_of("Pacific/Apia", date(2011, 12, 31))[0]


def test_several_places_are_open_when_any_of_them_is():
    both = [place(1, (480, 720)), place(2, (600, 900))]
    assert on(open_hours(both, MONDAY, MONDAY)) == [(480, 900)]


def test_the_tail_of_the_evening_before_belongs_to_the_day():
    found = open_hours([place(1, (1320, 1560))], MONDAY, MONDAY)
    assert [(low - BASE, high - BASE) for low, high in found] == [(-120, 120), (1320, 1560)]


def test_somebody_without_hours_is_in_while_the_house_is_open():
    assert on(in_hours(who({1: works()}), [place(1, (480, 720))], MONDAY, MONDAY)) == [(480, 720)]


def test_her_own_hours_do_not_open_the_house():
    anna = who({1: works(week((420, 600)))})
    assert on(in_hours(anna, [place(1, (480, 720))], MONDAY, MONDAY)) == [(480, 600)]


def test_time_off_is_cut_out_and_that_of_a_single_unit_is_not():
    morning = hours.Absence(datetime(2026, 11, 30, 8), datetime(2026, 11, 30, 10))
    assert on(in_hours(who({1: works(None, morning)}), [place(1, (480, 720))], MONDAY, MONDAY)) == [(600, 720)]
    one = replace(morning, unit=7)
    assert on(in_hours(who({1: works(None, one)}), [place(1, (480, 720))], MONDAY, MONDAY)) == [(480, 720)]


def test_where_she_does_not_work_she_is_not_in():
    assert in_hours(who({}), [place(1, (480, 720))], MONDAY, MONDAY) == []
