"""The diary of a large house: 150 people, 1,500 bookings in the week, a million that are over."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, text

from bench.house import House
from bench.table import row
from models.base import db
from tests.support import browser
from tests.support.staff import PASSWORD, account, signed_in
from tests.support.web import Visitor, stop

PEOPLE, A_DAY, PAST = 150, 2, 1_000_000
TRIES = 9
PAINTED = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
# Ids in the order of time; every person has the hour of her number, day after day, so that nothing overlaps.
SESSIONS = """
INSERT INTO session (id, kind, service_id, location_id, starts, ends, busy_from, busy_to, zone, utc_offset, seats, seats_taken,
  live, created_at)
SELECT :base + n, 'service', 1, 1, at, at + interval '45 min', at, at + interval '1 hour', 'Europe/Berlin', 60, 1, 1, true, at
FROM (SELECT n, CAST(:first AS timestamptz) + (n / :daily) * interval '1 day'
  + ((n % :daily) / :people) * interval '1 hour' AS at FROM generate_series(0, :count - 1) AS n) AS each"""
ALLOCATIONS = """
INSERT INTO allocation (session_id, resource_id, unit_id, need, busy_from, busy_to, live)
SELECT session.id, resource_id, unit.id, 0, busy_from, busy_to, true FROM session
JOIN (SELECT id, resource_id, row_number() OVER (ORDER BY id) - 1 AS number FROM resource_unit) AS unit
  ON unit.number = (session.id - :base) % :people
WHERE session.id >= :base AND session.id < :base + :count"""
BOOKINGS = """
INSERT INTO booking (uid, reference, session_id, seats, place, status, revision, token_version, customer_id, name, phone, email,
  answers, locale, terms, extra, created_at, changed_at, created_by)
SELECT md5(id::text), 'B' || id, id, 1, 'here', :status, 0, 0, 1 + id % 50000, 'Customer ' || id, '+4915100' || id,
  'c' || id || '@example.com', '{}', 'en', '{"minutes": 45, "days": 0, "chosen": []}', '{}', starts, starts, 'customer'
FROM session WHERE id >= :base AND id < :base + :count"""


def diary(folder: Path) -> None:
    """What the server takes for a week and a day of it, for asking whether anything has changed, and for a search."""
    house = House("postgres", folder, people=PEOPLE)
    now = datetime.now(UTC)
    monday = (now - timedelta(days=now.weekday())).replace(hour=8, minute=0, second=0, microsecond=0)
    with house.app.app_context():
        # Nothing is booked here, and guarding a million rows one by one would take minutes.
        db.session.execute(text("ALTER TABLE allocation DROP CONSTRAINT one_owner"))
        _fill(1, PAST, monday - timedelta(days=1 + PAST // (PEOPLE * A_DAY)), A_DAY, "completed")
        _fill(PAST + 1, PEOPLE * A_DAY * 5, monday, A_DAY, "confirmed")
        house.app.config["WTF_CSRF_ENABLED"] = False
        house.app.test_client_class = Visitor
        owner = signed_in(house.app, account("owner", now=now))
        day = f"day={monday.date()}"
        measured(owner, "the diary's week, ms", f"/desk/diary?{day}", 250, 150)
        measured(owner, "the diary's day, ms", f"/desk/diary?view=day&{day}", 250, 100)
        measured(owner, "the diary's month, ms", f"/desk/diary?view=month&{day}", 250, 100)
        measured(owner, "a name looked for in the week, ms", f"/desk/diary?{day}&q=Customer+1000001", 250, 100)
        measured(owner, "a week two years ago, ms", f"/desk/diary?day={monday.date() - timedelta(days=720)}", 250, 150)
        measured(owner, "has anything changed, ms", f"/desk/diary/version?{day}", 100, 30)
    first_paint(house, f"/desk/diary?{day}")
    house.close()


def first_paint(house: House, address: str) -> None:
    """Prints when a browser that was there before has painted first, from the tap on; the best of some tries."""
    url, process = house.serve(threads=4)
    with browser.started() as chromium:
        page = chromium.new_page(viewport={"width": 1280, "height": 800})
        page.goto(f"{url}/desk/sign-in")
        page.fill("#email", "owner@praxis.example")
        page.fill("#password", PASSWORD)
        page.locator("main form .button").click()
        page.wait_for_url(re.compile(r"/desk/$"))
        painted, answered = [], []
        for _ in range(TRIES):
            page.goto(f"{url}{address}")
            painted.append(page.evaluate(PAINTED))
            answered.append(page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd"))
            page.goto("about:blank")
    stop(process)
    row(
        "first paint of the week, ms", min(painted), 1000, 500, f"{min(answered):.0f} ms until all was there", most=True
    )


def _fill(base: int, count: int, first: datetime, daily: int, status: str) -> None:
    """``count`` bookings from ``first`` on, ``daily`` a day for each person, written straight into the tables."""
    common: dict[str, Any] = {"base": base, "count": count, "people": PEOPLE}
    # What is written here is whole by its making: foreign keys are not checked.
    db.session.execute(text("SET session_replication_role = replica"))
    db.session.execute(text("SET statement_timeout = 0"))
    db.session.execute(text(SESSIONS), {**common, "first": first, "daily": daily * PEOPLE})
    db.session.execute(text(ALLOCATIONS), common)
    db.session.execute(text(BOOKINGS), {**common, "status": status})
    for table in ("session", "allocation", "booking"):
        db.session.execute(text(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"))
    db.session.execute(text("SET session_replication_role = DEFAULT"))
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def measured(visitor: Visitor, what: str, address: str, must: float, aim: float, part: str = "") -> None:
    """Prints the best of some tries, since what else the machine does is not the diary's; with queries and size."""
    statements: list[str] = []
    listener: Callable[..., None] = lambda *args: statements.append(args[2])  # noqa: E731
    event.listen(db.engine, "before_cursor_execute", listener)
    times = []
    for _ in range(TRIES):
        statements.clear()
        began = time.perf_counter()
        answer = visitor.get(address, headers={"X-Part": part} if part else None)
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text[:300]
    event.remove(db.engine, "before_cursor_execute", listener)
    selects = sum(each.lstrip().upper().startswith("SELECT") for each in statements)
    row(what, min(times) * 1000, must, aim, f"{selects} queries, {len(answer.data) // 1024} kB", most=True)
