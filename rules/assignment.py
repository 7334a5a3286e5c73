"""Who gets it: the strategies of a service, each choice with its reason as data that can be said in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class Load:
    """What a candidate has to do. ``week`` bookings in the local Monday-Sunday week of the start, ``minutes`` on its
    local day; ``last`` is a number that grows with the time of the latest booking given to it, 0 for none; ``near`` when it is
    at home in the region of the place."""

    id: int
    order: int
    weight: int = 1
    week: int = 0
    minutes: int = 0
    last: int = 0
    near: bool = False


def rank(strategy: str, loads: Sequence[Load]) -> list[Load]:
    """The candidates, best first. ``priority`` keeps the order given; ``region`` takes those of the place's region first."""
    if strategy == "priority":
        return list(loads)
    if strategy == "round_robin":
        return sorted(loads, key=lambda load: (load.last, load.order))
    fewest = sorted(loads, key=lambda load: (Fraction(load.week, load.weight), load.minutes, load.last, load.order))
    return sorted(fewest, key=lambda load: not load.near) if strategy == "region" else fewest


def reason(strategy: str, loads: Sequence[Load], chosen: int) -> dict[str, Any]:
    """Why ``chosen`` was taken among ``loads`` (those that were free), as a code and the figures of its sentence.

    Codes: only_one_free, needs_together (a better one serves another need of the booking), same_region, first_in_order,
    fewest_that_week and fewest_minutes_that_day (``own`` against ``next``), longest_without.
    """
    if len(loads) == 1:
        return {"code": "only_one_free"}
    ranked = rank(strategy, loads)
    if ranked[0].id != chosen:
        return {"code": "needs_together"}
    mine, following = ranked[0], ranked[1]
    if strategy == "region" and mine.near != following.near:
        return {"code": "same_region"}
    if strategy in ("fewest_bookings", "region"):
        if Fraction(mine.week, mine.weight) != Fraction(following.week, following.weight):
            figures = {"code": "fewest_that_week", "own": mine.week, "next": following.week}
            weights = {"own_weight": mine.weight, "next_weight": following.weight}
            return figures if mine.weight == following.weight else figures | weights
        if mine.minutes != following.minutes:
            return {"code": "fewest_minutes_that_day", "own": mine.minutes, "next": following.minutes}
    if strategy != "priority" and mine.last != following.last:
        return {"code": "longest_without"}
    return {"code": "first_in_order"}
