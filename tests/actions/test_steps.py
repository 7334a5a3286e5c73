"""The day of a visit at the desk: arrived, completed, not come; and each of them corrected."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions import availability, cancel
from actions.steps import take_step
from models import bookings
from models.base import db
from models.booking import Allocation
from models.history import steps_of
from models.outbox import Message
from rules import errors
from tests.factories import HANNAH, TOM, booked, free

ANNA = "staff:7"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


@pytest.fixture
def visit(clinic):
    """A visit of Dr. Yılmaz on Tuesday at nine; the clock stands at its start."""
    start = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    made = booked("check-up", clinic.now, start=start, resources=["dr-yilmaz"]).booking
    clinic.set(start)
    return made


@pytest.fixture
def step(clinic, visit):
    """``step("arrive")``: takes a step now, as Anna."""

    def take(name, *, at=None, actor=ANNA, **more):
        return take_step(reference=visit.reference, step=name, actor=actor, now=at or clinic.now, **more)

    return take


def waiting(reference):
    """Kinds and offsets of what is still to leave and would."""
    view = bookings.by_reference(db.session(), reference)
    rows = db.session.execute(
        select(Message.kind, Message.offset_minutes).where(
            Message.object_id == view.id, Message.revision == view.revision, Message.state == "ready"
        )
    )
    return sorted({tuple(row) for row in rows})


def test_who_arrives_and_is_done_is_written_down_and_nobody_is_told(step, visit):
    before = db.session.execute(select(Message.id)).scalars().all()
    assert step("arrive").booking.status == "arrived"
    assert step("complete", at=visit.end).booking.status == "completed"
    assert db.session.execute(select(Message.id)).scalars().all() == before
    told = [(row.action, row.actor) for row in steps_of(db.session(), "booking", visit.id)]
    assert told == [("completed", ANNA), ("arrived", ANNA), ("confirmed", "customer")]


def test_a_second_tap_changes_nothing_and_says_who_was_first_and_when(step, visit):
    first = step("arrive", actor="staff:3")
    again = step("arrive", at=visit.start + MINUTE)
    assert (first.replayed, again.replayed, again.by, again.at) == (False, True, "staff:3", visit.start)
    assert again.booking.revision == first.booking.revision


def test_a_step_that_came_too_late_is_told_what_happened(step, visit):
    cancel.cancel(reference=visit.reference, actor="staff:3", now=visit.start)
    with pytest.raises(errors.StateChanged) as refused:
        step("arrive", at=visit.start + MINUTE)
    assert refused.value.params == {"status": "cancelled", "by": "staff:3", "at": visit.start}


def test_an_old_page_is_stale(step):
    step("arrive")
    with pytest.raises(errors.Stale):
        step("complete", revision=0)


def test_a_booking_that_does_not_exist_has_no_steps(clinic):
    with pytest.raises(errors.Missing):
        take_step(reference="NOTTHERE", step="arrive", actor=ANNA, now=clinic.now)


def test_a_reason_has_to_be_readable(step):
    with pytest.raises(errors.Invalid):
        step("miss", reason="x" * 201)


def test_nobody_arrives_the_day_before_and_nobody_is_missed_early(step, visit):
    with pytest.raises(errors.NotYet):
        step("arrive", at=visit.start - timedelta(hours=10))
    with pytest.raises(errors.NotYet):
        step("miss", at=visit.start - MINUTE)
    assert step("miss").booking.status == "no_show"


def test_done_early_the_rest_is_free_for_others_and_the_tidying_is_kept(step, visit, clinic):
    step("arrive")
    done = step("complete", at=visit.start + 10 * MINUTE).booking
    assert done.end == visit.start + 10 * MINUTE
    rows = db.session.execute(select(Allocation.busy_to).where(Allocation.session_id == visit.session_id))
    assert set(rows.scalars()) == {visit.start + 20 * MINUTE}
    asked = availability.resolved(service="check-up", resources=["dr-yilmaz"], who=availability.EVERYONE)
    later = availability.view(asked, now=visit.start - timedelta(hours=3)).offers
    assert visit.start + 20 * MINUTE in [each.start for each in later if each.free]


def test_in_a_class_only_the_last_one_frees_the_rest(load_business, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    one = booked("yoga", clock.now, start=start).booking
    other = booked("yoga", clock.now, start=start, customer=TOM).booking
    ends = [
        take_step(reference=each.reference, step="complete", actor=ANNA, now=start + 10 * MINUTE).booking.end
        for each in (one, other)
    ]
    assert ends == [one.end, start + 10 * MINUTE]


def test_not_done_after_all_takes_the_rest_again(step, visit):
    step("complete", at=visit.start + 10 * MINUTE)
    back = step("arrive", at=visit.start + 12 * MINUTE).booking
    assert (back.status, back.end) == ("arrived", visit.end)
    assert bookings.by_reference(db.session(), visit.reference).end == visit.end
    assert step("complete", at=visit.start + 20 * MINUTE).booking.end == visit.start + 20 * MINUTE


def test_not_done_after_all_keeps_the_short_time_where_the_rest_is_somebody_elses(step, visit):
    step("complete", at=visit.start + 10 * MINUTE)
    early = visit.start - timedelta(hours=3)
    booked("check-up", early, start=visit.start + 20 * MINUTE, resources=["dr-yilmaz"], customer=TOM)
    back = step("arrive", at=visit.start + 12 * MINUTE).booking
    assert (back.status, back.end) == ("arrived", visit.start + 10 * MINUTE)


def test_who_has_not_arrived_after_all_is_reminded_again(clinic):
    start = datetime(2026, 12, 1, 14, 0, tzinfo=UTC)
    made = booked("check-up", clinic.now, start=start).booking
    morning = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    take_step(reference=made.reference, step="arrive", actor=ANNA, now=morning)
    assert waiting(made.reference) == []
    take_step(reference=made.reference, step="not_arrived", actor=ANNA, now=morning + MINUTE)
    assert waiting(made.reference) == [("reminder", 60)]


def test_a_correction_is_possible_until_the_end_of_the_next_local_day(step, visit):
    step("miss")
    last = datetime(2026, 12, 2, 23, 0, tzinfo=UTC)
    with pytest.raises(errors.TooLateToUndo) as refused:
        step("arrive", at=last + MINUTE)
    assert refused.value.params == {"deadline": last, "zone": "Europe/Berlin"}
    assert step("not_arrived", at=last).booking.status == "confirmed"


def test_a_cancellation_is_taken_back_on_the_same_units_and_everybody_is_told(step, visit, clinic):
    clinic.set("2026-11-30T09:05Z")
    cancel.cancel(reference=visit.reference, actor="shell", reason="Ill", now=clinic.now)
    db.session.execute(
        db.text("UPDATE message SET state = 'sent', settled_at = created_at WHERE kind LIKE '%cancelled'")
    )
    db.session.commit()
    back = step("restore")
    assert (back.booking.status, back.booking.cancelled_by, back.booking.resources) == (
        "confirmed",
        None,
        visit.resources,
    )
    assert bookings.by_reference(db.session(), visit.reference).session_id == visit.session_id
    kinds = [kind for kind, _ in waiting(visit.reference)]
    assert kinds == ["confirmation", "reminder", "staff_booked"]
    assert step("restore").replayed


def test_who_never_heard_of_the_cancellation_hears_nothing(step, visit, clinic):
    clinic.set("2026-11-30T09:05Z")
    cancel.cancel(reference=visit.reference, actor=ANNA, now=clinic.now)
    step("restore")
    assert waiting(visit.reference) == [("reminder", 60)]
    assert "cancelled" not in db.session.execute(select(Message.kind).where(Message.state == "ready")).scalars().all()


def test_a_cancellation_stands_when_its_time_is_gone(step, visit, clinic):
    clinic.set("2026-11-30T09:05Z")
    cancel.cancel(reference=visit.reference, actor="shell", now=clinic.now)
    booked("check-up", clinic.now, start=visit.start, resources=["dr-yilmaz"], customer=TOM)
    with pytest.raises(errors.SlotTaken) as refused:
        step("restore")
    assert refused.value.params == {"start": visit.start, "zone": "Europe/Berlin"}
    assert bookings.by_reference(db.session(), visit.reference).status == "cancelled"


def test_an_expired_hold_does_not_stand_in_the_way(step, visit, clinic):
    from tests.factories import held

    clinic.set("2026-11-30T09:05Z")
    cancel.cancel(reference=visit.reference, actor="shell", now=clinic.now)
    mine = held("check-up", clinic.now, start=visit.start, resources=["dr-yilmaz"])
    with pytest.raises(errors.SlotTaken):
        step("restore", at=mine.expires_at - MINUTE)
    assert step("restore", at=mine.expires_at).booking.status == "confirmed"


def test_a_place_in_a_class_is_taken_back_while_there_is_one(load_business, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    mine = booked("yoga", clock.now, start=start, seats=2).booking
    booked("yoga", clock.now, start=start, customer=TOM)
    cancel.cancel(reference=mine.reference, actor="shell", now=clock.now)
    full = booked("yoga", clock.now, start=start, seats=7, customer={**HANNAH, "name": "A party"}).booking
    with pytest.raises(errors.SlotTaken) as refused:
        take_step(reference=mine.reference, step="restore", actor=ANNA, now=clock.now)
    assert refused.value.params["seats_left"] == 0
    cancel.cancel(reference=full.reference, actor="shell", now=clock.now)
    back = take_step(reference=mine.reference, step="restore", actor=ANNA, now=clock.now).booking
    assert back.session_id == mine.session_id


def test_a_request_that_was_cancelled_waits_to_be_decided_again(clinic):
    asked = booked("ultrasound", clinic.now, answers={"referral": False}).booking
    cancel.cancel(reference=asked.reference, now=clinic.now)
    back = take_step(reference=asked.reference, step="restore", actor=ANNA, now=clinic.now)
    assert back.booking.status == "requested"
    told = set(db.session.scalars(select(Message.kind).where(Message.id.in_(back.messages))))
    assert "confirmation" not in told
    assert "staff_request" in told
    assert take_step(reference=asked.reference, step="restore", actor=ANNA, now=clinic.now).replayed


def test_a_request_whose_time_has_come_is_not_taken_back(clinic):
    asked = booked("ultrasound", clinic.now, answers={"referral": False}).booking
    cancel.cancel(reference=asked.reference, now=clinic.now)
    with pytest.raises(errors.TooLateToUndo):
        take_step(reference=asked.reference, step="restore", actor=ANNA, now=asked.start + MINUTE)
