"""What was done at the desk can be undone for two minutes, and then nobody hears of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions import cancel, confirm, move, review
from actions.heard import send_now
from actions.steps import take_step
from actions.undo import undo
from models import bookings
from models.base import db
from models.booking import Allocation
from models.history import steps_of
from models.people import Staff
from notifications import dispatch, jobs
from notifications.outcome import Sent
from rules import errors
from tests.factories import TOM, booked

ANNA = "staff:7"
MINUTE = timedelta(minutes=1)
NINE = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
TEN = datetime(2026, 12, 8, 9, 0, tzinfo=UTC)


@pytest.fixture
def told(load_business, clock, monkeypatch):
    """``told()``: what has left by now since the last time, as kind, channel and the name of the recipient."""
    load_business("clinic")
    sent: list[tuple[str, str]] = []

    def keep(message, composed, settings, *, others, now):
        sent.append((message.kind, message.recipient.split("@")[0]))
        return Sent("kept")

    def since():
        while dispatch.deliver_due():
            pass
        found = sorted(sent)
        sent.clear()
        return found

    monkeypatch.setattr(jobs, "_send", keep)
    return since


@pytest.fixture
def visit(told, clock):
    """A visit of Dr. Yılmaz in a week, of which everybody has been told."""
    made = booked("check-up", clock.now, start=NINE, resources=["dr-yilmaz"]).booking
    told()
    return made


@pytest.fixture
def request_(told, clock):
    made = booked("ultrasound", clock.now, start=NINE + 15 * MINUTE, answers={"referral": False}).booking
    told()
    return made


def now_of(view):
    return bookings.by_reference(db.session(), view.reference)


def facts(view):
    return (view.status, view.start, view.end, view.resources, view.session_id, view.price_minor, view.cancelled_by)


def moved(view, now, start=TEN, **more):
    return move.move(reference=view.reference, start=start, actor=ANNA, now=now, **more)


def cancelled(view, now, **more):
    return cancel.cancel(reference=view.reference, actor=ANNA, reason="Ill", now=now, **more)


def approved(view, now):
    return review.approve(reference=view.reference, actor=ANNA, now=now)


def declined(view, now):
    return review.decline(reference=view.reference, actor=ANNA, reason="No", now=now)


@pytest.mark.parametrize("act", [moved, cancelled])
def test_an_undone_step_leaves_no_trace_but_its_history_and_nobody_hears_of_it(act, visit, clock, told):
    done = act(visit, clock.now)
    assert done.undo_until == clock.now + 2 * MINUTE
    back = undo(reference=visit.reference, actor="staff:8", now=clock.now + 2 * MINUTE)
    assert facts(back.booking) == facts(visit) == facts(now_of(visit))
    assert steps_of(db.session(), "booking", visit.id)[0].action == "undone"
    assert steps_of(db.session(), "booking", visit.id)[0].actor == "staff:8"
    clock.tick(minutes=10)
    assert told() == []
    clock.set(NINE - timedelta(hours=1))
    assert told() == [("reminder", "+4915123456789")] * 2 + [("reminder", "hannah")] * 2


@pytest.mark.parametrize("act", [approved, declined])
def test_a_decision_that_is_undone_waits_for_another_one(act, request_, clock, told):
    act(request_, clock.now)
    back = undo(reference=request_.reference, actor=ANNA, now=clock.now + MINUTE)
    assert facts(back.booking) == facts(request_)
    clock.tick(minutes=10)
    assert told() == []
    assert review.approve(reference=request_.reference, actor=ANNA, now=clock.now).booking.status == "confirmed"


def test_what_is_not_undone_is_told_once_and_only_after_two_minutes(visit, clock, told):
    moved(visit, clock.now)
    clock.tick(seconds=119)
    assert told() == []
    clock.tick(seconds=1)
    assert told() == [("moved", "+4915123456789"), ("moved", "hannah"), ("staff_moved", "yilmaz")]
    clock.tick(minutes=10)
    assert told() == []


def test_what_customers_do_is_told_at_once(visit, clock, told):
    done = move.move(reference=visit.reference, start=TEN, now=clock.now)
    assert done.undo_until is None
    assert ("moved", "hannah") in told()
    with pytest.raises(errors.StateChanged):
        undo(reference=visit.reference, actor=ANNA, now=clock.now)


def test_sent_now_it_need_not_wait(visit, clock, told):
    moved(visit, clock.now)
    assert len(send_now(reference=visit.reference, actor=ANNA, now=clock.now)) == 3
    assert len(told()) == 3
    assert send_now(reference=visit.reference, actor=ANNA, now=clock.now) == ()
    with pytest.raises(errors.Missing):
        send_now(reference="NOTTHERE", actor=ANNA, now=clock.now)


def test_who_has_heard_already_is_told_how_things_are(visit, clock, told):
    moved(visit, clock.now)
    send_now(reference=visit.reference, actor=ANNA, now=clock.now)
    told()
    undo(reference=visit.reference, actor=ANNA, now=clock.now)
    assert told() == [("moved", "+4915123456789"), ("moved", "hannah"), ("staff_moved", "yilmaz")]


def test_within_the_hour_a_cancellation_leaves_at_once_and_so_does_its_undoing(visit, clock, told):
    clock.set(NINE - timedelta(minutes=30))
    told()
    cancelled(visit, clock.now)
    assert told() == [("cancelled", "+4915123456789"), ("cancelled", "hannah"), ("staff_cancelled", "yilmaz")]
    undo(reference=visit.reference, actor=ANNA, now=clock.now)
    assert told() == [("confirmation", "+4915123456789"), ("confirmation", "hannah"), ("staff_booked", "yilmaz")]


def test_a_decision_that_was_heard_and_undone_is_a_request_again(request_, clock, told):
    approved(request_, clock.now)
    send_now(reference=request_.reference, actor=ANNA, now=clock.now)
    told()
    undo(reference=request_.reference, actor=ANNA, now=clock.now)
    kinds = {kind for kind, _ in told()}
    assert kinds == {"request_received", "staff_request"}


def test_undoing_twice_undoes_once(visit, clock):
    cancelled(visit, clock.now)
    first = undo(reference=visit.reference, actor=ANNA, now=clock.now)
    again = undo(reference=visit.reference, actor=ANNA, now=clock.now)
    assert (first.replayed, again.replayed, again.by) == (False, True, ANNA)
    assert again.booking.revision == first.booking.revision == 2


def test_after_two_minutes_it_stands(visit, clock):
    cancelled(visit, clock.now)
    with pytest.raises(errors.TooLateToUndo) as refused:
        undo(reference=visit.reference, actor=ANNA, now=clock.now + 2 * MINUTE + timedelta(seconds=1))
    assert refused.value.params["deadline"] == clock.now + 2 * MINUTE
    assert now_of(visit).status == "cancelled"


def test_only_the_last_step_is_undone(visit, clock):
    moved(visit, clock.now)
    cancel.cancel(reference=visit.reference, now=clock.now + MINUTE)
    with pytest.raises(errors.StateChanged) as refused:
        undo(reference=visit.reference, actor=ANNA, now=clock.now + MINUTE)
    assert refused.value.params == {"status": "cancelled", "by": "customer", "at": clock.now + MINUTE}


def test_what_was_undone_and_then_changed_is_not_undone_again(visit, clock):
    cancelled(visit, clock.now)
    undo(reference=visit.reference, actor=ANNA, now=clock.now)
    move.move(reference=visit.reference, start=TEN, now=clock.now)
    with pytest.raises(errors.StateChanged):
        undo(reference=visit.reference, actor=ANNA, now=clock.now)


@pytest.mark.parametrize("act", [moved, cancelled])
def test_when_the_old_time_was_taken_meanwhile_nothing_changes(act, visit, clock, told):
    done = act(visit, clock.now)
    booked("check-up", clock.now, start=NINE, resources=["dr-yilmaz"], customer=TOM)
    told()
    with pytest.raises(errors.SlotTaken) as refused:
        undo(reference=visit.reference, actor=ANNA, now=clock.now + MINUTE)
    assert refused.value.params == {"start": NINE, "zone": "Europe/Berlin"}
    assert facts(now_of(visit)) == facts(done.booking)
    clock.tick(minutes=2)
    assert {who for _, who in told()} == {"+4915123456789", "hannah", "yilmaz"}


def test_a_move_by_ten_minutes_is_undone_through_its_own_new_time(visit, clock):
    moved(visit, clock.now, NINE + 10 * MINUTE)
    assert undo(reference=visit.reference, actor=ANNA, now=clock.now).booking.start == NINE
    live = db.session.execute(select(Allocation.busy_from).where(Allocation.live)).scalars().all()
    assert set(live) == {NINE}


def test_done_early_by_mistake_takes_the_rest_again(visit, clock):
    clock.set(NINE + 10 * MINUTE)
    take_step(reference=visit.reference, step="complete", actor=ANNA, now=clock.now)
    back = undo(reference=visit.reference, actor=ANNA, now=clock.now).booking
    assert facts(back) == facts(visit)
    take_step(reference=visit.reference, step="complete", actor=ANNA, now=clock.now + 5 * MINUTE)
    assert (
        take_step(reference=visit.reference, step="arrive", actor=ANNA, now=clock.now + 6 * MINUTE).booking.end
        == visit.end
    )


def test_a_missed_visit_that_arrives_and_is_undone_is_missed_again(visit, clock):
    clock.set(NINE + 10 * MINUTE)
    take_step(reference=visit.reference, step="miss", actor=ANNA, now=clock.now)
    take_step(reference=visit.reference, step="arrive", actor=ANNA, now=clock.now)
    assert undo(reference=visit.reference, actor=ANNA, now=clock.now).booking.status == "no_show"


def test_news_that_the_step_overtook_leaves_after_all(told, clock):
    made = booked("check-up", clock.now, start=NINE, resources=["dr-yilmaz"]).booking
    cancelled(made, clock.now)
    assert told() == []
    clock.tick(minutes=1)
    undo(reference=made.reference, actor=ANNA, now=clock.now)
    assert told() == [("confirmation", "+4915123456789"), ("confirmation", "hannah"), ("staff_booked", "yilmaz")]


class TestWhatStaffMayDoThatCustomersMayNot:
    def test_a_move_keeps_no_deadline_and_stays_confirmed(self, request_, clock):
        approved(request_, clock.now)
        done = moved(request_, clock.now, NINE + timedelta(hours=1))
        assert done.booking.status == "confirmed"

    def test_without_telling_the_customer_the_people_hear_of_it_and_she_is_still_reminded(self, visit, clock, told):
        moved(visit, clock.now, tell=False)
        clock.set(TEN - timedelta(hours=1))
        kinds = told()
        assert ("staff_moved", "yilmaz") in kinds
        assert {kind for kind, who in kinds if who == "hannah"} == {"reminder"}

    @pytest.mark.parametrize("act", [cancelled, moved])
    def test_nothing_is_told_to_the_customer(self, act, visit, clock, told):
        act(visit, clock.now, tell=False)
        clock.tick(minutes=3)
        assert {who for _, who in told()} == {"yilmaz"}

    def test_a_visit_is_given_to_somebody_else_in_the_same_room(self, visit, clock, told):
        done = moved(visit, clock.now, NINE, resources=["dr-braun"])
        assert done.booking.resources == ("dr-braun", *visit.resources[1:])
        assert steps_of(db.session(), "booking", visit.id)[0].action == "reassigned"
        reason = db.session.execute(
            select(Allocation.reason).where(Allocation.session_id == done.booking.session_id, Allocation.need == 0)
        ).scalar()
        assert reason == {"code": "chosen_by_staff"}
        clock.tick(minutes=3)
        assert told() == [
            ("reassigned", "+4915123456789"),
            ("reassigned", "hannah"),
            ("staff_booked", "braun"),
            ("staff_cancelled", "yilmaz"),
        ]
        assert now_of(visit).terms["chosen"] == []

    def test_giving_it_to_somebody_else_is_undone_in_silence(self, visit, clock, told):
        moved(visit, clock.now, NINE, resources=["dr-braun"])
        back = undo(reference=visit.reference, actor=ANNA, now=clock.now + MINUTE).booking
        assert (facts(back), back.terms) == (facts(visit), visit.terms)
        clock.tick(minutes=3)
        assert told() == []

    def test_another_room_is_nobodys_news(self, visit, clock, told):
        other = next(slug for slug in ("room-1", "room-2") if slug not in visit.resources)
        done = moved(visit, clock.now, NINE, resources=[other])
        assert done.booking.resources == ("dr-yilmaz", other)
        clock.tick(minutes=3)
        assert told() == []

    def test_a_customer_cannot_choose_a_room(self, visit, clock):
        with pytest.raises(errors.UnknownResource):
            move.move(reference=visit.reference, start=TEN, resources=["room-1"], now=clock.now)

    def test_who_cannot_serve_is_not_given_it(self, request_, clock):
        approved(request_, clock.now)
        with pytest.raises(errors.UnknownResource):
            moved(request_, clock.now, request_.start, resources=["dr-yilmaz"])

    def test_a_request_that_is_given_to_somebody_else_is_still_a_request(self, told, clock, load_business, tmp_path):
        from tests.conftest import BUSINESSES

        both = (
            (BUSINESSES / "clinic.yaml")
            .read_text()
            .replace("skills: [ultrasound]}\n      - {kind: room", "skills: [general]}\n      - {kind: room")
        )
        path = tmp_path / "clinic.yaml"
        path.write_text(both)
        load_business(path)
        made = booked("ultrasound", clock.now, start=NINE + 15 * MINUTE, answers={"referral": False}).booking
        told()
        other = next(slug for slug in ("dr-braun", "dr-yilmaz") if slug not in made.resources)
        done = moved(made, clock.now, made.start, resources=[other])
        assert (done.booking.status, done.booking.staff) == ("requested", (other,))
        clock.tick(minutes=3)
        assert told() == [("staff_cancelled", made.staff[0][3:]), ("staff_request", other[3:])]


class TestOnesOwnRequest:
    @pytest.fixture
    def anna(self, told):
        made = Staff(email="Hannah@example.com", name="Hannah", role="manager", extra={})
        db.session.add(made)
        db.session.commit()
        return f"staff:{made.id}"

    @pytest.mark.parametrize("decide", [review.approve, review.decline])
    def test_is_decided_by_somebody_else(self, decide, anna, request_, clock):
        with pytest.raises(errors.OwnRequest):
            decide(reference=request_.reference, actor=anna, now=clock.now)
        assert now_of(request_).status == "requested"
        assert not decide(reference=request_.reference, actor="staff:99", now=clock.now).replayed

    def test_is_also_what_one_has_made_for_somebody(self, told, clock):
        wish = confirm.Wish("ultrasound", NINE + 15 * MINUTE)
        made = confirm.confirm(
            wish=wish, customer=TOM, answers={"referral": False}, locale="en", created_by=ANNA, now=clock.now
        ).booking
        with pytest.raises(errors.OwnRequest):
            review.approve(reference=made.reference, actor=ANNA, now=clock.now)


def test_a_colleagues_decision_is_told_with_who_and_when(request_, clock):
    review.approve(reference=request_.reference, actor="staff:3", now=clock.now)
    again = review.approve(reference=request_.reference, actor=ANNA, now=clock.now + MINUTE)
    assert (again.replayed, again.by, again.at) == (True, "staff:3", clock.now)
    with pytest.raises(errors.StateChanged) as refused:
        review.decline(reference=request_.reference, actor=ANNA, now=clock.now + MINUTE)
    assert refused.value.params == {"status": "confirmed", "by": "staff:3", "at": clock.now}


def test_the_customer_does_not_read_what_was_undone(visit, clock, client):
    from wire.links import manage_url

    cancelled(visit, clock.now)
    undo(reference=visit.reference, actor=ANNA, now=clock.now)
    settings = client.application.config["SETTINGS"]
    page = client.get(manage_url("", now_of(visit), settings.secret_key)).get_data(as_text=True)
    assert "<strong>You booked" in page
    assert "<strong>Cancelled" not in page
