"""The strip of a day: what is taken, to scale, and where now is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo

from models.bookings import BookingView

FIRST, LAST, LANES, HIGH = time(7), time(20), 3, 10
CAPTIONS = (0, 4, 8, 12, 16, 20)


def strip(views: Sequence[BookingView], begin: datetime, end: datetime, now: datetime) -> str:
    """An SVG of 1,000 units from the first to the last hour of the day, three lanes high, and one with the hours under it;
    figures and classes only, so that nothing of a customer is in them."""
    first, last = _window(views, begin, end)
    whole = (last - first).total_seconds()

    def at(instant: datetime) -> float:
        return round(min(1000.0, max(0.0, (instant - first).total_seconds() / whole * 1000)), 1)

    free: list[datetime] = []
    drawn = []
    for view in views:
        lane = next((number for number, until in enumerate(free) if until <= view.start), len(free))
        free[lane : lane + 1] = [view.end]
        x, width = at(view.start), max(2.0, at(view.end) - at(view.start) - 2)
        if lane < LANES:
            drawn.append(
                f'<rect class="{view.status}" x="{x}" y="{2 + lane * HIGH}" width="{width:.1f}" height="{HIGH - 2}" rx="2"/>'
            )
    high = 2 + HIGH * max(1, min(LANES, len(free)))
    mark = f'<path class="now" d="M{at(now)} 0v{high}"/>' if first <= now <= last else ""
    return (
        f'<svg class="strip" viewBox="0 0 1000 {high}" width="100%" height="{high * 2}" preserveAspectRatio="none" '
        f'aria-hidden="true"><rect class="ground" width="1000" height="{high}" rx="3"/>{"".join(drawn)}{mark}</svg>'
        f"{_captions(first, last, begin.tzinfo)}"
    )


def _captions(first: datetime, last: datetime, zone: tzinfo | None) -> str:
    """The hours by the clock of ``zone``, each where it is: in an SVG of its own, which is not stretched and keeps its letters in shape."""
    whole, day, until = (last - first).total_seconds(), first.astimezone(zone).date(), last.astimezone(zone).date()
    found = []
    while day <= until:
        for hour in CAPTIONS:
            at = datetime.combine(day, time(hour), zone).astimezone(UTC)
            share = (at - first).total_seconds() / whole * 100
            if 2 < share < 98:
                found.append(f'<text x="{share:.1f}%" y="12">{hour:02}</text>')
        day += timedelta(days=1)
    return f'<svg class="hours" width="100%" height="16" aria-hidden="true">{"".join(found)}</svg>'


def _window(views: Sequence[BookingView], begin: datetime, end: datetime) -> tuple[datetime, datetime]:
    """From seven to eight, by the clock of ``begin``, or longer where the day is; in UTC."""
    first, last = (datetime.combine(begin.date(), hour, begin.tzinfo).astimezone(UTC) for hour in (FIRST, LAST))
    starts = [view.start for view in views if view.start >= begin]
    ends = [view.end for view in views if view.end <= end]
    return min([first, *starts]), max([last, *ends])
