"""Opening hours: wall-clock rules of a zone, expanded to UTC minutes.

A window starts at the first reading of a repeated time and ends at the last; an edge that does not exist on a day is the
moment of the change. For one date closed beats special hours beats works-as beats holiday beats the week.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from scheduling.intervals import Intervals, subtract, union

# Of the names that a system lists, these two say what its administrator chose, or nothing.
ZONES = frozenset(available_timezones()) - {"localtime", "Factory"}
Window = tuple[int, int]
DAY = 1440
EPOCH = date(1970, 1, 1).toordinal()
# Nothing is open outside; far enough from the ends of Python's calendar for every zone and stay.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9000, 1, 1)


@dataclass(frozen=True, slots=True)
class Spell:
    """A week that holds for a time only: on dates from ``first`` to ``last``, both included (None: from ever, for ever), and
    of those in every ``every``-th week, counted in weeks from Monday from that of ``first``."""

    weekly: tuple[tuple[Window, ...], ...]
    first: date | None = None
    last: date | None = None
    every: int = 1

    def holds(self, day: date) -> bool:
        """True when its windows exist on ``day``."""
        if (self.first is not None and day < self.first) or (self.last is not None and day > self.last):
            return False
        since = self.first or _SOME_MONDAY
        return (_week(day) - _week(since)) % self.every == 0


_SOME_MONDAY = date(2024, 1, 1)


def _week(day: date) -> int:
    """Weeks from Monday to Sunday, numbered through."""
    return (day.toordinal() - 1) // 7


@dataclass(frozen=True, slots=True)
class Timetable:
    """Wall-clock rules of one owner. ``weekly`` has seven entries, Monday first; a window is minutes from local midnight
    of the date on which it starts, its end above 1440 when it runs into the next date. ``spells`` add their windows."""

    weekly: tuple[tuple[Window, ...], ...]
    special: Mapping[date, tuple[Window, ...]] = field(default_factory=dict)
    works_as: Mapping[date, int] = field(default_factory=dict)
    closed: frozenset[date] = frozenset()
    holidays: frozenset[date] = frozenset()
    spells: tuple[Spell, ...] = ()


@dataclass(frozen=True, slots=True)
class Absence:
    """Time off in wall-clock time, ``to_local`` excluded. ``unit`` None means the whole resource. With ``whole_days`` both
    ends are local midnights and the windows that start on these dates vanish with their tails."""

    from_local: datetime
    to_local: datetime
    unit: int | None = None
    whole_days: bool = False


@lru_cache(maxsize=65536)
def segments(zone: str, ordinal: int) -> tuple[tuple[int, int, int], ...]:
    """The instants of one local date: ``(from, to, offset)`` in UTC minutes, ``offset`` minutes east of UTC.

    One entry on most days, two around a clock change, none for a date that the zone skipped.
    """
    tz = ZoneInfo(zone)
    base = (ordinal - EPOCH) * DAY
    low, high = base - 16 * 60, base + DAY + 16 * 60
    found = []
    for start, end, offset in _pieces(tz, low, high):
        first, last = max(start, base - offset), min(end, base + DAY - offset)
        if first < last:
            found.append((first, last, offset))
    return tuple(found)


def _pieces(tz: ZoneInfo, low: int, high: int) -> list[tuple[int, int, int]]:
    """``[low, high)`` cut where the offset changes."""
    marks = [low, (low + high) // 2, high]
    if len({_offset(tz, mark) for mark in marks}) == 1:
        return [(low, high, _offset(tz, low))]
    pieces, start = [], low
    for minute in range(low, high, 60):
        end = min(minute + 60, high)
        before, after = _offset(tz, minute), _offset(tz, end)
        if before != after:
            left, right = minute, end
            while right - left > 1:
                middle = (left + right) // 2
                if _offset(tz, middle) == before:
                    left = middle
                else:
                    right = middle
            pieces.append((start, right, before))
            start = right
    pieces.append((start, high, _offset(tz, high)))
    return pieces


def _offset(tz: ZoneInfo, minute: int) -> int:
    offset = datetime.fromtimestamp(minute * 60, UTC).astimezone(tz).utcoffset()
    assert offset is not None
    return int(offset.total_seconds() // 60)


def readings(zone: str, day: date, wall: int) -> list[int]:
    """The UTC minutes at which clocks show ``wall`` minutes past midnight of ``day``: none, one or two, earliest first."""
    ordinal, minute = day.toordinal() + wall // DAY, wall % DAY
    base = (ordinal - EPOCH) * DAY
    found = []
    for start, end, offset in segments(zone, ordinal):
        instant = base + minute - offset
        if start <= instant < end:
            found.append(instant)
    return found


def repeated(local: datetime) -> bool:
    """True for a local time that its clock shows twice. It has been an instant, so it is none that clocks skip."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def edge(zone: str, day: date, wall: int, *, last: bool = False) -> int:
    """The UTC minute of an edge of a window: the first or last reading, or the moment of the change that skipped it."""
    found = readings(zone, day, wall)
    if found:
        return found[-1] if last else found[0]
    ordinal, minute = day.toordinal() + wall // DAY, wall % DAY
    base = (ordinal - EPOCH) * DAY
    for start, _end, offset in segments(zone, ordinal):
        if start + offset > base + minute:
            return start
    return segments(zone, ordinal + 1)[0][0]


