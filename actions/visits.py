"""Visits, steps reached and searches that found nothing, counted per day, service and source: no person, no cookie.

Counted in the process and written every few seconds, after an answer has been sent: no page waits for it.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from threading import Lock
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql, sqlite

from actions.transaction import transaction
from models.base import db
from models.doors import VisitCount
from models.snapshot import latest

STEPS = ("visit", "times", "search_empty", "held", "details", "booked")
EVERY = 5.0
_waiting: Counter[tuple[date, str, int, int]] = Counter()
_lock = Lock()
_last = 0.0


def count(step: str, *, service_id: int | None = None, source_id: int | None = None, now: datetime) -> None:
    """Counts one step reached."""
    assert step in STEPS
    with _lock:
        _waiting[_day(now), step, service_id or 0, source_id or 0] += 1


def _day(now: datetime) -> date:
    """The date by the business's clock."""
    return now.astimezone(ZoneInfo(latest(db.session()).business.timezone)).date()


def due(now: datetime) -> bool:
    """True when counts wait and the last writing is some seconds ago."""
    return bool(_waiting) and now.timestamp() - _last >= EVERY


def flush(now: datetime) -> int:
    """Writes what was counted; returns how many counts."""
    global _last
    with _lock:
        taken = dict(_waiting)
        _waiting.clear()
        _last = now.timestamp()
    if not taken:
        return 0
    try:
        with transaction() as session:
            make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
            for (day, step, service, source), n in sorted(taken.items()):
                row = make(VisitCount).values(day=day, step=step, service_id=service, source_id=source, count=n)
                session.execute(
                    row.on_conflict_do_update(
                        index_elements=["day", "step", "service_id", "source_id"],
                        set_={"count": VisitCount.count + n},
                    )
                )
    except Exception:
        with _lock:
            _waiting.update(taken)
        db.session.rollback()
        raise
    return sum(taken.values())


def forget() -> None:
    """Drops what waits, for tests."""
    _waiting.clear()
