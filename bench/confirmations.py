"""Bookings per second on the whole path, against R on the same database."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from bench import load
from bench.house import PEOPLE, House
from bench.load import Request, middle, spread
from bench.table import SECONDS, interleaved, row
from tests.support.web import stop


def confirmations(house: House, must: float, aim: float) -> None:
    """Bookings per second on the whole path, against R on the same database."""
    os.environ["REFERENCE_URL"] = house.url
    from bench import reference  # it reads the address when it is imported

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
    # A worker's first answers read the catalogue and build the statements: a start, not a pace.
    for each in ("R", "8"):
        tries[each]()
    found = interleaved(tries)
    bare_rate, eight, more = middle(found["R"]), middle(found["8"]), middle(found["32"])
    print(f"\n{house.kind}: R {bare_rate.rate:.0f} confirmations/s, noise {spread(found['R']):.0%}")
    note = f"{eight.rate:.0f}/s, p99 {eight.p99 * 1000:.0f} ms, {eight.others} others, noise {spread(found['8']):.0%}"
    row("confirmations, 8 clients ÷ R", eight.rate / bare_rate.rate, must, aim, note)
    if house.kind == "sqlite":
        row("the slowest of a hundred confirmations, 8 clients, ms", eight.p99 * 1000, 250, 250, "", most=True)
    row("confirmations, 32 clients ÷ 8", more.rate / eight.rate, 0.9, 1.0, f"{more.rate:.0f}/s, {more.others} others")
    if house.kind == "postgres":
        stop(process)
        # The rounds before have stored some hundreds; these are a hundred times as many. Both are measured beside R, since
        # the machine may have changed its pace meanwhile.
        house.fill(1000, past=True)
        product, process = house.serve()
        tries["8"] = lambda: load.run(product, bookings, clients=8, seconds=SECONDS, good=(201,))
        del tries["32"]
        after = interleaved(tries)
        stored, beside = middle(after["8"]), middle(after["R"])
        row(
            "confirmations with 50,000 past bookings ÷ without",
            (stored.rate / beside.rate) / (eight.rate / bare_rate.rate),
            0.8,
            0.9,
            f"{stored.rate:.0f}/s, R {beside.rate:.0f}/s",
        )
    stop(process)
    stop(other)
