"""Many customers at once against a real server, and what the database says afterwards."""

from __future__ import annotations

import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import requests
import sqlalchemy as sa

OVERLAPS = """
SELECT count(*) FROM allocation a JOIN allocation b ON a.unit_id = b.unit_id AND a.id < b.id
WHERE a.live AND b.live AND a.busy_from < b.busy_to AND b.busy_from < a.busy_to
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one customer was told, and how long she waited (seconds)."""

    status: int
    body: dict[str, Any]
    waited: float

    @property
    def code(self) -> str:
        """The stable code of a refusal, or "" for a yes."""
        return "" if self.status < 300 else str(self.body.get("code"))


def at_once(acts: Sequence[Callable[[requests.Session], requests.Response]]) -> list[Answer]:
    """Runs all of them at the same moment, each with a connection that is already open."""
    barrier = threading.Barrier(len(acts))
    answers: list[Answer | None] = [None] * len(acts)

    def run(index: int, act: Callable[[requests.Session], requests.Response]) -> None:
        with requests.Session() as session:
            barrier.wait()
            began = time.monotonic()
            response = act(session)
            waited = time.monotonic() - began
            body = response.json() if response.content else {}
            answers[index] = Answer(response.status_code, body, waited)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = [answer for answer in answers if answer is not None]
    assert len(found) == len(acts), "a customer got no answer"
    return found


def customer(number: int) -> dict[str, str]:
    """A customer of her own."""
    return {"name": f"Customer {number}", "phone": f"+49 151 2345{number:04}", "email": f"customer{number}@example.com"}


def booking(
    url: str, number: int, service: str, start: str, key: str | None = None, **more: Any
) -> Callable[[requests.Session], requests.Response]:
    """An attempt to book."""
    body = {"service": service, "start": start, "customer": customer(number), **more}
    headers = {"Idempotency-Key": key or secrets.token_hex(8)}
    return lambda session: session.post(f"{url}/api/v1/bookings", json=body, headers=headers, timeout=60)


def slots(url: str, service: str, **query: Any) -> list[dict[str, Any]]:
    """The free starts."""
    answer = requests.get(f"{url}/api/v1/services/{service}/slots", params=query, timeout=30)
    assert answer.status_code == 200, answer.text
    return answer.json()["slots"]


def told(answers: Sequence[Answer]) -> Counter[str]:
    """How often which code was told; "" is a yes."""
    return Counter(answer.code for answer in answers)


class Store:
    """The served database, looked at from outside."""

    def __init__(self, url: str) -> None:
        self.engine = sa.create_engine(url)

    def value(self, query: str) -> Any:
        """One value."""
        with self.engine.connect() as connection:
            return connection.execute(sa.text(query)).scalar()

    def overlaps(self) -> int:
        """Pairs of live allocations of one unit that overlap: must be 0."""
        return int(self.value(OVERLAPS))

    def deadlocks(self) -> int:
        """Deadlocks that PostgreSQL has counted."""
        if self.engine.dialect.name != "postgresql":
            return 0
        return int(self.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))

    def drop_guard(self) -> None:
        """For the controls: what the database would let through."""
        with self.engine.begin() as connection:
            if self.engine.dialect.name == "postgresql":
                connection.execute(sa.text("ALTER TABLE allocation DROP CONSTRAINT one_owner"))
            else:
                connection.execute(sa.text("DROP TRIGGER one_owner_insert"))
                connection.execute(sa.text("DROP TRIGGER one_owner_update"))

    def close(self) -> None:
        """Lets the database go."""
        self.engine.dispose()
