"""A real Chromium: found, or installed where this may be done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "No Chromium here: install it, or name one in CHROMIUM"


def found() -> str | None:
    """The path of a Chromium: ``CHROMIUM`` in the environment, else one on the PATH."""
    return os.environ.get("CHROMIUM") or next((path for path in map(shutil.which, NAMES) if path), None)


def provide() -> str | None:
    """Installs Chromium and Chinese letters through apt where there is none and we may. One line that says why not, or None."""
    if found():
        return None
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return MISSING
    print("Installing Chromium for the tests in a browser ...", flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium", "fonts-noto-cjk"],
    ):
        done = subprocess.run(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode:
            sys.stderr.write(done.stdout[-2000:])
            return f"{MISSING} (`{' '.join(command)}` failed)"
    return None if found() else MISSING


@contextmanager
def started() -> Iterator[Any]:
    """The Chromium that was found, driven through Playwright."""
    from playwright.sync_api import sync_playwright

    path = found()
    assert path, MISSING
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


def comes_true(page: Any, expression: str, seconds: float = 30) -> None:
    """Waits until a JavaScript expression is true in the page. Playwright's own waiting evaluates it inside of the page, where
    our policy forbids that as soon as it was not true at once."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, f"never true: {expression}"
        page.wait_for_timeout(20)
