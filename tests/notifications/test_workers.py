"""Real workers, a real Redis: killed, flushed, several at once."""

from __future__ import annotations

import signal
import time

import pytest
import redis
import requests

from tests.races.racing import Store, booking, slots

pytestmark = pytest.mark.timeout(180)


def outgoing(served):
    return sorted(path.name for path in (served.folder / "outgoing").glob("*") if not path.name.startswith("."))


def wait(until, seconds=40):
    for _ in range(seconds * 5):
        if until():
            return True
        time.sleep(0.2)
    return False


def book(served, number):
    starts = slots(served.url, "check-up", **{"from": "2026-12-01", "to": "2026-12-18"})
    with requests.Session() as session:
        answer = booking(served.url, number, "check-up", starts[(number * 11) % len(starts)]["start"])(session)
    assert answer.status_code == 201, answer.text


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_two_workers_send_each_message_once_and_survive_a_kill(serve, run_worker, redis_url):
    served = serve("clinic", REDIS_URL=redis_url)
    first, _second = run_worker(served), run_worker(served)
    for number in range(8):
        book(served, number)
    first.send_signal(signal.SIGKILL)
    for number in range(8, 12):
        book(served, number)
    store = Store(served.environ["DATABASE_URL"])
    due = "SELECT count(*) FROM message WHERE kind IN ('confirmation', 'staff_booked') AND state = 'sent'"
    assert wait(lambda: store.value(due) == 36), store.value(due)
    assert len(outgoing(served)) == 36
    assert store.value("SELECT max(attempt) FROM message") == 1
    store.close()


def test_a_flushed_redis_loses_nothing(serve, run_worker, redis_url):
    served = serve("clinic", REDIS_URL=redis_url)
    for number in range(5):
        book(served, number)
    redis.Redis.from_url(redis_url).flushdb()
    run_worker(served)
    assert wait(lambda: len(outgoing(served)) == 15), outgoing(served)


def test_without_redis_the_worker_delivers_by_itself(serve, run_worker):
    served = serve("clinic")
    run_worker(served)
    book(served, 1)
    assert wait(lambda: len(outgoing(served)) == 3), outgoing(served)


def test_booking_goes_on_while_redis_is_away(serve, run_worker):
    served = serve("clinic", REDIS_URL="redis://127.0.0.1:1/0")
    began = time.monotonic()
    book(served, 1)
    assert time.monotonic() - began < 5
    assert "unavailable" in requests.get(f"{served.url}/readyz", timeout=10).json()["redis"]
