"""Time that staff block: nobody books it, and what is there already stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions import hold
from actions.blocks import block, find, lift
from models.base import db
from models.booking import Allocation
from models.history import steps_of
from rules import errors
from tests.factories import booked, free, held

ANNA = "staff:7"
NINE = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


def blocked(now, *, resources=("dr-yilmaz",), start=NINE, end=TEN, title="Training", **more):
    return block(resources=resources, start=start, end=end, title=title, actor=ANNA, now=now, **more)


def offered(now, who="dr-yilmaz"):
    return [each.start for each in free("check-up", now, first=NINE.date(), resources=[who])]


def test_blocked_time_is_not_offered_and_free_again_when_it_is_lifted(clinic):
    assert NINE in offered(clinic.now)
    made = blocked(clinic.now)
    assert (made.resources, made.location, made.live) == (("dr-yilmaz",), "park", True)
    assert [each for each in offered(clinic.now) if NINE <= each < TEN] == []
    assert NINE in offered(clinic.now, "dr-braun")
    with pytest.raises(errors.SlotTaken):
        booked("check-up", clinic.now, start=NINE, resources=["dr-yilmaz"])
    assert lift(session_id=made.session_id, actor="staff:8", now=clinic.now).live is False
    assert NINE in offered(clinic.now)
    told = [(row.action, row.actor) for row in steps_of(db.session(), "block", made.session_id)]
    assert told == [("lifted", "staff:8"), ("blocked", ANNA)]


def test_blocking_twice_blocks_once(clinic):
    first, again = (blocked(clinic.now, resources=("dr-yilmaz", "room-2")) for _ in range(2))
    assert (first.replayed, again.replayed, again.session_id) == (False, True, first.session_id)
    assert len(steps_of(db.session(), "block", first.session_id)) == 1
    for other in ({"resources": ("dr-yilmaz",)}, {"title": "Holiday"}, {"end": TEN + timedelta(minutes=5)}):
        with pytest.raises(errors.InTheWay):
            blocked(clinic.now, **{"resources": ("dr-yilmaz", "room-2"), **other})


def test_lifting_twice_lifts_once(clinic):
    made = blocked(clinic.now)
    first, again = (lift(session_id=made.session_id, actor=ANNA, now=clinic.now) for _ in range(2))
    assert (first.replayed, again.replayed, again.live) == (False, True, False)
    assert len(steps_of(db.session(), "block", made.session_id)) == 2


def test_a_block_ends_where_the_next_visit_begins(clinic):
    there = booked("check-up", clinic.now, start=TEN, resources=["dr-yilmaz"]).booking
    assert blocked(clinic.now).end == there.start


def test_bookings_in_the_way_are_named_and_stand(clinic):
    there = booked("check-up", clinic.now, start=NINE, resources=["dr-yilmaz"]).booking
    with pytest.raises(errors.InTheWay) as refused:
        blocked(clinic.now, resources=("room-2", "dr-yilmaz"), start=NINE + timedelta(minutes=35), end=TEN)
    assert [each.reference for each in refused.value.params["bookings"]] == [there.reference]
    assert (refused.value.params["held_until"], refused.value.params["blocks"]) == (None, [])


def test_a_hold_is_in_the_way_until_it_expires(clinic):
    mine = held("check-up", clinic.now, start=NINE, resources=["dr-yilmaz"])
    with pytest.raises(errors.InTheWay) as refused:
        blocked(clinic.now)
    assert refused.value.params == {"bookings": [], "held_until": mine.expires_at, "blocks": []}
    blocked(mine.expires_at)
    assert hold.find_hold(secret=mine.secret, now=mine.expires_at).state == "expired"


def test_two_blocks_do_not_overlap(clinic):
    blocked(clinic.now)
    with pytest.raises(errors.InTheWay) as refused:
        blocked(clinic.now, end=TEN + timedelta(hours=1))
    assert refused.value.params["blocks"] == ["Training"]


def test_several_are_blocked_together_with_all_their_units(load_business, clock):
    load_business("crowd")
    made = blocked(clock.now, resources=("bikes", "gina", "bikes"), title=" Clearing up ")
    assert made.resources == ("bikes", "gina")
    rows = db.session.execute(select(Allocation.need).where(Allocation.session_id == made.session_id)).scalars().all()
    assert sorted(rows) == [0] * 5 + [1]
    again = find(db.session(), made.session_id)
    assert (again, again.title) == (made, "Clearing up")
    assert NINE not in [each.start for each in free("bike", clock.now, first=NINE.date())]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"end": NINE}, "end"),
        ({"resources": ()}, "resources"),
        ({"start": NINE + timedelta(seconds=1)}, "start"),
        ({"title": "x" * 121}, "title"),
    ],
)
def test_what_is_wrong_is_named(clinic, changes, field):
    with pytest.raises(errors.Invalid) as refused:
        blocked(clinic.now, **changes)
    assert set(refused.value.errors) == {field}


def test_nobody_blocks_what_there_is_not_or_lifts_a_booking(clinic):
    with pytest.raises(errors.UnknownResource):
        blocked(clinic.now, resources=("nobody",))
    made = booked("check-up", clinic.now).booking
    for id in (made.session_id, 9999):
        with pytest.raises(errors.Missing):
            lift(session_id=id, actor=ANNA, now=clinic.now)
