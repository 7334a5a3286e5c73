"""Sorted, disjoint, half-open intervals of whole UTC minutes; neighbours that touch are one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

Interval = tuple[int, int]
Intervals = list[Interval]


def union(intervals: Iterable[Interval]) -> Intervals:
    """Any intervals, in any order, as sorted disjoint ones; empty ones vanish, touching ones merge."""
    merged: Intervals = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return merged


def intersect(one: Intervals, other: Intervals) -> Intervals:
    """What lies in both."""
    found: Intervals = []
    i = j = 0
    while i < len(one) and j < len(other):
        start = max(one[i][0], other[j][0])
        end = min(one[i][1], other[j][1])
        if start < end:
            found.append((start, end))
        if one[i][1] < other[j][1]:
            i += 1
        else:
            j += 1
    return found


def subtract(one: Intervals, other: Intervals) -> Intervals:
    """What lies in ``one`` and not in ``other``."""
    left: Intervals = []
    j = 0
    for start, end in one:
        while j < len(other) and other[j][1] <= start:
            j += 1
        k = j
        while k < len(other) and other[k][0] < end:
            if other[k][0] > start:
                left.append((start, other[k][0]))
            start = max(start, other[k][1])
            k += 1
        if start < end:
            left.append((start, end))
    return left


def around(intervals: Intervals, minute: int) -> Interval | None:
    """The interval that holds ``minute``, or None."""
    index = bisect_right(intervals, (minute, 1 << 62)) - 1
    if index >= 0 and intervals[index][0] <= minute < intervals[index][1]:
        return intervals[index]
    return None


def holds(intervals: Intervals, start: int, end: int) -> bool:
    """True when ``[start, end)`` lies wholly inside one of them."""
    index = bisect_right(intervals, (start, 1 << 62)) - 1
    return index >= 0 and end <= intervals[index][1]


def touches(intervals: Intervals, minute: int) -> bool:
    """True when ``minute`` lies in one of them or at an edge of it."""
    index = bisect_right(intervals, (minute, 1 << 62)) - 1
    return index >= 0 and minute <= intervals[index][1]


def overlaps(intervals: Intervals, start: int, end: int) -> bool:
    """True when any of them overlaps ``[start, end)``."""
    index = bisect_right(intervals, (end - 1, 1 << 62)) - 1
    return index >= 0 and intervals[index][1] > start
