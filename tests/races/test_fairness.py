"""Who gets it, while many are booked at once: nobody gets more than her share."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.races.racing import Store, together
from tests.support.houses import BUSINESSES

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]

MONDAY = datetime(2026, 12, 7, 4, 0, tzinfo=UTC)  # five o'clock in Berlin
WHO = """
SELECT r.slug, count(*) AS given FROM allocation a JOIN resource r ON r.id = a.resource_id WHERE a.live GROUP BY r.slug
"""


@pytest.fixture
def team(serve, tmp_path):
    """``team(weights)``: a house where any of ten can do the same, served by one process; gives its environment."""

    def served(weights):
        people = "".join(
            f"  - {{slug: p{n}, kind: staff, name: P{n}, location: hall, skills: [all], weight: {weight}}}\n"
            for n, weight in enumerate(weights)
        )
        text = (BUSINESSES / "crowd.yaml").read_text()
        service = "  - {slug: any, name: Any, duration: 30, slot_step: 30, horizon_days: 400, needs: [{kind: staff, skills: [all]}]}\n"
        text = text.replace("resources:\n", f"resources:\n{people}").replace("services:\n", f"services:\n{service}")
        file = tmp_path / "team.yaml"
        file.write_text(text)
        return serve(file, processes=1, FAILPOINTS="chosen=sleep:0.02")

    return served


def shares(served, crew, count, workers=4):
    """How many each was given of ``count`` bookings in one week, at times of their own, made by ``workers`` at once."""
    starts = [MONDAY + timedelta(days=n % 7, minutes=30 * (n // 7)) for n in range(count)]
    squad = [
        crew(served.environ, "book_each", 1, "any", *(each.isoformat() for each in starts[n::workers]))
        for n in range(workers)
    ]
    references = [each for made in together([each.go for each in squad]) for each in made[0]]
    assert len(set(references)) == count
    given = Counter({row.slug: row.given for row in Store(served.environ["DATABASE_URL"]).rows(WHO)})
    assert sum(given.values()) == count
    return given


def test_four_who_book_two_hundred_give_each_of_ten_the_same(team, crew):
    given = shares(team([1] * 10), crew, 200)
    assert set(given.values()) == {20}, given


def test_a_double_weight_gets_a_double_share(team, crew):
    given = shares(team([2, 1, 1, 1, 1]), crew, 120)
    assert given == {"p0": 40, "p1": 20, "p2": 20, "p3": 20, "p4": 20}
