"""No room for the log: what cannot be written down is lost, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.faults.watching import book, confirm, hold, unsent, until, workers
from tests.races.racing import Store
from tests.support.web import Served

pytestmark = pytest.mark.timeout(300)
# The kernel's device that has never room: https://man7.org/linux/man-pages/man4/full.4.html
FULL = Path("/dev/full")
# More than fits into what a process keeps before it writes.
MANY = 120


@pytest.fixture(params=["full", "kept"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where server and worker write: nowhere, or for the control into files."""
    for folder, name in (("served-0", "server.log"), (".", "worker-0.log")):
        place = tmp_path / folder / name
        place.parent.mkdir(exist_ok=True)
        if request.param == "full":
            place.symlink_to(FULL)
    return tmp_path / "served-0" / "server.log"


# What is written never meets the database. As services run: without a buffer set off by hand.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("kind", ["text", "json"])
def test_requests_and_messages_go_on(
    serve: Callable[..., Served], run_worker: Callable[..., Any], tmp_path: Path, log: Path, kind: str
):
    fails = tmp_path / "fails"
    served = serve("clinic", processes=1, LOG=kind, PYTHONUNBUFFERED="", FAILPOINTS=f"before_commit=raise@{fails}")
    before = workers(served)
    for number in range(3):
        held = hold(served, number)
        fails.touch()
        assert confirm(served, number, held).status_code == 500
        assert confirm(served, number, held).status_code == 201

    with requests.Session() as visitor:
        for _ in range(MANY):
            odd = visitor.get(served.url, headers={"Host": "another.example"}, timeout=30)
            assert odd.status_code == 400
    assert requests.get(f"{served.url}/find", timeout=30).status_code == 200
    book(served, 10)
    # Its first round fails, which it has to say as well.
    fails.touch()
    sender = run_worker(served)
    store = Store(served.environ["DATABASE_URL"])
    until(lambda: not unsent(store), "the messages have left")
    assert sender.poll() is None
    assert workers(served) == before, "a process died of its log"
    assert store.value("SELECT count(*) FROM booking") == 4
    if log.is_symlink():
        return
    said = log.read_text()
    assert "failpoints.Failed" in (tmp_path / "worker-0.log").read_text()
    assert said.count("failure F-") == 3
    assert said.count("not a name of ours") == MANY
