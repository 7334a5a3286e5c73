"""Free times as the desk offers them: a few of as many days as may be, in words; and as its forms give them back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from actions.availability import Offer
from scheduling import hours
from web.locale import words

# Twelve times of as many days as may be: four a day, half an hour apart. READ: how many are looked through for them.
TIMES, A_DAY, APART, READ = 12, 4, timedelta(minutes=30), 400


def spread(offers: Iterable[Offer], zone: ZoneInfo) -> list[Offer]:
    """Those of the offers that give somebody a choice, earliest first."""
    kept: dict[date, list[Offer]] = {}
    for each in offers:
        day = kept.setdefault(each.start.astimezone(zone).date(), [])
        if len(day) < A_DAY and (not day or each.start - day[-1].start >= APART):
            day.append(each)
    return [each for day in kept.values() for each in day][:TIMES]


def offered(offer: Offer, zone: ZoneInfo, today: date) -> dict[str, str]:
    """One time as a form shows it: its value, day and hour."""
    start, say = offer.start.astimezone(zone), words()
    return {"value": start.isoformat(), "day": say.date(start.date(), "short", today=today), "time": say.time(start)}


def instant(typed: str, zone: ZoneInfo) -> datetime | None:
    """The instant of a time as a form has it, to the minute: with its difference, or by the clock of ``zone``, of a repeated hour
    the first. None for what cannot be read, what that clock skips, and what is beyond every calendar."""
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        return None
    if not 1970 < found.year < 9000:
        return None
    if found.tzinfo is not None:
        return found.astimezone(UTC).replace(second=0, microsecond=0)
    read = hours.readings(zone.key, found.date(), found.hour * 60 + found.minute)
    return datetime.fromtimestamp(read[0] * 60, UTC) if read else None
