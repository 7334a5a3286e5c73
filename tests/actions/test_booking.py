"""From a hold to a booking and on, through the actions."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions import availability, cancel, confirm, hold, move, review, taking, upkeep
from actions.idempotency import Key
from models import bookings
from models.base import db
from models.booking import Allocation, Hold, Session
from models.bookings import BookingView
from models.business import Business
from models.history import History
from models.outbox import Message
from rules import errors
from tests.factories import HANNAH, TOM, booked, free, held


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


def confirm_hold(each, now, customer=HANNAH, **more):
    return confirm.confirm(
        hold=each.secret, customer=customer, answers=more.pop("answers", {}), locale="en", now=now, **more
    )


def test_a_held_time_is_not_offered_to_others_and_is_hers(clinic):
    mine = held("check-up", clinic.now, resources=["dr-yilmaz"])
    others = [each.start for each in free("check-up", clinic.now, resources=["dr-yilmaz"])]
    assert mine.start not in others
    asked = availability.resolved(service="check-up", resources=["dr-yilmaz"])
    own = availability.view(asked, now=clinic.now, without={mine.session_id: 1}, mine={mine.start: 1})
    assert [each.mine for each in own.offers if each.start == mine.start] == [True]


def test_confirming_makes_one_booking_with_history_and_messages(clinic):
    done = confirm_hold(held("check-up", clinic.now), clinic.now).booking
    assert (done.status, done.revision, len(done.reference)) == ("confirmed", 0, 8)
    rows = db.session.execute(select(History.action).where(History.object_id == done.id)).scalars().all()
    assert rows == ["confirmed"]
    kinds = {tuple(row) for row in db.session.execute(select(Message.kind, Message.channel))}
    assert {("confirmation", "mail"), ("confirmation", "sms"), ("staff_booked", "mail")} <= kinds


def test_the_hold_is_used_once(clinic):
    mine = held("check-up", clinic.now)
    first = confirm_hold(mine, clinic.now).booking
    with pytest.raises(errors.HoldUsed) as refused:
        confirm_hold(mine, clinic.now)
    assert refused.value.params["reference"] == first.reference


def test_an_expired_hold_is_refused_and_its_time_goes_to_the_next_without_any_sweeper(clinic):
    mine = held("check-up", clinic.now, resources=["dr-yilmaz"])
    later = mine.expires_at
    with pytest.raises(errors.HoldExpired):
        confirm_hold(mine, later)
    assert (
        booked("check-up", later, start=mine.start, resources=["dr-yilmaz"], customer=TOM).booking.start == mine.start
    )


def test_one_second_before_its_end_a_hold_still_counts(clinic):
    mine = held("check-up", clinic.now)
    assert confirm_hold(mine, mine.expires_at - timedelta(seconds=1)).booking.start == mine.start


def test_swapping_a_hold_lets_the_old_time_go_in_the_same_step(clinic):
    starts = free("check-up", clinic.now, resources=["dr-yilmaz"])
    first = held("check-up", clinic.now, start=starts[0].start, resources=["dr-yilmaz"], visitor="v")
    # The next start overlaps the first hold: only letting it go makes room.
    second = held(
        "check-up", clinic.now, start=starts[1].start, resources=["dr-yilmaz"], visitor="v", replaces=first.secret
    )
    assert hold.find_hold(secret=first.secret, now=clinic.now).state == "released"
    assert second.start == starts[1].start


def test_a_swap_that_fails_keeps_the_old_hold(clinic):
    starts = free("check-up", clinic.now, resources=["dr-yilmaz"])
    booked("check-up", clinic.now, start=starts[8].start, resources=["dr-yilmaz"], customer=TOM)
    first = held("check-up", clinic.now, start=starts[0].start, resources=["dr-yilmaz"])
    with pytest.raises(errors.SlotTaken) as refused:
        held("check-up", clinic.now, start=starts[8].start, resources=["dr-yilmaz"], replaces=first.secret)
    assert hold.find_hold(secret=first.secret, now=clinic.now).state == "open"
    assert 1 <= len(refused.value.alternatives) <= 3


def test_a_visitor_has_two_open_holds_at_most(clinic):
    starts = free("check-up", clinic.now)
    for each in (starts[0], starts[20]):
        held("check-up", clinic.now, start=each.start, visitor="v")
    with pytest.raises(errors.LimitReached):
        held("check-up", clinic.now, start=starts[40].start, visitor="v")
    assert held("check-up", clinic.now, start=starts[40].start, visitor="w")


def test_releasing_twice_is_fine_and_releasing_nothing_is_not(clinic):
    mine = held("check-up", clinic.now)
    hold.release(secret=mine.secret, now=clinic.now)
    hold.release(secret=mine.secret, now=clinic.now)
    with pytest.raises(errors.UnknownHold):
        hold.release(secret="never", now=clinic.now)
    assert mine.start in [each.start for each in free("check-up", clinic.now)]


def test_every_mistake_is_named_at_once_and_nothing_is_written(clinic):
    mine = held("ultrasound", clinic.now)
    with pytest.raises(errors.Invalid) as refused:
        confirm.confirm(
            hold=mine.secret,
            customer={"name": " \u3000", "phone": "110"},
            answers={"spy": "1"},
            locale="en",
            now=clinic.now,
        )
    assert set(refused.value.errors) == {"customer.name", "customer.phone", "answers.referral", "answers.spy"}
    assert bookings.listed(db.session()) == []
    assert hold.find_hold(secret=mine.secret, now=clinic.now).state == "open"


def test_the_cap_counts_one_phone_in_any_spelling(clinic):
    starts = free("check-up", clinic.now)
    for index, phone in enumerate(["0151 23456789", "+49 151-23456789"]):
        booked("check-up", clinic.now, start=starts[index * 20].start, customer={"name": "A", "phone": phone})
    with pytest.raises(errors.LimitReached):
        booked("check-up", clinic.now, start=starts[60].start, customer={"name": "B", "phone": "+49 (0)151 23456789"})


def test_a_request_waits_keeps_its_time_and_is_approved_once(clinic):
    asked = booked("ultrasound", clinic.now, answers={"referral": False}).booking
    assert asked.status == "requested"
    assert asked.start not in [each.start for each in free("ultrasound", clinic.now)]
    assert review.approve(reference=asked.reference, actor="shell", now=clinic.now).booking.status == "confirmed"
    assert review.approve(reference=asked.reference, actor="shell", now=clinic.now).replayed
    with pytest.raises(errors.StateChanged):
        review.decline(reference=asked.reference, actor="shell", now=clinic.now)


def test_a_declined_request_frees_its_time(clinic):
    asked = booked("ultrasound", clinic.now, answers={"referral": False}).booking
    done = review.decline(reference=asked.reference, actor="shell", reason="No doctor", now=clinic.now).booking
    assert (done.status, done.cancel_reason) == ("declined", "No doctor")
    assert asked.start in [each.start for each in free("ultrasound", clinic.now)]


def test_an_undecided_request_expires_at_its_start_and_everybody_is_told(clinic):
    asked = booked("ultrasound", clinic.now, answers={"referral": False}).booking
    upkeep.sweep(now=asked.start - timedelta(minutes=1))
    assert bookings.by_reference(db.session(), asked.reference).status == "requested"
    upkeep.sweep(now=asked.start)
    assert bookings.by_reference(db.session(), asked.reference).status == "expired"
    kinds = set(db.session.execute(select(Message.kind)).scalars())
    assert {"expired", "staff_cancelled"} <= kinds


def test_cancelling_twice_cancels_once(clinic):
    done = booked(
        "check-up",
        clinic.now,
        start=free("check-up", clinic.now, first=datetime(2026, 12, 8, tzinfo=UTC).date())[0].start,
    )
    first = cancel.cancel(reference=done.booking.reference, reason="Ill", now=clinic.now)
    second = cancel.cancel(reference=done.booking.reference, now=clinic.now)
    assert (first.booking.status, first.replayed, second.replayed) == ("cancelled", False, True)
    told = db.session.execute(select(Message.kind).where(Message.kind == "cancelled")).scalars().all()
    assert len(told) == 2  # a mail and a text
    assert done.booking.start in [each.start for each in free("check-up", clinic.now)]


def test_the_deadline_is_kept_for_customers_and_not_for_the_house(clinic):
    done = booked("check-up", clinic.now).booking  # today, and the deadline is a day before
    with pytest.raises(errors.TooLate):
        cancel.cancel(reference=done.reference, now=clinic.now)
    assert cancel.cancel(reference=done.reference, actor="shell", now=clinic.now).booking.status == "cancelled"


def test_moving_by_a_step_is_not_in_its_own_way(clinic):
    starts = free("check-up", clinic.now, first=datetime(2026, 12, 8, tzinfo=UTC).date(), resources=["dr-yilmaz"])
    done = booked("check-up", clinic.now, start=starts[0].start, resources=["dr-yilmaz"]).booking
    moved = move.move(reference=done.reference, start=starts[1].start, now=clinic.now).booking
    assert (moved.start, moved.revision, moved.uid) == (starts[1].start, 1, done.uid)
    live = db.session.execute(select(Allocation.busy_from).where(Allocation.live)).scalars().all()
    assert set(live) == {starts[1].start}


def test_a_move_to_a_taken_time_keeps_the_old_one(clinic):
    starts = free("check-up", clinic.now, first=datetime(2026, 12, 8, tzinfo=UTC).date(), resources=["dr-yilmaz"])
    done = booked("check-up", clinic.now, start=starts[0].start, resources=["dr-yilmaz"]).booking
    booked("check-up", clinic.now, start=starts[9].start, resources=["dr-yilmaz"], customer=TOM)
    with pytest.raises(errors.SlotTaken):
        move.move(reference=done.reference, start=starts[9].start, now=clinic.now)
    assert bookings.by_reference(db.session(), done.reference).start == starts[0].start


def test_moving_what_wants_approval_asks_again(clinic):
    starts = free("ultrasound", clinic.now, first=datetime(2026, 12, 8, tzinfo=UTC).date())
    done = booked("ultrasound", clinic.now, start=starts[0].start, answers={"referral": False}).booking
    review.approve(reference=done.reference, actor="shell", now=clinic.now)
    moved = move.move(reference=done.reference, start=starts[4].start, now=clinic.now).booking
    assert (moved.status, moved.revision) == ("requested", 2)


def test_an_old_revision_is_stale(clinic):
    starts = free("check-up", clinic.now, first=datetime(2026, 12, 8, tzinfo=UTC).date())
    done = booked("check-up", clinic.now, start=starts[0].start).booking
    move.move(reference=done.reference, start=starts[30].start, now=clinic.now)
    with pytest.raises(errors.Stale) as refused:
        cancel.cancel(reference=done.reference, revision=0, now=clinic.now)
    assert refused.value.params["revision"] == 1


def test_the_same_key_makes_one_booking_and_another_body_is_refused(clinic):
    start = free("check-up", clinic.now)[0].start
    wish = confirm.Wish("check-up", start)
    key = Key("test", "k", "print")
    first = confirm.confirm(wish=wish, customer=HANNAH, answers={}, locale="en", key=key, now=clinic.now)
    second = confirm.confirm(wish=wish, customer=HANNAH, answers={}, locale="en", key=key, now=clinic.now)
    assert (first.booking.reference, second.replayed) == (second.booking.reference, True)
    with pytest.raises(errors.KeyReused):
        confirm.confirm(wish=wish, customer=TOM, answers={}, locale="en", key=Key("test", "k", "other"), now=clinic.now)


def test_a_failure_leaves_the_key_free(clinic):
    key = Key("test", "k", "print")
    start = free("check-up", clinic.now)[0].start
    with pytest.raises(errors.Invalid):
        confirm.confirm(
            wish=confirm.Wish("check-up", start), customer={}, answers={}, locale="en", key=key, now=clinic.now
        )
    done = confirm.confirm(
        wish=confirm.Wish("check-up", start), customer=HANNAH, answers={}, locale="en", key=key, now=clinic.now
    )
    assert not done.replayed


def test_a_party_joins_the_fullest_session_that_has_room(load_business, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    first = booked("yoga", clock.now, start=start, seats=5).booking
    second = booked("yoga", clock.now, start=start, seats=3, customer=TOM).booking
    assert first.session_id == second.session_id
    left = [each.seats_left for each in free("yoga", clock.now) if each.start == start]
    # The hall is in use: no second session can open beside the full one.
    assert left == []


def test_seats_of_an_expired_hold_are_free_again(load_business, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    mine = held("yoga", clock.now, start=start, seats=8)
    assert start not in [each.start for each in free("yoga", clock.now)]
    later = mine.expires_at
    assert booked("yoga", later, start=start, seats=8).booking.seats == 8
    rows = db.session.execute(select(Session.live, Session.seats_taken).order_by(Session.id)).all()
    assert [row.live for row in rows][-1] is True


def test_two_benches_are_taken_together(load_business, clock):
    load_business("rental")
    start = free("bench-time", clock.now)[0].start
    customer = {"name": "A", "phone": "+44 7911 123456", "email": "a@example.com"}
    for _ in range(3):
        booked("bench-time", clock.now, start=start, customer=customer)
    assert start not in [each.start for each in free("bench-time", clock.now)]
    units = db.session.execute(select(Allocation.unit_id)).scalars().all()
    assert len(units) == len(set(units)) == 6


def test_a_van_for_three_days_ends_at_the_same_wall_clock_time(load_business, clock):
    load_business("rental")
    # The clocks go forward in London on 28 March 2027, at one in the night.
    clock.set("2027-03-20T09:00Z")
    start = datetime(2027, 3, 27, 10, 0, tzinfo=UTC)
    customer = {"name": "A", "phone": "+44 7911 123456", "email": "a@example.com"}
    done = booked(
        "van-hire", clock.now, start=start, length="3d", customer=customer, answers={"licence": "X1", "abroad": False}
    )
    assert done.booking.end == datetime(2027, 3, 30, 9, 0, tzinfo=UTC)


def test_price_and_terms_are_those_of_the_hold(clinic, load_business, tmp_path):
    mine = held("ultrasound", clinic.now)
    edited = tmp_path / "clinic.yaml"
    from tests.conftest import BUSINESSES

    edited.write_text((BUSINESSES / "clinic.yaml").read_text().replace('price: "65.00"', 'price: "99.00"'))
    load_business(edited)
    done = confirm_hold(mine, clinic.now, answers={"referral": False}).booking
    assert done.price_minor == 6500


def test_old_holds_are_dropped_after_a_day_and_bookings_never(clinic):
    held("check-up", clinic.now)
    kept = booked("check-up", clinic.now, start=free("check-up", clinic.now)[40].start).booking
    upkeep.sweep(now=clinic.now + timedelta(minutes=11))
    assert db.session.execute(select(Hold.state)).scalars().all() == ["expired"]
    upkeep.sweep(now=clinic.now + timedelta(days=2))
    assert db.session.execute(select(Hold.id)).scalars().all() == []
    assert bookings.by_reference(db.session(), kept.reference) is not None


def test_an_untouched_booking_is_completed_by_the_clock_after_its_local_day(clinic):
    done = booked("check-up", clinic.now).booking
    upkeep.sweep(now=done.end + timedelta(minutes=5))
    assert bookings.by_reference(db.session(), done.reference).status == "confirmed"
    upkeep.sweep(now=done.end + timedelta(days=1))
    assert bookings.by_reference(db.session(), done.reference).status == "completed"
    row = db.session.execute(select(History.actor).where(History.action == "completed")).scalar()
    assert row == "clock"


def test_where_the_house_wants_to_be_asked_an_untouched_booking_waits(clinic):
    done = booked("check-up", clinic.now).booking
    business = db.session.execute(select(Business)).scalar_one()
    business.extra = {**business.extra, "at_day_end": "ask"}
    db.session.commit()
    assert upkeep.sweep(now=done.end + timedelta(days=1))["days"] == 0
    assert bookings.by_reference(db.session(), done.reference).status == "confirmed"
    business.extra = {"at_day_end": "complete"}
    db.session.commit()
    assert upkeep.sweep(now=done.end + timedelta(days=1))["days"] == 1


@pytest.fixture
def overtaken(load_business, clock, app, monkeypatch):
    """``overtaken("box")``: books a service while somebody else is always faster, until one is left; gives both.

    Only PostgreSQL lets anybody be faster: on SQLite nobody can write between the look and the lock."""
    load_business("crowd")
    start = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)

    def book(service, others):
        faster: list[BookingView] = []

        def step(name):
            if len(faster) < others and threading.current_thread() is threading.main_thread():
                with ThreadPoolExecutor(1) as other:
                    faster.append(other.submit(outside).result())

        def outside():
            with app.app_context():
                return booked(service, clock.now, start=start, customer=TOM).booking

        monkeypatch.setattr(taking, "failpoint", step)
        return booked(service, clock.now, start=start).booking, faster

    return book


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_whoever_is_always_too_late_gets_the_last_one(overtaken):
    mine, faster = overtaken("box", 5)
    units = db.session.execute(select(Allocation.unit_id).where(Allocation.live)).scalars().all()
    assert (mine.status, len(faster)) == ("confirmed", 5)
    assert len(units) == len(set(units)) == 6


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_whoever_is_too_late_gets_the_next_one_of_the_same_kind_at_once(overtaken):
    mine, faster = overtaken("ride-or-play", 9)
    units = db.session.execute(select(Allocation.unit_id).where(Allocation.live)).scalars().all()
    assert (mine.resources, len(faster)) == (("bikes",), 1)
    assert len(set(units)) == 2


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_whoever_is_too_late_for_the_last_one_is_told_so(overtaken, clock):
    for _ in range(5):
        booked("box", clock.now, start=datetime(2026, 12, 1, 9, 0, tzinfo=UTC))
    with pytest.raises(errors.SlotTaken):
        overtaken("box", 1)


def test_an_edit_between_choosing_and_locking_makes_it_choose_again(clinic, monkeypatch):
    original = taking.look
    looked: list[int] = []

    def look(session, asked, *args, **more):
        if not looked:  # as if a load had been committed after the first look
            session.execute(db.text("UPDATE business SET catalogue_version = catalogue_version + 1"))
        looked.append(asked.catalogue.version)
        return original(session, asked, *args, **more)

    monkeypatch.setattr(taking, "look", look)
    held("check-up", clinic.now)
    assert len(looked) == 2
