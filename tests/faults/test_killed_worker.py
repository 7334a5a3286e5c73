"""A worker that is killed at any step of a message: it leaves all the same, and arrives once."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.faults.watching import book, later, unsent, until
from tests.invariants import check
from tests.races.racing import Store
from tests.support.carriers import Carriers
from tests.support.servers import OwnRedis
from tests.support.web import Served

pytestmark = pytest.mark.timeout(300)

STEPS = (
    "taken",  # from the queue, not yet claimed
    "claimed",  # and the claim is written
    "sending",  # the words are ready, the carrier was not asked yet
    "sent",  # the carrier has it, nobody wrote that down
    "settled",  # written down, not yet off the queue
)
LEASE = 125


def arrived_once(carriers: Carriers, *, mails_at_most: int = 1) -> None:
    """Each text once; a mail whose answer was lost may come again under the same Message-ID."""
    assert set(carriers.copies_of_texts().values()) == {1}, carriers.texts
    assert max(carriers.copies_of_mails().values()) <= mails_at_most, carriers.mails


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_the_rq_worker_dies_and_the_next_one_finishes(
    serve: Callable[..., Served],
    run_worker: Callable[..., Any],
    own_redis: OwnRedis,
    carriers: Carriers,
    tmp_path: Path,
):
    deadly = ",".join(f"{step}=kill@{tmp_path / step}" for step in STEPS)
    served = serve("clinic", REDIS_URL=own_redis.url, **carriers.settings)
    parent = run_worker(served, FAILPOINTS=deadly)
    store = Store(served.environ["DATABASE_URL"])
    for number, step in enumerate(STEPS):
        (tmp_path / step).touch()
        book(served, number)
        until(lambda step=step: not (tmp_path / step).exists(), f"a worker died at {step}")
        later(served, LEASE)
        until(lambda: unsent(store) == 0, f"what the one who died at {step} had in hand was sent")
    assert parent.poll() is None
    # A death after the carrier's yes: the first message of that booking is a mail or a text.
    arrived_once(carriers, mails_at_most=2)
    assert sum(carriers.copies_of_mails().values()) <= 2 * len(STEPS) + 1
    with store.engine.connect() as connection:
        check(connection)


def test_a_worker_without_redis_dies_and_the_next_one_finishes(
    serve: Callable[..., Served], run_worker: Callable[..., Any], carriers: Carriers, tmp_path: Path
):
    served = serve("clinic", processes=1, **carriers.settings)
    store = Store(served.environ["DATABASE_URL"])
    for number, step in enumerate(("claimed", "sent")):
        (tmp_path / step).touch()
        book(served, number)
        first = run_worker(served, FAILPOINTS=f"{step}=kill@{tmp_path / step}")
        until(lambda first=first: first.poll() == -signal.SIGKILL, f"it died at {step}")
        assert unsent(store) > 0
        later(served, LEASE)
        second = run_worker(served)
        until(lambda: unsent(store) == 0, "the next one has sent everything")
        second.kill()
    arrived_once(carriers, mails_at_most=2)


def killed_while_the_carrier_thinks(
    serve: Callable[..., Served], run_worker: Callable[..., Any], own_redis: OwnRedis, carriers: Carriers
) -> Store:
    """The carrier has taken a text and does not answer; worker and RQ worker are killed; others come after the lease."""
    served = serve("clinic", processes=1, REDIS_URL=own_redis.url, **carriers.settings)
    store = Store(served.environ["DATABASE_URL"])
    carriers.answers.clear()
    first = run_worker(served)
    book(served, 1)
    assert carriers.waiting.acquire(timeout=90), "no text has reached the carrier"
    everybody = [psutil.Process(first.pid), *psutil.Process(first.pid).children(recursive=True)]
    for each in everybody:
        each.kill()
    carriers.answers.set()
    assert store.value("SELECT state FROM message WHERE channel = 'sms' AND kind = 'confirmation'") == "claimed"
    later(served, LEASE)
    run_worker(served)
    until(lambda: unsent(store) == 0, "everything was sent")
    return store


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_text_whose_answer_was_lost_is_looked_up_and_not_sent_again(
    serve: Callable[..., Served], run_worker: Callable[..., Any], own_redis: OwnRedis, carriers: Carriers
):
    store = killed_while_the_carrier_thinks(serve, run_worker, own_redis, carriers)
    assert len(carriers.texts) == 1
    adopted = store.value("SELECT provider_id FROM message WHERE channel = 'sms' AND kind = 'confirmation'")
    assert adopted == carriers.texts[0]["sid"]


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_without_the_look_up_it_would_be_sent_twice(
    serve: Callable[..., Served], run_worker: Callable[..., Any], own_redis: OwnRedis, carriers: Carriers
):
    carriers.forgets = True
    killed_while_the_carrier_thinks(serve, run_worker, own_redis, carriers)
    assert len(carriers.texts) == 2


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_a_worker_that_is_told_to_end_finishes_what_it_has_in_hand(
    serve: Callable[..., Served], run_worker: Callable[..., Any], own_redis: OwnRedis, carriers: Carriers
):
    served = serve("clinic", processes=1, REDIS_URL=own_redis.url, **carriers.settings)
    store = Store(served.environ["DATABASE_URL"])
    worker = run_worker(served)
    carriers.answers.clear()
    book(served, 1)
    assert carriers.waiting.acquire(timeout=90), "no text has reached the carrier"
    worker.send_signal(signal.SIGTERM)
    carriers.answers.set()
    until(lambda: worker.poll() is not None, "it has ended")
    assert worker.poll() == 0
    assert store.value("SELECT state FROM message WHERE channel = 'sms' AND kind = 'confirmation'") == "sent"
