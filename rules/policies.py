"""Deadlines of a booking: they count from its start, in elapsed time, by the terms that it was booked under; and how
often something may be done within an hour.

Deadlines are aware UTC, whatever the zone of what was given: a day less on a wall clock is not always 24 hours. A deadline by
the day ("until 18:00 the day before", "not on the same day") is read on the wall clock of its place when the start is agreed,
and kept beside its elapsed minutes: a move reads it anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time, timedelta
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from rules.errors import RateLimited, TooLate
from scheduling.hours import local_edge

# Elapsed minutes before the start, or ``{"days_before": 1, "time": "18:00"}``; without a time that whole day.
Until = int | Mapping[str, Any]
RULES = {"cancel_until": "cancel_rule", "reschedule_until": "reschedule_rule"}
_LAST_MINUTE = "23:59"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def agreed(until: Mapping[str, Until], start: datetime, zone: str) -> dict[str, Any]:
    """``cancel_until`` and ``reschedule_until`` as the terms of a booking keep them: elapsed minutes before this start, beside
    them the rule that they come from."""
    terms: dict[str, Any] = {}
    for name, kept in RULES.items():
        wanted = until[name]
        terms[name] = wanted if isinstance(wanted, int) else _minutes(wanted, start, zone)
        if not isinstance(wanted, int):
            terms[kept] = dict(wanted)
    return terms


def until_of(terms: Mapping[str, Any]) -> dict[str, Until]:
    """What was agreed, whatever the start: the rule where there is one, else the minutes."""
    return {name: terms.get(kept) or terms.get(name) or 0 for name, kept in RULES.items()}


def _minutes(rule: Mapping[str, Any], start: datetime, zone: str) -> int:
    day = start.astimezone(ZoneInfo(zone)).date() - timedelta(days=rule["days_before"])
    local = datetime.combine(day, time.fromisoformat(rule.get("time") or _LAST_MINUTE))
    return max(0, int(start.timestamp()) // 60 - local_edge(zone, local))


def cancel_deadline(start: datetime, terms: Mapping[str, Any]) -> datetime:
    """Until when the customer may cancel."""
    return start.astimezone(UTC) - timedelta(minutes=terms.get("cancel_until") or 0)


def move_deadline(start: datetime, terms: Mapping[str, Any]) -> datetime:
    """Until when the customer may move it."""
    return start.astimezone(UTC) - timedelta(minutes=terms.get("reschedule_until") or 0)


def refuse_late(deadline: datetime, now: datetime, *, zone: str) -> None:
    """Raises TooLate once the deadline has passed; at the deadline itself it is not too late. ``zone``: whose clock it is
    told by."""
    if now > deadline:
        raise TooLate(deadline=deadline, zone=zone)


def decide_by(start: datetime, asked_at: datetime, terms: Mapping[str, Any]) -> datetime:
    """Until when a request is decided: within the time that the service names, at its start at the latest."""
    within = terms.get("decide_within")
    start = start.astimezone(UTC)
    return min(start, asked_at.astimezone(UTC) + timedelta(minutes=within)) if within else start


def refuse_often(times: Iterable[datetime], most: int, now: datetime) -> None:
    """Raises RateLimited when ``most`` of these instants lie within the last hour."""
    recent = sorted(each for each in times if each > now - HOUR)
    if len(recent) >= most:
        raise too_often(recent[-most] + HOUR, now)


def too_often(free_again: datetime, now: datetime) -> RateLimited:
    """The refusal that lasts until ``free_again``. The time that people read is the next full minute: never too early."""
    wait = max(1, ceil((free_again - now).total_seconds()))
    at = free_again.replace(second=0, microsecond=0)
    return RateLimited(retry_after=wait, at=at if at >= free_again else at + MINUTE)
