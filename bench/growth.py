"""How a month's view grows with people and with history, in process: the same question to houses of different sizes."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from actions import availability
from bench.house import House
from bench.table import row
from models.base import db

TRIES = 9
PEOPLE, PAST = (5, 50, 500), (20, 200, 2000)


def growth(kind: str, folder: Path) -> None:
    """A view of 30 days for 5, 50 and 500 people; and for 10 people with 20, 200 and 2,000 past bookings each."""
    people = [House(kind, folder / f"people-{count}", people=count) for count in PEOPLE]
    for house in people:
        house.fill(60)
    times = _interleaved([_month(house) for house in people])
    note = ", ".join(f"{count}: {took * 1000:.1f} ms" for count, took in zip(PEOPLE, times, strict=True))
    row("a month, people × 10", times[1] / times[0], 12, 10, note, most=True)
    row("a month, people × 100", times[2] / times[0], 120, 100, "", most=True)
    for house in people:
        house.close()
    old = [House(kind, folder / f"past-{each}", people=10) for each in PAST]
    for house, each in zip(old, PAST, strict=True):
        house.fill(60)
        house.fill(each, past=True)
    times = _interleaved([_month(house) for house in old])
    note = ", ".join(f"{10 * each} past: {took * 1000:.1f} ms" for each, took in zip(PAST, times, strict=True))
    row("a month, history × 10", times[1] / times[0], 1.3, 1.1, note, most=True)
    row("a month, history × 100", times[2] / times[0], 1.7, 1.2, "", most=True)
    for house in old:
        house.close()


def _month(house: House) -> Callable[[], float]:
    day = datetime.now(UTC).date() + timedelta(days=3)

    def once() -> float:
        with house.app.app_context():
            asked = availability.resolved(service="all")
            availability.forget()
            began = time.perf_counter()
            availability.view(asked, first=day, last=day + timedelta(days=29), now=datetime.now(UTC))
            took = time.perf_counter() - began
            db.session.remove()
            return took

    return once


def _interleaved(tries: list[Callable[[], float]]) -> list[float]:
    rounds = [[once() for once in tries] for _ in range(TRIES + 1)][1:]
    return [median(each) for each in zip(*rounds, strict=True)]
