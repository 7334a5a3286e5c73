"""Who gets a booking, and the reason that is kept beside the choice."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from rules.assignment import Load, rank, reason

ANNA, BEN, CLARA = 1, 2, 3


def order(strategy: str, *loads: Load) -> list[int]:
    return [load.id for load in rank(strategy, loads)]


def test_the_fewest_bookings_of_the_week_come_first() -> None:
    assert order("fewest_bookings", Load(ANNA, 0, week=38), Load(BEN, 1, week=31)) == [BEN, ANNA]


def test_a_double_weight_takes_twice_as_many() -> None:
    full, half = Load(ANNA, 0, weight=2, week=9), Load(BEN, 1, weight=1, week=5)
    assert order("fewest_bookings", full, half) == [ANNA, BEN]
    assert order("fewest_bookings", replace(full, week=11), half) == [BEN, ANNA]


def test_a_tie_goes_to_the_emptier_day_then_to_the_longest_without_then_by_order() -> None:
    same = Load(ANNA, 0, weight=3, week=1, minutes=60, last=7)
    # A third of three is one sixth of six: no rounding may part them.
    twin = Load(BEN, 1, weight=6, week=2, minutes=60, last=7)
    assert order("fewest_bookings", same, twin) == [ANNA, BEN]
    assert order("fewest_bookings", same, replace(twin, last=6)) == [BEN, ANNA]
    assert order("fewest_bookings", replace(same, last=6), replace(twin, minutes=45)) == [BEN, ANNA]


def test_round_robin_takes_the_one_longest_without() -> None:
    loads = [Load(ANNA, 0, last=9), Load(BEN, 1, week=50, last=3), Load(CLARA, 2, last=0)]
    assert order("round_robin", *loads) == [CLARA, BEN, ANNA]
    assert order("round_robin", Load(ANNA, 1), Load(BEN, 0)) == [BEN, ANNA]


def test_priority_keeps_the_order_given() -> None:
    assert order("priority", Load(BEN, 0, week=99), Load(ANNA, 1)) == [BEN, ANNA]


@pytest.mark.parametrize("strategy", ["fewest_bookings", "round_robin"])
def test_the_choice_does_not_depend_on_how_they_come(strategy: str) -> None:
    loads = [Load(ANNA, 0, week=2, last=5), Load(BEN, 1, week=2, last=5), Load(CLARA, 2, week=1, last=8)]
    assert len({tuple(order(strategy, *each)) for each in permutations(loads)}) == 1


class TestReasons:
    def test_the_only_one(self) -> None:
        assert reason("fewest_bookings", [Load(ANNA, 0, week=5)], ANNA) == {"code": "only_one_free"}

    def test_the_figures_are_those_of_the_next_best(self) -> None:
        loads = [Load(ANNA, 0, week=38), Load(BEN, 1, week=31), Load(CLARA, 2, week=60)]
        assert reason("fewest_bookings", loads, BEN) == {"code": "fewest_that_week", "own": 31, "next": 38}

    def test_weights_are_told_where_they_decided(self) -> None:
        loads = [Load(ANNA, 0, weight=2, week=9), Load(BEN, 1, week=5)]
        assert reason("fewest_bookings", loads, ANNA) == {
            "code": "fewest_that_week",
            "own": 9,
            "next": 5,
            "own_weight": 2,
            "next_weight": 1,
        }

    def test_a_tie_is_told_by_what_broke_it(self) -> None:
        first, second = Load(ANNA, 0, week=3, minutes=30), Load(BEN, 1, week=3, minutes=90)
        assert reason("fewest_bookings", [first, second], ANNA) == {
            "code": "fewest_minutes_that_day",
            "own": 30,
            "next": 90,
        }
        waited = replace(first, minutes=90, last=4)
        assert reason("fewest_bookings", [waited, replace(second, last=8)], ANNA) == {"code": "longest_without"}
        assert reason("fewest_bookings", [waited, replace(second, last=4)], ANNA) == {"code": "first_in_order"}

    def test_round_robin(self) -> None:
        loads = [Load(ANNA, 0, last=4), Load(BEN, 1, last=8)]
        assert reason("round_robin", loads, ANNA) == {"code": "longest_without"}
        assert reason("round_robin", [Load(ANNA, 0), Load(BEN, 1)], ANNA) == {"code": "first_in_order"}

    def test_priority(self) -> None:
        assert reason("priority", [Load(BEN, 0), Load(ANNA, 1, last=9)], BEN) == {"code": "first_in_order"}

    @pytest.mark.parametrize("strategy", ["fewest_bookings", "round_robin", "priority"])
    def test_who_was_not_the_best_is_not_called_so(self, strategy: str) -> None:
        loads = [Load(ANNA, 0, week=1, last=1), Load(BEN, 1, week=2, last=2)]
        assert reason(strategy, loads, BEN) == {"code": "needs_together"}


def test_region_takes_who_is_at_home_there_first_and_then_the_fewest() -> None:
    far, near, busy = Load(ANNA, 0), Load(BEN, 1, week=4, near=True), Load(CLARA, 2, week=9, near=True)
    assert order("region", far, near, busy) == [BEN, CLARA, ANNA]
    assert order("region", far, Load(BEN, 1, week=1)) == [ANNA, BEN]
    assert reason("region", [far, near], BEN) == {"code": "same_region"}
    assert reason("region", [far, near, busy], BEN) == {"code": "fewest_that_week", "own": 4, "next": 9}
    assert order("fewest_bookings", far, near) == [ANNA, BEN]
