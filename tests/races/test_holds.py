"""Holds that end while they are made firm."""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta

import pytest

from tests.invariants import check_url
from tests.races.racing import told
from tests.races.town import Town
from tests.support.houses import open_house, set_clock

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]


def test_holds_race_like_bookings(town):
    start = town.starts("photo")[0]
    assert told(town.rush([town.holding("photo", start) for _ in range(20)])) == {"": 1, "slot_taken": 19}


def test_confirming_in_the_very_moment_in_which_the_hold_ends(new_town, sizes):
    """Hers, or told that it has ended; then it is somebody else's or free. Never both, never neither."""
    trials = sizes(24, 200)
    town = new_town(HOLD_MINUTES="1", FAILPOINTS="hold_checked=sleep:0.004")
    dice = random.Random(11)
    # The first arrives well before the end and the second well after it, the others within some milliseconds.
    moments = [-0.4, 0.02, *(dice.uniform(-0.015, 0.005) for _ in range(trials - 2))]
    outcomes = set()
    starts = [start for day in range(1 + trials // 40) for start in town.starts("photo")]
    for start, moment in zip(starts, moments, strict=False):
        held = town.hold("photo", start)
        ends = datetime.fromisoformat(held["expires_at"])
        go = time.monotonic() + 0.05
        set_clock(town.served.folder / "clock", ends + timedelta(seconds=moment - 0.05))

        def at_its_moment(act, go=go, late=0.0):
            def later(session):
                time.sleep(max(0.0, go + late - time.monotonic()))
                return act(session)

            return later

        hers, others = town.rush(
            [
                at_its_moment(town.confirming(held["hold"])),
                at_its_moment(town.booking("photo", start), late=dice.uniform(0, 0.01)),
            ]
        )
        assert hers.code in ("", "hold_expired")
        assert others.code in ("", "slot_taken")
        outcomes.add(hers.code)
        if hers.code == "":
            assert others.code == "slot_taken"
        elif others.code == "slot_taken":
            # It came before the end; the time is free now.
            town.book("photo", start)
    assert outcomes == {"", "hold_expired"}


# On SQLite nobody else can write between the look and the end: the transaction is the lock.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_without_the_second_look_a_hold_that_has_ended_is_made_firm(database, tmp_path):
    """The control of the one above: it was looked at before its end, and somebody else had its time by then."""
    served = open_house(database, tmp_path, "crowd", processes=4, FAILPOINTS="guard_off=on,hold_checked=sleep:2")
    try:
        town = Town(served)
        start = town.starts("photo")[0]
        held = town.hold("photo", start)

        def after_its_end(session):
            time.sleep(0.7)
            set_clock(served.folder / "clock", datetime.fromisoformat(held["expires_at"]) + timedelta(seconds=1))
            return town.booking("photo", start)(session)

        answers = town.rush([town.confirming(held["hold"]), after_its_end], may_overlap=True)
    finally:
        served.stop()
    assert told(answers) == {"": 2}
    with pytest.raises(AssertionError, match="comes from a hold that is expired"):
        check_url(served.environ["DATABASE_URL"])


def test_letting_a_hold_go_against_confirming_it(town, sizes):
    starts = town.starts("photo")
    for start in starts[: sizes(4, 40)]:
        held = town.hold("photo", start)["hold"]
        released, confirmed = town.rush([town.releasing(held), town.confirming(held)])
        assert released.status in (204, 409)
        assert confirmed.code in ("", "hold_expired")
        if confirmed.code:
            town.book("photo", start)
        else:
            assert start not in town.starts("photo", start[:10])


def test_four_sweepers_end_each_stale_hold_once(new_town, sizes, crew):
    town = new_town()
    starts = town.starts("photo")[: sizes(20, 40)]
    town.rush([town.holding("photo", start) for start in starts])
    set_clock(town.served.folder / "clock", datetime.fromisoformat("2026-11-30T10:00Z"))
    done = crew(town.served.environ, "sweep", 4).go()
    assert sum(each["holds"] for each in done) == len(starts)
    assert {row[0] for row in town.store.rows("SELECT state FROM hold")} == {"expired"}
    assert town.store.value("SELECT count(*) FROM allocation WHERE live") == 0
