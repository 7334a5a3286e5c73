"""How the diary is laid out: which days a view has, what lies beside what, how much of the open time is taken.

Instants are whole UTC minutes, intervals half-open and sorted, as in ``scheduling``.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from scheduling.hours import FIRST_DAY, LAST_DAY
from scheduling.intervals import Interval, Intervals, subtract, union

VIEWS = ("day", "week", "month", "list")
LINES = 8
QUARTER = 15


def days_of(view: str, day: date) -> tuple[date, date]:
    """The first and the last date of a view around ``day``: the Monday–Sunday week, the month, or the day itself."""
    if view == "week":
        first = kept(day - timedelta(days=day.weekday()))
        return first, first + timedelta(days=6)
    if view == "month":
        return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    return day, day


def turned(view: str, day: date, pages: int) -> date:
    """The day to open when one leafs ``pages`` on: the same weekday of another week, the first of another month."""
    if view == "month":
        months = day.year * 12 + day.month - 1 + pages
        return kept(date(months // 12, months % 12 + 1, 1))
    return kept(day + timedelta(days=pages * (7 if view == "week" else 1)))


def kept(day: date) -> date:
    """``day``, or the nearest one that has whole weeks and months around it on every clock."""
    return min(max(day, FIRST_DAY + timedelta(days=40)), LAST_DAY - timedelta(days=40))


def within(intervals: Iterable[Interval], begin: int, end: int) -> Intervals:
    """What of ``intervals`` lies in ``[begin, end)``."""
    return [(max(low, begin), min(high, end)) for low, high in intervals if low < end and high > begin]


def both(one: Intervals, other: Intervals) -> Intervals:
    """What lies in both."""
    return subtract(one, subtract(one, other))


def length(intervals: Iterable[Interval]) -> int:
    """Minutes in all."""
    return sum(high - low for low, high in intervals)


def share(taken: Iterable[Interval], open_: Intervals) -> int | None:
    """How many per cent of the open minutes are taken; None where nothing is open. Taken and not all of it is never 100,
    taken at all never 0."""
    whole = length(open_)
    if not whole:
        return None
    used = length(both(open_, union(taken)))
    percent = round(used * 100 / whole)
    return min(max(percent, 1 if used else 0), 100 if used == whole else 99)


def absence(house: Intervals, own: Intervals) -> tuple[str, int] | None:
    """What is said of somebody on a day on which the house is open: ``("out", 0)`` who is not in at all, ``("from", minute)``
    who comes a half-hour or more after it has opened; None where there is nothing to say."""
    if not house:
        return None
    if not own:
        return "out", 0
    return ("from", own[0][0]) if own[0][0] >= house[0][0] + 2 * QUARTER else None


def frame(spans: Sequence[Interval], begin: int, end: int) -> Interval:
    """The part of a day that is drawn: whole hours around everything in it, at least eight where the day has them; from 8 to
    18 hours after midnight where there is nothing."""
    shown = within(spans, begin, end) or [(begin + 480, begin + 1080)]
    low = begin + (min(each[0] for each in shown) - begin) // 60 * 60
    high = begin - (begin - max(each[1] for each in shown)) // 60 * 60
    high = min(end, max(high, low + 480))
    return max(begin, min(low, high - 480)), high


def lanes(spans: Sequence[Interval]) -> list[tuple[int, int]]:
    """For each of ``spans`` (sorted by start) its lane and how many lanes lie beside each other there."""
    found: list[tuple[int, int]] = []
    group: list[int] = []
    ends: list[int] = []

    def settle() -> None:
        for index in group:
            found[index] = (found[index][0], len(ends))

    for index, (low, high) in enumerate(spans):
        if ends and low >= max(ends):
            settle()
            group, ends = [], []
        lane = next((number for number, until in enumerate(ends) if until <= low), len(ends))
        ends[lane : lane + 1] = [high]
        group.append(index)
        found.append((lane, 0))
    settle()
    return found


def fold(count: int) -> int:
    """How many of ``count`` lines a day shows: all of them up to eight; of more, one gives way to "2 more"."""
    return count if count <= LINES else LINES - 1


def worth_a_column(busy: Sequence[bool], today: int | None = None) -> range:
    """Which days of a Monday–Sunday week are drawn (indices): from Monday to Friday at least, the weekend as far as anything
    is open or booked, and as far as ``today``."""
    last = max([4, today or 0, *(index for index, each in enumerate(busy) if each)])
    return range(min(last + 1, len(busy)))
