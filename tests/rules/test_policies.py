"""Deadlines count back from the start, in elapsed time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules import policies
from rules.errors import TooLate

START = datetime(2026, 3, 29, 10, 0, tzinfo=UTC)  # noon in Berlin, on the day of 23 hours
SECOND = timedelta(seconds=1)


def test_without_terms_it_may_be_cancelled_and_moved_until_the_start() -> None:
    assert policies.cancel_deadline(START, {}) == START
    assert policies.move_deadline(START, {"reschedule_until": None}) == START


def test_terms_of_a_day_are_24_hours_across_the_change_of_clocks() -> None:
    terms = {"cancel_until": 1440, "reschedule_until": 60}
    assert policies.cancel_deadline(START, terms) == datetime(2026, 3, 28, 10, 0, tzinfo=UTC)
    assert policies.move_deadline(START, terms) == datetime(2026, 3, 29, 9, 0, tzinfo=UTC)


def test_at_the_deadline_it_is_not_too_late_a_second_later_it_is() -> None:
    policies.refuse_late(START, START)
    with pytest.raises(TooLate) as refused:
        policies.refuse_late(START, START + SECOND)
    assert refused.value.params == {"deadline": START}


def test_a_request_is_decided_in_the_time_that_the_service_names() -> None:
    asked_at = START - timedelta(days=3)
    assert policies.decide_by(START, asked_at, {"decide_within": 1440}) == asked_at + timedelta(days=1)


def test_a_request_is_decided_at_its_start_at_the_latest() -> None:
    asked_at = START - timedelta(minutes=30)
    assert policies.decide_by(START, asked_at, {"decide_within": 1440}) == START
    assert policies.decide_by(START, asked_at, {}) == START
