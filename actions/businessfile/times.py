"""Times, dates and hours of a business file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from actions.businessfile.reading import Mapping, Scalar, Sequence
from actions.businessfile.values import Check, scalar, shown

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
YEARLY_AHEAD = 9
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\Z|24:00\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
YEARLY = re.compile(r"\d\d-\d\d\Z")


def day(it: Check, value: Any, place: str) -> date | None:
    """A date as YYYY-MM-DD."""
    return it.matched(value, place, _DATE, "a date like 2026-12-24", date.fromisoformat, None)


def yearly(it: Check, value: Any, place: str) -> list[tuple[date, str]]:
    """A date, or a month and day that count for this year and the nine after: (date, source) each."""
    if isinstance(value, Scalar) and YEARLY.match(value):
        month, number = map(int, value.split("-"))
        found = []
        for year in range(it.today.year, it.today.year + YEARLY_AHEAD + 1):
            try:
                found.append((date(year, month, number), "yearly"))
            except ValueError:
                if (month, number) != (2, 29):
                    it.wrong(place, f"must be a date like 12-24, not {shown(value)}", value)
                    return []
        return found
    fixed = day(it, value, place)
    return [(fixed, "file")] if fixed else []


def minute(it: Check, value: Any, place: str) -> int:
    """Minutes since midnight of ``HH:MM``, below 24:00."""
    found = it.matched(value, place, _TIME, "a time like 09:00", _minutes, 0)
    if found == 1440:
        it.wrong(place, "24:00 can only be an end", value)
    return found


def windows(it: Check, value: Any, place: str) -> list[tuple[int, int]]:
    """Windows ``HH:MM-HH:MM`` of one date, sorted; an end at or before its start runs into the next date."""
    found = []
    for where, each in it.items(value, place):
        parts = [part.strip() for part in str(each).replace("–", "-").split("-")] if isinstance(each, Scalar) else []
        if len(parts) != 2 or not all(_TIME.match(part) for part in parts) or parts[0] == "24:00":
            it.wrong(where, f"must be hours like 09:00-17:00, not {shown(each)}", each)
            continue
        start, end = _minutes(parts[0]), _minutes(parts[1])
        if start == end:
            it.wrong(where, "ends when it starts", each)
            continue
        found.append((start, end if end > start else end + 1440))
    found.sort()
    for (_, end), (start, _) in pairwise(found):
        if start < end:
            it.wrong(place, "windows overlap", value)
    return found


def week(it: Check, value: Any, place: str) -> list[list[tuple[int, int]]]:
    """Seven lists of windows, Monday first."""
    found = it.mapping(value, place, DAYS)
    return [windows(it, found.get(day), f"{place}.{day}") for day in DAYS]


@dataclass(frozen=True, slots=True)
class Spell:
    """A week with the days from and until which it holds (None: always), in every ``every``-th week from that of ``first``."""

    week: list[list[tuple[int, int]]]
    first: date | None = None
    last: date | None = None
    every: int = 1


def weeks(it: Check, value: Any, place: str) -> list[Spell]:
    """One week, or a list of weeks that each hold for their time; those that hold on one day add up."""
    if not isinstance(value, Sequence):
        return [Spell(week(it, value, place))]
    return [_spell(it, each, where) for where, each in it.items(value, place)]


def _spell(it: Check, raw: Any, place: str) -> Spell:
    value = it.mapping(raw, place, (*DAYS, "from", "until", "every"))
    first, last = day(it, value.get("from"), f"{place}.from"), day(it, value.get("until"), f"{place}.until")
    every = it.whole(value.get("every"), f"{place}.every", 1, 1, 8)
    if first and last and last < first:
        it.wrong(f"{place}.until", "ends before it starts", value["until"])
    if every > 1 and first is None:
        it.wrong(f"{place}.from", "is missing", line=value.line or None)
    if not any(value.get(each) for each in DAYS):
        it.wrong(f"{place}.{'from' if first or not last else 'until'}", "has no hours", line=value.line or None)
    return Spell([windows(it, value.get(each), f"{place}.{each}") for each in DAYS], first, last, every)


def special(it: Check, value: Any, place: str) -> list[dict[str, Any]]:
    """Special hours by date."""
    days: list[dict[str, Any]] = []
    if value is None:
        return days
    if not isinstance(value, Mapping):
        it.wrong(place, "must be a mapping of dates to hours", value)
        return days
    for key, each in value.items():
        where = f"{place}.{key}"
        open_ = [list(window) for window in windows(it, each, where)]
        for date_, source in yearly(it, scalar(key, value.lines[key]), where):
            days.append({"date": date_, "kind": "special_hours", "windows": open_, "source": source})
    return whole_date_first(days)


def whole_date_first(days: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each date once: one that is given with its year counts instead of a yearly one."""
    whole = {each["date"] for each in days if each["source"] == "file"}
    return [each for each in days if each["source"] == "file" or each["date"] not in whole]


def _minutes(value: str) -> int:
    hour, minute = value.split(":")
    return int(hour) * 60 + int(minute)
