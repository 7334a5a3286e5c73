"""Deadlines count back from the start, in elapsed time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from rules import policies
from rules.errors import RateLimited, TooLate

START = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)  # noon in Berlin, on the day of 23 hours
SECOND = timedelta(seconds=1)


def test_without_terms_it_may_be_cancelled_and_moved_until_the_start() -> None:
    assert policies.cancel_deadline(START, {}) == START
    assert policies.move_deadline(START, {"reschedule_until": None}) == START


def test_terms_of_a_day_are_24_hours_across_the_change_of_clocks() -> None:
    terms = {"cancel_until": 1440, "reschedule_until": 60}
    assert policies.cancel_deadline(START, terms) == datetime(2026, 3, 28, 10, 0, tzinfo=UTC)
    assert policies.move_deadline(START, terms) == datetime(2026, 3, 29, 9, 0, tzinfo=UTC)


EVENING = {"days_before": 1, "time": "18:00"}


class TestByTheDay:
    """Berlin, whose clocks go forward in the night to 29 March 2026: the start is noon there."""

    @pytest.mark.parametrize(
        ("rule", "deadline"),
        [
            (EVENING, datetime(2026, 3, 28, 17, 0, tzinfo=UTC)),  # still winter: 18 hours by the clock, 17 by the watch
            ({"days_before": 1}, datetime(2026, 3, 28, 22, 59, tzinfo=UTC)),
            ({"days_before": 0, "time": "09:00"}, datetime(2026, 3, 29, 7, 0, tzinfo=UTC)),
            ({"days_before": 0, "time": "18:00"}, START),  # never later than the start
        ],
    )
    def test_it_is_read_on_the_clock_of_the_place(self, rule: dict[str, Any], deadline: datetime) -> None:
        terms = policies.agreed({"cancel_until": rule, "reschedule_until": 60}, START, "Europe/Berlin")
        assert policies.cancel_deadline(START, terms) == deadline
        assert policies.move_deadline(START, terms) == START - timedelta(hours=1)

    def test_another_time_has_the_same_rule_and_another_deadline(self) -> None:
        agreed = policies.agreed({"cancel_until": EVENING, "reschedule_until": 0}, START, "Europe/Berlin")
        assert policies.until_of(agreed) == {"cancel_until": EVENING, "reschedule_until": 0}
        later = START + timedelta(days=1, hours=2)
        terms = policies.agreed(policies.until_of(agreed), later, "Europe/Berlin")
        assert policies.cancel_deadline(later, terms) == datetime(2026, 3, 29, 16, 0, tzinfo=UTC)


def test_a_start_on_the_wall_clock_counts_the_same() -> None:
    local, terms = START.astimezone(ZoneInfo("Europe/Berlin")), {"cancel_until": 1440, "reschedule_until": 1440}
    assert policies.cancel_deadline(local, terms) == policies.cancel_deadline(START, terms)
    assert policies.move_deadline(local, terms) == policies.move_deadline(START, terms)


def test_at_the_deadline_it_is_not_too_late_a_second_later_it_is() -> None:
    policies.refuse_late(START, START, zone="Europe/Berlin")
    with pytest.raises(TooLate) as refused:
        policies.refuse_late(START, START + SECOND, zone="Europe/Berlin")
    assert refused.value.params == {"deadline": START, "zone": "Europe/Berlin"}


def test_a_request_is_decided_in_the_time_that_the_service_names() -> None:
    asked_at = START - timedelta(days=3)
    assert policies.decide_by(START, asked_at, {"decide_within": 1440}) == asked_at + timedelta(days=1)


def test_a_request_is_decided_at_its_start_at_the_latest() -> None:
    asked_at = START - timedelta(minutes=30)
    assert policies.decide_by(START, asked_at, {"decide_within": 1440}) == START
    assert policies.decide_by(START, asked_at, {}) == START


NOON = datetime(2026, 3, 2, 12, 0, 20, tzinfo=UTC)


def minutes_ago(*minutes: int) -> list[datetime]:
    return [NOON - timedelta(minutes=each) for each in minutes]


def test_within_an_hour_it_may_be_done_so_many_times() -> None:
    policies.refuse_often(minutes_ago(1, 2, 60, 90), 3, NOON)
    with pytest.raises(RateLimited) as refused:
        policies.refuse_often(minutes_ago(59, 2, 1, 30, 61), 3, NOON)
    # Of the four in this hour the second has to be an hour old.
    assert refused.value.retry_after == 30 * 60
    assert refused.value.params == {"at": datetime(2026, 3, 2, 12, 31, tzinfo=UTC)}


def test_the_time_that_is_told_is_never_too_early() -> None:
    full = NOON.replace(second=0)
    for free_again, at in (
        (full + timedelta(minutes=5), full + timedelta(minutes=5)),
        (full + timedelta(minutes=5, seconds=1), full + timedelta(minutes=6)),
        (full + timedelta(minutes=5, microseconds=1), full + timedelta(minutes=6)),
    ):
        assert policies.too_often(free_again, NOON).params == {"at": at}
    assert policies.too_often(NOON, NOON).retry_after == 1
