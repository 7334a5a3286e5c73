"""Every slot shown can be booked, and no other: the sweep against the slow reading of the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scheduling import availability
from tests.scheduling.businesses import Business, business
from tests.scheduling.oracle import Oracle, plain

pytestmark = pytest.mark.many
numbers = st.integers(0, 2**62)
relaxed = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)


def oracle(case: Business) -> Oracle:
    return Oracle(case.service, case.location, case.resources, case.taken, case.ask, case.middle)


def parts(
    case: Business,
) -> tuple[
    availability.Service, availability.Location, dict[int, availability.Resource], availability.Taken, availability.Ask
]:
    return case.service, case.location, case.resources, case.taken, case.ask


@relaxed
@given(numbers)
def test_every_slot_shown_can_be_booked_and_no_other(number: int) -> None:
    case = business(number)
    truth = oracle(case)
    shown = availability.slots(*parts(case))
    expected = {start: truth.verdict(start) for start in truth.starts()}
    if case.ask.include_taken:
        listed = set(truth.listed())
        expected = {start: verdict for start, verdict in expected.items() if verdict.free or start in listed}
    else:
        expected = {start: verdict for start, verdict in expected.items() if verdict.free}
    assert {slot.start: plain(slot) for slot in shown} == expected
    assert [slot.start for slot in shown] == sorted(expected)


@relaxed
@given(numbers)
def test_one_start_is_decided_as_in_the_view(number: int) -> None:
    case = business(number)
    truth = oracle(case)
    seen = {slot.start: slot for slot in availability.slots(*parts(case))}
    for start in truth.starts()[::3]:
        slot = availability.at(*parts(case), start)
        assert plain(slot) == truth.verdict(start)
        if start in seen:
            assert slot == seen[start]


@relaxed
@given(numbers)
def test_what_is_open_can_be_assigned(number: int) -> None:
    case = business(number)
    truth = oracle(case)
    needs = case.service.needs

    def by_id(_need: int, ids: Sequence[int]) -> Sequence[int]:
        return sorted(ids)

    for start in truth.starts()[::4]:
        possible = set(truth.picks(start, case.ask.chosen))
        assignment = availability.assign(*parts(case), start, by_id)
        assert (assignment is None) == (not possible)
        if assignment is None:
            continue
        assert [index for index, _, _ in assignment] == list(range(len(needs)))
        assert tuple(id for _, id, _ in assignment) in possible
        for index, id, units in assignment:
            assert list(units) == truth.free_units(id, start)[: needs[index].count]
        if len(needs) == 1:
            assert assignment[0][1] == min(id for (id,) in possible)


@relaxed
@given(numbers)
def test_the_answer_stays_true_until_the_moment_it_names(number: int) -> None:
    case = business(number)
    service, location, resources, taken, ask = parts(case)
    shown = availability.slots(service, location, resources, taken, ask)
    until = availability.good_until(service, location, shown, ask)
    assert until > ask.now_seconds
    last = replace(ask, now_seconds=until - 1)
    assert availability.slots(service, location, resources, taken, last) == shown
