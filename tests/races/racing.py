"""Many customers at once against a real server, and what the database says afterwards."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import requests
import sqlalchemy as sa

T = TypeVar("T")
Act = Callable[[requests.Session], requests.Response]

OVERLAPS = """
SELECT count(*) FROM allocation a JOIN allocation b ON a.unit_id = b.unit_id AND a.id < b.id
WHERE a.live AND b.live AND a.busy_from < b.busy_to AND b.busy_from < a.busy_to
"""
CONNECTED = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
AND backend_type = 'client backend'
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


def together(acts: Sequence[Callable[[], T]]) -> list[T]:
    """Runs all of them at the same moment, each in a thread of its own, and gives what they return. Their first error
    is raised."""
    barrier = threading.Barrier(len(acts))
    done: list[T | None] = [None] * len(acts)
    errors: list[BaseException] = []

    def run(index: int, act: Callable[[], T]) -> None:
        try:
            barrier.wait()
            done[index] = act()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return done  # type: ignore[return-value]


def at_once(acts: Sequence[Act]) -> list[Answer]:
    """The answers to requests that leave at the same moment, each on a connection of its own."""

    def asked(act: Act) -> Callable[[], Answer]:
        def run() -> Answer:
            with requests.Session() as session:
                began = time.monotonic()
                response = act(session)
                waited = time.monotonic() - began
            return Answer(response.status_code, _body(response), waited)

        return run

    return together([asked(act) for act in acts])


def _body(response: requests.Response) -> dict[str, Any]:
    return response.json() if "json" in response.headers.get("Content-Type", "") else {}


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
        # A connection for each question: none is left behind that others would have to wait for.
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)

    def rows(self, query: str, **values: Any) -> list[Any]:
        """All rows."""
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(query), values))

    def value(self, query: str, **values: Any) -> Any:
        """One value."""
        found = self.rows(query, **values)
        return found[0][0] if found else None

    def run(self, statement: str, **values: Any) -> None:
        """Changes something."""
        with self.engine.begin() as connection:
            connection.execute(sa.text(statement), values)

    def overlaps(self) -> int:
        """Pairs of live allocations of one unit that overlap: must be 0."""
        return int(self.value(OVERLAPS))

    def deadlocks(self) -> int:
        """Deadlocks that PostgreSQL has counted in this database. A connection tells its count when it ends, so this waits
        until all others have gone: stop the server first."""
        if self.engine.dialect.name != "postgresql":
            return 0
        for _ in range(100):
            if not self.value(CONNECTED):
                break
            time.sleep(0.1)
        else:
            raise AssertionError("somebody is still connected: stop the server before counting deadlocks")
        return int(self.value("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"))

    def drop_guard(self) -> None:
        """For the controls: what the database would let through."""
        if self.engine.dialect.name == "postgresql":
            self.run("ALTER TABLE allocation DROP CONSTRAINT one_owner")
        else:
            self.run("DROP TRIGGER one_owner_insert")
            self.run("DROP TRIGGER one_owner_update")
