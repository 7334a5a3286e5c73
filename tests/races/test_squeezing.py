"""Staff who squeeze somebody in while others want the same minutes."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from tests.races.racing import at_once, together

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]


def plus(start, minutes):
    return (datetime.fromisoformat(start) + timedelta(minutes=minutes)).isoformat()


def remember(town, answers):
    """The references among what a crew was told; the codes of the refusals are counted."""
    made = [each for each in answers if each.isupper()]
    town.yes.update(made)
    return Counter("" if each in made else each for each in answers)


def test_two_who_squeeze_somebody_in_at_once_are_one(town, sizes, crew):
    for _ in range(sizes(2, 10)):
        start = town.starts("massage")[30]
        town.book("massage", plus(start, -40))
        town.book("massage", plus(start, 40))
        # Beginning right after the one and ending right before the other: all buffers have to give way.
        answers = crew(town.served.environ, "squeeze", 4, "massage", plus(start, -5)).go()
        assert remember(town, answers) == {"": 1, "slot_taken": 3}
        assert town.store.overlaps() == 0


def test_squeezing_in_beside_a_customer_who_is_just_booking(town, sizes, crew):
    for _ in range(sizes(3, 20)):
        start = town.starts("massage")[30]
        squad = crew(town.served.environ, "squeeze", 1, "massage", plus(start, 30))
        customers = [town.booking("massage", start) for _ in range(5)]
        squeezed, answers = together([squad.go, lambda customers=customers: at_once(customers)])
        # Whoever was first, staff get their time: a customer's buffers give way, and who comes second keeps off.
        assert remember(town, squeezed) == {"": 1}
        told = Counter(answer.code for answer in answers)
        assert told in ({"": 1, "slot_taken": 4}, {"slot_taken": 5})
        assert town.store.overlaps() == 0
