"""How much of the time is used is what counting minute by minute finds, by either way, across clock changes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, select

from actions import counting
from actions.blocks import block
from models.base import db
from models.booking import Allocation, Session
from models.doors import Source
from models.snapshot import catalogue
from reports import figures
from reports.figures import Ask
from rules.periods import Period
from tests.reports.histories import Histories

CHANGE = date(2026, 10, 25)
# Ben's own hours, by local weekday.
BEN = {5: (8, 18), 6: (0, 12), 0: (6, 22)}


@pytest.fixture
def house(load_business, app, clock):
    load_business("figures")
    db.session.execute(insert(Source).values(code="flyer", kind="campaign"))
    db.session.commit()
    clock.set("2026-10-23T20:00Z")
    return catalogue(db.session())


def minutes_of(begin, end):
    at = begin
    while at < end:
        yield at
        at += timedelta(minutes=1)


def slow_taken(first, last, *, kind, resource=None):
    """Local weekday and hour, by resource, of every minute that is taken."""
    found: Counter[tuple[int, int]] = Counter()
    query = select(Allocation, Session).join(Session, Session.id == Allocation.session_id)
    for row, session in db.session.execute(query.where(Allocation.live, Allocation.held_until.is_(None))):
        if (session.kind == "service") is not (kind == "service") or resource not in (None, row.resource_id):
            continue
        for at in minutes_of(row.busy_from, row.busy_to):
            local = at.astimezone(ZoneInfo(session.zone))
            if first <= local.date() <= last:
                found[row.resource_id, local.weekday() * 24 + local.hour] += 1
    return found


def slow_bookable(known, first, last):
    """The same of every minute in which somebody is in, her units together, blocks taken off."""
    found: Counter[tuple[int, int]] = Counter()
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    for resource in known.resources.values():
        for place in (known.location_by_id[id] for id in resource.at):
            zone = ZoneInfo(place.timezone)
            for at in minutes_of(begin, begin + timedelta(days=(last - first).days + 3)):
                local = at.astimezone(zone)
                low, high = BEN.get(local.weekday(), (0, 0)) if resource.slug == "ben" else (0, 24)
                if first <= local.date() <= last and low <= local.hour < high:
                    found[resource.id, local.weekday() * 24 + local.hour] += len(resource.units)
    found.subtract(slow_taken(first, last, kind="block"))
    return found


def week(counts, id):
    return tuple(counts[id, hour] for hour in range(168))


def read(known, first, last, resource=None):
    ask = Ask(Period(first, last), tuple(known.location_by_id), resource=resource)
    return figures.read(db.session(), known, ask, today=CHANGE).now.use


@pytest.mark.parametrize("seed", [3, 11])
def test_each_minute_is_counted_where_its_clock_shows_it(house, clock, seed):
    histories = Histories(seed, clock)
    histories.live(40)
    anna = house.resources["anna"]
    block(
        resources=["anna"], start=datetime(2026, 10, 27, 22, 30, tzinfo=UTC), end=datetime(2026, 10, 28, 1, 10, tzinfo=UTC),
        title="Training", actor="staff:1", now=clock.now,
    )  # fmt: skip
    assert counting.count(now=clock.now, seconds=30) == 0
    first, last = CHANGE - timedelta(days=1), CHANGE + timedelta(days=5)
    taken, bookable = slow_taken(first, last, kind="service"), slow_bookable(house, first, last)
    use = read(house, first, last)
    for id, resource in house.resource_by_id.items():
        assert use.minutes(id) == sum(week(taken, id)), resource.slug
        assert use.bookable[id] == week(bookable, id), resource.slug
        alone = read(house, first, last, id)
        assert alone.minutes(id) == use.minutes(id)
        assert alone.heat.get(resource.kind, (0,) * 168) == week(taken, id)
    people = [id for id, each in house.resource_by_id.items() if each.kind == "staff"]
    together = tuple(map(sum, zip(*(week(taken, id) for id in people), strict=True)))
    assert use.heat.get("staff", (0,) * 168) == together
    assert sum(together), "something was taken"
    shares = use.week("staff", people)
    assert all(0 <= each <= 100 for each in shares if each is not None)
    assert use.share(anna.id) is not None


def test_time_that_gave_way_to_a_neighbour_is_counted_anew(house, clock):
    """Changed past its booking, as squeezing in does."""
    from tests.factories import booked

    made = booked(
        "talk", clock.now, location="mitte", start=datetime(2026, 10, 26, 9, 0, tzinfo=UTC), resources=["anna"]
    ).booking
    counting.count(now=clock.now, seconds=30)
    anna = house.resources["anna"].id
    assert read(house, CHANGE, CHANGE + timedelta(days=1)).minutes(anna) == 40
    row = db.session.scalars(select(Allocation).where(Allocation.session_id == made.session_id)).one()
    row.busy_to -= timedelta(minutes=10)
    db.session.commit()
    assert counting.count(now=clock.now, seconds=30) == 0
    figures.forget()
    assert read(house, CHANGE, CHANGE + timedelta(days=1)).minutes(anna) == 30
    row.busy_to += timedelta(minutes=10)
    db.session.commit()


def test_what_is_kept_is_served_until_something_happens(house, clock):
    from tests.factories import booked

    places = tuple(house.location_by_id)
    ask = Ask(Period(CHANGE, CHANGE + timedelta(days=1)), places)
    before = figures.read(db.session(), house, ask, today=CHANGE)
    assert figures.read(db.session(), house, ask, today=CHANGE) is before
    booked("talk", clock.now, location="mitte", start=datetime(2026, 10, 26, 9, 0, tzinfo=UTC))
    counting.count(now=clock.now, seconds=30)
    after = figures.read(db.session(), house, ask, today=CHANGE)
    assert (before.now.all.bookings, after.now.all.bookings) == (0, 1)
