"""The checker itself: it passes on what the product writes, and sees each thing that is spoilt."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from actions.cancel import cancel
from actions.confirm import Wish, confirm
from actions.hold import hold
from models.base import db
from tests.invariants import violations
from tests.support.time import Clock

START = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
MAYA = {"name": "Maya Lindqvist", "email": "maya@example.com"}


@pytest.fixture
def written(app: Flask, load_business: Callable[..., Any], clock: Clock) -> None:
    """A booking, a cancelled one, and an open hold."""
    load_business("clinic")
    for minutes in (0, 60):
        wish = Wish("check-up", START + timedelta(minutes=minutes))
        booked = confirm(wish=wish, customer=MAYA, answers={}, locale="en", now=clock.now)
    cancel(reference=booked.booking.reference, actor="customer", now=clock.now)
    hold(service="check-up", start=START + timedelta(minutes=120), now=clock.now)


def test_what_the_product_writes_keeps_all_of_them(written: None, clock: Clock):
    with db.engine.connect() as connection:
        assert list(violations(connection, now=clock.now)) == []


SPOILT = {
    "UPDATE session SET seats_taken = 0 WHERE id = 1": "counts 0 seats",
    "UPDATE session SET held_until = created_at WHERE id = 1": "yet not firm",
    "UPDATE allocation SET live = NOT live WHERE session_id = 1": "live allocations",
    "UPDATE allocation SET busy_to = (SELECT ends FROM session WHERE id = 3) WHERE session_id = 1": "takes another time",
    "UPDATE allocation SET resource_id = 1 WHERE resource_id <> 1": "unit of another resource",
    "UPDATE booking SET status = 'declined' WHERE id = 1": "its history says confirmed",
    "UPDATE booking SET status = 'cancelled' WHERE id = 1": "lives for nobody",
    "UPDATE booking SET revision = 7 WHERE id = 1": "has revision 7",
    "UPDATE message SET revision = 9": "a revision that does not exist",
    "UPDATE message SET deadline = created_at, due_at = next_at, state = 'sent'": "since never",
    "UPDATE session SET zone = 'Europe/Atlantis' WHERE id = 1": "unknown zone",
    "UPDATE session SET utc_offset = 0 WHERE id = 1": "was written with the offset 0",
    "UPDATE session SET busy_to = busy_from WHERE id = 1": "not inside the time",
}


@pytest.mark.parametrize(("statement", "sentence"), SPOILT.items())
def test_what_is_spoilt_is_seen(written: None, clock: Clock, statement: str, sentence: str):
    with db.engine.connect() as connection:
        connection.execute(text(statement))
        assert any(sentence in each for each in violations(connection, now=clock.now))
        connection.rollback()


def test_a_unit_taken_twice_is_seen_when_the_guard_is_gone(written: None, clock: Clock):
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE allocation DROP CONSTRAINT one_owner"))
        else:
            connection.execute(text("DROP TRIGGER one_owner_insert"))
        connection.execute(
            text(
                "INSERT INTO allocation (session_id, resource_id, unit_id, need, busy_from, busy_to, live) "
                "SELECT session_id, resource_id, unit_id, need, busy_from, busy_to, live FROM allocation WHERE session_id = 1"
            )
        )
        assert any("is taken twice" in each for each in violations(connection, now=clock.now))
        connection.rollback()
