"""Rows of several tables in one statement, or one after the other: the same rows either way."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from actions.customers import Person, contacts_of, owner
from actions.transaction import run
from models.base import db
from models.chains import Rows, write
from models.history import History
from models.people import Contact, Customer, CustomerContact

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
HANNAH = Person("Hannah Vogel", phone="+4915123456789", email="hannah@example.com")


def step(**more):
    return {"at": NOW, "actor": "clock", "object_kind": "contact", "action": "seen", **more}


def contact(value):
    return Rows(Contact, [{"kind": "phone", "value": value}], once=("kind", "value"))


def count(model):
    return db.session.execute(select(func.count()).select_from(model)).scalar_one()


@pytest.fixture(autouse=True)
def tables(app):
    """Empty tables."""


def test_a_later_row_gets_the_id_of_an_earlier_one():
    seen = Rows(History, [step()], after={"object_id": Contact})
    made = run(lambda session: write(session, contact("+491"), seen))
    row = db.session.execute(select(History)).scalar_one()
    assert ([row.object_id], [row.id]) == (made[Contact], made[History])


def test_columns_that_nobody_named_hold_their_defaults():
    run(lambda session: write(session, contact("+491")))
    row = db.session.execute(select(Contact)).scalar_one()
    assert (row.state, row.counted, row.counted_from) == ("good", 0, None)


def test_nothing_follows_a_row_that_was_there_already():
    run(lambda session: write(session, contact("+491")))
    made = run(lambda session: write(session, contact("+491"), Rows(History, [step()], after={"object_id": Contact})))
    assert made == {Contact: [], History: []}
    assert count(History) == 0


def test_a_table_without_rows_is_left_out():
    made = run(lambda session: write(session, contact("+491"), Rows(History, [], after={"object_id": Contact})))
    assert (len(made[Contact]), made[History], count(History)) == (1, [], 0)


def test_what_is_written_comes_out_as_it_went_in():
    odd = {"words": 'Müller "Ä" \\ 李 😀 %(x)s :y', "list": [1, None, True], "at": "2026-11-30"}
    rows = [step(object_id=1, after=odd, reason=odd["words"]), step(object_id=2, after={}, reason=None)]
    run(lambda session: write(session, Rows(History, rows)))
    found = db.session.execute(select(History).order_by(History.object_id)).scalars().all()
    assert [(each.after, each.reason, each.at) for each in found] == [(odd, odd["words"], NOW), ({}, None, NOW)]


def seen(person):
    return run(lambda session: write(session, *owner(person, contacts_of(session, person, now=NOW), now=NOW)))


def test_who_comes_again_by_one_of_her_contacts_is_the_same_person_and_has_both():
    first = seen(Person("Hannah Vogel", phone="+4915123456789"))
    again = seen(HANNAH)
    assert first[Customer] == again[Customer]
    assert (count(Customer), count(CustomerContact)) == (1, 2)


def test_another_name_with_the_same_contact_is_another_person():
    assert seen(HANNAH)[Customer] != seen(Person("Tom Vogel", phone=HANNAH.phone))[Customer]
    assert (count(Customer), count(CustomerContact)) == (2, 3)
