"""R: a bare server with no sign-in, validation or mail. It does only what cannot be left out: the sweep over what is taken,
and the rows of an allocation, a booking and a message, under the same guard. Everything else is measured against it."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import Any

import psycopg
from flask import Flask, jsonify, request

URL = os.environ["REFERENCE_URL"]
app = Flask(__name__)
_local = threading.local()
_TAKEN = "SELECT busy_from, busy_to FROM r_allocation WHERE unit_id = {0} AND busy_to > {0} AND busy_from < {0}"
_TABLES = (
    "CREATE TABLE r_allocation (id {id}, unit_id bigint NOT NULL, busy_from bigint NOT NULL, busy_to bigint NOT NULL{guard})",
    "CREATE TABLE r_booking (id {id}, allocation_id bigint NOT NULL, reference text NOT NULL UNIQUE, name text NOT NULL)",
    "CREATE TABLE r_message (id {id}, booking_id bigint NOT NULL, body text NOT NULL)",
    "CREATE INDEX r_taken ON r_allocation (unit_id, busy_to)",
)
_GUARD = ", EXCLUDE USING gist (int8range(unit_id, unit_id, '[]') WITH &&, int8range(busy_from, busy_to, '[)') WITH &&)"


def connect() -> Any:
    """A connection of this thread."""
    if not hasattr(_local, "connection"):
        if URL.startswith("sqlite"):
            _local.connection = sqlite3.connect(URL.removeprefix("sqlite:///"), isolation_level=None, timeout=10)
            _local.connection.execute("PRAGMA journal_mode=WAL")
            _local.connection.execute("PRAGMA synchronous=FULL")
        else:
            _local.connection = psycopg.connect(URL.replace("+psycopg", ""), autocommit=True)
    return _local.connection


def make_tables(url: str) -> None:
    """Makes R's own tables in the database at ``url``."""
    global URL
    URL = url
    vars(_local).clear()
    lite = URL.startswith("sqlite")
    for table in _TABLES:
        number = "integer PRIMARY KEY" if lite else "bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY"
        connect().execute(table.format(id=number, guard="" if lite else _GUARD))


@app.post("/confirm")
def confirm() -> Any:
    """One confirmation."""
    body = request.get_json()
    unit, start = body["unit"], body["start"]
    connection, mark = connect(), "?" if URL.startswith("sqlite") else "%s"
    connection.execute("BEGIN IMMEDIATE" if mark == "?" else "BEGIN")
    try:
        taken = connection.execute(_TAKEN.format(mark), (unit, start - 1440, start + 1440)).fetchall()
        if any(busy_from < start + 60 and start < busy_to for busy_from, busy_to in taken):
            connection.execute("ROLLBACK")
            return jsonify(code="taken"), 409
        row = f"INSERT INTO r_allocation (unit_id, busy_from, busy_to) VALUES ({mark}, {mark}, {mark}) RETURNING id"
        allocation = connection.execute(row, (unit, start, start + 60)).fetchone()[0]
        row = f"INSERT INTO r_booking (allocation_id, reference, name) VALUES ({mark}, {mark}, {mark}) RETURNING id"
        booking = connection.execute(row, (allocation, f"{unit}-{start}", body["name"])).fetchone()[0]
        connection.execute(f"INSERT INTO r_message (booking_id, body) VALUES ({mark}, {mark})", (booking, "hello"))
        connection.execute("COMMIT")
    except Exception:
        connection.execute("ROLLBACK")
        return jsonify(code="taken"), 409
    return jsonify(reference=f"{unit}-{start}"), 201
