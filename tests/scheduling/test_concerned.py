"""Whose time has to be read for one start."""

from __future__ import annotations

from scheduling.availability import Length, Need, Service, concerned

SERVICE = Service(
    id=1, lengths=(Length(minutes=30),), needs=(Need(candidates=(1, 2, 3), choosable=True), Need(candidates=(8, 9)))
)


def test_without_a_choice_all_candidates_count():
    assert concerned(SERVICE, frozenset()) == {1, 2, 3, 8, 9}


def test_a_choice_rules_the_others_of_its_need_out():
    assert concerned(SERVICE, frozenset({2})) == {2, 8, 9}


def test_a_choice_that_no_need_allows_leaves_nobody():
    assert concerned(SERVICE, frozenset({8})) == frozenset()
