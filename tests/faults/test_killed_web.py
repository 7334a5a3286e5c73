"""A web process that is killed at any step of a booking: nothing half done, nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.faults.watching import confirm, hold, unsent, until
from tests.invariants import check
from tests.races.racing import Store
from tests.support.carriers import Carriers
from tests.support.servers import OwnRedis
from tests.support.web import Served

pytestmark = pytest.mark.timeout(300)

# Step → is the booking stored when the process dies there?
STEPS = {
    "before_begin": False,  # what was sent is read, no transaction yet
    "hold_checked": False,  # the transaction is open and holds its locks
    "before_commit": False,  # all rows are written
    "after_commit": True,  # stored, nobody was told
    "ring": True,  # stored, and the worker does not know
}


def test_a_customer_who_asks_again_has_one_booking_and_is_told_once(
    serve: Callable[..., Served],
    run_worker: Callable[..., Any],
    own_redis: OwnRedis,
    carriers: Carriers,
    tmp_path: Path,
):
    deadly = ",".join(f"{step}=kill@{tmp_path / step}" for step in STEPS)
    served = serve("clinic", REDIS_URL=own_redis.url, FAILPOINTS=deadly, **carriers.settings)
    run_worker(served, FAILPOINTS="")
    store = Store(served.environ["DATABASE_URL"])
    for number, (step, stored) in enumerate(STEPS.items()):
        held = hold(served, number)
        (tmp_path / step).touch()
        with pytest.raises(requests.ConnectionError):
            confirm(served, number, held)
        assert not (tmp_path / step).exists(), f"nobody came to {step}"
        mine = f"SELECT count(*) FROM booking WHERE name = 'Customer {number}'"
        assert store.value(mine) == stored, step
        again = confirm(served, number, held)
        assert again.status_code == 201, f"{step}: {again.text}"
        assert ("Idempotent-Replayed" in again.headers) == stored, step
        assert store.value(mine) == 1, step
    until(lambda: unsent(store) == 0, "everybody was told")
    assert len(carriers.texts) == len(STEPS)
    assert set(carriers.copies_of_texts().values()) == {1}
    assert set(carriers.copies_of_mails().values()) == {1}
    with store.engine.connect() as connection:
        check(connection)
