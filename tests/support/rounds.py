"""``--many-rounds``: the races run as often and with as many as the promises say, and the longest waits are printed.

The usual run has fewer of both, so that it stays quick. It never looks at times, only at what came out.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

_waits: dict[str, tuple[int, float]] = {}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--many-rounds", action="store_true", help="races with all their rounds and customers")


@pytest.fixture
def sizes(request: pytest.FixtureRequest) -> Callable[[int, int], int]:
    """``sizes(3, 20)``: 3 in the usual run, 20 with ``--many-rounds``."""
    many = request.config.getoption("--many-rounds")
    return lambda few, all_: all_ if many else few


def waited(test: str, answers: int, longest: float) -> None:
    """Notes what a race has seen: how many answers, and the longest wait for one (seconds)."""
    before, worst = _waits.get(test, (0, 0.0))
    _waits[test] = before + answers, max(worst, longest)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if not _waits or not config.getoption("--many-rounds"):
        return
    terminalreporter.section("longest wait of any racer")
    for test, (answers, longest) in _waits.items():
        terminalreporter.write_line(f"{longest * 1000:6.0f} ms  of {answers:5} answers  {test}")
