"""The catalogue: what the portal lists, and where a service is offered."""

from __future__ import annotations

from typing import Any, cast

import pytest

from rules.facts import Catalogue, Plan
from tests.rules.cast import HOUSE, location, service

OPEN = service(id=1, slug="open", position=1)
LINKED = service(id=2, slug="linked", position=0, who="link")
INSIDE = service(id=3, slug="inside", position=2, who="staff")
LAST = service(id=4, slug="last", position=3)
PLAN = Plan(cast(Any, None), cast(Any, None), {})
HERE, THERE = location(id=1), location(id=2, slug="pankow")
KNOWN = Catalogue(
    version=1,
    business=HOUSE,
    locations={each.slug: each for each in (HERE, THERE)},
    resources={},
    services={each.slug: each for each in (LINKED, OPEN, INSIDE, LAST)},
    location_by_id={},
    resource_by_id={},
    service_by_id={},
    plans={(1, 1): PLAN},
)


def test_the_portal_lists_what_is_for_everybody_in_the_order_of_the_file() -> None:
    assert KNOWN.public_services() == [OPEN, LAST]


def test_a_service_has_a_plan_where_it_is_offered() -> None:
    assert KNOWN.plan(OPEN, HERE) is PLAN
    with pytest.raises(KeyError):
        KNOWN.plan(OPEN, THERE)
