"""Cancelling a booking: its time is free again in the same step."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session as OrmSession

from actions import change, idempotency
from actions.confirm import Booked
from actions.proposed import choosing
from actions.transaction import run
from models import bookings
from rules import desk, policies, text
from rules.errors import FieldError, Invalid


def cancel(
    *,
    reference: str,
    reason: str | None = None,
    revision: int | None = None,
    actor: str = change.CUSTOMER,
    tell: bool = True,
    key: idempotency.Key | None = None,
    request_id: str | None = None,
    now: datetime,
) -> Booked:
    """Cancels and returns the booking as it now is; ``replayed`` when it was cancelled already, with who and when.

    A customer keeps to the deadline of the booking's terms (TooLate) unless the house has asked her to choose
    another time. Without ``tell`` only the people assigned are told.
    Raises Missing, Stale, StateChanged.
    """
    said = text.line(reason or "", longest=200)
    if isinstance(said, FieldError):
        raise Invalid(errors={"reason": said})

    def work(session: OrmSession) -> Booked:
        answer = {"reference": reference}
        if key is not None and idempotency.begin(session, key, now=now, answer=answer) is not None:
            found = bookings.by_reference(session, reference)
            assert found is not None
            return Booked(found, replayed=True)
        before = change.locked(session, reference)
        status = change.step(session, before, "cancel")
        if status is None:
            return Booked(before, replayed=True, **change.since(session, before))
        if revision is not None and revision != before.revision:
            raise change.errors.Stale(revision=before.revision, booking=before)
        if actor in (change.CUSTOMER, change.PROGRAM) and not choosing(session, before.id, now):
            policies.refuse_late(policies.cancel_deadline(before.start, before.terms), now, zone=before.zone)
        after = change.write(session, before, now=now, status=status, cancelled_by=actor, cancel_reason=said or None)
        change.give_back(session, after, now)
        told = change.note(
            session,
            "cancelled",
            before,
            after,
            actor=actor,
            now=now,
            reason=said or None,
            request_id=request_id,
            facts={"by": actor, "reason": said or None},
            customer=tell,
        )
        return Booked(after, messages=tuple(told), undo_until=desk.undo_until("cancelled", actor, now))

    return run(work)
