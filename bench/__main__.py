"""``make bench``: each target as a ratio to R or to the empty endpoint of the same run, interleaved, medians of three."""

from __future__ import annotations

import itertools
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event

from actions import availability
from app import create_app
from bench import load
from bench.load import Request, Result, middle, spread
from models.base import db
from notifications import dispatch
from tests.conftest import _settings
from tests.support import databases, servers
from tests.support.web import SECRET_KEY, environment, start, stop

ROUNDS, SECONDS = 3, 3.0
PEOPLE = 50
ROWS: list[tuple[str, str, float, float, str]] = []


def business(people: int) -> str:
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

    def __init__(self, kind: str, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        if kind == "sqlite":
            files = databases.Sqlite(folder)
            databases.migrate(create_app(_settings(files.url(files.template), folder)))
            self.made: Any = files
        else:
            self.made = databases.Postgres(servers.postgres_url())
            databases.migrate(create_app(_settings(self.made.url(self.made.template), folder)))
        self.url = self.made.another(folder)
        self.app = create_app(_settings(self.url, folder))
        path = folder / "business.yaml"
        path.write_text(business(PEOPLE))
        with self.app.app_context():
            from actions.businessfile.loading import load as load_business

            load_business(path, pictures_dir=folder / "pictures", now=datetime.now(UTC))
            db.session.remove()

    def serve(self, target: str = "wsgi:app", **environ: str) -> tuple[str, Any]:
        """Two sync workers of ``target``; its address and process."""
        import socket

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        given = {
            "DATABASE_URL": self.url,
            "REFERENCE_URL": self.url,
            "SECRET_KEY": SECRET_KEY,
            "BASE_URL": f"http://127.0.0.1:{port}",
        }
        command = [sys.executable, "-m", "gunicorn", target, "-b", f"127.0.0.1:{port}", "-w", "2", "-k", "sync"]
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


def get(path: str, headers: dict[str, str] | None = None) -> Callable[[int], Iterator[Request]]:
    """The same GET for ever."""
    return lambda _client: itertools.repeat(("GET", path, None, headers or {}))


def row(what: str, ratio: float, must: float, aim: float, note: str, *, most: bool = False) -> None:
    """Prints one line of the table. ``most``: the figure may be at most that much."""
    fine = ratio <= must if most else ratio >= must
    best = ratio <= aim if most else ratio >= aim
    verdict = "aim" if best else "must" if fine else "MISSED"
    sign = "≤" if most else "≥"
    print(f"{what:52} {ratio:9.3f}   must {sign} {must:<8g} aim {sign} {aim:<8g} {verdict:7} {note}", flush=True)


def interleaved(tries: dict[str, Callable[[], Result]]) -> dict[str, list[Result]]:
    """Each try once a round, so that all see the same noise."""
    found: dict[str, list[Result]] = {name: [] for name in tries}
    for _ in range(ROUNDS):
        for name, one in tries.items():
            found[name].append(one())
    return found


def views(house: House) -> None:
    """Availability and the booking page against the product's own empty endpoint."""
    cold, process = house.serve(FAILPOINTS="cold=on")
    warm, other = house.serve()
    day = datetime.now(UTC).date() + timedelta(days=3)
    month = day + timedelta(days=29)
    paths = {
        "1 person, a day": (f"/api/v1/services/one/slots?from={day}&to={day}", 0.12, 0.16),
        "50 people, a day": (f"/api/v1/services/all/slots?from={day}&to={day}", 0.06, 0.09),
        "1 person, a month": (f"/api/v1/services/one/slots?from={day}&to={month}", 0.04, 0.05),
        "50 people, a month": (f"/api/v1/services/all/slots?from={day}&to={month}", 0.009, 0.013),
    }

    def measure(
        url: str, path: str, headers: dict[str, str] | None = None, good: tuple[int, ...] = (200,)
    ) -> Callable[[], Result]:
        return lambda: load.run(url, get(path, headers), clients=4, seconds=SECONDS, good=good)

    import urllib.request

    with urllib.request.urlopen(f"{warm}{paths['50 people, a month'][0]}") as answer:
        tag = answer.headers["ETag"]
    tries = {"empty": measure(cold, "/healthz")}
    tries |= {name: measure(cold, path) for name, (path, _, _) in paths.items()}
    tries["unchanged"] = measure(warm, paths["50 people, a month"][0], {"If-None-Match": tag}, (304,))
    tries["page"] = measure(warm, f"/book/all?day={day}")
    found = interleaved(tries)
    empty = middle(found["empty"]).rate
    print(f"\n{house.kind}: empty endpoint {empty:.0f}/s, noise {spread(found['empty']):.0%}")
    for name, (_, must, aim) in paths.items():
        rate = middle(found[name])
        row(
            f"availability, cold, {name} ÷ empty",
            rate.rate / empty,
            must,
            aim,
            f"{rate.rate:.0f}/s, noise {spread(found[name]):.0%}",
        )
    row(
        "availability when nothing changed ÷ empty",
        middle(found["unchanged"]).rate / empty,
        0.25,
        0.5,
        f"{middle(found['unchanged']).rate:.0f}/s",
    )
    row(
        "booking page, data ready ÷ empty",
        middle(found["page"]).rate / empty,
        0.3,
        0.5,
        f"{middle(found['page']).rate:.0f}/s",
    )
    stop(process)
    stop(other)
    in_process(house, day, month)


def in_process(house: House, day: date, month: date) -> None:
    """A month for 50 people without HTTP, and how many statements a view takes."""
    with house.app.app_context():
        asked = availability.resolved(service="all")
        statements: list[str] = []
        event.listen(db.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        times = []
        for _ in range(7):
            availability.forget()
            statements.clear()
            began = time.perf_counter()
            availability.view(asked, first=day, last=month, now=datetime.now(UTC))
            times.append(time.perf_counter() - began)
            db.session.rollback()
        row("a month for 50 people, in process, ms", sorted(times)[3] * 1000, 30, 15, "with its read", most=True)
        row("SQL statements per availability view", len(statements), 4, 4, "", most=True)
        db.session.remove()


def confirmations(house: House, must: float, aim: float) -> None:
    """Bookings per second on the whole path, against R on the same database."""
    os.environ["REFERENCE_URL"] = house.url
    from bench import reference

    reference.make_tables(house.url)
    product, process = house.serve()
    bare, other = house.serve("bench.reference:app")
    taken = itertools.count()
    first = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=60)

    def bookings(_client: int) -> Iterator[Request]:
        while True:
            n = next(taken)
            begin = first + timedelta(days=n // (PEOPLE * 8), hours=(n // PEOPLE) % 8)
            body: dict[str, object] = {
                "service": "all",
                "start": begin.isoformat(),
                "resource": f"p{n % PEOPLE}",
                "customer": {"name": f"Customer {n}", "email": f"c{n}@example.com", "phone": f"+49151{20000000 + n}"},
            }
            yield "POST", "/api/v1/bookings", body, {"Idempotency-Key": secrets.token_hex(8)}

    def bare_bookings(_client: int) -> Iterator[Request]:
        while True:
            n = next(taken)
            yield "POST", "/confirm", {"unit": n % PEOPLE, "start": (n // PEOPLE) * 60, "name": f"Customer {n}"}, {}

    tries = {
        "R": lambda: load.run(bare, bare_bookings, clients=8, seconds=SECONDS, good=(201,)),
        "8": lambda: load.run(product, bookings, clients=8, seconds=SECONDS, good=(201,)),
        "32": lambda: load.run(product, bookings, clients=32, seconds=SECONDS, good=(201,)),
    }
    found = interleaved(tries)
    bare_rate, eight, more = middle(found["R"]), middle(found["8"]), middle(found["32"])
    print(f"\n{house.kind}: R {bare_rate.rate:.0f} confirmations/s, noise {spread(found['R']):.0%}")
    note = f"{eight.rate:.0f}/s, p99 {eight.p99 * 1000:.0f} ms, {eight.others} others, noise {spread(found['8']):.0%}"
    row("confirmations, 8 clients ÷ R", eight.rate / bare_rate.rate, must, aim, note)
    row("confirmations, 32 clients ÷ 8", more.rate / eight.rate, 0.9, 1.0, f"{more.rate:.0f}/s, {more.others} others")
    if house.kind == "postgres":
        stop(process)
        house.fill(1000, past=True)
        product, process = house.serve()
        stored = middle([load.run(product, bookings, clients=8, seconds=SECONDS, good=(201,)) for _ in range(ROUNDS)])
        row(
            "confirmations with 50,000 past bookings ÷ without",
            stored.rate / eight.rate,
            0.8,
            0.9,
            f"{stored.rate:.0f}/s",
        )
    stop(process)
    stop(other)


def messages(house: House) -> None:
    """Messages composed and handed to a sink, in this process."""
    from models import message_queries

    with house.app.app_context():
        due = len(message_queries.due(db.session(), datetime.now(UTC), 300))
        db.session.rollback()
        began = time.perf_counter()
        sent = dispatch.deliver_due(limit=300)
        took = time.perf_counter() - began
        print(
            f"\n{house.kind}: {sent} of {due} due messages composed and written in {took:.2f} s: {sent / took:.0f}/s per worker"
        )
        row(
            "seconds for 10,000 reminders with two workers",
            10_000 / (sent / took) / 2 if sent else 999,
            120,
            30,
            "from the rate above",
            most=True,
        )
        db.session.remove()


def main() -> int:
    """Prints the table."""
    print(
        f"{os.cpu_count()} cores; two sync workers each; medians of {ROUNDS} rounds of {SECONDS:g} s, interleaved. Only ratios mean anything."
    )
    with tempfile.TemporaryDirectory() as folder:
        for kind, must, aim in (("postgres", 0.25, 0.40), ("sqlite", 0.20, 0.35)):
            place = Path(folder) / kind
            place.mkdir()
            house = House(kind, place)
            house.fill(200)
            views(house)
            confirmations(house, must, aim)
            messages(house)
            house.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
