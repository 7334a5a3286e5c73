"""``make run``'s supervisor with its real children: what dies is started again, and nobody outlives it."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
import requests

import config
from tests.support.servers import free_port
from tests.support.web import environment, stop


def until(true: Callable[[], object], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)


class House:
    """One ``python -m running`` in a folder of its own."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.port = free_port()
        self.log = folder / "run.log"
        given = {"PORT": str(self.port), "TMPDIR": str(folder), **environ}
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "running"],
                cwd=config.ROOT,
                env=environment(folder / "data", given),
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        until(lambda: "Ctrl-C" in self.said or self.process.poll() is not None)
        assert self.process.poll() is None, self.said

    @property
    def said(self) -> str:
        return self.log.read_text()

    def ready(self) -> dict[str, str]:
        found: dict[str, str] = requests.get(f"http://127.0.0.1:{self.port}/readyz", timeout=30).json()
        return found

    def children(self) -> dict[str, psutil.Process]:
        """By the word that tells them apart on their command line."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            try:
                line = " ".join(child.cmdline())
            except psutil.Error:
                continue  # it has just died
            if line:
                found[next((word for word in ("valkey", "gunicorn", "worker") if word in line), line)] = child
        return found

    def everybody(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    everybody = made.everybody()
    yield made
    stop(made.process)
    for each in everybody:
        if each.is_running():
            each.kill()


ALL_NEW = {"valkey": True, "gunicorn": True, "worker": True}


def gone(processes: list[psutil.Process]) -> Callable[[], bool]:
    return lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in processes)


def test_it_runs_everything_starts_again_what_dies_and_ends_with_ctrl_c(house: House):
    assert f"http://127.0.0.1:{house.port}" in house.said
    assert f"The desk: http://127.0.0.1:{house.port}/desk" in house.said
    assert re.search(
        r"Nobody can sign in yet: `DATA_DIR=\S+ \S*flask --app wsgi staff add EMAIL --role owner`", house.said
    )
    assert "trial" in house.said
    assert "outgoing" in house.said
    assert set(house.children()) == {"valkey", "gunicorn", "worker"}
    until(lambda: house.ready() == {"status": "ok", "database": "ok", "redis": "ok", "worker": "ok"})

    dead = house.children()
    for each in dead.values():
        each.kill()
    until(
        lambda: (
            {name: name in dead and each.pid != dead[name].pid for name, each in house.children().items()} == ALL_NEW
        )
    )
    assert house.said.count("ended (SIGKILL)") == 3
    until(lambda: house.ready()["redis"] == "ok")

    everybody = house.everybody()
    house.process.send_signal(signal.SIGINT)
    assert house.process.wait(20) == 0
    until(gone(everybody), 1)
    assert not list(house.log.parent.glob("frontdesk-*"))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent was killed")
def test_nobody_outlives_a_supervisor_that_was_killed(house: House):
    everybody = house.everybody()
    house.process.kill()
    until(gone(everybody), 15)


def test_a_port_in_use_is_one_line(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = refused(tmp_path, PORT=str(port))
    assert done.returncode == 1
    assert done.stderr == f"PORT {port} is in use on 127.0.0.1; choose another: make run PORT={port + 1}\n"


def test_an_odd_setting_is_one_line(tmp_path: Path):
    done = refused(tmp_path, HOLD_MINUTES="ten")
    assert done.returncode == 2
    assert done.stderr == "HOLD_MINUTES must be a whole number from 1 to 120, not 'ten'\n"


def test_a_database_that_is_away_is_one_line(tmp_path: Path):
    away = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    done = refused(tmp_path, DATABASE_URL=away, PORT=str(free_port()))
    assert done.returncode == 1
    assert done.stderr.startswith("the database does not answer: ")
    assert done.stderr.count("\n") == 1


def refused(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "running"],
        cwd=config.ROOT,
        env=environment(folder, environ),
        capture_output=True,
        text=True,
        timeout=30,
    )
