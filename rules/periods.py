"""The period that figures are about, and the one before it that they are compared with: whole local dates."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

NAMES = ("today", "week", "month")
LONGEST = 731
# Far enough from the ends of the calendar for the period before and for every clock.
FIRST, LAST = date(1990, 1, 1), date(2190, 12, 31)
DAY, MORNING = timedelta(days=1), time(7)


@dataclass(frozen=True, slots=True)
class Period:
    """The dates ``first`` to ``last``, both included. ``name`` is today, week or month, or "" for what was chosen."""

    first: date
    last: date
    name: str = ""

    @property
    def days(self) -> int:
        """How many dates."""
        return (self.last - self.first).days + 1

    @property
    def months(self) -> int:
        """How many calendar months it is, 0 when it is not whole months."""
        if self.first.day != 1 or (self.last + DAY).day != 1:
            return 0
        return (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1


def named(name: str, today: date) -> Period:
    """Today, the Monday-to-Sunday week or the calendar month around ``today``."""
    today = kept(today)
    if name == "today":
        return Period(today, today, name)
    if name == "week":
        monday = today - timedelta(days=today.weekday())
        return Period(monday, monday + timedelta(days=6), name)
    return Period(today.replace(day=1), _end_of_month(today), "month")


def chosen(first: date, last: date) -> Period:
    """Any dates; in the wrong order they are turned round, of too many the latest two years are kept."""
    first, last = sorted((kept(first), kept(last)))
    return Period(max(first, last - timedelta(days=LONGEST - 1)), last)


def before(period: Period) -> Period:
    """What it is compared with: as many whole months before whole months, else as many days before it."""
    last = period.first - DAY
    if period.months:
        month = last.year * 12 + last.month - period.months
        return Period(date(month // 12, month % 12 + 1, 1), last)
    return Period(last - timedelta(days=period.days - 1), last)


def kept(day: date) -> date:
    """``day``, or the nearest one that figures can be made of."""
    return min(max(day, FIRST), LAST)


def next_morning(now: datetime, zone: str) -> datetime:
    """The next seven o'clock after ``now`` by the clock of ``zone``, in UTC."""
    day = now.astimezone(ZoneInfo(zone)).date()
    today, tomorrow = (datetime.combine(each, MORNING, ZoneInfo(zone)).astimezone(UTC) for each in (day, day + DAY))
    return today if today > now else tomorrow


def _end_of_month(day: date) -> date:
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])
