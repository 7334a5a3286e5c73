"""Signing in on a real server: what one process counts or ends holds in the others."""

from __future__ import annotations

import re
import subprocess
import sys

import requests

import config
from tests.support.web import Served, token_in


def flask(served: Served, *arguments: str) -> str:
    """What a command of the shell prints beside the running server."""
    command = [sys.executable, "-m", "flask", "--app", "wsgi", *arguments]
    done = subprocess.run(command, cwd=config.ROOT, env=served.environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def attempt(served: Served, password: str) -> tuple[requests.Session, requests.Response]:
    browser = requests.Session()
    token = token_in(browser.get(f"{served.url}/desk/sign-in", timeout=30).text)
    form = {"csrf_token": token, "email": "boss@praxis.example", "password": password}
    answer = browser.post(f"{served.url}/desk/sign-in", data=form, allow_redirects=False, timeout=30)
    return browser, answer


def test_what_one_process_counts_or_ends_holds_in_the_others(serve, redis_url):
    served = serve("clinic", processes=2, REDIS_URL=redis_url, RATE_LIMITS="on")
    made = flask(served, "staff", "add", "boss@praxis.example", "--role", "owner")
    flask(served, "staff", "add", "second@praxis.example", "--role", "owner")
    browser, answer = attempt(served, re.search(r"Password: (\S+)", made)[1])
    assert answer.status_code == 303
    assert {browser.get(f"{served.url}/desk/account", timeout=30).status_code for _ in range(12)} == {200}
    tries = [attempt(served, "wrong wrong wrong")[1].status_code for _ in range(8)]
    assert tries == [422] * 5 + [429] * 3
    flask(served, "staff", "leave", "boss@praxis.example")
    after = [browser.get(f"{served.url}/desk/account", allow_redirects=False, timeout=30) for _ in range(12)]
    assert {answer.headers["Location"].split("?")[0] for answer in after} == {"/desk/sign-in"}
