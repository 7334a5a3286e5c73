"""The table: each target as one line, and tries that take turns so that all see the same noise."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

from bench.load import Request, Result

ROUNDS, SECONDS = 3, 3.0
missed: list[str] = []


def get(path: str, headers: dict[str, str] | None = None) -> Callable[[int], Iterator[Request]]:
    """The same GET for ever."""
    return lambda _client: itertools.repeat(("GET", path, None, headers or {}))


def row(what: str, ratio: float, must: float, aim: float, note: str, *, most: bool = False) -> None:
    """Prints one line of the table. ``most``: the figure may be at most that much."""
    fine = ratio <= must if most else ratio >= must
    best = ratio <= aim if most else ratio >= aim
    verdict = "aim" if best else "must" if fine else "MISSED"
    sign = "≤" if most else "≥"
    if verdict == "MISSED":
        missed.append(what)
    print(f"{what:56} {ratio:9.3f}   must {sign} {must:<8g} aim {sign} {aim:<8g} {verdict:7} {note}", flush=True)


def interleaved(tries: dict[str, Callable[[], Result]]) -> dict[str, list[Result]]:
    """Each try once a round, so that all see the same noise."""
    found: dict[str, list[Result]] = {name: [] for name in tries}
    for _ in range(ROUNDS):
        for name, one in tries.items():
            found[name].append(one())
    return found
