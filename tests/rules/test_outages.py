"""What is proposed when somebody is out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from rules.outages import choose_until, nearest, proposal

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ahead", "until"),
    [
        (timedelta(days=9), timedelta(days=2)),
        (timedelta(days=1), timedelta(hours=22)),
        (timedelta(hours=3), timedelta(hours=1)),
        (timedelta(hours=2), timedelta(hours=1)),
        (timedelta(minutes=20), timedelta(minutes=10)),
        (timedelta(minutes=9), None),
        (timedelta(hours=-1), None),
    ],
)
def test_whoever_may_choose_has_two_days_or_what_is_left(ahead: timedelta, until: timedelta | None) -> None:
    assert choose_until(NOW + ahead, NOW) == (None if until is None else NOW + until)


def test_the_nearest_time_is_the_earlier_of_two_as_near() -> None:
    assert nearest([30, 10, 50], 20) == 10
    assert nearest([31, 9, 50], 20) == 9
    assert nearest([40, 9], 30) == 40
    assert nearest([], 20) is None


@pytest.mark.parametrize(
    ("colleague", "other_time", "may_choose", "kind"),
    [
        (True, True, True, "colleague"),
        (False, True, True, "other_time"),
        (False, False, True, "choose"),
        (False, False, False, "call"),
    ],
)
def test_the_smallest_change_is_proposed_first(colleague: bool, other_time: bool, may_choose: bool, kind: str) -> None:
    assert proposal(colleague=colleague, other_time=other_time, may_choose=may_choose) == kind
