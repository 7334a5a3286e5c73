"""``flask doctor``: one line for each thing, an exit code that tells."""

from __future__ import annotations

import contextvars
import socket
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import text

from actions.confirm import Wish, confirm
from actions.demo_staff import add_demo_staff
from models.base import db
from notifications.worker import tick
from tests.support.time import Clock, instant


def lines(app: Flask, *arguments: str) -> tuple[int, dict[str, str]]:
    done = app.test_cli_runner().invoke(args=["doctor", *arguments])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.output
    return done.exit_code, {line[6:17].strip(): line for line in done.output.splitlines()}


def test_a_house_in_order(app: Flask, load_business: Callable[..., Any]):
    load_business("clinic")
    tick()
    code, said = lines(app)
    assert code == 0, said
    assert all(line.startswith("ok ") for line in said.values())
    assert "Praxis am Park: 2 services" in said["business"]
    assert "none: the worker delivers by itself" in said["redis"]
    assert "trial" in said["settings"]
    assert "outgoing" in said["mail"]
    assert "outgoing" in said["sms"]


def test_an_empty_house_without_a_worker(app: Flask):
    code, said = lines(app)
    assert code == 1
    assert said["business"].startswith("FAIL")
    assert "flask business load" in said["business"]
    assert "flask worker" in said["worker"]
    assert said["guard"].startswith("ok")


def test_accounts_of_the_demo_are_ill_in_production_only(
    app: Flask, load_business: Callable[..., Any], make_app: Callable[..., Flask], clock: Clock
):
    load_business("clinic")
    assert "no owner yet" in lines(app)[1]["accounts"]
    add_demo_staff(now=clock.now)
    assert lines(app)[1]["accounts"].endswith("owners: 1, 5 of the demo")
    served = make_app(BASE_URL="https://book.example.com", SECRET_KEY="k" * 40, RATE_LIMITS="on")
    _, said = contextvars.Context().run(lines, served)
    assert said["accounts"].startswith("FAIL")
    assert "owner@example.com" in said["accounts"]


def test_a_missing_guard_is_seen(app: Flask):
    postgres = db.engine.dialect.name == "postgresql"
    gone = "ALTER TABLE allocation DROP CONSTRAINT one_owner" if postgres else "DROP TRIGGER one_owner_update"
    with db.engine.begin() as connection:
        kept = "" if postgres else connection.execute(text(_SOURCE)).scalar_one()
        connection.execute(text(gone))
    try:
        _, said = lines(app)
        assert said["guard"].startswith("FAIL")
    finally:
        with db.engine.begin() as connection:
            connection.execute(text(_GUARD if postgres else kept))


_SOURCE = "SELECT sql FROM sqlite_master WHERE name = 'one_owner_update'"
_GUARD = (
    "ALTER TABLE allocation ADD CONSTRAINT one_owner EXCLUDE USING gist "
    "(int8range(unit_id, unit_id, '[]') WITH &&, tstzrange(busy_from, busy_to, '[)') WITH &&) WHERE (live)"
)


def test_an_old_schema_is_seen(app: Flask):
    with db.engine.begin() as connection:
        newest = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        _, said = lines(app)
        assert "make migrate" in said["migrations"]
    finally:
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest})


def test_a_worker_that_fell_silent_and_a_message_that_waits_are_seen(
    app: Flask, load_business: Callable[..., Any], clock: Clock
):
    load_business("clinic")
    tick()
    confirm(
        wish=Wish("check-up", instant("2026-12-01T08:00Z")),
        customer={"name": "Maya Lindqvist", "email": "maya@example.com"},
        answers={},
        locale="en",
        now=clock.now,
    )
    clock.now += timedelta(minutes=6)
    code, said = lines(app)
    assert code == 1
    assert "last seen" in said["worker"]
    assert "was due 2026-11-30 09:00 UTC" in said["messages"]


def test_a_mail_server_that_is_away_is_seen(make_app: Callable[..., Flask]):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    app = make_app(MAIL_URL=f"smtp://127.0.0.1:{port}", MAIL_FROM="desk@example.com")
    _, said = lines(app)
    assert said["mail"].startswith("FAIL")


def test_a_redis_that_is_away_is_seen(make_app: Callable[..., Flask], tmp_path: Path):
    _, said = lines(make_app(REDIS_URL=f"unix://{tmp_path}/none.sock"))
    assert "messages are delayed" in said["redis"]


def test_test_messages_are_sent(app: Flask, load_business: Callable[..., Any]):
    outgoing: Path = app.config["SETTINGS"].outgoing
    load_business("clinic")
    tick()
    code, said = lines(app, "--send-to", "maya@example.com")
    assert code == 0
    assert "sent to maya@example.com" in said["test"]
    assert list(outgoing.glob("*test-*.eml"))
    code, said = lines(app, "--send-to", "+4915112345678")
    assert code == 0
    assert [each.read_text().splitlines()[0] for each in outgoing.glob("*test-*.txt")] == ["+4915112345678"]
