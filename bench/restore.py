"""A large house kept and put back on PostgreSQL: bookings with their history and messages, and pictures, about 1 GB of backup."""

from __future__ import annotations

import os
import secrets
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text

from actions.keeping.backup import backup
from actions.keeping.restoring import restore as put_back
from app import create_app
from bench.diary import ALLOCATIONS, SESSIONS
from bench.house import House
from bench.table import row
from models.base import db
from models.booking import Booking
from tests.support import databases
from tests.support.houses import settings

BOOKINGS, MOST_SECONDS = 1_800_000, 600
PEOPLE, A_DAY, CUSTOMERS = 150, 8, 50_000
# About half of the file: pictures as large as phones take them, which customers gave with their answers.
PICTURE, PICTURE_PER = 1_500_000, 5_000
_CUSTOMERS = """
INSERT INTO customer (id, public_id, name, folded_name, family_first, created_at, extra)
SELECT n, left(md5(n::text), 16), 'Customer ' || n, 'customer ' || n, n || ' customer', :now, '{}'
FROM generate_series(1, :customers) AS n"""
# What differs from one to the next in a real house differs here: no file shrinks better than its words do.
_BOOKINGS = """
INSERT INTO booking (uid, reference, session_id, seats, place, status, revision, token_version, customer_id, name, phone, email,
  answers, locale, terms, extra, created_at, changed_at, created_by)
SELECT md5(id::text), upper(left(md5('r' || id), 10)), id, 1, 'here', 'completed', 1, 0, 1 + id % :customers,
  'Customer ' || 1 + id % :customers, '+4915' || 100000000 + id, left(md5(id || 'm'), 9) || '@example.com',
  jsonb_build_object('topic', 'first', 'wishes', 'What she wrote: ' || md5('w' || id) || ' and ' || md5('x' || id)), 'en',
  '{"minutes": 45, "days": 0, "chosen": [], "cancel_until": 1440, "reschedule_until": 1440}', '{}',
  starts - interval '9 days', ends, 'customer'
FROM session"""
_HISTORY = """
INSERT INTO history (at, actor, object_kind, object_id, action, before, after, request_id)
SELECT created_at, 'customer', 'booking', id, 'booked', NULL::jsonb,
  jsonb_build_object('status', 'confirmed', 'revision', 0, 'start', created_at), md5('q' || id) FROM booking
UNION ALL
SELECT changed_at, 'staff:' || 1 + id % 9, 'booking', id, 'completed', '{"status": "confirmed", "revision": 0}',
  '{"status": "completed", "revision": 1}', md5('p' || id) FROM booking"""
_MESSAGES = """
INSERT INTO message (object_kind, object_id, revision, kind, offset_minutes, copy, audience, channel, recipient, locale, due_at,
  next_at, deadline, priority, state, attempt, provider_id, facts, created_at, settled_at)
SELECT 'booking', id, 0, kind, minutes, 0, 'customer', channel, CASE channel WHEN 'sms' THEN phone ELSE email END, 'en', due, due,
  due + interval '1 day', 5, 'delivered', 1, md5(kind || id), '{}', created_at, due + interval '4 seconds'
FROM (SELECT booking.*, kind, minutes, channel, changed_at - minutes * interval '1 minute' AS due FROM booking,
  (VALUES ('confirmation', 12960, 'mail'), ('reminder', 1440, 'sms')) AS each (kind, minutes, channel)) AS planned"""
_ATTEMPTS = """
INSERT INTO message_attempt (message_id, attempt, at, outcome, code, took_ms)
SELECT id, 1, settled_at, 'sent', '250', 40 + id % 300 FROM message"""


def restore(folder: Path) -> None:
    """Prints how long a backup takes to be read, compared with its digests and written into an empty database."""
    count = int(os.environ.get("BENCH_BOOKINGS") or BOOKINGS)
    house, path, now = House("postgres", folder, people=PEOPLE), folder / "kept.zip", datetime.now(UTC)
    _fill(house, count, now)
    _draw(folder / "pictures", count // PICTURE_PER)
    with house.app.app_context():
        began = time.perf_counter()
        found = backup(path, pictures_dir=folder / "pictures", key_mark="bench", now=now)
        kept = time.perf_counter() - began
    other = create_app(settings(house.made.another(folder), folder / "other"))
    with other.app_context():
        began = time.perf_counter()
        put_back(path, pictures_dir=folder / "other" / "pictures", now=now)
        took = time.perf_counter() - began
        assert db.session.scalar(select(func.count()).select_from(Booking)) == count
    databases.let_go(other)
    house.close()
    size = path.stat().st_size / 1_000_000
    note = f"{size:,.0f} MB, {found.rows:,} rows, {len(found.pictures)} pictures; {size / took:.1f} MB/s; "
    note += f"kept in {kept:.0f} s, {size / kept:.1f} MB/s"
    row("a large house restored, s", took, MOST_SECONDS, MOST_SECONDS / 2, note, most=True)


def _fill(house: House, count: int, now: datetime) -> None:
    """Everything at once, straight into the tables: whole by its making, so nothing is checked one by one here."""
    first = (now - timedelta(days=2 + count // (PEOPLE * A_DAY))).replace(hour=7, minute=0, second=0, microsecond=0)
    values = {"base": 1, "count": count, "people": PEOPLE, "first": first, "daily": PEOPLE * A_DAY}
    values |= {"customers": CUSTOMERS, "now": now}
    with house.app.app_context():
        db.session.execute(text("ALTER TABLE allocation DROP CONSTRAINT one_owner"))
        db.session.execute(text("SET LOCAL session_replication_role = replica"))
        db.session.execute(text("SET LOCAL statement_timeout = 0"))
        for statement in (_CUSTOMERS, SESSIONS, ALLOCATIONS, _BOOKINGS, _HISTORY, _MESSAGES, _ATTEMPTS):
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            db.session.execute(text(statement), named)
        db.session.commit()
        db.session.remove()


def _draw(folder: Path, count: int) -> None:
    """Pictures, which no file makes smaller."""
    folder.mkdir(exist_ok=True)
    for n in range(count):
        (folder / f"picture-{n}.jpg").write_bytes(secrets.token_bytes(PICTURE))
