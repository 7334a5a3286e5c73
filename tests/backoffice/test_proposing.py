"""Asking a customer for another time at the desk: what is kept meanwhile, what stands in the way, who may ask."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from actions import proposals, proposed
from models import bookings
from models.base import db
from models.booking import Booking
from models.desk import Proposal
from models.outbox import Message
from tests.factories import HANNAH, TOM, booked
from tests.support.staff import account, signed_in

TUESDAY = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
LATER = "2026-12-08T10:30:00+01:00"


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def visit(clinic, clock):
    return booked("check-up", clock.now, start=TUESDAY, resources=["dr-yilmaz"]).booking


@pytest.fixture
def request_(clinic, clock):
    return booked("ultrasound", clock.now, start=TUESDAY, answers={"referral": False}).booking


@pytest.fixture
def desk(clinic):
    return signed_in(clinic, account("front_desk", name="Mara Lindner"))


def ask(visitor, view, **typed):
    return visitor.post(f"/desk/b/{view.reference}/propose", data={"start": LATER, "with": "dr-yilmaz", **typed})


def open_of(view, clock):
    return proposed.open_of(db.session(), view.id, clock.now)


def test_the_next_free_times_of_the_same_person_are_offered_and_one_is_kept(desk, visit, clock):
    page = desk.get(f"/desk/b/{visit.reference}/propose")
    assert re.search(r'value="dr-yilmaz" selected', page.text)
    assert 'value="2026-11-30T14:00:00+01:00"' in page.text
    assert "The old time stays kept until the customer answers." in page.text
    assert ask(desk, visit, reason="A colleague is ill").status_code == 303
    found = open_of(visit, clock)
    assert found.start == datetime(2026, 12, 8, 9, 30, tzinfo=UTC)
    assert found.deadline == clock.now + timedelta(days=2)
    assert bookings.by_id(db.session(), visit.id).start == TUESDAY
    shown = desk.get(f"/desk/b/{visit.reference}").text
    assert "Asked whether Tue 8 December, 10:30–11:00 would do, until Wed 2 Dec, 10:00" in shown
    assert "by Mara Lindner" in shown
    assert "A colleague is ill" in shown


def test_a_wish_narrows_what_is_offered(desk, visit):
    page = desk.get(f"/desk/b/{visit.reference}/propose?with=dr-yilmaz&wish=thursdays after three").text
    days = set(re.findall(r'name="start" value="(\d{4}-\d\d-\d\d)T(?:15|16|17|18|19)', page))
    assert {datetime.fromisoformat(each).weekday() for each in days} == {3}
    assert not re.findall(r'name="start" value="\d{4}-\d\d-\d\dT(?:08|09|10|11)', page)


def test_another_person_and_a_time_typed_by_hand_are_kept(desk, visit, clock):
    answer = ask(desk, visit, start="other", day="2026-12-08", hour="14:20", **{"with": "dr-braun"})
    assert answer.status_code == 303
    found = open_of(visit, clock)
    assert (found.start.hour, found.start.minute, found.resources[0]) == (13, 20, "dr-braun")


def test_whoever_is_free_is_not_held_to_whom_the_customer_chose(desk, visit, clock):
    booked("check-up", clock.now, start=TUESDAY + timedelta(hours=2), customer=TOM, resources=["dr-yilmaz"])
    answer = ask(desk, visit, start="2026-12-08T11:00:00+01:00", **{"with": "anyone"})
    assert answer.status_code == 303
    assert open_of(visit, clock).resources[0] == "dr-braun"


def test_a_time_that_cannot_be_had_says_why_and_keeps_what_was_typed(desk, visit, clock):
    answer = ask(desk, visit, start="other", day="2026-12-12", hour="10:00", reason="Paint is drying")
    assert answer.status_code == 422
    assert "Praxis am Park is closed on Sat 12 December." in answer.text
    assert "Paint is drying" in answer.text
    assert 'value="2026-12-12"' in answer.text
    assert open_of(visit, clock) is None


def test_a_time_that_was_just_taken_is_answered_with_those_beside_it(desk, visit, clock):
    booked("check-up", clock.now, start=datetime(2026, 12, 8, 9, 30, tzinfo=UTC), customer=TOM, resources=["dr-yilmaz"])
    answer = ask(desk, visit)
    assert answer.status_code == 409
    assert "Dr. Elif Yılmaz is taken" in answer.text
    assert "These are the nearest free times." in answer.text


@pytest.mark.parametrize("deadline", ["2026-11-29T10:00", "2026-12-08T10:00", "soon"])
def test_a_deadline_that_is_over_or_too_late_or_no_time_is_told_at_its_field(desk, visit, clock, deadline):
    answer = ask(desk, visit, deadline=deadline)
    assert answer.status_code == 422
    assert re.search(r'id="deadline-error".*The deadline has to be ahead, and before the visit\.', answer.text)
    assert open_of(visit, clock) is None


def test_the_usual_deadline_goes_by_the_sooner_of_both_times(desk, visit, clock):
    assert ask(desk, visit, start="2026-11-30T14:00:00+01:00").status_code == 303
    # Two hours before the new time, which is this afternoon.
    assert open_of(visit, clock).deadline == datetime(2026, 11, 30, 11, 0, tzinfo=UTC)


def test_a_customer_of_a_booking_may_be_left_to_choose_and_one_of_a_request_not(desk, visit, clock, clinic):
    assert "The customer chooses" in desk.get(f"/desk/b/{visit.reference}/propose").text
    assert ask(desk, visit, start="choose").status_code == 303
    assert open_of(visit, clock).kind == "choose"
    request_ = booked("ultrasound", clock.now, start=TUESDAY, customer=TOM, answers={"referral": False}).booking
    assert "The customer chooses" not in desk.get(f"/desk/b/{request_.reference}/propose").text
    assert ask(desk, request_, start="choose").status_code == 422
    assert open_of(request_, clock) is None


def test_what_was_asked_is_withdrawn_before_anybody_hears_of_it(desk, visit, clock):
    ask(desk, visit)
    assert desk.post(f"/desk/b/{visit.reference}/withdraw").status_code == 303
    assert open_of(visit, clock) is None
    assert "Withdrawn. The booking stays as it is." in desk.get(f"/desk/b/{visit.reference}").text
    states = db.session.execute(select(Message.state).where(Message.kind == "proposal")).scalars()
    assert set(states) == {"dropped"}
    proposals.propose_time(
        reference=visit.reference,
        start=datetime.fromisoformat(LATER),
        deadline=clock.now + timedelta(days=1),
        actor="shell",
        now=clock.now,
    )
    proposals.decline(reference=visit.reference, now=clock.now)
    desk.post(f"/desk/b/{visit.reference}/withdraw")
    assert "Nothing is open any more" in desk.get(f"/desk/b/{visit.reference}").text
    assert list(db.session.execute(select(Proposal.state).order_by(Proposal.id)).scalars()) == ["withdrawn", "declined"]


def test_of_a_request_whoever_decides_it_proposes_another_time(clinic, request_, clock):
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    typed = {"start": "2026-12-08T14:00:00+01:00", "with": "dr-braun"}
    assert braun.get(f"/desk/b/{request_.reference}/propose").status_code == 403
    assert ask(braun, request_, **typed).status_code == 403
    assert braun.post(f"/desk/b/{request_.reference}/withdraw").status_code == 403
    assert open_of(request_, clock) is None
    mei = signed_in(clinic, account("manager"))
    assert ask(mei, request_, **typed).status_code == 303
    assert open_of(request_, clock) is not None


def test_nobody_gets_a_request_of_her_own_through_by_proposing_another_time(clinic, request_, clock):
    own = signed_in(clinic, account("owner", email=HANNAH["email"]))
    answer = ask(own, request_, start="2026-12-08T14:00:00+01:00", **{"with": "dr-braun"})
    assert answer.status_code == 403
    assert "Somebody else decides this, because it is yours." in answer.text
    assert open_of(request_, clock) is None


def test_whose_booking_it_is_not_proposes_nothing(clinic, visit, clock):
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    assert braun.get(f"/desk/b/{visit.reference}/propose").status_code == 403
    assert ask(braun, visit).status_code == 403
    assert "/propose" not in braun.get(f"/desk/b/{visit.reference}").text
    assert open_of(visit, clock) is None


def test_nobody_is_asked_whom_nobody_can_write_to(desk, visit, clock):
    db.session.execute(update(Booking).values(phone=None, email=None))
    db.session.commit()
    answer = ask(desk, visit)
    assert answer.status_code == 409
    assert "There is neither a number nor an address to write to." in answer.text
    assert open_of(visit, clock) is None


def test_nothing_is_asked_about_a_visit_that_has_begun(clinic, visit, clock):
    clock.set(TUESDAY + timedelta(minutes=1))
    late = ask(signed_in(clinic, account("owner")), visit)
    assert late.status_code == 409
    assert "This is not possible any more" in late.text
    assert open_of(visit, clock) is None
