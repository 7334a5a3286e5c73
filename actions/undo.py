"""Undoing the last step at the desk: everything as it was, and nobody hears of it who has not heard already."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session as OrmSession

from actions import change, undoable
from actions.confirm import Booked
from actions.heard import revived, withdrawn
from actions.proposed import reopen
from actions.record import tell_staff
from actions.retaking import lengthen, locked_with, retake
from actions.taking import settle
from actions.transaction import run
from models import bookings
from models.bookings import BookingView
from models.snapshot import catalogue
from rules import desk, errors
from rules.workflow import LIVE


def undo(*, reference: str, actor: str, now: datetime) -> Booked:
    """Takes the last step at the desk back, within two minutes, and returns the booking as it was; ``replayed`` when it was
    undone already. Time and people are taken through the guard: nothing changes when they are gone.

    Raises Missing, TooLateToUndo, StateChanged when nothing can be undone or something happened since (who, when),
    SlotTaken, ResourceGone.
    """

    def work(session: OrmSession) -> Booked:
        seen = bookings.by_reference(session, reference)
        if seen is None:
            raise errors.Missing
        step = undoable.last(session, seen.id)
        current = locked_with(session, seen, [step.before["session_id"]] if step else ())
        if step is not None and step.settled_at is not None and current.revision == step.revision + 1:
            return Booked(current, replayed=True, **change.since(session, current))
        if step is None or step.settled_at is not None or current.revision != step.revision:
            raise errors.StateChanged(status=current.status, **change.since(session, current))
        desk.refuse_undo(step.until, now, zone=current.zone)
        return _undone(session, current, step, actor, now)

    return run(work)


def is_decision(session: OrmSession, booking_id: int) -> bool:
    """True when what would be undone is the decision of a request: that is for those who decide."""
    step = undoable.last(session, booking_id)
    return step is not None and step.action in ("approved", "declined")


def _undone(session: OrmSession, current: BookingView, step: undoable.Last, actor: str, now: datetime) -> Booked:
    before = step.before
    moved = before["session_id"] != current.session_id
    if moved:
        settle(session, current.session_id, now=now, leaving=current.id)
    if moved or (current.status not in LIVE and before["status"] in LIVE):
        retake(session, before["session_id"], seats=current.seats, now=now)
    else:
        lengthen(session, current, datetime.fromisoformat(before["ends"]), now)
    columns = ("status", "session_id", "terms", "price_minor", "currency", "cancelled_by", "cancel_reason")
    change.write(session, current, now=now, **{name: before[name] for name in columns})
    settle(session, before["session_id"], now=now)
    after = bookings.by_id(session, current.id)
    assert after is not None
    change.remember(session, "undone", current, after, actor=actor, now=now, reason=None)
    undoable.settled(session, step, now)
    reopen(session, current.id, since=step.made_at, revision=after.revision, now=now)
    revived(session, current.id, old=step.revision - 1, new=after.revision, since=step.made_at)
    return Booked(after, messages=tuple(_corrected(session, step, current, after, now)))


def _corrected(
    session: OrmSession, step: undoable.Last, current: BookingView, after: BookingView, now: datetime
) -> list[int]:
    """Whoever has heard of the step already is told how things are."""
    left = withdrawn(session, after.id, step.revision, now)
    if not left:
        return []
    event = "restored" if step.action == "cancelled" else "moved"
    if after.status == "requested":
        event = "requested_again"
    facts = {"was": current.start.isoformat()} if event == "moved" else {}
    told = change.tell(session, event, after, known=catalogue(session), now=now, facts=facts, only=left)
    gone = [id for id in current.resource_ids if id not in after.resource_ids]
    return told + tell_staff(session, "staff_cancelled", after, gone, now=now, facts=facts, only=left)
