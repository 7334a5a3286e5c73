"""How the clock of a customer stands to that of the venue, in words."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from wire.wording import Wording


def shifted(say: Wording, day: date, ours: ZoneInfo, theirs: ZoneInfo) -> str:
    """``7 hours later``: their clock beside ours, at noon of a day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    here, there = (noon.astimezone(zone).utcoffset() or timedelta() for zone in (ours, theirs))
    hours = (there - here) / timedelta(hours=1)
    many, figure = 1 if abs(hours) == 1 else 2, say.number(abs(hours))
    if hours < 0:
        return say.ngettext("one hour earlier", "%(hours)s hours earlier", many, hours=figure)
    return say.ngettext("one hour later", "%(hours)s hours later", many, hours=figure)
