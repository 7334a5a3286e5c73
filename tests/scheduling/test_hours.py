"""Opening hours in wall-clock time, through ordinary weeks and odd dates."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from scheduling import hours
from scheduling.hours import Absence, Timetable
from scheduling.intervals import Intervals
from tests.scheduling.shop import every_day, minute

BERLIN = "Europe/Berlin"
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)
MONDAY, TUESDAY, WEDNESDAY = date(2026, 6, 1), date(2026, 6, 2), date(2026, 6, 3)
NIGHTS = every_day((1320, 1800))


def shown(intervals: Intervals, zone: str = BERLIN) -> list[str]:
    def clock(at: int) -> str:
        return datetime.fromtimestamp(at * 60, UTC).astimezone(ZoneInfo(zone)).strftime("%d %H:%M")

    return [f"{clock(start)} to {clock(end)}" for start, end in intervals]


def opened(timetable: Timetable, first: date, last: date | None = None, zone: str = BERLIN) -> list[str]:
    return shown(hours.open_minutes(timetable, zone, first, last or first), zone)


# Readings of a clock


def test_a_usual_time_is_read_once():
    assert hours.readings(BERLIN, MONDAY, 9 * 60) == [minute("2026-06-01 09:00")]


def test_a_repeated_time_is_read_twice_an_hour_apart():
    first, second = hours.readings(BERLIN, AUTUMN, 150)
    assert second - first == 60
    assert (first, second) == (minute("2026-10-25 02:30"), minute("2026-10-25 02:30", fold=1))


@pytest.mark.parametrize(
    ("instant", "twice"),
    [("2026-10-24T22:30", False), ("2026-10-25T00:30", True), ("2026-10-25T01:30", True), ("2026-10-25T02:00", False)],
)
def test_a_time_knows_whether_its_clock_shows_it_twice(instant: str, twice: bool):
    local = datetime.fromisoformat(instant).replace(tzinfo=UTC).astimezone(ZoneInfo(BERLIN))
    assert hours.repeated(local) is twice


def test_a_skipped_time_is_never_read():
    assert hours.readings(BERLIN, SPRING, 150) == []
    assert hours.readings("Pacific/Apia", date(2011, 12, 30), 600) == []


@pytest.mark.parametrize(
    ("zone", "day", "length"),
    [
        (BERLIN, SPRING, 23 * 60),
        (BERLIN, AUTUMN, 25 * 60),
        (BERLIN, MONDAY, 24 * 60),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24 * 60 + 30),
        ("America/New_York", date(2026, 3, 8), 23 * 60),
        ("America/New_York", date(2040, 11, 4), 25 * 60),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_a_day_is_as_long_as_its_date_lasts(zone: str, day: date, length: int):
    assert sum(end - start for start, end in hours.cut(zone, day)) == length


def test_an_edge_that_does_not_exist_is_the_moment_of_the_change():
    change = minute("2026-03-29 03:00")
    assert hours.edge(BERLIN, SPRING, 150) == hours.edge(BERLIN, SPRING, 150, last=True) == change


def test_an_edge_on_a_skipped_date_is_the_moment_of_the_change():
    assert hours.edge("Pacific/Apia", date(2011, 12, 30), 600) == minute("2011-12-31 00:00", "Pacific/Apia")


def test_an_edge_skipped_at_the_end_of_a_date_is_the_next_midnight():
    # Clocks in Nuuk go from 23:00 straight to midnight.
    assert hours.edge("America/Nuuk", date(2026, 3, 28), 1410) == minute("2026-03-29 00:00", "America/Nuuk")


# The same wall-clock time some dates later


def test_days_later_is_the_same_time_through_a_change():
    assert hours.shift_days(BERLIN, minute("2026-03-28 10:00"), 2) == minute("2026-03-30 10:00")


def test_days_later_a_missing_time_is_the_moment_of_the_change():
    assert hours.shift_days(BERLIN, minute("2026-03-28 02:30"), 1) == minute("2026-03-29 03:00")


def test_days_later_a_repeated_time_is_its_first_reading():
    assert hours.shift_days(BERLIN, minute("2026-10-24 02:30"), 1) == minute("2026-10-25 02:30", fold=0)
    assert hours.shift_days(BERLIN, minute("2026-10-25 02:30", fold=1), 1) == minute("2026-10-26 02:30")


def test_leap_days_and_turns_of_the_year_are_days_like_others():
    assert hours.shift_days(BERLIN, minute("2028-02-28 23:59"), 1) == minute("2028-02-29 23:59")
    assert hours.shift_days(BERLIN, minute("2026-12-31 00:01"), 1) == minute("2027-01-01 00:01")


# Windows


def test_touching_windows_are_one():
    assert opened(every_day((540, 720), (720, 1020)), MONDAY) == ["01 09:00 to 01 17:00"]


def test_a_window_may_cross_midnight():
    assert opened(NIGHTS, MONDAY) == ["01 22:00 to 02 06:00"]


def test_a_window_may_end_at_midnight_and_meet_the_next_day():
    assert opened(every_day((540, 1440)), MONDAY) == ["01 09:00 to 02 00:00"]
    assert opened(every_day((0, 1440)), MONDAY, TUESDAY) == ["01 00:00 to 03 00:00"]


def test_a_window_starts_at_the_first_reading_and_ends_at_the_last():
    (start, end), *_ = hours.open_minutes(every_day((120, 150)), BERLIN, AUTUMN, AUTUMN)
    assert (start, end) == (minute("2026-10-25 02:00"), minute("2026-10-25 02:30", fold=1))


def test_a_window_inside_the_gap_does_not_open():
    assert opened(every_day((130, 170)), SPRING) == []


def test_a_window_that_starts_in_the_gap_opens_at_the_change():
    assert opened(every_day((150, 300)), SPRING) == ["29 03:00 to 29 05:00"]


# Dates that differ


def test_a_closed_date_takes_the_tail_of_the_evening_before_with_it():
    closed = Timetable(weekly=NIGHTS.weekly, closed=frozenset({TUESDAY}))
    assert opened(closed, MONDAY, WEDNESDAY) == ["01 22:00 to 02 00:00", "03 22:00 to 04 06:00"]


def test_a_holiday_closes_like_a_closed_date():
    holiday = Timetable(weekly=NIGHTS.weekly, holidays=frozenset({TUESDAY}))
    assert opened(holiday, MONDAY, TUESDAY) == ["01 22:00 to 02 00:00"]


def test_the_date_after_the_last_is_heeded():
    closed = Timetable(weekly=NIGHTS.weekly, closed=frozenset({TUESDAY}))
    assert opened(closed, MONDAY, MONDAY) == ["01 22:00 to 02 00:00"]


def test_closed_beats_special_beats_works_as_beats_holiday_beats_the_week():
    week = (((600, 660),), ((540, 720),), *[()] * 5)  # Monday from ten, Tuesday from nine
    on_tuesday: dict[str, Any] = {"holidays": frozenset({TUESDAY})}
    assert opened(Timetable(weekly=week), TUESDAY) == ["02 09:00 to 02 12:00"]
    assert opened(Timetable(weekly=week, **on_tuesday), TUESDAY) == []
    on_tuesday["works_as"] = {TUESDAY: 0}
    assert opened(Timetable(weekly=week, **on_tuesday), TUESDAY) == ["02 10:00 to 02 11:00"]
    on_tuesday["special"] = {TUESDAY: ((780, 840),)}
    assert opened(Timetable(weekly=week, **on_tuesday), TUESDAY) == ["02 13:00 to 02 14:00"]
    on_tuesday["closed"] = frozenset({TUESDAY})
    assert opened(Timetable(weekly=week, **on_tuesday), TUESDAY) == []


def test_special_hours_on_a_holiday_leave_the_evening_before_alone():
    open_anyway = Timetable(weekly=NIGHTS.weekly, holidays=frozenset({TUESDAY}), special={TUESDAY: ((540, 600),)})
    assert opened(open_anyway, MONDAY, TUESDAY) == ["01 22:00 to 02 06:00", "02 09:00 to 02 10:00"]


def test_the_location_says_which_weekday_others_work():
    saturday = date(2026, 6, 6)
    own = Timetable(weekly=(((540, 1020),), *[()] * 6))
    house = Timetable(weekly=every_day((0, 1440)).weekly, works_as={saturday: 0})
    assert shown(hours.open_minutes(own, BERLIN, saturday, saturday, location=house)) == ["06 09:00 to 06 17:00"]
    shorter = Timetable(weekly=house.weekly, works_as=house.works_as, special={saturday: ((600, 660),)})
    assert shown(hours.open_minutes(own, BERLIN, saturday, saturday, location=shorter)) == ["06 09:00 to 06 17:00"]


# Time off


def presence(*absences: Absence, first: date = MONDAY, last: date = WEDNESDAY, zone: str = BERLIN) -> list[str]:
    return shown(hours.resource_minutes(None, absences, zone, NIGHTS, zone, first, last), zone)


def test_whole_days_off_take_their_windows_with_the_tails():
    off = Absence(datetime(2026, 6, 2), datetime(2026, 6, 3), whole_days=True)
    assert presence(off) == ["01 22:00 to 02 00:00", "03 22:00 to 04 06:00"]


def test_some_hours_off_take_these_hours():
    off = Absence(datetime(2026, 6, 1, 23), datetime(2026, 6, 2, 1))
    assert presence(off, last=MONDAY) == ["01 22:00 to 01 23:00", "02 01:00 to 02 06:00"]


def test_hours_off_cover_both_readings_of_a_repeated_time():
    off = Absence(datetime(2026, 10, 25, 2), datetime(2026, 10, 25, 2, 30))
    away = hours.away_minutes([off], BERLIN)
    assert away == [(minute("2026-10-25 02:00"), minute("2026-10-25 02:30", fold=1))]


def test_whole_days_end_with_their_date_where_midnight_comes_twice():
    # Clocks in Havana go back from one to midnight: the second midnight is part of the next date.
    off = Absence(datetime(2026, 10, 31), datetime(2026, 11, 1), whole_days=True)
    havana = "America/Havana"
    assert hours.away_minutes([off], havana) == hours.cut(havana, date(2026, 10, 31))


def test_a_date_that_comes_back_for_an_hour_is_told_from_its_neighbours():
    # Clocks in St John's went from a minute past midnight back to the evening before.
    st_johns, saturday, sunday = "America/St_Johns", date(2006, 10, 28), date(2006, 10, 29)
    assert len(hours.cut(st_johns, saturday)) == len(hours.cut(st_johns, sunday)) == 2
    for day in (saturday, sunday):
        begin = datetime(day.year, day.month, day.day)
        off = Absence(begin, begin + timedelta(days=1), whole_days=True)
        assert hours.away_minutes([off], st_johns) == hours.cut(st_johns, day)


def test_time_off_may_last_for_ever():
    off = Absence(datetime(2026, 6, 2), datetime(9999, 12, 31), whole_days=True)
    assert presence(off, last=date(2026, 7, 31)) == ["01 22:00 to 02 00:00"]
    assert presence(Absence(datetime.min, datetime.max, whole_days=False)) == []
    assert presence(Absence(datetime.min, datetime(2026, 6, 3), whole_days=True)) == ["03 22:00 to 04 06:00"]


# The same hours are worked out once


def test_the_same_objects_are_answered_from_memory_and_others_are_not():
    one, other = every_day((540, 600)), every_day((600, 660))
    known = hours.open_minutes(one, BERLIN, MONDAY, MONDAY)
    assert hours.open_minutes(one, BERLIN, MONDAY, MONDAY) is known
    assert opened(other, MONDAY) == ["01 10:00 to 01 11:00"]


def test_memory_is_bounded():
    for n in range(1100):
        hours.open_minutes(NIGHTS, BERLIN, date.fromordinal(MONDAY.toordinal() + n), MONDAY)
    assert len(hours._expanded) <= 1024


def spell(first: date | None = None, last: date | None = None, every: int = 1, **days: tuple[int, int]) -> hours.Spell:
    week = tuple((days[name],) if name in days else () for name in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    return hours.Spell(week, first, last, every)


def test_weeks_that_alternate_count_from_the_week_of_their_first_day():
    # Across a year of 53 weeks, too: 2026-12-28 begins week 53, 2027-01-04 week 1.
    wednesday = date(2026, 12, 23)
    table = Timetable(weekly=((),) * 7, spells=(spell(wednesday, every=2, mon=(540, 600), fri=(540, 600)),))
    days = opened(table, date(2026, 12, 21), date(2027, 1, 22))
    assert days == [
        "25 09:00 to 25 10:00",
        "04 09:00 to 04 10:00",
        "08 09:00 to 08 10:00",
        "18 09:00 to 18 10:00",
        "22 09:00 to 22 10:00",
    ]


def test_hours_from_a_date_on_end_those_before_and_add_to_those_of_always():
    old, new = spell(last=MONDAY, mon=(540, 600), tue=(540, 600)), spell(TUESDAY, mon=(600, 660), tue=(600, 660))
    table = Timetable(weekly=((), ((660, 720),), (), (), (), (), ()), spells=(old, new))
    assert opened(table, MONDAY, TUESDAY) == ["01 09:00 to 01 10:00", "02 10:00 to 02 12:00"]
    assert hours.windows_of(table, TUESDAY, table) == ((600, 660), (660, 720))


def test_every_second_week_from_ever_on_has_a_first_one():
    table = Timetable(weekly=((),) * 7, spells=(spell(every=2, mon=(540, 600)),))
    opening = [day for day in (MONDAY, MONDAY + timedelta(days=7)) if hours.windows_of(table, day, table)]
    assert len(opening) == 1


def test_a_make_up_day_has_the_hours_of_its_own_week():
    saturday = date(2026, 6, 6)
    table = Timetable(weekly=((),) * 7, works_as={saturday: 4}, spells=(spell(MONDAY, every=2, fri=(540, 600)),))
    assert opened(table, saturday) == ["06 09:00 to 06 10:00"]
    assert opened(table, saturday + timedelta(days=7)) == []
