"""The page of one booking: what of it is told to whom."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from actions import desk_booking, move, proposals
from actions.assign import reassign
from actions.heard import send_now
from models.base import db
from models.desk import Note
from models.history import History, steps_of
from models.outbox import Message
from models.people import Contact
from tests.factories import HANNAH, booked
from tests.support.staff import account, signed_in

TUESDAY = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
ANNA = "staff:7"
WHY = "Her mother is in hospital"


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def visit(clinic, clock):
    return booked("check-up", clock.now, start=TUESDAY, resources=["dr-yilmaz"]).booking


def text(visitor, view):
    answer = visitor.get(f"/desk/b/{view.reference}")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.text))


def test_why_a_rule_was_overruled_is_told_to_those_who_read_reasons(clinic, clock):
    squeezed = desk_booking.book(
        service="check-up",
        start=TUESDAY.replace(hour=3),
        resources=["dr-yilmaz"],
        customer=HANNAH,
        answers={},
        locale="en",
        overrule=WHY,
        may_overrule=True,
        actor=ANNA,
        now=clock.now,
    ).booking
    assert WHY in text(signed_in(clinic, account("front_desk")), squeezed)
    assert WHY not in text(signed_in(clinic, account("staff", resource="dr-braun")), squeezed)


def test_why_another_time_was_asked_for_is_told_to_those_who_read_reasons(clinic, visit, clock):
    later = TUESDAY + timedelta(days=1)
    proposals.let_choose(
        reference=visit.reference, deadline=later - timedelta(days=2), reason=WHY, actor=ANNA, now=clock.now
    )
    assert WHY in text(signed_in(clinic, account("front_desk")), visit)
    assert WHY not in text(signed_in(clinic, account("staff", resource="dr-braun")), visit)


def test_the_history_names_people_as_they_are_called(clinic, visit, clock):
    reassign(reference=visit.reference, to="dr-braun", actor=ANNA, now=clock.now)
    page = text(signed_in(clinic, account()), visit)
    given = re.search(r"Given to (.*?) Mon", page).group(1)
    assert sorted(given.split(", ")) == ["Dr. Jonas Braun", "Room 1"]


def test_a_view_that_looks_for_somebody_leaves_no_name_in_the_history(clinic, visit):
    manager = signed_in(clinic, account("manager"))
    assert manager.post("/desk/diary/views", data={"name": "Hers", "q": "Vogel"}).status_code == 303
    kept = db.session.scalars(select(History).where(History.action == "view_kept")).one()
    assert "Vogel" not in str(kept.after)


def test_a_note_is_kept_once_however_often_the_button_is_pressed(clinic, visit):
    manager = signed_in(clinic, account("manager"))
    for _ in range(2):
        answer = manager.post(f"/desk/b/{visit.reference}/notes", data={"text": "Rings twice"})
        assert answer.status_code == 303
    assert db.session.scalar(select(func.count()).select_from(Note)) == 1
    assert list(db.session.scalars(select(History.action).where(History.action == "noted"))) == ["noted"]
    manager.post(f"/desk/b/{visit.reference}/notes", data={"text": "The back door"})
    manager.post(f"/desk/b/{visit.reference}/notes", data={"text": "Rings twice"})
    assert db.session.scalar(select(func.count()).select_from(Note)) == 3


def test_a_decision_is_undone_by_whoever_decides(clinic, clock):
    asked = booked("ultrasound", clock.now, start=TUESDAY, answers={"referral": False}).booking
    assert asked.status == "requested"
    front = signed_in(clinic, account("front_desk"))
    front.post("/desk/requests", data={"reference": asked.reference, "step": "decline", "reason": "No"})
    person = next(each for each in asked.resources if each.startswith("dr-"))
    hers = signed_in(clinic, account("staff", resource=person))
    assert hers.post(f"/desk/b/{asked.reference}/undo").status_code == 403
    assert front.post(f"/desk/b/{asked.reference}/undo").status_code == 303


def test_of_bookings_that_one_does_not_see_only_the_time_stands_in_the_way(clinic, visit, clock):
    mine = booked("check-up", clock.now, start=TUESDAY + timedelta(hours=1), resources=["dr-braun"]).booking
    owner = signed_in(clinic, account())
    move = f"/desk/b/{mine.reference}/move"
    there = {"start": TUESDAY.isoformat(), "with": "dr-yilmaz"}
    code = f"{visit.reference[:4]} {visit.reference[4:]}"
    assert code in owner.get(move, query_string=there).text
    owner.post("/desk/rights", data={"role": "staff", "switch": "own_only", "on": "1"})
    hers = signed_in(clinic, account("staff", resource="dr-braun")).get(move, query_string=there)
    assert "Dr. Elif Yılmaz is taken" in hers.text
    assert code not in hers.text


def test_what_waits_and_what_did_not_arrive_is_sent_by_one_tap_and_only_once(clinic, visit, clock):
    desk, send = signed_in(clinic, account("front_desk")), f"/desk/b/{visit.reference}/send"
    hers = select(Message).where(Message.object_id == visit.id, Message.audience == "customer")
    for each in db.session.scalars(hers.where(Message.kind == "confirmation")):
        each.state, each.why, each.settled_at = "failed", "no such mailbox", clock.now
    db.session.commit()
    assert "2 messages did not arrive." in text(desk, visit)
    assert "Send now" not in text(signed_in(clinic, account("staff", resource="dr-braun")), visit)
    assert desk.post(send).status_code == 303
    assert "2 messages are on their way." in text(desk, visit)
    again = hers.where(Message.kind == "confirmation", Message.copy > 0)
    assert {(each.state, each.next_at) for each in db.session.scalars(again)} == {("ready", clock.now)}
    desk.post(send)
    assert "Nothing waits to be sent any more." in text(desk, visit)

    move.move(reference=visit.reference, start=TUESDAY + timedelta(hours=1), actor=ANNA, now=clock.now)
    assert "3 messages leave from" in text(desk, visit)
    assert desk.post(send).status_code == 303
    assert "leave from" not in text(desk, visit)
    assert [row.action for row in steps_of(db.session(), "booking", visit.id)].count("sent_now") == 2


def test_nothing_is_sent_again_to_whom_nothing_may_be_sent(clinic, visit, clock):
    for each in db.session.scalars(select(Message).where(Message.kind == "confirmation")):
        each.state, each.why, each.settled_at = "failed", "no such mailbox", clock.now
    for contact in db.session.scalars(select(Contact)):
        contact.state = "opted_out"
    db.session.commit()
    assert send_now(reference=visit.reference, actor=ANNA, now=clock.now) == ()
