"""Statements that go straight to the driver say and hear the same as those that SQLAlchemy sends."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from actions.transaction import run
from models import prepared
from models.base import db, table
from models.history import History
from models.people import Contact

NOW = datetime(2026, 11, 30, 9, 0, 7, tzinfo=UTC)
ADDED = insert(table(Contact)).returning(Contact.id, Contact.kind)
STEP = insert(table(History)).returning(History.id)
OF = select(Contact.value, Contact.counted_from).where(Contact.value.in_(bindparam("which", expanding=True)))
IN_ORDER = OF.where(Contact.state == "good").order_by(Contact.value)
LIKE = select(Contact.value).where(Contact.value.contains("%", autoescape=True), Contact.kind == bindparam("kind"))


@pytest.fixture
def three(app):
    """Three phones, one of them counted."""

    def work(session):
        for n in range(3):
            values = {"kind": "phone", "value": f"+49{n}", "counted_from": NOW if n else None}
            prepared.run(session, ADDED, values)

    run(work)


def asked(statement, values=None):
    return prepared.run(db.session(), statement, values)


def test_a_list_is_as_long_as_it_is(three):
    lists: tuple[list[str], ...] = ([], ["+490"], ["+490", "+492"], ["+490", "+491", "+492"], ["+492"])
    assert [[row.value for row in asked(IN_ORDER, {"which": each})] for each in lists] == [*lists]


def test_instants_come_back_as_they_went(three):
    assert [row.counted_from for row in asked(IN_ORDER, {"which": ["+490", "+491"]})] == [None, NOW]


def test_documents_come_back_as_they_went(app):
    step = {"at": NOW, "actor": "clock", "object_kind": "x", "object_id": 1, "action": "y"}
    after = {"zh": "周", "deep": [1, None, {"a": "'\"%s%(x)s"}]}
    run(lambda session: prepared.run(session, STEP, {**step, "after": after, "before": None}))
    row = db.session.execute(select(History)).scalar_one()
    assert (row.after, row.before) == (after, None)


def test_what_nobody_named_holds_its_default(three):
    assert {each.state for each in db.session.execute(select(Contact)).scalars()} == {"good"}


def test_a_per_cent_sign_is_one(app):
    run(lambda session: prepared.run(session, ADDED, {"kind": "email", "value": "a%b"}))
    run(lambda session: prepared.run(session, ADDED, {"kind": "email", "value": "ab"}))
    assert asked(LIKE, {"kind": "email"}).scalars() == ["a%b"]


def test_an_error_is_the_one_that_sqlalchemy_raises(three):
    again = {"kind": "phone", "value": "+490"}
    with pytest.raises(IntegrityError) as ours:
        run(lambda session: prepared.run(session, ADDED, again))
    db.session.rollback()
    with pytest.raises(IntegrityError) as theirs:
        run(lambda session: session.connection().execute(ADDED, again))
    assert (type(ours.value.orig), ours.value.connection_invalidated) == (type(theirs.value.orig), False)
    assert "+490" not in str(ours.value).split("DETAIL")[0]
