"""``--pure-floors``: the run fails unless every line and branch of ``scheduling/`` and ``rules/`` was reached.

What a test reaches is counted when it runs on SQLite or on no database; the same test on PostgreSQL runs uncounted, and so do
those in a browser, races and those with very many inputs: counting takes two thirds more time, and they reach nothing new.
"""

from __future__ import annotations

import io
from collections.abc import Generator

import coverage
import pytest

PURE = ["scheduling/*", "rules/*"]
UNCOUNTED = ("browser", "race", "many")
_found: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pure-floors", action="store_true", help="scheduling/ and rules/ have to be covered wholly")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    chosen = getattr(item, "callspec", None)
    again = chosen is not None and chosen.params.get("database") == "postgres"
    apart = any(item.get_closest_marker(name) for name in UNCOUNTED)
    counting = coverage.Coverage.current() if again or apart else None
    if counting is None:
        return (yield)
    counting.stop()
    try:
        return (yield)
    finally:
        counting.start()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    # Around pytest-cov's own wrapper, which has put the data of all processes together when this goes on.
    result = yield
    if session.config.getoption("--pure-floors") and not hasattr(session.config, "workerinput"):
        data = coverage.Coverage()
        data.load()
        table = io.StringIO()
        total = data.report(include=PURE, show_missing=True, skip_covered=True, file=table)
        everything = data.report(file=io.StringIO())
        _found.append(f"Covered: {everything:.0f} % of everything, {total:.2f} % of the pure floors")
        if total < 100:
            _found.append(table.getvalue())
            session.testsfailed += 1
    return result


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for text in _found:
        terminalreporter.write_line(text)
