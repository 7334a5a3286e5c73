"""A house to measure: a database with a business and bookings, and real servers on it."""

from __future__ import annotations

import socket
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from actions.businessfile.loading import load as load_business
from app import create_app
from bench import load
from models.base import db
from tests.support import databases, servers
from tests.support.houses import settings
from tests.support.web import SECRET_KEY, environment, start

PEOPLE = 50


def business(people: int = PEOPLE) -> str:
    """A business with ``people`` staff, one service for each and one for all."""
    staff = "\n".join(f"  - {{slug: p{n}, kind: staff, name: Person {n}, location: here}}" for n in range(people))
    week = ", ".join(f'{day}: ["08:00-18:00"]' for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun"))
    common = "duration: 45, buffer_after: 15, slot_step: 15, horizon_days: 700"
    one = "needs: [{kind: staff, any_of: [p0], customer_may_choose: true}]"
    return f"""
business: {{name: Bench, timezone: Europe/Berlin, country: DE, currency: EUR}}
locations: [{{slug: here, name: Here, hours: {{{week}}}}}]
resources:
{staff}
services:
  - {{slug: all, name: All, {common}, needs: [{{kind: staff, customer_may_choose: true}}], reminders: [1440]}}
  - {{slug: one, name: One, {common}, {one}}}
"""


class House:
    """A database with the business, and servers on it."""

    def __init__(self, kind: str, folder: Path, *, people: int = PEOPLE) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.kind, self.folder, self.people = kind, folder, people
        if kind == "sqlite":
            files = databases.Sqlite(folder)
            databases.migrate(create_app(settings(files.url(files.template), folder)))
            self.made: Any = files
        else:
            self.made = databases.Postgres(servers.postgres_url())
            databases.migrate(create_app(settings(self.made.url(self.made.template), folder)))
        self.url = self.made.another(folder)
        self.app = create_app(settings(self.url, folder))
        path = folder / "business.yaml"
        path.write_text(business(people))
        with self.app.app_context():
            load_business(path, pictures_dir=folder / "pictures", now=datetime.now(UTC))
            db.session.remove()

    def serve(self, target: str = "wsgi:app", *, threads: int = 0, **environ: str) -> tuple[str, Any]:
        """Two sync workers of ``target``, or with ``threads`` each, which a browser that keeps its connections open needs; its
        address and process."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        given = {
            "DATABASE_URL": self.url,
            "REFERENCE_URL": self.url,
            "SECRET_KEY": SECRET_KEY,
            "BASE_URL": f"http://127.0.0.1:{port}",
        }
        command = [sys.executable, "-m", "gunicorn", target, "-b", f"127.0.0.1:{port}", "-w", "2"]
        command += ["-k", "gthread", "--threads", str(threads)] if threads else ["-k", "sync"]
        command += ["--no-control-socket", "--log-level", "error", "--keep-alive", "30"]
        process = start(command, environment(self.folder, {**given, **environ}), self.folder / f"server-{port}.log")
        for _ in range(200):
            try:
                load.run(
                    f"http://127.0.0.1:{port}",
                    lambda _: iter([("GET", "/healthz", None, {})]),
                    clients=1,
                    seconds=1,
                    good=(200, 404),
                )
                break
            except Exception:
                time.sleep(0.05)
        time.sleep(1.5)
        return f"http://127.0.0.1:{port}", process

    def fill(self, each: int, *, past: bool = False) -> None:
        """Bookings, written straight into the tables: ``each`` per person over 30 days ahead, or over the past years."""
        from sqlalchemy import insert, select

        from models.booking import Allocation, Session
        from models.catalogue import ResourceUnit, Service

        with self.app.app_context():
            service = db.session.execute(select(Service.id).where(Service.slug == "all")).scalar_one()
            units = db.session.execute(select(ResourceUnit.id, ResourceUnit.resource_id)).all()
            today = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0)
            sessions, allocations = [], []
            number = db.session.execute(select(Session.id).order_by(Session.id.desc()).limit(1)).scalar() or 0
            for unit, resource in units:
                for n in range(each):
                    days = -(n // 8) - 2 if past else n * 30 // max(each, 1) + 1
                    begin = today + timedelta(days=days, minutes=60 * (n % 8))
                    number += 1
                    common = {"busy_from": begin, "busy_to": begin + timedelta(minutes=60)}
                    sessions.append(
                        {
                            "id": number,
                            "service_id": service,
                            "location_id": 1,
                            "zone": "Europe/Berlin",
                            "utc_offset": 60,
                            "starts": begin,
                            "ends": begin + timedelta(minutes=45),
                            "seats": 1,
                            "seats_taken": 1,
                            "created_at": today,
                            **common,
                        }
                    )
                    allocations.append(
                        {
                            "session_id": number,
                            "resource_id": resource,
                            "unit_id": unit,
                            "need": 0,
                            "live": not _repeats(n, each, past),
                            **common,
                        }
                    )
            for chunk in range(0, len(sessions), 5000):
                db.session.execute(insert(Session), sessions[chunk : chunk + 5000])
                db.session.execute(insert(Allocation), allocations[chunk : chunk + 5000])
            if self.kind == "postgres":
                db.session.execute(
                    db.text("SELECT setval(pg_get_serial_sequence('session', 'id'), :n)"), {"n": number + 1}
                )
            db.session.commit()
            if self.kind == "postgres":
                with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("ANALYZE")
            db.session.remove()

    def close(self) -> None:
        """Drops what was made."""
        databases.let_go(self.app)
        self.made.drop()


def _repeats(n: int, each: int, past: bool) -> bool:
    """True where the pattern of ``fill`` would take the same hour of the same day twice."""
    if past:
        return False
    day = n * 30 // max(each, 1)
    return any(m % 8 == n % 8 for m in range(max(0, n - 16), n) if m * 30 // max(each, 1) == day)
