"""Whether a place is open, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from rules.facts import Location
from scheduling.hours import open_minutes
from wire.wording import Wording

AHEAD = timedelta(days=7)


def state_of(place: Location, now: datetime, say: Wording) -> str:
    """``Open today until 22:00``, ``Opens Mon 30 Nov, 06:30``, or that it is closed for the week to come."""
    zone = ZoneInfo(place.timezone)
    today = now.astimezone(zone).date()
    minute = int(now.timestamp()) // 60
    for start, end in open_minutes(place.hours.timetable, place.timezone, today - timedelta(days=1), today + AHEAD):
        if end <= minute:
            continue
        opens, closes = (datetime.fromtimestamp(each * 60, UTC).astimezone(zone) for each in (start, end))
        if start > minute:
            if opens.date() == today:
                return say.gettext("Opens today, %(time)s", time=say.time(opens))
            return say.gettext("Opens %(when)s", when=say.day_and_time(opens, today=today))
        if end - minute >= 1440:
            return say.gettext("Open around the clock")
        return say.gettext("Open until %(time)s", time=say.time(closes))
    return say.gettext("Closed")
