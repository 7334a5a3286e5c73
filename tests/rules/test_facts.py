"""The catalogue: what the portal lists, and where a service is offered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from rules.facts import Catalogue, Pause, Plan
from tests.rules.cast import HOUSE, at, location, service

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


NOW = at("2026-12-01T10:00Z")
HOUR = timedelta(hours=1)


def paused(kind: str = "service", subject: int | None = 1, **changes: Any) -> Pause:
    return replace(Pause(7, kind, subject, "Back soon", NOW, NOW + HOUR), **changes)


def test_a_pause_holds_from_its_beginning_until_its_end() -> None:
    one = paused()
    assert [one.holds(NOW + each * HOUR) for each in (-0.1, 0, 0.9, 1)] == [False, True, True, False]
    assert paused(until=None).holds(NOW + 9999 * HOUR)


@pytest.mark.parametrize(("kind", "subject"), [("business", None), ("location", 1), ("service", 1)])
def test_a_service_is_paused_by_itself_its_place_or_the_house(kind: str, subject: int | None) -> None:
    known = replace(KNOWN, pauses=(paused(kind, subject),))
    assert known.paused(OPEN, HERE, NOW) == paused(kind, subject)
    assert known.paused(OPEN, HERE, NOW + HOUR) is None
    assert (known.paused(LAST, THERE, NOW) is None) == (kind != "business")


def test_of_several_pauses_the_widest_speaks() -> None:
    known = replace(KNOWN, pauses=(paused(), paused("business", None, sentence="We move house")))
    found = known.paused(OPEN, HERE, NOW)
    assert found is not None
    assert found.sentence == "We move house"


def test_a_person_who_is_paused_is_no_pause_of_the_service() -> None:
    anna = paused("resource", 5)
    known = replace(KNOWN, pauses=(anna, paused("resource", 6, until=NOW)))
    assert known.paused(OPEN, HERE, NOW) is None
    assert known.paused_resources(NOW) == {5: anna}


def test_the_reasons_of_customers_are_known_in_every_language():
    reasons = ("Found another time", {"en": "Ill", "zh": "生病", "de": ""}, {"en": "Ill"})
    known = replace(KNOWN, business=replace(HOUSE, cancel_reasons=reasons))
    assert known.customers_reasons == ("Found another time", "Ill", "生病")
    assert KNOWN.customers_reasons == ()
