"""Minutes by the hour of the week, also where clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.use import NOTHING, added, by_hour, less, times
from scheduling.hours import cut

BERLIN = "Europe/Berlin"
ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Asia/Kathmandu")


def minute(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) // 60


def hours_of(found: tuple[int, ...]) -> dict[tuple[int, int], int]:
    return {divmod(hour, 24): minutes for hour, minutes in enumerate(found) if minutes}


def test_a_visit_over_the_hour_counts_in_both():
    visit = ((minute("2026-12-03T09:40+01:00"), minute("2026-12-03T11:10+01:00")),)
    day = date(2026, 12, 3)
    assert hours_of(by_hour(BERLIN, visit, day, day)) == {(3, 9): 20, (3, 10): 60, (3, 11): 10}


def test_an_hour_that_is_shown_twice_counts_twice():
    day = date(2026, 10, 25)
    found = by_hour(BERLIN, tuple(cut(BERLIN, day)), day, day)
    assert (found[6 * 24 + 2], sum(found)) == (120, 25 * 60)


def test_an_hour_that_is_skipped_does_not_count():
    day = date(2026, 3, 29)
    found = by_hour(BERLIN, tuple(cut(BERLIN, day)), day, day)
    assert (found[6 * 24 + 2], sum(found)) == (0, 23 * 60)


def test_a_stay_of_days_is_cut_to_the_dates_asked_for():
    stay = (
        (minute("2026-12-01T20:00+01:00"), minute("2026-12-09T08:00+01:00")),
        (minute("2026-12-02T08:00+01:00"), minute("2026-12-02T08:30+01:00")),
    )
    found = by_hour(BERLIN, stay, date(2026, 12, 2), date(2026, 12, 3))
    assert sum(found) == 2 * 1440 + 30


def test_hours_are_added_taken_away_and_multiplied():
    one = (60, *NOTHING[1:])
    assert added([]) == NOTHING
    assert added([one, one])[0] == 120
    assert less(one, times(one, 3)) == NOTHING
    assert (times(one, 1), times(one, 2)[0]) == (one, 120)


@given(
    zone=st.sampled_from(ZONES),
    day=st.dates(date(2018, 1, 1), date(2027, 12, 31)),
    visits=st.lists(st.tuples(st.integers(-600, 3000), st.integers(1, 900)), max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_it_is_what_counting_minute_by_minute_finds(zone, day, visits):
    base = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) // 60
    intervals = tuple(sorted((base + begin, base + begin + length) for begin, length in visits))
    slow = [0] * 168
    for low, high in intervals:
        for each in range(low, high):
            local = datetime.fromtimestamp(each * 60, UTC).astimezone(ZoneInfo(zone))
            if day <= local.date() <= day + timedelta(days=1):
                slow[local.weekday() * 24 + local.hour] += 1
    assert list(by_hour(zone, intervals, day, day + timedelta(days=1))) == slow
