"""The figures of a year with a million bookings on PostgreSQL: cold, and when nothing has changed."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from pathlib import Path
from statistics import median

from sqlalchemy import text

from actions import counting
from bench.house import House
from bench.table import row
from models.base import db
from models.snapshot import catalogue
from reports import figures as reading
from rules.facts import Catalogue
from rules.periods import Period

BOOKINGS, PEOPLE, CUSTOMERS, YEAR = 1_000_000, 150, 200_000, 2026
TRIES = 5

# Each person has 18 or 19 visits a day from eight to six, Berlin time, every day of the year; one customer has five of them.
_SESSIONS = """
INSERT INTO session (id, kind, service_id, location_id, starts, ends, busy_from, busy_to, zone, utc_offset, seats, seats_taken,
                     live, created_at)
SELECT n, 'service', 1 + n % 2, 1, at, at + interval '25 minutes', at, at + interval '30 minutes', 'Europe/Berlin',
       extract(epoch from (at AT TIME ZONE 'Europe/Berlin') - (at AT TIME ZONE 'UTC')) / 60, 1, 1, n % 14 <> 0, at - interval '9 days'
FROM (SELECT n, ((:year || '-01-01')::timestamp + (n / :people % 365) * interval '1 day' + interval '8 hours'
                 + (n / :people / 365) * interval '30 minutes') AT TIME ZONE 'Europe/Berlin' AS at
      FROM generate_series(0, :bookings - 1) AS n) AS visits
"""
_ALLOCATIONS = """
INSERT INTO allocation (session_id, resource_id, unit_id, need, busy_from, busy_to, live)
SELECT s.id, u.resource_id, u.id, 0, s.busy_from, s.busy_to, s.live
FROM session s JOIN (SELECT id, resource_id, row_number() OVER (ORDER BY id) - 1 AS place FROM resource_unit) u
  ON u.place = s.id % :people
"""
_CUSTOMERS = """
INSERT INTO customer (id, public_id, name, folded_name, created_at, extra)
SELECT n, 'c' || n, 'Customer ' || n, 'customer ' || n, now(), '{}' FROM generate_series(1, :customers) AS n
"""
_BOOKINGS = """
INSERT INTO booking (id, uid, reference, session_id, seats, place, status, revision, token_version, customer_id, name, email,
                     answers, locale, price_minor, currency, terms, source_id, created_by, created_at, changed_at,
                     cancelled_by, cancel_reason, extra)
SELECT id, 'u' || id, 'R' || id, id, 1, 'here',
       CASE WHEN NOT live THEN 'cancelled' WHEN id % 30 = 1 THEN 'no_show' WHEN starts < now() THEN 'completed' ELSE 'confirmed' END,
       1, 0, 1 + id % :customers, 'Customer', 'c@example.com', '{}', 'en', 4500, 'EUR', '{"cancel_until": 1440}',
       CASE WHEN id % 3 = 0 THEN (SELECT min(id) FROM source) END, CASE WHEN id % 5 = 0 THEN 'staff:1' ELSE 'customer' END,
       created_at, created_at, CASE WHEN NOT live THEN 'customer' END, CASE WHEN NOT live THEN 'Ill' END, '{}'
FROM session
"""
_HISTORY = """
INSERT INTO history (at, actor, object_kind, object_id, action, before, after)
SELECT b.created_at + interval '1 day', 'customer', 'booking', b.id, 'cancelled', '{"status": "confirmed"}', '{"status": "cancelled"}'
FROM booking b WHERE b.status = 'cancelled'
"""


def figures(folder: Path) -> None:
    """A year against the year before, in process on PostgreSQL; and how long it takes to count all of it for the first time."""
    house = House("postgres", folder, people=PEOPLE)
    _fill(house)
    with house.app.app_context():
        began = time.perf_counter()
        while counting.count(now=datetime.now(UTC), seconds=60):
            pass
        took = time.perf_counter() - began
        _vacuum("day_count")
        known = catalogue(db.session())
        ask = reading.Ask(Period(date(YEAR, 1, 1), date(YEAR, 12, 31)), tuple(known.location_by_id))
        cold, warm = _timed(known, ask, forget=True), _timed(known, ask, forget=False)
        note = f"{BOOKINGS:,} bookings, {PEOPLE} people; counted for the first time in {took:.0f} s"
        row("figures of a year, cold, ms", cold, 500, 250, note, most=True)
        row("figures of a year when nothing changed, ms", warm, 50, 10, "", most=True)
        db.session.remove()
    house.close()


def _timed(known: Catalogue, ask: reading.Ask, *, forget: bool) -> float:
    """The median of several tries, in milliseconds."""
    times = []
    for _ in range(TRIES):
        if forget:
            reading.forget()
        began = time.perf_counter()
        found = reading.read(db.session(), known, ask, today=date(YEAR, 11, 30))
        times.append((time.perf_counter() - began) * 1000)
        assert found.now.all.bookings == BOOKINGS
        db.session.rollback()
    return median(times)


def _fill(house: House) -> None:
    """Everything at once, straight into the tables."""
    values = {"bookings": BOOKINGS, "people": PEOPLE, "customers": CUSTOMERS, "year": str(YEAR)}
    with house.app.app_context():
        db.session.execute(text("SET statement_timeout = 0"))
        for statement in (_SESSIONS, _ALLOCATIONS, _CUSTOMERS, _BOOKINGS, _HISTORY):
            named = {name: value for name, value in values.items() if f":{name}" in statement}
            db.session.execute(text(statement), named)
        db.session.commit()
        _vacuum("")
        db.session.remove()


def _vacuum(table: str) -> None:
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql(f"VACUUM ANALYZE {table}")
