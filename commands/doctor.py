"""``flask doctor``."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

import clock
import config
from commands.failing import why
from commands.fit import refused
from commands.sending import would_send
from models import guard, message_queries, schema, sending, staff_queries
from models.base import db
from models.snapshot import NoBusiness, catalogue
from notifications import mail, probe, sms
from notifications.outcome import Misconfigured, Permanent, Sent, Temporary, Unknown
from web.health import redis_state, worker_state
from wire.wording import wording

LATE = timedelta(minutes=5)
ROOM = 200_000_000


class Ill(Exception):
    """A check that failed; the text says why and what to do."""


@click.command("doctor")
@click.option("--send-to", metavar="ADDRESS", help="Send a test message to a mailbox or a phone (+49…).")
@with_appcontext
def doctor(send_to: str | None) -> None:
    """Check settings, database, worker, Redis, mail and SMS; one line each. Exit code 1 when something is wrong."""
    settings: config.Settings = current_app.config["SETTINGS"]
    checks: list[tuple[str, Callable[[config.Settings], str]]] = [
        ("settings", _settings),
        ("database", _database),
        ("migrations", _migrations),
        ("guard", _guard),
        ("business", _business),
        ("accounts", _accounts),
        ("disk", _disk),
        ("redis", _redis),
        ("worker", _worker),
        ("sending", _sending),
        ("messages", _messages),
        ("mail", probe.ask_mail),
        ("sms", probe.ask_sms),
    ]
    if send_to is not None:
        checks.append(("test", lambda settings: _send(settings, send_to)))
    ill = [name for name, check in checks if not _line(name, check, settings)]
    if ill:
        raise SystemExit(1)


def _line(name: str, check: Callable[[config.Settings], str], settings: config.Settings) -> bool:
    try:
        click.echo(f"ok    {name:<11} {check(settings)}")
        return True
    except (Ill, probe.Unreachable) as problem:
        click.echo(f"FAIL  {name:<11} {problem}")
    except DBAPIError as error:
        db.session.rollback()
        click.echo(f"FAIL  {name:<11} {why(error) or error.orig}")
    return False


def _settings(settings: config.Settings) -> str:
    if settings.production:
        return f"production at {settings.base_url}"
    return f"a trial at {settings.base_url}: production needs an https BASE_URL"


def _database(_settings: config.Settings) -> str:
    dialect = db.engine.dialect.name
    query = "SHOW server_version" if dialect == "postgresql" else "SELECT sqlite_version()"
    return f"{'PostgreSQL' if dialect == 'postgresql' else 'SQLite'} {db.session.execute(text(query)).scalar()}"


def _migrations(_settings: config.Settings) -> str:
    if wrong := schema.unfit(schema.version(db.session.connection())):
        raise Ill(wrong)
    return "the newest"


def _guard(_settings: config.Settings) -> str:
    with db.engine.connect() as connection:
        if not guard.stands(connection):
            raise Ill("the database would take two bookings for one time: its guard is missing")
    return "stands"


def _business(_settings: config.Settings) -> str:
    try:
        known = catalogue(db.session())
    except NoBusiness:
        raise Ill("none yet; `flask business load FILE` sets one up") from None
    name = wording(known.business.locale).text(known.business.name)
    demo = ", the demo" if known.business.is_demo else ""
    return f"{name}{demo}: {len(known.services)} services, {len(known.locations)} places"


def _accounts(settings: config.Settings) -> str:
    demo = staff_queries.demo_accounts(db.session())
    if settings.production and demo:
        raise Ill(refused(demo))
    owners = len(staff_queries.owners(db.session()))
    known = f", {len(demo)} of the demo" if demo else ""
    return f"owners: {owners}{known}" if owners else "no owner yet; `flask staff add EMAIL --role owner` adds one"


def _disk(settings: config.Settings) -> str:
    free = shutil.disk_usage(settings.data_dir).free
    if free < ROOM:
        raise Ill(f"{free // 1_000_000} MB free in {settings.data_dir}")
    return f"{free // 1_000_000} MB free in {settings.data_dir}"


def _redis(_settings: config.Settings) -> str:
    state = redis_state()
    if state == "none":
        return "none: the worker delivers by itself"
    if state != "ok":
        raise Ill(state)
    return "answers"


def _worker(_settings: config.Settings) -> str:
    state = worker_state()
    if state != "ok":
        raise Ill(f"{state}; `flask worker` has to run")
    return "runs"


def _sending(_settings: config.Settings) -> str:
    stop = sending.paused(db.session())
    if stop is None:
        return "messages leave"
    raise Ill(
        f"paused since the restore at {stop.since:%Y-%m-%d %H:%M} UTC: {would_send(db.session(), stop, clock.now())} "
        "`flask sending resume` lets them leave"
    )


def _messages(_settings: config.Settings) -> str:
    now = clock.now()
    oldest = message_queries.oldest_waiting(db.session(), now)
    if oldest is None:
        return "none waits"
    if sending.paused(db.session()):
        return "they wait while sending is paused"
    if now - oldest > LATE:
        raise Ill(f"the oldest unsent one was due {oldest:%Y-%m-%d %H:%M} UTC")
    return f"the oldest unsent one was due {oldest:%H:%M} UTC"


def _send(settings: config.Settings, address: str) -> str:
    now = clock.now()
    words = f"This is a test from {settings.base_url}: messages arrive."
    reference = f"test-{now:%Y%m%d%H%M%S}"
    try:
        sent: Sent
        if "@" in address:
            message_id = f"<{reference}@frontdesk>"
            sent = mail.send(
                mail.Mail(address, "Test", words, f"<p>{words}</p>", message_id, now, "Frontdesk"), settings
            )
        else:
            sent = sms.send(sms.Text(address, words, reference, 600, now), settings)
    except (Temporary, Unknown, Permanent, Misconfigured) as error:
        raise Ill(f"not sent to {address}: {error}") from error
    return f"sent to {address} as {sent.provider_id}"