def local_edge(zone: str, local: datetime, *, last: bool = False) -> int:
    """``edge`` for a naive local datetime; the ends of the calendar stand for "always" and "for ever"."""
    return edge(zone, _clipped(local.date()), local.hour * 60 + local.minute, last=last)


def _clipped(day: date) -> date:
    return min(max(day, FIRST_DAY), LAST_DAY)


def local_date(zone: str, minute: int) -> date:
    """The local date at a UTC minute."""
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(zone)).date()


def shift_days(zone: str, minute: int, days: int) -> int:
    """The same wall-clock time ``days`` dates later: a missing one is the moment of the change, a repeated one its first
    reading."""
    local = datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(zone))
    return edge(zone, local.date() + timedelta(days=days), local.hour * 60 + local.minute)


def cut(zone: str, day: date) -> Intervals:
    """The whole local date: one interval mostly, none for a date that the zone skipped."""
    return union((start, end) for start, end, _ in segments(zone, day.toordinal()))


def is_cut(timetable: Timetable, day: date) -> bool:
    """True when nothing of this date is open: a closed date, or a holiday that no special hours or works-as override."""
    if day in timetable.closed:
        return True
    return day in timetable.holidays and day not in timetable.special and day not in timetable.works_as


def weekday_of(location: Timetable, day: date) -> int:
    """The weekday whose hours and fixed starts hold on ``day`` for services and resources at ``location``. Special hours
    replace the location's own windows only: a Saturday worked as a Monday with shorter hours still has Monday's staff."""
    return location.works_as.get(day, day.weekday())


_expanded: OrderedDict[tuple[object, ...], tuple[object, Intervals]] = OrderedDict()


def open_minutes(
    timetable: Timetable,
    zone: str,
    first: date,
    last: date,
    *,
    location: Timetable | None = None,
    without: frozenset[date] = frozenset(),
) -> Intervals:
    """The open minutes of windows that start from ``first`` to ``last``.

    ``location`` is the timetable of the location when ``timetable`` is a service's or a resource's own: it picks the
    weekday. Windows that start on dates of ``without`` do not exist. Kept for the same objects, so give the same ones.
    """
    key = (id(timetable), id(location), zone, first, last, without)
    known = _expanded.get(key)
    if known is not None:
        return known[1]
    found = _expand(timetable, zone, first, last, location or timetable, without)
    # The timetables are kept along, so that their ids cannot be given to others while the entry lives.
    _expanded[key] = ((timetable, location), found)
    while len(_expanded) > 1024:
        _expanded.popitem(last=False)
    return found


def _expand(
    timetable: Timetable, zone: str, first: date, last: date, location: Timetable, without: frozenset[date]
) -> Intervals:
    windows, closed = [], []
    for day in days(first, min(last, LAST_DAY) + timedelta(days=1)):
        if is_cut(timetable, day):
            closed += cut(zone, day)
            continue
        if day > last or day in without:
            continue
        for start, end in windows_of(timetable, day, location):
            windows.append((edge(zone, day, start), edge(zone, day, end, last=True)))
    return subtract(union(windows), union(closed))


def windows_of(timetable: Timetable, day: date, location: Timetable) -> tuple[Window, ...]:
    """The windows that start on ``day``, cuts apart."""
    if day in timetable.special:
        return timetable.special[day]
    weekday = weekday_of(location, day)
    added = [window for spell in timetable.spells if spell.holds(day) for window in spell.weekly[weekday]]
    return tuple(sorted([*timetable.weekly[weekday], *added])) if added else timetable.weekly[weekday]


def days(first: date, last: date) -> Iterable[date]:
    """The dates from ``first`` to ``last``, both included, as far as anything can be open on them."""
    for ordinal in range(max(first, FIRST_DAY).toordinal(), min(last, LAST_DAY).toordinal() + 1):
        yield date.fromordinal(ordinal)


def on_calendar(minute: int) -> bool:
    """False for a minute so early or late that nothing can be open then."""
    return (FIRST_DAY.toordinal() - EPOCH + 1) * DAY <= minute < (LAST_DAY.toordinal() - EPOCH) * DAY


def resource_minutes(
    own: Timetable | None,
    absences: Iterable[Absence],
    absence_zone: str,
    location: Timetable,
    zone: str,
    first: date,
    last: date,
) -> Intervals:
    """The minutes in which a resource is in: its own hours or else the location's, with ``absences`` cut out, whatever
    their unit. Its own hours are not narrowed to the location's here."""
    off = list(absences)
    gone = frozenset(
        day
        for absence in off
        if absence.whole_days
        for day in days(max(absence.from_local.date(), first), min(absence.to_local.date() - timedelta(days=1), last))
    )
    windows = open_minutes(own or location, zone, first, last, location=location, without=gone)
    return subtract(windows, away_minutes(off, absence_zone))


def away_minutes(absences: Iterable[Absence], zone: str) -> Intervals:
    """The minutes of time off, from the first reading of its start to the last of its end; of whole days exactly their
    dates, also where clocks show a midnight twice."""
    away: Intervals = []
    for absence in absences:
        begin = absence.from_local
        if absence.whole_days:
            # Date by date at the ends: where clocks go back across midnight a date returns after the next has begun.
            begin += timedelta(days=1)
            away += cut(zone, _clipped(absence.from_local.date()))
            away += cut(zone, _clipped(absence.to_local.date()) - timedelta(days=1))
        away.append((local_edge(zone, begin), local_edge(zone, absence.to_local, last=not absence.whole_days)))
    return union(away)
