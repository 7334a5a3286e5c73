"""Availability and the booking page against the product's own empty endpoint, and what a view costs in process."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from statistics import median

from sqlalchemy import event

from actions import availability
from bench import load
from bench.house import House
from bench.load import Result, middle, spread
from bench.table import SECONDS, get, interleaved, row
from models.base import db
from tests.support.web import stop

WARMING, TRIES = 5, 15


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
        # The first ones find statements unprepared and the servers of the parts before still going down.
        for _ in range(WARMING + TRIES):
            availability.forget()
            statements.clear()
            began = time.perf_counter()
            availability.view(asked, first=day, last=month, now=datetime.now(UTC))
            times.append(time.perf_counter() - began)
            db.session.rollback()
        row("a month for 50 people, in process, ms", median(times[WARMING:]) * 1000, 30, 15, "with its read", most=True)
        row("SQL statements per availability view", len(statements), 4, 4, "", most=True)
        db.session.remove()
