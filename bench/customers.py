"""Customers of a large house: 200,000 people, each with two contacts and a booking, looked for as one types."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from bench.diary import ALLOCATIONS, BOOKINGS, SESSIONS, measured
from bench.house import House
from models.base import db
from tests.support.staff import account, signed_in
from tests.support.web import Visitor

CUSTOMERS = 200_000
FIRST = ("Anna", "Ben", "Clara", "David", "Emma", "Felix", "Greta", "Hannah", "Ivan", "Julia", "张", "王", "李", "陈")
LAST = ("Müller", "Schmidt", "Vogel", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz", "Hoffmann", "Koch")
PEOPLE = """
INSERT INTO customer (public_id, name, folded_name, family_first, spelled, level, created_at, compared_at, extra)
SELECT md5(n::text), name, lower(name), lower(last || ' ' || first), lower(first || last), CASE WHEN n % 20 = 0 THEN 'Gold' END,
  :now, :now, '{}' FROM (SELECT n, (CAST(:first AS text[]))[1 + n % :firsts] AS first,
  (CAST(:last AS text[]))[1 + (n / :firsts) % :lasts] || n / (:firsts * :lasts) AS last,
  (CAST(:first AS text[]))[1 + n % :firsts] || ' ' || (CAST(:last AS text[]))[1 + (n / :firsts) % :lasts]
  || n / (:firsts * :lasts) AS name FROM generate_series(1, :count) AS n) AS each"""
CONTACTS = """
INSERT INTO contact (kind, value, state, counted, backwards) SELECT kind, value, 'good', 0, reverse(value) FROM (
  SELECT 'phone' AS kind, '+49151' || 10000000 + n AS value FROM generate_series(1, :count) AS n
  UNION ALL SELECT 'email', 'c' || n || '@example.com' FROM generate_series(1, :count) AS n) AS each"""
LINKS = """
INSERT INTO customer_contact (customer_id, contact_id) SELECT 1 + (id - 1) % :count, id FROM contact"""
TAGS = "INSERT INTO customer_tag (customer_id, tag) SELECT id, 'loyal' FROM customer WHERE id % 50 = 0"


def customers(folder: Path, count: int = CUSTOMERS) -> None:
    """What the server takes for one answer while somebody types, on the page of customers and at the telephone."""
    house = House("postgres", folder, people=20)
    now = datetime.now(UTC)
    with house.app.app_context():
        _fill(house, count, now)
        house.app.config["WTF_CSRF_ENABLED"] = False
        house.app.test_client_class = Visitor
        owner = signed_in(house.app, account("owner", now=now))
        for typed in ("an", "hannah vo", "vogel1", "zhang", "10000123", "c1234", "nobody"):
            address = f"/desk/customers?q={typed.replace(' ', '+')}"
            measured(owner, f"customers by {typed!r}, ms", address, 100, 50, part="list")
        measured(owner, "customers with a tag, ms", "/desk/customers?tag=loyal", 150, 100, part="list")
        measured(owner, "customers of a level, ms", "/desk/customers?level=Gold&q=an", 150, 100, part="list")
        measured(owner, "the page of customers, ms", "/desk/customers", 150, 100)
        measured(owner, "a caller by 'an', ms", "/desk/book?who=an", 100, 50, part="customers")
        public = db.session.execute(text("SELECT public_id FROM customer WHERE id = 5")).scalar()
        measured(owner, "the page of one customer, ms", f"/desk/customers/{public}", 150, 100)
    house.close()


def _fill(house: House, count: int, now: datetime) -> None:
    run = db.session.execute
    run(text("SET session_replication_role = replica"))
    run(text("SET statement_timeout = 0"))
    names = {"first": list(FIRST), "last": list(LAST), "firsts": len(FIRST), "lasts": len(LAST)}
    run(text(PEOPLE), {**names, "count": count, "now": now})
    for statement in (CONTACTS, LINKS, TAGS):
        run(text(statement), {"count": count} if ":count" in statement else {})
    daily = 2 * house.people
    first = now.replace(hour=8, minute=0, second=0, microsecond=0) - timedelta(days=2 + count // daily)
    common = {"base": 1, "count": count, "people": house.people}
    run(text("ALTER TABLE allocation DROP CONSTRAINT one_owner"))
    run(text(SESSIONS), {**common, "first": first, "daily": daily})
    run(text(ALLOCATIONS), common)
    run(text(BOOKINGS.replace("id % 50000", "id % :count")), {**common, "status": "completed"})
    run(text("SET session_replication_role = DEFAULT"))
    db.session.commit()
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
