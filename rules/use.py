"""How much of the time is used: minutes by the hour of the local week, across clock changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache

from scheduling import hours
from scheduling.intervals import Interval

HOUR, WEEK = 60, 168
Hours = tuple[int, ...]
NOTHING: Hours = (0,) * WEEK


@lru_cache(maxsize=512)
def by_hour(zone: str, intervals: tuple[Interval, ...], first: date, last: date) -> Hours:
    """The minutes of ``intervals`` (UTC minutes, sorted by start) on the local dates ``first`` to ``last``, for each hour of
    the week, Monday's first hour first. An hour that clocks show twice counts twice, one that they skip not at all."""
    found = [0] * WEEK
    at = 0
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        weekday = date.fromordinal(ordinal).weekday()
        for begin, end, offset in hours.segments(zone, ordinal):
            # Whoever ends later than those before it may begin earlier: nothing longer than a stay is looked back for.
            while at < len(intervals) and intervals[at][1] <= begin:
                at += 1
            local, next_ = offset - (ordinal - hours.EPOCH) * hours.DAY, at
            while next_ < len(intervals) and intervals[next_][0] < end:
                low, high = intervals[next_]
                _spread(found, weekday * 24, max(low, begin) + local, min(high, end) + local)
                next_ += 1
    return tuple(found)


def _spread(found: list[int], monday: int, low: int, high: int) -> None:
    while low < high:
        step = min(high, (low // HOUR + 1) * HOUR)
        found[monday + low // HOUR] += step - low
        low = step


def added(those: Iterable[Hours]) -> Hours:
    """Hour by hour, all together."""
    every = list(those)
    return tuple(map(sum, zip(*every, strict=True))) if every else NOTHING


def less(one: Hours, other: Hours) -> Hours:
    """What is left of each hour, never less than nothing."""
    return tuple(max(0, whole - part) for whole, part in zip(one, other, strict=True))


def times(one: Hours, count: int) -> Hours:
    """As many minutes for ``count`` units."""
    return one if count == 1 else tuple(each * count for each in one)
