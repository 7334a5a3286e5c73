"""Every figure is what a slow and obvious count finds, whatever happened, on both databases, across clock changes."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, insert

from actions import counting
from models import daily, figures
from models.base import db
from models.doors import Source
from models.figures import Which
from models.snapshot import catalogue
from tests.reports.histories import Histories
from tests.reports.slow import slow_cells

REASONS = ("Ill", "生病", "Found another time")
ANYTHING = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
# Two days before the clocks of either place change, in October and in spring.
EVES = ("2026-10-02T20:00Z", "2026-10-23T20:00Z", "2027-03-26T20:00Z", "2027-04-02T20:00Z")


@pytest.fixture
def house(load_business, app):
    load_business("figures")
    db.session.execute(insert(Source).values(code="flyer", kind="campaign"))
    db.session.commit()
    return catalogue(db.session())


def plain(cells):
    """What was found of anything; a yes is a yes on either database."""
    found = {kind: {key: each for key, each in keys.items() if each.bookings} for kind, keys in cells.items()}
    for kind in found:
        if kind.startswith("answer:"):
            found[kind] = {{"1": "true", "0": "false"}.get(key, key): each for key, each in found[kind].items()}
    return {kind: keys for kind, keys in found.items() if keys}


@given(seed=st.integers(0, 10**6), data=st.data())
@ANYTHING
def test_each_figure_is_what_counting_one_by_one_finds(house, clock, seed, data):
    clock.set(data.draw(st.sampled_from(EVES)))
    histories = Histories(seed, clock)
    histories.live(15)
    assert counting.count(now=clock.now, seconds=30) == 0
    histories.live(10)
    db.session.rollback()
    first = date.fromisoformat(data.draw(st.sampled_from(["2026-10-04", "2026-10-25", "2027-03-28", "2026-10-01"])))
    last = data.draw(st.sampled_from([first, date(2026, 10, 31), date(2027, 4, 30)]))
    places = [each.id for each in house.locations.values()]
    which = Which(
        locations=tuple(data.draw(st.sampled_from([places, places[:1], places[1:]]))),
        first=first,
        last=max(first, last),
        service=data.draw(st.sampled_from([None, *(each.id for each in house.services.values())])),
        resource=data.draw(st.sampled_from([None, *(each.id for each in house.resources.values())])),
        reasons=REASONS,
        answers=data.draw(st.sampled_from([(), counting.questions(house)])),
    )
    found = plain(slow_cells(which, "EUR"))
    assert plain(figures.cells(db.session(), which, "EUR")) == found
    assert counting.count(now=clock.now, seconds=30) == 0
    if which.resource is None:
        assert plain(daily.summed(db.session(), which)[0]) == found


def test_a_year_is_one_statement(house, clock):
    statements = []
    event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    which = Which((1, 2), date(2026, 1, 1), date(2026, 12, 31), reasons=REASONS)
    assert figures.cells(db.session(), which, "EUR")["all"][""].bookings == 0
    assert len(statements) == 1
