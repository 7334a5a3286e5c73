"""What the tests of this folder share: booking through the front door, waiting, looking at what was stored and sent."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from tests.races.racing import Store, slots
from tests.support.web import Served

# One booking of the clinic is told by mail and text, and to the doctor: these leave at once, reminders later.
AT_ONCE = "kind IN ('confirmation', 'staff_booked')"


def until(true: Callable[[], Any], what: str, seconds: float = 90) -> None:
    """Waits until something is true; fails with what was waited for."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited too long until {what}"
        time.sleep(0.2)


def start_of(served: Served, number: int) -> str:
    """A free start of its own for each number."""
    found = slots(served.url, "check-up", **{"from": "2026-12-01", "to": "2026-12-18"})
    return str(found[(number * 11) % len(found)]["start"])


def hold(served: Served, number: int) -> str:
    """A held time."""
    body = {"service": "check-up", "start": start_of(served, number)}
    answer = requests.post(f"{served.url}/api/v1/holds", json=body, timeout=30)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["hold"])


def customer(number: int) -> dict[str, str]:
    """A customer of their own for each number."""
    return {
        "name": f"Customer {number}",
        "phone": f"+4915123{number:06d}",
        "email": f"customer{number}@example.com",
    }


def confirm(served: Served, number: int, hold: str) -> requests.Response:
    """Confirms a hold; the same number sends the same key and body."""
    body = {"hold": hold, "customer": customer(number)}
    headers = {"Idempotency-Key": f"key-{number}"}
    return requests.post(f"{served.url}/api/v1/bookings", json=body, headers=headers, timeout=30)


def book(served: Served, number: int) -> None:
    """A confirmed booking."""
    answer = confirm(served, number, hold(served, number))
    assert answer.status_code == 201, answer.text


def later(served: Served, seconds: float) -> None:
    """The clock of all processes of this house goes on by so much at once."""
    clock = served.folder / "clock"
    clock.write_text(str(float(clock.read_text()) + seconds))


def unsent(store: Store) -> int:
    """How many messages that should have left are not settled."""
    return int(store.value(f"SELECT count(*) FROM message WHERE {AT_ONCE} AND state <> 'sent'"))


def workers(served: Served) -> set[str]:
    """The processes that answer."""
    with open(f"/proc/{served.process.pid}/task/{served.process.pid}/children") as children:
        return set(children.read().split())
