"""The steps of a visit at the desk: arrived, completed, not come, and each of them taken back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions import change, feedback
from actions.confirm import Booked
from actions.heard import withdrawn
from actions.record import remind
from actions.retaking import lengthen, locked_with, retake, shorten
from actions.taking import settle
from actions.transaction import run
from models import bookings
from models.booking import Booking
from models.bookings import BookingView
from models.history import steps_of
from models.snapshot import catalogue
from rules import desk, errors, text
from rules.errors import FieldError, Invalid

Done = Booked
ACTIONS = {
    "arrive": "arrived",
    "complete": "completed",
    "miss": "missed",
    "not_arrived": "not_arrived",
    "restore": "restored",
}


def take_step(
    *,
    reference: str,
    step: str,
    actor: str,
    reason: str | None = None,
    revision: int | None = None,
    tell: bool = True,
    now: datetime,
) -> Done:
    """Takes one of ``ACTIONS`` and returns the booking as it now is; ``replayed`` with who and when if it was taken before.

    ``arrive`` and ``not_arrived`` also take back what is later; ``restore`` takes a cancellation back on the same units: what was
    a request waits to be decided again.
    ``complete`` before the end frees the rest. Only ``restore`` tells people, the customer only if ``tell``. Raises
    Missing, Stale, StateChanged with who and when, NotYet, TooLateToUndo, SlotTaken, ResourceGone.
    """
    assert step in ACTIONS
    said = text.line(reason or "", longest=200)
    if isinstance(said, FieldError):
        raise Invalid(errors={"reason": said})

    def work(session: OrmSession) -> Done:
        seen = bookings.by_reference(session, reference)
        if seen is None:
            raise errors.Missing
        before = locked_with(session, seen, ())
        again = step == "restore" and _was_requested(session, before)
        status = change.step(session, before, "restore_request" if again else step)
        if status is None:
            return Done(before, replayed=True, **change.since(session, before))
        if revision is not None and revision != before.revision:
            raise errors.Stale(revision=before.revision, booking=before)
        desk.refuse_early(step, before.start, now, zone=before.zone)
        desk.refuse_late(before.status, step, before.end, now, zone=before.zone)
        if again:
            desk.refuse_undo(before.start, now, zone=before.zone)
        taken = _Step(session, step, before, status, actor, said or None, now)
        return taken.restored(tell) if step == "restore" else taken.marked()

    return run(work)


def _was_requested(session: OrmSession, view: BookingView) -> bool:
    """True for a booking that was still to be decided when it was cancelled last."""
    cancelled = next((row for row in steps_of(session, "booking", view.id) if row.action == "cancelled"), None)
    return cancelled is not None and (cancelled.before or {}).get("status") == "requested"


class _Step:
    """One step on its way, everything locked."""

    def __init__(
        self,
        session: OrmSession,
        step: str,
        before: BookingView,
        status: str,
        actor: str,
        reason: str | None,
        now: datetime,
    ) -> None:
        self.session, self.step, self.before, self.status = session, step, before, status
        self.actor, self.reason, self.now = actor, reason, now

    def marked(self) -> Done:
        """Arrived, completed, missed, or one of these taken back: nobody is told."""
        end = self._end()
        after = change.write(self.session, self.before, now=self.now, status=self.status, end=end)
        action = ACTIONS[self.step]
        change.remember(self.session, action, self.before, after, actor=self.actor, now=self.now, reason=self.reason)
        told = []
        if self.status == "confirmed":
            told = remind(self.session, after, known=catalogue(self.session), now=self.now)
        elif self.status == "completed":
            told = feedback.ask(self.session, after, now=self.now)
        return Done(after, messages=tuple(told), undo_until=desk.undo_until(action, self.actor, self.now))

    def restored(self, customer: bool) -> Done:
        """A cancellation taken back: who has not heard of it hears nothing."""
        retake(self.session, self.before.session_id, seats=self.before.seats, now=self.now)
        back: dict[str, Any] = {"cancelled_by": None, "cancel_reason": None}
        after = change.write(self.session, self.before, now=self.now, status=self.status, **back)
        settle(self.session, after.session_id, now=self.now)
        heard = withdrawn(self.session, after.id, self.before.revision, self.now)
        asked = after.status == "requested"
        hers = {("mail", after.email), ("sms", after.phone)}
        told = change.note(
            self.session,
            "requested_again" if asked else "restored",
            self.before,
            after,
            actor=self.actor,
            now=self.now,
            reason=self.reason,
            action="restored",
            # Whoever decides it is asked again in any case.
            customer=customer and not (asked and hers.isdisjoint(heard)),
            only=None if asked else heard,
        )
        return Done(after, messages=tuple(told))

    def _end(self) -> datetime:
        """When the visit ends by this step: who is done early frees the rest, and whoever comes back takes it again as far
        as it is still free."""
        before, now = self.before, self.now
        extra = dict(self.session.execute(select(Booking.extra).where(Booking.id == before.id)).scalar_one() or {})
        if self.step == "complete":
            ends = desk.shortened(before.start, before.end, now)
            if not shorten(self.session, before, ends):
                return before.end
            self._remember_end({**extra, "ended_early": before.end.isoformat()})
            return ends
        planned = extra.pop("ended_early", None)
        if planned is None:
            return before.end
        try:
            lengthen(self.session, before, datetime.fromisoformat(planned), now)
        except errors.SlotTaken:
            return before.end
        self._remember_end(extra)
        return datetime.fromisoformat(planned)

    def _remember_end(self, extra: dict[str, Any]) -> None:
        self.session.execute(
            update(Booking)
            .where(Booking.id == self.before.id)
            .values(extra=extra)
            .execution_options(synchronize_session=False)
        )
