"""Finding whoever calls: by name, by number, by address; and what she has ahead of her."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, text

from actions import cancel
from models.base import db
from models.customer_queries import find_customers, open_bookings_of
from tests.factories import booked

NEXT = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
PEOPLE = [
    {"name": "Hannah Vogel", "phone": "+49 151 23456789", "email": "hannah@example.com"},
    {"name": "Hanna Vogelsang", "email": "Sang_Vogel@example.com"},
    {"name": "王小明", "phone": "+86 138 0013 8000"},
    {"name": "Ümit Özdemir", "phone": "+49 30 23125114"},
    {"name": "100% Vogel", "email": "percent@example.com"},
]


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    for n, person in enumerate(PEOPLE):
        booked("check-up", clock.now, start=NEXT + timedelta(days=7 * (n // 4), minutes=40 * (n % 4)), customer=person)
        clock.tick(minutes=1)
    return clock


def names(typed, limit=8):
    return [each.name for each in find_customers(db.session(), typed, limit)]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("hannah", {"Hannah Vogel"}),
        ("HANNA", {"Hannah Vogel", "Hanna Vogelsang"}),
        ("vogel", {"Hannah Vogel", "Hanna Vogelsang", "100% Vogel"}),
        ("Vogel H", {"Hannah Vogel"}),
        ("王", {"王小明"}),
        ("ümit", {"Ümit Özdemir"}),
        ("özd", {"Ümit Özdemir"}),
        ("100%", {"100% Vogel"}),
        ("%", set()),
        ("_", set()),
        ("annah", set()),
        ("0151 23456789", {"Hannah Vogel"}),
        ("+49 (0)151/23456789", {"Hannah Vogel"}),
        ("004915123456789", {"Hannah Vogel"}),
        ("６７８９", {"Hannah Vogel"}),
        ("8000", {"王小明"}),
        ("030 23125114", {"Ümit Özdemir"}),
        ("00", set()),
        ("hannah@", {"Hannah Vogel"}),
        ("sang_", {"Hanna Vogelsang"}),
        ("SANG_VOGEL@EXAMPLE.COM", {"Hanna Vogelsang"}),
        ("", set()),
        ("   ", set()),
    ],
)
def test_whoever_calls_is_found_by_what_she_says(clinic, typed, found):
    assert set(names(typed)) == found


def test_whoever_booked_last_comes_first_and_no_more_than_asked_for(clinic):
    assert names("vogel") == ["100% Vogel", "Hanna Vogelsang", "Hannah Vogel"]
    assert names("vogel", limit=1) == ["100% Vogel"]


def test_what_is_found_can_be_told_apart(clinic):
    found = find_customers(db.session(), "hannah")[0]
    assert (found.phones, found.emails, found.bookings) == (("+4915123456789",), ("hannah@example.com",), 1)


def test_who_was_merged_or_erased_is_not_found(clinic):
    db.session.execute(text("UPDATE customer SET erased_at = created_at WHERE name = 'Hannah Vogel'"))
    db.session.execute(text("UPDATE customer SET merged_into = 1 WHERE name = 'Hanna Vogelsang'"))
    assert names("hanna") == []
    db.session.rollback()


def test_four_queries_and_two_whatever_is_found(clinic):
    def count(ask):
        db.session.execute(text("SELECT 1"))
        asked = []
        listen = lambda *_: asked.append(1)  # noqa: E731
        event.listen(db.engine, "before_cursor_execute", listen)
        try:
            ask()
        finally:
            event.remove(db.engine, "before_cursor_execute", listen)
        return len(asked)

    session = db.session()
    assert count(lambda: find_customers(session, "v")) == count(lambda: find_customers(session, "vogel")) == 3
    assert count(lambda: open_bookings_of(session, customer_id=1, now=clinic.now)) == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("column", "table"), [("folded_name", "customer"), ("family_first", "customer"), ("backwards", "contact")]
)
def test_an_index_answers(clinic, table, column):
    query = f"EXPLAIN QUERY PLAN SELECT id FROM {table} WHERE {column} >= 'a' AND {column} < 'b'"
    assert f"ix_{table}_{column}" in str(db.session.execute(text(query)).all())


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
@pytest.mark.parametrize(
    ("column", "table"), [("folded_name", "customer"), ("family_first", "customer"), ("backwards", "contact")]
)
def test_an_index_answers_there_too(clinic, table, column):
    db.session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = str(db.session.execute(text(f"EXPLAIN SELECT id FROM {table} WHERE {column} LIKE 'ab%'")).all())
    assert f"ix_{table}_{column}" in plan
    assert "Index Cond" in plan


def test_what_is_ahead_is_shown_with_whomever_it_is(clinic):
    first = booked(
        "check-up", clinic.now, start=NEXT + timedelta(days=2, hours=6), resources=["dr-braun"], customer=PEOPLE[0]
    )
    hannah = find_customers(db.session(), "hannah")[0]
    ahead = open_bookings_of(db.session(), customer_id=hannah.id, now=clinic.now)
    assert [each.start for each in ahead] == [NEXT, first.booking.start]
    by_phone = open_bookings_of(db.session(), contact="+4915123456789", now=clinic.now)
    assert [each.reference for each in by_phone] == [each.reference for each in ahead]
    cancel.cancel(reference=first.booking.reference, actor="staff:1", now=clinic.now)
    later = open_bookings_of(db.session(), customer_id=hannah.id, now=NEXT + timedelta(hours=1))
    assert (len(open_bookings_of(db.session(), customer_id=hannah.id, now=clinic.now)), later) == (1, [])


def test_nobody_in_particular_has_nothing(clinic):
    assert open_bookings_of(db.session(), now=clinic.now) == []
