"""Deciding requests at the desk: one or several, twice, after a colleague, one's own, and from a mail."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from actions import cancel, correct, move, review
from backoffice.waiting import deadlines
from models import bookings
from models.base import db
from models.booking import Booking
from models.business import Business
from models.history import History, asked_at
from models.people import Staff
from tests.factories import HANNAH, TOM, booked
from tests.support.staff import PASSWORD, account, email_of, signed_in

TUESDAY = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
CAN = {"name": "Can Öztürk", "email": "can@example.com"}


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


def asked(clock, start=TUESDAY, customer=HANNAH):
    return booked("ultrasound", clock.now, start=start, customer=customer, answers={"referral": False}).booking


@pytest.fixture
def three(clinic, clock):
    """Three requests, the most urgent first."""
    days = [TUESDAY, TUESDAY + timedelta(days=2, hours=6), TUESDAY + timedelta(days=14)]
    return [asked(clock, day, customer) for day, customer in zip(days, (HANNAH, TOM, CAN), strict=True)]


@pytest.fixture
def braun(clinic):
    return account("manager", email="braun@praxis.example", name="Dr. Braun")


@pytest.fixture
def mei(clinic):
    return signed_in(clinic, account("front_desk", name="Mei Sun"))


def decide(visitor, *views, step="approve", **typed):
    return visitor.post("/desk/requests", data={"reference": [each.reference for each in views], "step": step, **typed})


def status_of(view):
    return bookings.by_id(db.session(), view.id).status


def order(page):
    """The cards of a page, by reference."""
    return re.findall(r'<li class="card request[^"]*" id="(\w{8})"', page.text)


def text(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def steps():
    return list(db.session.scalars(select(History.action).order_by(History.id)))


def test_the_most_urgent_is_open_and_can_be_approved_declined_or_moved(mei, three):
    page = mei.get("/desk/requests")
    assert order(page) == [each.reference for each in three]
    assert len(re.findall(r"<details open>", page.text)) == 1
    assert f"/desk/b/{three[0].reference}/propose" in page.text
    assert decide(mei, three[0]).status_code == 303
    assert status_of(three[0]) == "confirmed"
    after = mei.get("/desk/requests")
    assert "Approved: Hannah Vogel, Tue 8 Dec, 09:00" in after.text
    assert f'action="/desk/b/{three[0].reference}/undo"' in after.text


def test_a_colleagues_earlier_decision_stays_where_the_card_was_and_says_who_and_when(mei, three, braun, clock):
    clock.set("2026-11-30T09:41Z")
    review.decline(reference=three[1].reference, actor=f"staff:{braun}", now=clock.now)
    clock.tick(minutes=1)
    answer = decide(mei, three[1])
    assert answer.status_code == 409
    assert order(answer) == [each.reference for each in three]
    card = text(answer).partition("declined")[2].partition("Waiting")[0]
    assert "Tom Fischer , Ultrasound" in card
    assert "Dr. Braun decided this at 10:41 while you were reading. The customer will be told in a moment." in card
    assert f'value="{three[1].reference}"' not in answer.text
    clock.tick(minutes=2)
    assert "The customer has been told." in decide(mei, three[1]).text
    assert status_of(three[1]) == "declined"


def test_a_colleague_who_decided_the_same_is_named_too(mei, three, braun, clock):
    review.approve(reference=three[0].reference, actor=f"staff:{braun}", now=clock.now)
    answer = decide(mei, three[0])
    assert answer.status_code == 409
    assert "Dr. Braun decided this at 10:00 while you were reading." in answer.text


def test_the_second_tap_is_an_answer_and_changes_nothing(mei, three):
    decide(mei, three[0])
    before = steps()
    again = decide(mei, three[0])
    assert again.status_code == 200
    assert "You decided this at 10:00." in again.text
    assert order(again)[0] == three[0].reference
    assert steps() == before


def test_what_the_customer_did_herself_is_not_told_to_her(mei, three, clock):
    cancel.cancel(reference=three[0].reference, now=clock.now)
    answer = decide(mei, three[0])
    assert answer.status_code == 409
    assert "The customer cancelled this at 10:00." in answer.text
    assert "has been told" not in answer.text


def test_a_request_whose_time_has_come_is_not_approved_any_more(clinic, clock):
    late = asked(clock)
    clock.set(TUESDAY + timedelta(minutes=1))
    answer = decide(signed_in(clinic, account("owner")), late)
    assert answer.status_code == 409
    assert "Its time came before anybody decided." in answer.text
    assert status_of(late) == "requested"


@pytest.mark.parametrize("step", ["approve", "decline"])
def test_a_request_that_moved_meanwhile_is_shown_at_its_new_time_before_it_is_decided(mei, three, clock, step):
    move.move(reference=three[0].reference, start=TUESDAY + timedelta(hours=1), now=clock.now)
    answer = decide(mei, three[0], step=step, **{f"revision-{three[0].reference}": "0"})
    assert answer.status_code == 409
    assert "Hannah Vogel has moved this meanwhile: now Tue 8 December, 10:00–10:45." in answer.text
    assert status_of(three[0]) == "requested"
    seen = re.search(rf'name="revision-{three[0].reference}" value="(\d+)"', answer.text)[1]
    assert decide(mei, three[0], step=step, **{f"revision-{three[0].reference}": seen}).status_code == 303


def test_several_are_decided_at_once_and_each_says_how_it_went(mei, three, braun, clock):
    page = mei.get("/desk/requests?several=1")
    assert page.text.count('type="checkbox"') == 3
    assert decide(mei, three[0], three[2]).status_code == 303
    said = mei.get("/desk/requests").text
    assert "Approved: Hannah Vogel" in said
    assert "Approved: Can Öztürk" in said
    review.approve(reference=three[1].reference, actor=f"staff:{braun}", now=clock.now)
    fourth = asked(clock, TUESDAY + timedelta(days=14, hours=2))
    answer = decide(mei, three[1], fourth, step="decline", reason="Ill")
    assert answer.status_code == 409
    assert "Declined: Hannah Vogel" in answer.text
    assert "Dr. Braun decided this" in answer.text
    assert (status_of(three[1]), status_of(fourth)) == ("confirmed", "declined")


def test_one_that_is_not_hers_to_decide_decides_none(clinic, three, clock, load_business):
    leader = signed_in(clinic, account("staff", resource="dr-yilmaz"))
    assert decide(leader, *three).status_code == 403
    assert {status_of(each) for each in three} == {"requested"}


def test_rights_that_are_taken_between_the_page_and_the_tap_decide_nothing(clinic, three):
    manager = account("manager")
    visitor = signed_in(clinic, manager)
    assert order(visitor.get("/desk/requests"))
    db.session.get(Staff, manager).role = "auditor"
    db.session.commit()
    for step in ("approve", "decline"):
        assert decide(visitor, three[0], step=step).status_code == 403
    assert status_of(three[0]) == "requested"
    assert steps().count("denied") == 2


def test_her_own_request_has_no_buttons_by_who_made_it_or_by_its_mailbox(clinic, three):
    hannah = signed_in(clinic, account("owner", email=HANNAH["email"].title()))
    page = hannah.get("/desk/requests")
    own = page.text.split(f'id="{three[0].reference}"')[1].split("</details>")[0]
    assert "Somebody else decides this, because it is yours." in own
    assert "<button" not in own
    assert "/propose" not in own
    assert hannah.get("/desk/requests?several=1").text.count('type="checkbox"') == 2
    answer = decide(hannah, three[0])
    assert answer.status_code == 403
    assert status_of(three[0]) == "requested"


def test_a_reason_that_is_too_long_declines_nothing(mei, three):
    answer = decide(mei, three[0], step="decline", other="x" * 201)
    assert answer.status_code == 422
    assert "This is too long" in answer.text
    assert status_of(three[0]) == "requested"


def test_a_link_of_a_mail_leads_through_the_sign_in_to_its_request_and_approves_nothing(clinic, three):
    visitor = clinic.test_client()
    link = f"/desk/r/{three[1].reference}"
    first = visitor.get(link)
    assert first.status_code == 303
    form = visitor.get(first.headers["Location"])
    to = re.search(r'name="to" value="([^"]+)"', form.text)[1]
    inside = visitor.post("/desk/sign-in", data={"email": email_of(account("owner")), "password": PASSWORD, "to": to})
    assert inside.headers["Location"].endswith(link)
    there = visitor.get(link).headers["Location"]
    assert there == f"/desk/requests?open={three[1].reference}#{three[1].reference}"
    page = visitor.get(there)
    assert re.search(rf'id="{three[1].reference}"[^>]*><details open>', page.text)
    assert {status_of(each) for each in three} == {"requested"}


def test_a_link_of_a_mail_leads_whoever_does_not_decide_to_the_booking(clinic, three):
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    answer = braun.get(f"/desk/r/{three[0].reference}")
    assert answer.headers["Location"] == f"/desk/b/{three[0].reference}"
    assert braun.get("/desk/r/AAAAAAAA").status_code == 404


def test_a_request_is_declined_for_a_reason_of_the_house_in_the_customers_language(clinic, three):
    business = db.session.scalars(select(Business)).one()
    business.cancel_reasons = [{"en": "Ill", "zh": "生病"}]
    business.catalogue_version += 1
    db.session.execute(update(Booking).where(Booking.id == three[1].id).values(locale="zh"))
    db.session.commit()
    mei = signed_in(clinic, account("front_desk", name="Mei Sun"))
    offered = re.findall(r'name="reason" value="([^"]*)"', mei.get("/desk/requests?several=1").text)
    assert offered == ["Nothing free at that time", "We cannot offer this", "Please call us about it"]
    decide(mei, *three[:2], step="decline", reason=offered[1])
    decide(mei, three[2], step="decline", reason=offered[0], other="Dr. Braun is away")
    said = [bookings.by_id(db.session(), each.id).cancel_reason for each in three]
    assert said == ["We cannot offer this", "这项服务我们无法提供", "Dr. Braun is away"]


def test_what_was_decided_is_listed_for_a_week(mei, three, clock):
    decide(mei, three[0], step="decline", reason="Ill")
    page = mei.get("/desk/requests?show=decided")
    assert three[0].reference in page.text
    assert three[1].reference not in page.text
    assert "Waiting 2" in text(page)


def test_the_deadline_counts_from_the_asking_whatever_is_corrected_since(clinic, clock):
    one = asked(clock)
    db.session.execute(update(Booking).values(terms={**one.terms, "decide_within": 480}))
    db.session.commit()
    began = clock.now
    correct.correct(reference=one.reference, fields={"name": "H. Vogel"}, actor="staff:9", now=clock.tick(hours=3))
    view = bookings.by_id(db.session(), one.id)
    assert view is not None
    assert view.changed_at > began
    assert deadlines([view]) == {one.id: began + timedelta(hours=8)}
    move.move(reference=one.reference, start=TUESDAY + timedelta(minutes=15), now=clock.tick(hours=1))
    assert asked_at(db.session(), [one.id]) == {one.id: clock.now}
