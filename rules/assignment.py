"""Who gets it: the strategies of a service, each choice with its reason as data that can be said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Load:
    """What a candidate has to do. ``week`` bookings in the local Monday-Sunday week of the start, ``minutes`` on its local
    day; ``last`` is a number that grows with the time of the latest booking given to it, 0 for none."""

    id: int
    order: int
    weight: int = 1
    week: int = 0
    minutes: int = 0
    last: int = 0


def rank(strategy: str, loads: Sequence[Load]) -> list[Load]:
    """The candidates, best first. ``priority`` keeps the order given."""
    if strategy == "priority":
        return list(loads)
    if strategy == "round_robin":
        return sorted(loads, key=lambda load: (load.last, load.order))
    return sorted(loads, key=lambda load: (Fraction(load.week, load.weight), load.minutes, load.last, load.order))


def reason(strategy: str, loads: Sequence[Load], chosen: int) -> dict[str, Any]:
    """Why ``chosen`` was taken among ``loads`` (those that were free), as a code and the figures of its sentence."""
    if len(loads) == 1:
        return {"code": "only_one_free"}
    if strategy == "priority":
        return {"code": "first_in_order"}
    mine = next(load for load in loads if load.id == chosen)
    others = [load for load in loads if load.id != chosen]
    if strategy == "round_robin":
        return {"code": "longest_without"}
    least = min(other.week for other in others)
    return {"code": "fewest_that_week", "own": mine.week, "next": least}
