"""What staff may do when, and until when they may take it back.

Instants are aware UTC; a local day is one of the location's zone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from rules import text
from rules.errors import NotYet, TooLateToUndo

UNDO = timedelta(minutes=2)
HOUR = timedelta(hours=1)
UNDOABLE = frozenset(
    {"arrived", "completed", "missed", "cancelled", "moved", "reassigned", "declined", "approved"}
)  # fmt: skip
TAKEN_BACK = frozenset(
    {("no_show", "arrive"), ("completed", "arrive"), ("arrived", "not_arrived"), ("no_show", "not_arrived"),
     ("cancelled", "restore")}
)  # fmt: skip


def at_desk(actor: str) -> bool:
    """True for a member of staff who is signed in: ``staff:7``."""
    return actor.startswith("staff:")


def is_own(actor: str, mailboxes: Collection[str], *, created_by: str, email: str | None) -> bool:
    """True for a request that a member of staff made herself, or that came from one of her ``mailboxes``: she does not decide
    it."""
    return at_desk(actor) and (created_by == actor or _hers(mailboxes, email))


def is_herself(mailboxes: Collection[str], called: str, *, name: str, email: str | None) -> bool:
    """True for a booking in the name of her who makes it, or with one of her ``mailboxes``: it is no customer's."""
    return text.folded(name) == text.folded(called) or _hers(mailboxes, email)


def _hers(mailboxes: Collection[str], email: str | None) -> bool:
    return bool(email) and str(email).casefold() in {each.casefold() for each in mailboxes}


def undo_until(action: str, actor: str, now: datetime) -> datetime | None:
    """Until when a step (by its name in the history) can be undone; None for those that cannot be."""
    return now + UNDO if at_desk(actor) and action in UNDOABLE else None


def told_at(actor: str, starts: Iterable[datetime], now: datetime) -> datetime:
    """When people are told of a step: at the desk after the time for undoing it, at once where one of ``starts`` is within
    the hour or somebody else took the step."""
    at_once = not at_desk(actor) or any(now <= start <= now + HOUR for start in starts)
    return now if at_once else now + UNDO


def refuse_undo(until: datetime, now: datetime, *, zone: str) -> None:
    """Raises TooLateToUndo after ``until``; at that instant it is not too late."""
    if now > until:
        raise TooLateToUndo(deadline=until, zone=zone)


def refuse_early(step: str, start: datetime, now: datetime, *, zone: str) -> None:
    """Raises NotYet for somebody who arrives or has finished before the local day of the visit, or is missed before its
    start."""
    first = start
    if step in ("arrive", "complete"):
        first = _midnight(start, zone, days=0)
    elif step != "miss":
        return
    if now < first:
        raise NotYet(at=first.astimezone(UTC), zone=zone)


def refuse_late(status: str, step: str, end: datetime, now: datetime, *, zone: str) -> None:
    """Raises TooLateToUndo where ``step`` takes back what ``status`` says and the local day after the visit is over."""
    if (status, step) in TAKEN_BACK:
        refuse_undo(take_back_until(end, zone), now, zone=zone)


def take_back_until(end: datetime, zone: str) -> datetime:
    """The end of the local day after the one on which the visit ends."""
    return _midnight(end, zone, days=2)


def shortened(start: datetime, end: datetime, now: datetime) -> datetime:
    """When a visit that is completed now ends: now, in whole minutes, at least one after its start, never later than
    planned."""
    minute = now.replace(second=0, microsecond=0)
    minute += timedelta(minutes=1) if minute < now else timedelta()
    return min(end, max(minute, start + timedelta(minutes=1)))


def _midnight(at: datetime, zone: str, *, days: int) -> datetime:
    day = at.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)
    return datetime.combine(day, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)
