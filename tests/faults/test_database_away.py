"""PostgreSQL gone for a while, and connections that break in the middle: a clear answer, and the same key has one effect."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.faults.watching import book, confirm, hold, unsent, until, workers
from tests.invariants import check
from tests.races.racing import Store
from tests.support.databases import Database
from tests.support.gate import Gate
from tests.support.houses import load_into
from tests.support.time import NOW
from tests.support.web import Served

pytestmark = [pytest.mark.timeout(300), pytest.mark.parametrize("database", ["postgres"], indirect=True)]


@pytest.fixture
def gate(database: Database, tmp_path: Path) -> Iterator[Gate]:
    made = Gate(database.another(tmp_path))
    load_into(made.url, tmp_path, "clinic", NOW)
    yield made
    made.close()


def test_gone_and_back_again(gate: Gate, serve: Callable[..., Served], run_worker: Callable[..., Any]):
    served = serve(None, DATABASE_URL=gate.url)
    worker = run_worker(served)
    store = Store(gate.behind)
    book(served, 1)
    until(lambda: unsent(store) == 0, "the worker runs")
    gate.shut()
    assert requests.get(f"{served.url}/healthz", timeout=30).status_code == 200
    ready = requests.get(f"{served.url}/readyz", timeout=30)
    assert (ready.status_code, ready.json()["database"]) == (503, "unavailable")
    for path in ("/book/check-up", "/api/v1/services/check-up/slots"):
        answer = requests.get(f"{served.url}{path}", timeout=30)
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["Retry-After"]) > 0
    time.sleep(3)  # the worker looks twice in the meantime
    gate.open()
    book(served, 2)
    until(lambda: unsent(store) == 0, "the worker has gone on")
    assert worker.poll() is None
    assert "Traceback" not in (served.folder.parent / "worker-0.log").read_text()


def test_cut_again_and_again_while_many_confirm(gate: Gate, serve: Callable[..., Served]):
    served = serve(None, DATABASE_URL=gate.url)
    held = [hold(served, number) for number in range(16)]
    told: Counter[int] = Counter()

    def customers(numbers: range) -> None:
        for number in numbers:
            for _ in range(200):
                answer = confirm(served, number, held[number])
                told[answer.status_code] += 1
                if answer.status_code != 503:
                    break

    crowd = [threading.Thread(target=customers, args=(range(first, 16, 4),)) for first in range(4)]
    for each in crowd:
        each.start()
    while any(each.is_alive() for each in crowd):
        gate.cut()
        time.sleep(0.3)
    store = Store(gate.behind)
    assert told.pop(201) == 16
    assert set(told) == {503}, told
    assert store.value("SELECT count(*) FROM booking") == 16
    with store.engine.connect() as connection:
        check(connection)


@pytest.fixture
def few(gate: Gate) -> Iterator[tuple[str, Callable[[int], None]]]:
    """The address for a user of the database of her own, and how many connections she may have from now on."""
    owner = Store(gate.behind).engine.execution_options(isolation_level="AUTOCOMMIT")
    name = f"few_{owner.url.database}"

    def may_have(connections: int) -> None:
        with owner.connect() as connection:
            connection.exec_driver_sql(f'ALTER ROLE "{name}" CONNECTION LIMIT {connections}')
            connection.exec_driver_sql(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'"
            )

    with owner.connect() as connection:
        connection.exec_driver_sql(f'CREATE ROLE "{name}" LOGIN')
        for kind in ("TABLES", "SEQUENCES"):
            connection.exec_driver_sql(f'GRANT ALL ON ALL {kind} IN SCHEMA public TO "{name}"')
    yield owner.url.set(username=name).render_as_string(hide_password=False), may_have
    may_have(0)
    with owner.connect() as connection:
        connection.exec_driver_sql(f'DROP OWNED BY "{name}"')
        connection.exec_driver_sql(f'DROP ROLE "{name}"')


def test_a_server_that_takes_no_more_connections(
    few: tuple[str, Callable[[int], None]], serve: Callable[..., Served], gate: Gate
):
    url, may_have = few
    served = serve(None, DATABASE_URL=url)
    book(served, 1)
    before = workers(served)
    may_have(0)
    assert requests.get(f"{served.url}/healthz", timeout=30).status_code == 200
    for path in ("/readyz", "/book/check-up", "/api/v1/services/check-up/slots"):
        answers = [requests.get(f"{served.url}{path}", timeout=30) for _ in range(5)]
        assert {answer.status_code for answer in answers} == {503}, path
    may_have(20)
    book(served, 2)
    assert requests.get(f"{served.url}/readyz", timeout=30).status_code == 200
    assert workers(served) == before, "a process went down over it"
