"""Somebody sends a form a byte at a time: the proxy waits for it, and what comes past the proxy holds a process for a while only."""

from __future__ import annotations

import re
import shlex
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.faults.watching import until
from tests.house.test_deploy import DEPLOY, OURS, directives, unit
from tests.support.databases import Database
from tests.support.servers import free_port
from tests.support.web import environment, start, stop

pytestmark = pytest.mark.timeout(120)
# What the unit has is too long for a test; the server does the same after fewer seconds.
PATIENCE = 3


def given(command: list[str], option: str) -> str:
    """What an option of a command is set to."""
    return command[command.index(option) + 1]


@pytest.fixture
def command() -> list[str]:
    """What the unit of the web server starts."""
    return shlex.split(unit("frontdesk-web.service")["Service.ExecStart"][0])


@pytest.fixture
def served(database: Database, tmp_path: Path, command: list[str]) -> Iterator[str]:
    """The server as the unit has it, with one process that loses its patience sooner; its address."""
    port = free_port()
    changes = {"--bind": f"127.0.0.1:{port}", "--workers": "1", "--timeout": str(PATIENCE)}
    for option, value in changes.items():
        command[command.index(option) + 1] = value
    assert command[0] == OURS
    url = f"http://127.0.0.1:{port}"
    environ = environment(tmp_path, {"DATABASE_URL": database.another(tmp_path), "BASE_URL": url})
    # Imported before it is forked: on a busy machine that alone would take a process longer than it has.
    process = start([sys.executable, *command[1:], "--preload"], environ, tmp_path / "server.log")
    until(lambda: process.poll() is not None or _lives(url), "the server answers")
    yield url
    stop(process)


def _lives(url: str) -> bool:
    try:
        return requests.get(f"{url}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_body_that_drips_in_holds_a_process_for_a_while_only(served: str):
    host, port = served.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(
            b"POST /find HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 1000\r\n\r\n"
        )
        began = time.monotonic()
        slow.sendall(b"r")
        slow.settimeout(0.5)
        # The only process there is reads the slow one; whoever comes now waits for it.
        with pytest.raises(requests.Timeout):
            requests.get(f"{served}/healthz", timeout=1)
        until(lambda: _dropped(slow), "the slow one is let go", seconds=PATIENCE * 10)
        assert time.monotonic() - began >= PATIENCE / 2
    assert requests.get(f"{served}/healthz", timeout=30).ok


def _dropped(slow: socket.socket) -> bool:
    """Sends one more byte; True once nobody is there."""
    try:
        slow.sendall(b"x")
        return slow.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


def test_the_unit_says_how_long(command: list[str]):
    assert 0 < int(given(command, "--timeout")) <= 30
    # A worker of another class beats on while a request of its is read.
    assert "--worker-class" not in command
    assert "-k" not in command
    assert "--threads" not in command


def test_proxies_wait_for_a_body_themselves():
    found = [
        *directives((DEPLOY / "nginx.conf").read_text()),
        *directives((DEPLOY / "frontdesk-proxy.conf").read_text()),
    ]
    said = {each[0]: each[1] for each in found if len(each) == 2}
    assert said["proxy_request_buffering"] == "on"
    assert int(said["client_body_timeout"].removesuffix("s")) <= 60
    assert int(said["client_header_timeout"].removesuffix("s")) <= 60
    caddy = re.sub(r"#.*", "", (DEPLOY / "Caddyfile").read_text())
    assert re.search(r"servers \{\s+timeouts \{\s+read_header \d+s\s+read_body \dm\s+\}\s+\}", caddy)
    assert re.search(r"reverse_proxy 127\.0\.0\.1:8000 \{\s+request_buffers 1MB\s+\}", caddy)
