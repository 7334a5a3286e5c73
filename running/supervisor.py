"""The one process of ``make run``: starts web server, worker and Valkey, watches them, ends them all."""

from __future__ import annotations

import errno
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

import config
from running import valkey
from running.children import Child

ANY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104  compared with, not bound to
THREADS = 32


def main() -> int:
    """Runs until it is told to end. Exit codes: 0 ended, 1 cannot start, 2 a setting cannot be used."""
    try:
        settings = config.load()
    except config.SettingError as error:
        return _say(str(error), 2)
    try:
        listener = _listen(settings.host, settings.port)
    except OSError as error:
        return _say(_why_not(error, settings), 1)
    environ = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if settings.host in ANY_ADDRESS and "BASE_URL" not in environ and not _written(".env", "BASE_URL"):
        # Links in messages are opened on the phone, where 127.0.0.1 is the phone itself.
        environ["BASE_URL"] = f"http://{lan_address()}:{settings.port}"
    prepared, sign_in = _prepare(environ)
    if prepared:
        return prepared
    folder = None
    program = valkey.binary() if settings.redis_url is None else None
    if program is not None:
        folder = valkey.new_folder()
        environ["REDIS_URL"] = valkey.url(folder)
    try:
        _Supervisor(settings, _children(settings, environ, listener, program, folder), environ, sign_in).run()
    finally:
        listener.close()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def _prepare(environ: Mapping[str, str]) -> tuple[int, str]:
    """Runs ``running.prepare``: its exit code, and how to sign in at the desk, which it writes into a pipe of its own."""
    read, write = os.pipe()
    with os.fdopen(read, encoding="utf-8") as told:
        try:
            command = [sys.executable, "-m", "running.prepare", str(write)]
            code = subprocess.call(command, cwd=config.ROOT, env=environ, pass_fds=[write])
        finally:
            os.close(write)
        return code, told.read()


def lan_address() -> str:
    """This machine's address in its own network, for a phone to open. No packet is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _children(
    settings: config.Settings,
    environ: Mapping[str, str],
    listener: socket.socket,
    program: Path | None,
    folder: Path | None,
) -> list[Child]:
    """In the order in which they start; they end in the opposite one."""
    here = str(config.ROOT)
    found = []
    if program is not None and folder is not None:
        found.append(Child("Valkey", valkey.command(program, folder), environ, here))
    found.append(Child("The worker", [sys.executable, "-m", "flask", "--app", "wsgi", "worker"], environ, here))
    web = [
        *(sys.executable, "-m", "gunicorn", "wsgi:app", "--bind", f"fd://{listener.fileno()}"),
        *("--worker-class", "gthread", "--workers", str(settings.web_workers), "--threads", str(THREADS)),
        *("--graceful-timeout", "10", "--timeout", "60", "--no-control-socket", "--log-level", "warning"),
    ]
    if Path("/dev/shm").is_dir():  # noqa: S108  gunicorn makes private files there
        web += ["--worker-tmp-dir", "/dev/shm"]  # noqa: S108
    found.append(Child("The web server", web, environ, here, pass_fds=[listener.fileno()]))
    return found


class _Supervisor:
    def __init__(
        self, settings: config.Settings, children: list[Child], environ: Mapping[str, str], sign_in: str
    ) -> None:
        self.sign_in = sign_in
        self.settings = settings
        self.children = children
        self.base_url = environ.get("BASE_URL") or settings.base_url
        self.ending = False
        self.announced = False

    def run(self) -> None:
        wake, woken = socket.socketpair()
        woken.setblocking(False)
        wake.setblocking(False)
        signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, self._end)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        try:
            while not self.ending:
                for child in self.children:
                    child.tend(lambda line: print(line, flush=True))
                if not self.announced and self._answers():
                    self._announce()
                if select.select([wake], [], [], 1.0 if self.announced else 0.2)[0]:
                    wake.recv(4096)
        finally:
            # The web server and the worker end side by side; Valkey, which both still speak to, comes last.
            for child in self.children[-2:]:
                child.ask_to_end()
            for child in reversed(self.children):
                child.stop(patience=12)

    def _end(self, _number: int, _frame: FrameType | None) -> None:
        self.ending = True

    def _answers(self) -> bool:
        host = "127.0.0.1" if self.settings.host in ANY_ADDRESS else self.settings.host
        url = f"http://{_bracketed(host)}:{self.settings.port}/healthz"
        try:
            with urllib.request.urlopen(url, timeout=0.5) as answer:
                return bool(answer.status == 200)
        except urllib.error.HTTPError:
            # An https BASE_URL answers its own host name only; any answer shows that it runs.
            return True
        except OSError:
            return False

    def _announce(self) -> None:
        self.announced = True
        settings = self.settings
        print(f"\nFrontdesk runs: {self.base_url}", flush=True)
        print(f"  The desk: {self.base_url}/desk{self.sign_in}")
        if settings.host in ANY_ADDRESS:
            print(f"  On a phone in the same network: http://{lan_address()}:{settings.port}")
        if settings.mail_url is None or not settings.sms:
            unset = [name for name, is_set in (("Mail", settings.mail_url), ("SMS", settings.sms)) if not is_set]
            print(f"  {' and '.join(unset)}: written to {_short(settings.outgoing)}/ until an account is set")
        if settings.database_url.startswith("sqlite"):
            print(f"  Data is kept in {_short(settings.data_dir)}/")
        if not settings.production:
            print("  This is a trial: BASE_URL is not https. docs/operating.md says how to go on to production")
        print("  Ctrl-C ends all of it", flush=True)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


def _why_not(error: OSError, settings: config.Settings) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"PORT {settings.port} is in use on {settings.host}; choose another: make run PORT={settings.port + 1}"
    return f"HOST {settings.host} PORT {settings.port} cannot be opened: {error.strerror}"


def _written(name: str, setting: str) -> bool:
    path = config.ROOT / name
    return path.exists() and any(line.split("=")[0].strip() == setting for line in path.read_text().splitlines())


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _short(path: Path) -> Path:
    return path.relative_to(config.ROOT) if path.is_relative_to(config.ROOT) else path


def _say(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code
