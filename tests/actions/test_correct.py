"""Correcting a booking: who it is, how she is reached, what she answered, what it costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions.correct import correct, price
from models import bookings
from models.base import db
from models.booking import Booking
from models.history import History, HistoryPersonal
from models.outbox import Message
from models.people import Customer
from rules import errors
from tests.factories import HANNAH, TOM, booked

NEXT = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


def mend(clock, view, answers=None, **fields):
    return correct(reference=view.reference, fields=fields, answers=answers, actor="staff:2", now=clock.now)


def now_of(view):
    return bookings.by_reference(db.session(), view.reference)


def test_a_number_is_written_as_all_numbers_are_and_calendars_hear_nothing(clinic):
    done = booked("check-up", clinic.now, start=NEXT).booking
    after = mend(clinic, done, phone="0151 / 234 567 80").booking
    assert (after.phone, after.revision) == ("+4915123456780", 0)
    assert now_of(done) == after


def test_the_booking_belongs_to_whoever_has_that_name_and_contact(clinic):
    done = booked("check-up", clinic.now, start=NEXT, customer=TOM).booking
    hers = booked("check-up", clinic.now, start=NEXT + timedelta(hours=1), customer=HANNAH).booking
    mend(clinic, done, **HANNAH)
    assert now_of(done).customer_id == now_of(hers).customer_id
    names = db.session.execute(select(Customer.name)).scalars().all()
    assert sorted(names) == ["Hannah Vogel", "Tom Fischer"]


def test_what_waits_goes_to_the_right_address(clinic):
    done = booked("check-up", clinic.now, start=NEXT).booking
    mend(clinic, done, email="hanna@example.org")
    waiting = db.session.execute(
        select(Message.recipient).where(
            Message.audience == "customer", Message.channel == "mail", Message.state == "ready"
        )
    ).scalars()
    assert set(waiting) == {"hanna@example.org"}


def test_an_address_that_is_taken_out_hears_nothing_more_and_a_new_one_is_reminded(clinic):
    done = booked("check-up", clinic.now, start=NEXT, customer={"name": "Eva", "email": "eva@example.com"}).booking
    mend(clinic, done, email="", phone="+49 151 11111111")
    rows = db.session.execute(
        select(Message.kind, Message.recipient).where(Message.audience == "customer", Message.state == "ready")
    )
    assert {tuple(row) for row in rows} == {("reminder", "+4915111111111")}


def test_every_wrong_field_is_named_and_nothing_is_written(clinic):
    done = booked("check-up", clinic.now, start=NEXT).booking
    with pytest.raises(errors.Invalid) as refused:
        mend(clinic, done, name=" ", phone="12", email="x@", colour="red", company=7)
    wanted = {"customer.name", "customer.phone", "customer.email", "customer.colour", "customer.company"}
    assert set(refused.value.errors) == wanted
    assert now_of(done) == done


def test_personal_values_stand_beside_the_history_and_not_in_it(clinic):
    done = booked("check-up", clinic.now, start=NEXT).booking
    mend(clinic, done, name="Hannah Vogl")
    row = db.session.execute(select(History).where(History.action == "corrected")).scalar_one()
    assert (row.actor, row.after) == ("staff:2", {"fields": ["name"], "revision": 1})
    personal = db.session.execute(select(HistoryPersonal).where(HistoryPersonal.history_id == row.id)).scalar_one()
    assert (personal.before, personal.after) == ({"name": "Hannah Vogel"}, {"name": "Hannah Vogl"})


def test_another_name_is_news_for_calendars_and_reminders_still_leave(clinic):
    done = booked("check-up", clinic.now, start=NEXT).booking
    assert mend(clinic, done, name="Hannah Vogl").booking.revision == 1
    waiting = db.session.execute(select(Message.revision).where(Message.state == "ready", Message.kind == "reminder"))
    assert set(waiting.scalars()) == {1}


def test_answers_are_judged_by_the_questions_that_were_asked_then(clinic, load_business, tmp_path):
    from tests.support.houses import BUSINESSES

    done = booked("ultrasound", clinic.now, start=NEXT, answers={"referral": True, "referred_by": "Dr. Wolf"}).booking
    edited = tmp_path / "clinic.yaml"
    text = (BUSINESSES / "clinic.yaml").read_text()
    edited.write_text(text.replace("key: referred_by", "key: sent_by"))
    load_business(edited)
    after = mend(clinic, done, answers={"referral": True, "referred_by": "Dr. Fuchs"}).booking
    assert after.answers == {"referral": True, "referred_by": "Dr. Fuchs"}
    with pytest.raises(errors.Invalid) as refused:
        mend(clinic, done, answers={"referral": True})
    assert set(refused.value.errors) == {"answers.referred_by"}


def test_the_same_again_changes_nothing(clinic):
    done = booked("check-up", clinic.now, start=NEXT).booking
    assert mend(clinic, done, name="Hannah Vogel", phone="015123456789").replayed
    assert db.session.execute(select(History.id).where(History.action == "corrected")).all() == []


def test_an_old_page_is_told_so_and_nobody_else_is_found(clinic):
    done = booked("check-up", clinic.now, start=NEXT).booking
    with pytest.raises(errors.Stale):
        correct(reference=done.reference, fields={"name": "X"}, revision=3, actor="staff:2", now=clinic.now)
    with pytest.raises(errors.Missing):
        correct(reference="XXXXXXXX", fields={"name": "X"}, actor="staff:2", now=clinic.now)


def test_where_somebody_is_visited_is_seen_in_calendars_and_has_to_be_somewhere(clinic, load_business, tmp_path):
    from tests.support.houses import BUSINESSES

    edited = tmp_path / "clinic.yaml"
    text = (BUSINESSES / "clinic.yaml").read_text()
    edited.write_text(text.replace("    duration: 30\n", "    duration: 30\n    place: customer\n", 1))
    load_business(edited)
    done = booked("check-up", clinic.now, start=NEXT, customer={**HANNAH, "address": "Ringstraße 1"}).booking
    after = mend(clinic, done, address="Ringstraße 11").booking
    assert (after.address, after.revision) == ("Ringstraße 11", 1)
    waiting = db.session.execute(select(Message.revision).where(Message.state == "ready", Message.kind == "reminder"))
    assert set(waiting.scalars()) == {1}
    with pytest.raises(errors.Invalid):
        mend(clinic, done, address="")


class TestPrice:
    def test_another_price_has_a_reason(self, clinic):
        done = booked("ultrasound", clinic.now, start=NEXT, answers={"referral": False}).booking
        more = {"reference": done.reference, "actor": "staff:2", "now": clinic.now}
        after = price(minor=4000, reason="a regular", **more).booking
        assert (after.price_minor, after.revision) == (4000, 0)
        row = db.session.execute(select(History).where(History.action == "priced")).scalar_one()
        assert (row.before, row.after, row.reason) == ({"price_minor": 6500}, {"price_minor": 4000}, "a regular")
        assert price(minor=4000, reason="a regular", **more).replayed
        assert price(minor=None, reason="no charge", **more).booking.price_minor is None
        assert db.session.execute(select(Booking.price_minor)).scalar() is None

    @pytest.mark.parametrize(
        ("minor", "reason", "wrong"),
        [(-1, "x", "price"), (10**13, "x", "price"), (1, " ", "reason"), (1, "x" * 300, "reason")],
    )
    def test_an_odd_one_is_refused(self, clinic, minor, reason, wrong):
        done = booked("check-up", clinic.now, start=NEXT).booking
        with pytest.raises(errors.Invalid) as refused:
            price(reference=done.reference, minor=minor, reason=reason, actor="staff:2", now=clinic.now)
        assert set(refused.value.errors) == {wrong}
