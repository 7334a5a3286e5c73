"""A client that behaves like a browser towards the application, and a real server for many of them."""

from __future__ import annotations

import contextvars
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

import config
from models.base import db
from running.children import end_with_parent, kill_group

SECRET_KEY = "a secret key for tests, forty letters long"


class Visitor(FlaskClient):
    """Each request gets an application context of its own, as on a real server, though the test stands in one."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.rollback()
        answer = contextvars.Context().run(super().open, *args, **kwargs)
        # What the test reads next is what the request has written.
        db.session.rollback()
        db.session.expire_all()
        return answer


class Served:
    """A real gunicorn on a port of its own, against a database of its own."""

    def __init__(self, environ: Mapping[str, str], folder: Path, *, processes: int = 2, threads: int = 4) -> None:
        self.folder = folder
        self.log = folder / "server.log"
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1024)
            self.port = listener.getsockname()[1]
            self.url = f"http://127.0.0.1:{self.port}"
            self.environ = environment(folder, {"BASE_URL": self.url, "PORT": str(self.port), **environ})
            command = [
                *(sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"fd://{listener.fileno()}"),
                *("--worker-class", "gthread", "--workers", str(processes), "--threads", str(threads)),
                # Imported once and forked: the processes are as real, and start in a quarter of the time.
                *("--preload", "--no-control-socket", "--log-level", "warning", "--graceful-timeout", "2"),
            ]
            self.process = start(command, self.environ, self.log, pass_fds=[listener.fileno()])
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            try:
                if requests.get(f"{self.url}/healthz", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.1)
            if self.process.poll() is not None:
                break
        self.stop()
        # A log may be a device that never ends.
        said = self.log.read_text() if self.log.is_file() else self.log
        raise RuntimeError(f"the server did not start:\n{said}")

    def stop(self) -> None:
        """Ends it and its processes, as a power cut would: what was answered has to be stored."""
        stop(self.process, how=signal.SIGKILL)


def environment(folder: Path, more: Mapping[str, str]) -> dict[str, str]:
    """The environment of a process of the product: nothing of the developer's settings, everything in ``folder``."""
    own = {name: value for name, value in os.environ.items() if name not in config.NAMES}
    return {
        **own,
        "DATA_DIR": str(folder),
        "SECRET_KEY": SECRET_KEY,
        "DEMO": "0",
        "RATE_LIMITS": "off",
        "PYTHONUNBUFFERED": "1",
        # What one process has compiled the next hundred need not: a fifth of what a start takes.
        "PYTHONDONTWRITEBYTECODE": "",
        **more,
    }


def start(
    command: list[str], environ: Mapping[str, str], log: Path, *, pass_fds: list[int] | None = None
) -> subprocess.Popen[bytes]:
    """Starts a process of the product whose words go to ``log`` and which ends with this one."""
    with log.open("ab") as file:
        return subprocess.Popen(
            command,
            cwd=config.ROOT,
            env=dict(environ),
            pass_fds=pass_fds or [],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=end_with_parent(),
        )


def stop(process: subprocess.Popen[bytes], *, how: signal.Signals = signal.SIGTERM, patience: float = 10) -> int:
    """Ends a process and all that it has started. Its exit code."""
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
    kill_group(process)
    return process.wait()


def token_in(html: str) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', html)
    assert found, "the page has no form token"
    return found[1]
