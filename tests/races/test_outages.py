"""Somebody falls sick while customers are booking her."""

from __future__ import annotations

import pytest

from tests.races.racing import at_once, together

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]


def test_whoever_was_faster_is_named_and_nobody_is_booked_afterwards(town, sizes, crew):
    for _ in range(sizes(3, 15)):
        starts = town.starts("photo")
        sick = crew(town.served.environ, "fall_sick", 1, "gina", starts[0], starts[-1])
        wishes = [town.booking("photo", start) for start in starts[:10]]
        named, answers = together([sick.go, lambda wishes=wishes: at_once(wishes)])
        made = {answer.body["reference"] for answer in answers if not answer.code}
        assert set(named[0]) == made
        assert {answer.code for answer in answers} <= {"", "closed"}
        assert [each for each in town.starts("photo", starts[0][:10]) if each < starts[-1]] == []
