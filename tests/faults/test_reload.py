"""The web server is told to begin anew while people book: nobody's request fails, nothing is lost."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.faults.watching import confirm, hold, workers
from tests.invariants import check
from tests.races.racing import Store
from tests.support.web import Served

pytestmark = pytest.mark.timeout(300)
RELOADS, BOOKERS = 3, 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_new_processes_take_over_from_old_ones_without_a_failed_request(serve: Callable[..., Served]):
    served = serve("clinic")
    done = threading.Event()
    looked: list[Any] = []
    booked: list[int] = []

    def look() -> None:
        while not done.is_set():
            looked.append(_status(lambda: requests.get(f"{served.url}/book/check-up", timeout=30)))
            time.sleep(0.05)

    def book(first: int) -> None:
        for number in range(first, 1000, BOOKERS):
            if done.is_set():
                return
            booked.append(_status(lambda number=number: confirm(served, number, hold(served, number))))

    people = [threading.Thread(target=look), *(threading.Thread(target=book, args=(n,)) for n in range(BOOKERS))]
    for each in people:
        each.start()
    before = workers(served)
    for _ in range(RELOADS):
        time.sleep(1.5)
        served.process.send_signal(signal.SIGHUP)
    time.sleep(1.5)
    done.set()
    for each in people:
        each.join()
    assert not before & workers(served), "nobody was replaced"
    assert set(looked) == {200}
    assert set(booked) == {201}
    assert len(booked) > RELOADS
    store = Store(served.environ["DATABASE_URL"])
    assert store.value("SELECT count(*) FROM booking") == len(booked)
    with store.engine.connect() as connection:
        check(connection)


def _status(ask: Callable[[], requests.Response]) -> int | str:
    try:
        return ask().status_code
    except requests.RequestException as failure:
        return repr(failure)
