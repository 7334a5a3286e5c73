"""The moments in between: holds that end, moves that lead nowhere, decisions that come too late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from actions import confirm, hold, move, review, upkeep
from models.base import db
from models.booking import Booking, Hold, Session
from models.history import History
from models.outbox import Message
from rules import errors
from tests.factories import HANNAH, TOM, booked, free, held
from tests.support.houses import BUSINESSES

LI = {"name": "李雷", "phone": "+86 138 0013 8000"}


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


@pytest.fixture
def studio(load_business, clock):
    load_business("studio")
    return clock


def confirmed(each, now, customer=HANNAH):
    return confirm.confirm(hold=each.secret, customer=customer, answers={}, locale="en", now=now).booking


def count(table, *where):
    return db.session.execute(select(func.count()).select_from(table).where(*where)).scalar_one()


def test_a_place_that_somebody_else_has_meanwhile_is_not_given_twice_by_a_clock_that_is_behind(studio):
    start = free("yoga", studio.now)[0].start
    booked("yoga", studio.now, start=start, seats=7)
    last = held("yoga", studio.now, start=start)
    booked("yoga", last.expires_at, start=start, customer=TOM)
    with pytest.raises(errors.HoldExpired):
        confirmed(last, last.expires_at - timedelta(seconds=1), LI)
    studio.set(last.expires_at)
    assert db.session.execute(select(func.sum(Booking.seats))).scalar_one() == 8
    assert db.session.execute(select(Session.seats_taken)).scalar_one() == 8


def test_seats_of_a_class_are_counted_when_a_hold_becomes_firm(studio):
    start = free("yoga", studio.now)[0].start
    booked("yoga", studio.now, start=start, seats=2)
    mine, other = held("yoga", studio.now, start=start, seats=3), held("yoga", studio.now, start=start, seats=3)
    confirmed(mine, studio.now, TOM)
    assert db.session.execute(select(Session.seats_taken)).scalar_one() == 8
    hold.release(secret=other.secret, now=studio.now)
    assert db.session.execute(select(Session.seats_taken)).scalar_one() == 5


def test_a_hold_that_ends_in_a_class_is_ended_by_the_sweep(studio):
    start = free("yoga", studio.now)[0].start
    booked("yoga", studio.now, start=start, seats=2)
    left = held("yoga", studio.now, start=start, seats=3)
    assert upkeep.sweep(now=left.expires_at)["holds"] == 1
    assert count(Hold, Hold.state == "expired") == 1
    assert db.session.execute(select(Session.seats_taken)).scalar_one() == 2


def test_moving_to_the_time_that_one_has_changes_nothing_and_tells_nobody(clinic):
    before = booked("check-up", clinic.now, start=free("check-up", clinic.now)[-1].start).booking
    told = count(Message)
    done = move.move(reference=before.reference, start=before.start, now=clinic.now)
    assert done.replayed
    assert done.booking.revision == before.revision
    assert count(Message) == told


def test_moving_one_place_of_a_class_to_its_own_time_counts_it_once(studio):
    start = free("yoga", studio.now)[0].start
    mine = booked("yoga", studio.now, start=start, seats=5).booking
    assert move.move(reference=mine.reference, start=start, now=studio.now).replayed
    assert db.session.execute(select(Session.seats_taken)).scalar_one() == 5


def test_a_moved_booking_keeps_its_price(clinic, load_business, tmp_path):
    mine = booked("ultrasound", clinic.now, answers={"referral": False}).booking
    path = tmp_path / "dearer.yaml"
    source = (BUSINESSES / "clinic.yaml").read_text()
    path.write_text(source.replace('price: "65.00"', 'price: "95.00"'))
    load_business(path)
    later = next(each.start for each in free("ultrasound", clinic.now) if each.start > mine.start)
    assert move.move(reference=mine.reference, start=later, now=clinic.now).booking.price_minor == 6500


def test_a_request_is_not_approved_once_its_time_has_come(clinic):
    asked = booked("ultrasound", clinic.now, answers={"referral": False}).booking
    with pytest.raises(errors.StateChanged) as refused:
        review.approve(reference=asked.reference, actor="shell", now=asked.start)
    assert refused.value.params["status"] == "expired"
    upkeep.sweep(now=asked.start)
    assert db.session.execute(select(Booking.status)).scalar_one() == "expired"


def test_a_hold_that_is_over_is_not_given_up_for_another(clinic):
    old = held("check-up", clinic.now)
    later = free("check-up", old.expires_at)[3].start
    new = held("check-up", old.expires_at, start=later, replaces=old.secret)
    assert new.start == later
    assert count(Hold, Hold.state == "released") == 0


def test_the_history_of_a_booking_does_not_repeat_its_contact(clinic):
    mine = booked("check-up", clinic.now).booking
    after = db.session.execute(select(History.after).where(History.object_id == mine.id)).scalar_one()
    assert after["status"] == "confirmed"
    assert "hannah" not in str(after).lower()


def test_trial_bookings_leave_no_number_to_real_ones(load_business, clock):
    load_business("clinic", demo=True)
    first = booked("check-up", clock.now).booking
    load_business("clinic", replace_demo=True)
    second = booked("check-up", clock.now).booking
    assert second.id > first.id
    steps = db.session.execute(select(History.action).where(History.object_id == second.id)).scalars().all()
    assert steps == ["confirmed"]
