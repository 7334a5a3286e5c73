"""The month of the diary: a count a day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from rules.diary_hours import day_of, open_hours
from rules.facts import Location
from web.locale import words


@dataclass(frozen=True, slots=True)
class MonthDay:
    """One date: ``count`` bookings, ``waiting`` of them requests; ``said`` in words, ``level`` from 0 to 4 beside the others."""

    date: date
    figure: str
    full: str
    count: int
    waiting: int
    said: str
    level: int
    today: bool
    inside: bool


def month(
    places: Sequence[Location], first: date, last: date, today: date, found: Sequence[tuple[int, str, int]], zone: str
) -> list[list[MonthDay]]:
    """The weeks of the month, Monday first. ``found``: start (UTC minutes), status, count."""
    begins = [(day_of(zone, each), each) for each in _dates(first, last)]
    counts: dict[date, int] = defaultdict(int)
    waiting: dict[date, int] = defaultdict(int)
    for start, status, count in found:
        day = next((each for (begin, end), each in begins if begin <= start < end), None)
        if day is not None:
            counts[day] += count
            waiting[day] += count if status == "requested" else 0
    house = open_hours(places, first, last)
    most = max(counts.values(), default=0)
    shut = {each for (begin, end), each in begins if not any(low < end and high > begin for low, high in house)}
    lead, trail = first.weekday(), 6 - last.weekday()
    shown = _dates(first - timedelta(days=lead), last + timedelta(days=trail))
    cells = [
        _day(each, counts[each], waiting[each], most, today, inside=first <= each <= last, closed=each in shut)
        for each in shown
    ]
    return [cells[at : at + 7] for at in range(0, len(cells), 7)]


def _dates(first: date, last: date) -> list[date]:
    return [date.fromordinal(each) for each in range(first.toordinal(), last.toordinal() + 1)]


def _day(day: date, count: int, waiting: int, most: int, today: date, *, inside: bool, closed: bool) -> MonthDay:
    say = words()
    said = say.ngettext("%(n)s booked", "%(n)s booked", count) if count or not closed else say.gettext("closed")
    return MonthDay(
        date=day,
        figure=str(day.day),
        full=say.date(day, "long", today=today),
        count=count,
        waiting=waiting,
        said=said,
        level=-(-count * 4 // most) if most else 0,
        today=day == today,
        inside=inside,
    )
