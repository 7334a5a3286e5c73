"""The guard stands in the database itself and refuses whatever the code above believes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from actions.confirm import Wish, confirm
from models.base import db
from models.booking import GUARD
from tests.support.time import Clock

START = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)

COPY = (
    "INSERT {words} INTO allocation (session_id, resource_id, unit_id, need, busy_from, busy_to, live) "
    "SELECT session_id, resource_id, unit_id, need, busy_from, busy_to, {live} FROM allocation WHERE session_id = 1"
)


@pytest.fixture
def booked(app: Flask, load_business: Callable[..., Any], clock: Clock) -> None:
    load_business("clinic")
    for minutes in (0, 60):
        confirm(
            wish=Wish("check-up", START + timedelta(minutes=minutes), resources=("dr-yilmaz",)),
            customer={"name": "Maya Lindqvist", "email": f"maya+{minutes}@example.com"},
            answers={},
            locale="en",
            now=clock.now,
        )


def refused(connection: Connection, statement: str) -> None:
    with pytest.raises(DBAPIError, match=GUARD):
        connection.execute(text(statement))
    connection.rollback()


def test_a_second_taking_of_the_same_time_is_refused(booked: None):
    with db.engine.connect() as connection:
        refused(connection, COPY.format(words="", live="live"))


def test_moving_one_taking_onto_another_is_refused(booked: None):
    with db.engine.connect() as connection:
        refused(
            connection,
            "UPDATE allocation SET busy_from = (SELECT min(busy_from) FROM allocation), "
            "busy_to = (SELECT max(busy_to) FROM allocation) WHERE session_id = 2",
        )


def test_bringing_a_taking_back_to_life_over_another_is_refused(booked: None):
    with db.engine.connect() as connection:
        connection.execute(text(COPY.format(words="", live="false")))
        refused(connection, "UPDATE allocation SET live = true WHERE NOT live")


def test_words_that_soften_an_insert_do_not_soften_the_guard(booked: None):
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            kept = connection.execute(text(COPY.format(words="", live="live") + " ON CONFLICT DO NOTHING"))
            assert kept.rowcount == 0
            connection.rollback()
            return
        for words in ("OR IGNORE", "OR REPLACE"):
            refused(connection, COPY.format(words=words, live="live"))


def test_times_that_touch_are_two_times(booked: None):
    with db.engine.connect() as connection:
        connection.execute(
            text(
                "INSERT INTO allocation (session_id, resource_id, unit_id, need, busy_from, busy_to, live) "
                "SELECT a.session_id, a.resource_id, a.unit_id, a.need, a.busy_to, b.busy_from, a.live "
                "FROM allocation a JOIN allocation b ON b.unit_id = a.unit_id AND b.session_id = 2 "
                "WHERE a.session_id = 1"
            )
        )
        connection.rollback()
