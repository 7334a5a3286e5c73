"""Redis stopped, emptied, hanging: customers book as always, and every message leaves once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
import requests
from flask import Flask
from rq import Queue, SimpleWorker
from rq.serializers import JSONSerializer
from sqlalchemy import select

from models.base import db
from models.outbox import Message
from notifications import beside, dispatch
from tests.factories import booked
from tests.faults.watching import book, unsent, until
from tests.races.racing import Store
from tests.support.carriers import Carriers
from tests.support.servers import OwnRedis
from tests.support.time import Clock
from tests.support.web import Served

pytestmark = pytest.mark.timeout(300)


def once_each(carriers: Carriers, bookings: int) -> None:
    assert len(carriers.texts) == bookings
    assert set(carriers.copies_of_texts().values()) == {1}
    assert set(carriers.copies_of_mails().values()) == {1}


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_stopped_before_the_start_then_there_then_stopped_again(
    serve: Callable[..., Served], run_worker: Callable[..., Any], own_redis: OwnRedis, carriers: Carriers
):
    own_redis.die()
    served = serve("clinic", REDIS_URL=own_redis.url, **carriers.settings)
    store = Store(served.environ["DATABASE_URL"])
    worker = run_worker(served)
    book(served, 1)
    assert "delayed" in requests.get(f"{served.url}/readyz", timeout=30).json()["redis"]
    until(lambda: unsent(store) == 0 and carriers.texts, "the worker has sent without Redis")
    own_redis.start()
    book(served, 2)
    until(lambda: unsent(store) == 0, "everything was sent with Redis back")
    own_redis.die()
    book(served, 3)
    until(lambda: unsent(store) == 0, "everything was sent with Redis gone again")
    assert worker.poll() is None
    once_each(carriers, 3)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_emptied_while_much_waits_and_one_is_on_its_way(
    serve: Callable[..., Served], run_worker: Callable[..., Any], own_redis: OwnRedis, carriers: Carriers
):
    served = serve("clinic", REDIS_URL=own_redis.url, **carriers.settings)
    store = Store(served.environ["DATABASE_URL"])
    carriers.answers.clear()
    run_worker(served)
    for number in range(10):
        book(served, number)
    assert carriers.waiting.acquire(timeout=90), "nothing is on its way"
    own_redis.flush()
    carriers.answers.set()
    until(lambda: unsent(store) == 0, "everything was sent")
    once_each(carriers, 10)


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_hanging_keeps_nobody_waiting(
    serve: Callable[..., Served], run_worker: Callable[..., Any], own_redis: OwnRedis, carriers: Carriers
):
    served = serve("clinic", REDIS_URL=own_redis.url, RATE_LIMITS="on", **carriers.settings)
    store = Store(served.environ["DATABASE_URL"])
    run_worker(served)
    book(served, 1)
    until(lambda: unsent(store) == 0, "the worker runs")
    own_redis.hang()
    for number in (2, 3):
        book(served, number)
    until(lambda: unsent(store) == 0, "the worker has sent past the hanging Redis")
    own_redis.go_on()
    book(served, 4)
    until(lambda: unsent(store) == 0, "everything was sent with Redis going on")
    once_each(carriers, 4)


def test_the_queue_alone_would_lose_what_an_emptied_redis_held(
    app: Flask, make_app: Callable[..., Flask], load_business: Callable[..., Any], clock: Clock, redis_url: str
):
    load_business("clinic")
    booked("check-up", clock.now)
    db.session.rollback()
    other = make_app(REDIS_URL=redis_url)

    def states() -> set[str]:
        query = select(Message.state).where(Message.kind.in_(("confirmation", "staff_booked")))
        return set(db.session.execute(query).scalars())

    with other.app_context(), redis.Redis.from_url(redis_url) as bell, pytest.MonkeyPatch.context() as patch:
        patch.setattr(beside, "_app", other)
        queue = Queue(dispatch.QUEUE, connection=bell, serializer=JSONSerializer)
        worker = SimpleWorker([queue], connection=bell, serializer=JSONSerializer)
        assert dispatch.enqueue_due() == 3
        bell.flushdb()
        worker.work(burst=True, logging_level="WARNING")
        assert states() == {"ready"}, "nobody looked at the database, and yet something was sent"
        db.session.rollback()
        assert dispatch.enqueue_due() == 3
        worker.work(burst=True, logging_level="WARNING")
        assert states() == {"sent"}
        db.session.rollback()
