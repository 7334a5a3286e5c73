"""Real workers: several at once, one killed, none but one without Redis."""

from __future__ import annotations

import signal
import time

import pytest

from tests.races.town import Town

pytestmark = pytest.mark.timeout(180)


def outgoing(served):
    return sorted(path.name for path in (served.folder / "outgoing").glob("*") if not path.name.startswith("."))


def wait(until, seconds=40):
    for _ in range(seconds * 5):
        if until():
            return True
        time.sleep(0.2)
    return False


def book(town, count):
    """Books as many free times as that, some way apart."""
    free = [each for day in ("2026-12-01", "2026-12-03", "2026-12-08") for each in town.starts("check-up", day)]
    for start in free[:: len(free) // count][:count]:
        town.book("check-up", start)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_two_workers_send_each_message_once_and_survive_a_kill(serve, run_worker, redis_url):
    served = serve("clinic", REDIS_URL=redis_url)
    town = Town(served)
    store = town.store
    first, _second = run_worker(served), run_worker(served)
    book(town, 8)
    first.send_signal(signal.SIGKILL)
    book(town, 4)
    due = "SELECT count(*) FROM message WHERE kind IN ('confirmation', 'staff_booked') AND state = 'sent'"
    assert wait(lambda: store.value(due) == 36), store.value(due)
    assert len(outgoing(served)) == 36
    assert store.value("SELECT max(attempt) FROM message") == 1


def test_without_redis_the_worker_delivers_by_itself(serve, run_worker):
    served = serve("clinic")
    run_worker(served)
    book(Town(served), 1)
    assert wait(lambda: len(outgoing(served)) == 3), outgoing(served)
