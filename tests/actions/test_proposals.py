"""Another time for a customer: one that is kept for her beside her own, or one that she chooses herself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from actions import cancel, move, proposals, proposed, review, undo, upkeep
from actions.steps import take_step
from models import bookings
from models.base import db
from models.booking import Allocation, Hold
from models.desk import Proposal
from models.history import steps_of
from models.outbox import Message
from models.people import Staff
from rules import errors
from tests.factories import TOM, booked, free
from tests.support.staff import account
from wire.links import manage_url

ANNA = "staff:7"
NINE = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
FRIDAY = datetime(2026, 12, 4, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


@pytest.fixture
def visit(clinic):
    return booked("check-up", clinic.now, start=NINE, resources=["dr-yilmaz"]).booking


def propose(view, clock, start=TEN, **more):
    given = {"deadline": FRIDAY, "reason": "A colleague is ill", "actor": ANNA, "now": clock.now, **more}
    return proposals.propose_time(reference=view.reference, start=start, **given)


def choose(view, clock, **more):
    given = {"deadline": FRIDAY, "reason": "We have to close", "actor": ANNA, "now": clock.now, **more}
    return proposals.let_choose(reference=view.reference, **given)


def now_of(view):
    return bookings.by_reference(db.session(), view.reference)


def state():
    return list(db.session.execute(select(Proposal.state).order_by(Proposal.id)).scalars())


def is_free(clock, start, who="dr-yilmaz"):
    return start in [each.start for each in free("check-up", clock.now, first=start.date(), resources=[who])]


def waiting(kind):
    rows = db.session.execute(select(Message.id).where(Message.kind == kind, Message.state == "ready"))
    return len(rows.all())


class TestATimeThatIsProposed:
    def test_is_kept_beside_the_old_one(self, visit, clinic):
        done = propose(visit, clinic)
        assert (done.booking.start, now_of(visit).status, now_of(visit).revision) == (NINE, "confirmed", 0)
        assert not is_free(clinic, NINE)
        assert not is_free(clinic, TEN)
        found = proposed.open_of(db.session(), visit.id, clinic.now)
        assert (found.start, found.deadline, found.resources[0], found.reason) == (
            TEN, FRIDAY, "dr-yilmaz", "A colleague is ill",
        )  # fmt: skip
        hold = db.session.execute(select(Hold.moves_booking, Hold.expires_at)).one()
        assert tuple(hold) == (visit.id, FRIDAY)
        assert waiting("proposal") == 2

    def test_is_accepted_in_one_step_and_only_once(self, visit, clinic):
        propose(visit, clinic)
        done = proposals.accept(reference=visit.reference, now=FRIDAY - SECOND)
        assert (done.booking.start, done.booking.status, done.booking.revision) == (TEN, "confirmed", 1)
        assert done.booking.terms["cancel_until"] == visit.terms["cancel_until"]
        assert is_free(clinic, NINE)
        assert not is_free(clinic, TEN)
        again = proposals.accept(reference=visit.reference, now=FRIDAY + SECOND)
        assert (again.replayed, again.booking.revision) == (True, 1)
        assert (state(), waiting("moved"), waiting("proposal")) == (["accepted"], 2, 2)
        assert (
            steps_of(db.session(), "booking", visit.id)[0].actor,
            db.session.execute(select(Hold.state)).scalar(),
        ) == ("customer", "used")

    def test_with_somebody_else_tells_both(self, visit, clinic):
        propose(visit, clinic, start=NINE, resources=["dr-braun"])
        done = proposals.accept(reference=visit.reference, now=clinic.now)
        assert done.booking.staff == ("dr-braun",)
        told = db.session.execute(select(Message.kind, Message.recipient).where(Message.revision == 1))
        assert {("staff_moved", "braun@example.com"), ("staff_cancelled", "yilmaz@example.com")} <= {
            tuple(row) for row in told
        }

    def test_makes_a_request_firm(self, clinic):
        asked = booked(
            "ultrasound", clinic.now, start=NINE + timedelta(minutes=15), answers={"referral": False}
        ).booking
        propose(asked, clinic, start=NINE + timedelta(minutes=90))
        done = proposals.accept(reference=asked.reference, now=clinic.now).booking
        assert (done.status, done.start) == ("confirmed", NINE + timedelta(minutes=90))
        assert waiting("approved") == 2

    def test_is_declined_and_free_again(self, visit, clinic):
        propose(visit, clinic)
        assert proposals.decline(reference=visit.reference, now=clinic.now).booking.start == NINE
        assert proposals.decline(reference=visit.reference, now=clinic.now).replayed
        assert is_free(clinic, TEN)
        with pytest.raises(errors.StateChanged):
            proposals.accept(reference=visit.reference, now=clinic.now)

    def test_is_withdrawn_before_anybody_hears_of_it(self, visit, clinic):
        propose(visit, clinic)
        proposals.withdraw(reference=visit.reference, actor=ANNA, now=clinic.now)
        assert (waiting("proposal"), state(), is_free(clinic, TEN)) == (0, ["withdrawn"], True)

    def test_ends_at_its_deadline_by_the_clock(self, visit, clinic):
        propose(visit, clinic)
        assert upkeep.sweep(now=FRIDAY - SECOND)["proposals"] == 0
        with pytest.raises(errors.StateChanged):
            proposals.accept(reference=visit.reference, now=FRIDAY)
        assert upkeep.sweep(now=FRIDAY)["proposals"] == 1
        clinic.set(FRIDAY)
        assert (state(), now_of(visit).start, is_free(clinic, TEN)) == (["ended"], NINE, True)
        assert steps_of(db.session(), "booking", visit.id)[0].actor == "clock"
        upkeep.sweep(now=FRIDAY + timedelta(days=2))
        assert db.session.execute(select(Hold.state)).scalar() == "released"

    def test_gives_way_to_the_next_and_each_is_asked(self, visit, clinic):
        propose(visit, clinic)
        propose(visit, clinic, start=TEN + timedelta(minutes=10))
        assert (state(), waiting("proposal")) == (["withdrawn", "open"], 2)
        assert proposals.accept(reference=visit.reference, now=clinic.now).booking.start == TEN + timedelta(minutes=10)

    def test_is_refused_where_it_is_taken_and_the_one_before_stands(self, visit, clinic):
        propose(visit, clinic)
        other = TEN + timedelta(hours=1)
        booked("check-up", clinic.now, start=other, resources=["dr-yilmaz"], customer=TOM)
        with pytest.raises(errors.SlotTaken) as refused:
            propose(visit, clinic, start=other)
        assert refused.value.alternatives
        assert state() == ["open"]

    def test_with_a_minute_to_answer_is_asked_at_once(self, visit, clinic):
        propose(visit, clinic, deadline=clinic.now + timedelta(minutes=1))
        due = select(Message.due_at).where(Message.kind == "proposal")
        assert set(db.session.execute(due).scalars()) == {clinic.now}

    @pytest.mark.parametrize("deadline", [NINE + SECOND, datetime(2026, 11, 30, 9, 0, tzinfo=UTC)])
    @pytest.mark.parametrize("ask", [propose, choose])
    def test_has_a_deadline_ahead_and_before_the_visit(self, ask, deadline, visit, clinic):
        with pytest.raises(errors.Invalid) as refused:
            ask(visit, clinic, deadline=deadline)
        assert set(refused.value.errors) == {"deadline"}

    @pytest.mark.parametrize("ask", [propose, choose])
    def test_nobody_is_asked_of_what_is_over(self, ask, visit, clinic):
        cancel.cancel(reference=visit.reference, actor="shell", now=clinic.now)
        with pytest.raises(errors.StateChanged):
            ask(visit, clinic)
        with pytest.raises(errors.Invalid):
            ask(visit, clinic, reason="x" * 201)

    def test_without_a_question_there_is_nothing_to_answer(self, visit, clinic):
        for answer in (proposals.accept, proposals.decline):
            with pytest.raises(errors.StateChanged):
                answer(reference=visit.reference, now=clinic.now)
            with pytest.raises(errors.Missing):
                answer(reference="NOTTHERE", now=clinic.now)


class TestWhoAsked:
    def told(self, kind):
        query = (
            select(Message.recipient, Message.locale, Message.facts).where(Message.kind == kind).order_by(Message.id)
        )
        return [(row.recipient, row.locale, row.facts) for row in db.session.execute(query)]

    def test_hears_that_the_time_was_taken(self, visit, clinic):
        mara = account("front_desk", email="mara@praxis.example")
        db.session.execute(update(Staff).where(Staff.id == mara).values(locale="zh"))
        db.session.commit()
        propose(visit, clinic, actor=f"staff:{mara}")
        proposals.accept(reference=visit.reference, now=clinic.now)
        proposals.accept(reference=visit.reference, now=clinic.now)
        assert self.told("proposal_accepted") == [("mara@praxis.example", "zh", {"was": NINE.isoformat()})]

    def test_hears_each_time_that_the_old_one_is_kept(self, visit, clinic):
        mara = account("front_desk", email="mara@praxis.example")
        for start in (TEN, TEN + timedelta(hours=1)):
            propose(visit, clinic, start=start, actor=f"staff:{mara}")
            proposals.decline(reference=visit.reference, now=clinic.now)
            proposals.decline(reference=visit.reference, now=clinic.now)
        assert [(to, facts["proposed"]) for to, _, facts in self.told("proposal_declined")] == [
            ("mara@praxis.example", TEN.isoformat()),
            ("mara@praxis.example", (TEN + timedelta(hours=1)).isoformat()),
        ]

    def test_and_takes_the_visit_herself_is_told_once_that_it_moved(self, visit, clinic):
        elif_ = account("staff", resource="dr-yilmaz")
        propose(visit, clinic, actor=f"staff:{elif_}")
        proposals.accept(reference=visit.reference, now=clinic.now)
        assert self.told("proposal_accepted") == []
        assert [to for to, _, _ in self.told("staff_moved")] == ["yilmaz@example.com"]

    def test_and_has_left_meanwhile_is_not_written_to_but_who_sees_the_customer_is(self, visit, clinic):
        gone = account("front_desk", email="gone@praxis.example")
        propose(visit, clinic, actor=f"staff:{gone}")
        db.session.execute(update(Staff).where(Staff.id == gone).values(disabled_at=clinic.now))
        db.session.commit()
        proposals.decline(reference=visit.reference, now=clinic.now)
        assert [to for to, _, _ in self.told("proposal_declined")] == ["yilmaz@example.com"]

    def test_and_takes_the_question_back_hears_nothing(self, visit, clinic):
        mara = account("front_desk", email="mara@praxis.example")
        propose(visit, clinic, actor=f"staff:{mara}")
        proposals.withdraw(reference=visit.reference, actor=f"staff:{mara}", now=clinic.now)
        assert self.told("proposal_declined") == []


class TestWhatElseHappensToTheBooking:
    def test_she_cancels_and_both_times_are_free(self, visit, clinic):
        propose(visit, clinic)
        cancel.cancel(reference=visit.reference, now=clinic.now)
        assert (state(), is_free(clinic, NINE), is_free(clinic, TEN)) == (["withdrawn"], True, True)

    def test_it_is_moved_into_the_time_that_was_kept_for_it(self, visit, clinic):
        propose(visit, clinic)
        done = move.move(reference=visit.reference, start=TEN + timedelta(minutes=10), now=clinic.now)
        assert (done.booking.start, state()) == (TEN + timedelta(minutes=10), ["withdrawn"])
        live = db.session.execute(select(Allocation.busy_from).where(Allocation.live)).scalars().all()
        assert set(live) == {TEN + timedelta(minutes=10)}

    def test_she_comes_at_the_old_time(self, visit, clinic):
        propose(visit, clinic, deadline=NINE)
        take_step(reference=visit.reference, step="arrive", actor=ANNA, now=NINE - timedelta(minutes=10))
        assert state() == ["withdrawn"]

    def test_the_request_is_approved_as_it_was(self, clinic):
        asked = booked(
            "ultrasound", clinic.now, start=NINE + timedelta(minutes=15), answers={"referral": False}
        ).booking
        propose(asked, clinic, start=NINE + timedelta(minutes=90))
        review.approve(reference=asked.reference, actor=ANNA, now=clinic.now)
        assert state() == ["withdrawn"]


class TestATimeThatSheChooses:
    def test_the_booking_stays_until_she_has_and_no_deadline_binds_her(self, clinic):
        made = booked("check-up", clinic.now, start=datetime(2026, 12, 1, 8, 0, tzinfo=UTC)).booking
        with pytest.raises(errors.TooLate):
            move.move(reference=made.reference, start=TEN, now=clinic.now)
        choose(made, clinic, deadline=datetime(2026, 12, 1, 7, 0, tzinfo=UTC))
        assert now_of(made).status == "confirmed"
        done = move.move(reference=made.reference, start=TEN, now=clinic.now)
        assert (done.booking.start, state()) == (TEN, ["accepted"])
        with pytest.raises(errors.StateChanged):
            proposals.withdraw(reference=made.reference, actor=ANNA, now=clinic.now)

    def test_what_wants_approval_stays_firm(self, clinic):
        asked = booked(
            "ultrasound", clinic.now, start=NINE + timedelta(minutes=15), answers={"referral": False}
        ).booking
        review.approve(reference=asked.reference, actor=ANNA, now=clinic.now)
        choose(asked, clinic)
        done = move.move(reference=asked.reference, start=NINE + timedelta(minutes=90), now=clinic.now)
        assert done.booking.status == "confirmed"

    def test_she_may_cancel_late_instead(self, clinic):
        made = booked("check-up", clinic.now, start=datetime(2026, 12, 1, 8, 0, tzinfo=UTC)).booking
        choose(made, clinic, deadline=datetime(2026, 12, 1, 7, 0, tzinfo=UTC))
        assert cancel.cancel(reference=made.reference, now=clinic.now).booking.status == "cancelled"

    def test_unanswered_it_is_cancelled_by_the_house_and_everybody_is_told(self, visit, clinic):
        choose(visit, clinic)
        assert waiting("choose_time") == 2
        upkeep.sweep(now=FRIDAY)
        over = now_of(visit)
        assert (over.status, over.cancelled_by, over.cancel_reason) == ("cancelled", "house", "We have to close")
        assert (state(), waiting("cancelled"), waiting("staff_cancelled")) == (["ended"], 2, 1)
        assert upkeep.sweep(now=FRIDAY)["proposals"] == 0

    def test_who_asked_hears_that_nobody_answered(self, visit, clinic):
        mara, elif_ = account("front_desk", email="mara@praxis.example"), account("staff", resource="dr-yilmaz")
        choose(visit, clinic, actor=f"staff:{mara}")
        hers = booked("check-up", clinic.now, start=TEN + timedelta(days=1), customer=TOM, resources=["dr-yilmaz"])
        choose(hers.booking, clinic, actor=f"staff:{elif_}")
        upkeep.sweep(now=FRIDAY)
        told = select(Message.recipient).where(Message.kind == "proposal_unanswered")
        assert db.session.execute(told).scalars().all() == ["mara@praxis.example"]

    @pytest.mark.parametrize("step", ["move", "cancel"])
    def test_it_stands_again_when_the_step_that_ended_it_is_undone(self, visit, clinic, step):
        choose(visit, clinic)
        if step == "move":
            move.move(reference=visit.reference, start=TEN, actor=ANNA, now=clinic.now)
        else:
            cancel.cancel(reference=visit.reference, actor=ANNA, now=clinic.now)
        assert (state(), waiting("choose_time")) == (["accepted" if step == "move" else "withdrawn"], 0)
        undo.undo(reference=visit.reference, actor=ANNA, now=clinic.now)
        assert (state(), waiting("choose_time")) == (["open"], 2)
        current = set(db.session.scalars(select(Message.revision).where(Message.kind == "choose_time")))
        assert current == {now_of(visit).revision}
        assert proposed.choosing(db.session(), visit.id, clinic.now)
        upkeep.sweep(now=FRIDAY)
        assert now_of(visit).status == "cancelled"

    def test_what_was_kept_or_is_over_does_not_stand_again(self, visit, clinic):
        propose(visit, clinic)
        move.move(reference=visit.reference, start=TEN + timedelta(hours=1), actor=ANNA, now=clinic.now)
        undo.undo(reference=visit.reference, actor=ANNA, now=clinic.now)
        choose(visit, clinic, deadline=clinic.now + timedelta(minutes=1))
        assert not proposed.latest(db.session(), visit.id).stands_again(clinic.now + timedelta(minutes=2))
        move.move(reference=visit.reference, start=TEN, actor=ANNA, now=clinic.now)
        undo.undo(reference=visit.reference, actor=ANNA, now=clinic.tick(minutes=1))
        assert state() == ["withdrawn", "accepted"]

    def test_it_is_no_time_that_could_be_accepted_or_declined(self, visit, clinic):
        choose(visit, clinic)
        for answer in (proposals.accept, proposals.decline):
            with pytest.raises(errors.StateChanged):
                answer(reference=visit.reference, now=clinic.now)
        proposals.withdraw(reference=visit.reference, actor=ANNA, now=clinic.now)
        assert state() == ["withdrawn"]


class TestHerOwnPage:
    @pytest.fixture
    def address(self, client):
        settings = client.application.config["SETTINGS"]
        return lambda view: manage_url("", now_of(view), settings.secret_key)

    def test_asks_and_takes_the_new_time(self, visit, clinic, client, address):
        propose(visit, clinic)
        page = client.get(address(visit)).get_data(as_text=True)
        assert "Tue 8 December, 10:00–10:30" in page
        assert "A colleague is ill" in page
        path, _, query = address(visit).partition("?")
        answer = client.post(f"{path}/answer?{query}", data={"answer": "accept"})
        assert answer.status_code == 303
        assert now_of(visit).start == TEN
        after = client.get(address(visit)).get_data(as_text=True)
        assert "Take the new time" not in after

    def test_keeps_the_old_one(self, visit, clinic, client, address):
        propose(visit, clinic)
        path, _, query = address(visit).partition("?")
        answer = client.post(f"{path}/answer?{query}", data={"answer": "keep"})
        assert "It stays as it is." in client.get(answer.headers["Location"]).get_data(as_text=True)
        assert (now_of(visit).start, state()) == (NINE, ["declined"])

    def test_is_nobody_elses(self, visit, clinic, client, address):
        propose(visit, clinic)
        path, _, _ = address(visit).partition("?")
        assert client.post(f"{path}/answer?t=wrong", data={"answer": "accept"}).status_code == 404
        assert state() == ["open"]

    def test_lets_her_choose_after_the_deadline(self, clinic, client, address):
        made = booked("check-up", clinic.now, start=datetime(2026, 12, 1, 8, 0, tzinfo=UTC)).booking
        assert "Move to another time" not in client.get(address(made)).get_data(as_text=True)
        choose(made, clinic, deadline=datetime(2026, 12, 1, 7, 0, tzinfo=UTC))
        page = client.get(address(made)).get_data(as_text=True)
        assert "We cannot keep this time." in page
        assert "Choose another time" in page
        path, _, query = address(made).partition("?")
        assert client.get(f"{path}/move?{query}").status_code == 200


def test_a_second_tap_asks_nobody_again(clinic, visit):
    for ask in (propose, choose):
        first = ask(visit, clinic)
        clinic.tick(minutes=1)
        again = ask(visit, clinic, deadline=FRIDAY + timedelta(minutes=1))
        assert (first.replayed, again.replayed, again.messages) == (False, True, ())
        asked = db.session.scalars(select(Proposal).where(Proposal.state == "open")).one()
        assert asked.deadline == FRIDAY
    assert len(state()) == 2


def test_who_asks_for_something_else_asks_again(clinic, visit):
    propose(visit, clinic)
    for other in (
        {"resources": ["dr-braun"]},
        {"start": TEN + timedelta(hours=1)},
        {"reason": "I have to leave"},
        {"deadline": FRIDAY - timedelta(hours=1)},
    ):
        assert not propose(visit, clinic, **other).replayed
    assert state().count("open") == 1
