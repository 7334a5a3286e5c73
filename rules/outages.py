"""Somebody or something is out: what is proposed for each visit, and until when its customer may choose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

KINDS = ("colleague", "other_time", "choose", "call")
TIME_TO_CHOOSE, BEFORE_THE_VISIT = timedelta(days=2), timedelta(hours=2)
# "Until further notice": far beyond everything that can be booked.
FOR_GOOD = datetime(8999, 12, 31, tzinfo=UTC)


def choose_until(start: datetime, now: datetime) -> datetime | None:
    """Until when a customer may choose another time by her link: two days, but not later than two hours before the visit;
    where that is over, half of the time that is left. None when it has begun, or begins within ten minutes."""
    left = start - now
    if left < timedelta(minutes=10):
        return None
    last = start - BEFORE_THE_VISIT
    until = min(now + TIME_TO_CHOOSE, last) if last > now else now + left / 2
    return until.replace(second=0, microsecond=0)


def nearest(starts: Iterable[int], near: int) -> int | None:
    """The minute nearest to ``near``, the earlier of two; None where there is none."""
    return min(starts, key=lambda each: (abs(each - near), each), default=None)


def proposal(*, colleague: bool, other_time: bool, may_choose: bool) -> str:
    """The first that is possible: a colleague at the same time, another time, the customer's choice, a call."""
    if colleague:
        return "colleague"
    if other_time:
        return "other_time"
    return "choose" if may_choose else "call"
