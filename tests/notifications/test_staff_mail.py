"""Mails to staff: they tell what their reader reads at the desk."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from actions import rights
from models import bookings, staff_queries
from models.base import db
from models.outbox import Message
from models.people import Staff
from models.snapshot import catalogue
from notifications.compose import compose
from tests.factories import booked
from tests.support.staff import account

BRAUN, NUMBER = "braun@praxis.example", "15123456789"


@pytest.fixture
def visit(load_business, app, clock):
    load_business("clinic")
    start = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
    return booked("ultrasound", clock.now, start=start, answers={"referral": False}).booking


@pytest.fixture
def mail(app, visit, clock):
    """The mail about the visit as this mailbox gets it."""

    def composed(mailbox):
        message = db.session.scalars(select(Message).where(Message.audience == "staff")).first()
        db.session.expunge(message)
        message.recipient = mailbox
        told = compose(
            message,
            bookings.by_id(db.session(), visit.id),
            catalogue(db.session()),
            app.config["SETTINGS"],
            now=clock.now,
        )
        return told.text + told.html

    return composed


def figures(told):
    return re.sub(r"\D", "", told)


def test_a_mailbox_without_an_account_is_told_of_its_visits_in_full(mail):
    assert NUMBER in figures(mail(BRAUN))


def test_whose_own_contacts_are_masked_reads_them_masked_in_mails_too(mail, visit):
    account("staff", email=BRAUN, resource=visit.staff[0])
    told = mail(BRAUN)
    assert "Hannah Vogel" in told
    assert "0151****6789" in told
    assert "3456789" not in figures(told)


def test_who_decides_for_others_reads_what_she_reads_at_the_desk(mail, visit, clock):
    account("staff", email="other@praxis.example")
    told = mail("other@praxis.example")
    assert "Vogel" not in told
    assert "H***" in told
    owner = staff_queries.viewer_of(db.session(), db.session.get(Staff, account("owner")))
    rights.switch(role="staff", name="contacts", on=True, by=owner, now=clock.now)
    assert NUMBER in figures(mail("other@praxis.example"))
