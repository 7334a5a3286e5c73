"""Deciding requests."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session as OrmSession

from actions import change
from actions.confirm import Booked
from actions.transaction import run
from rules import text, workflow
from rules.errors import FieldError, Invalid


def approve(*, reference: str, actor: str, request_id: str | None = None, now: datetime) -> Booked:
    """Confirms a request. ``replayed`` when it was approved already. Raises Missing, StateChanged."""

    def work(session: OrmSession) -> Booked:
        before = change.locked(session, reference)
        status = workflow.step(before.status, "approve")
        if status is None:
            return Booked(before, replayed=True)
        after = change.write(session, before, now=now, status=status)
        told = change.note(session, "approved", before, after, actor=actor, now=now, request_id=request_id)
        return Booked(after, messages=tuple(told))

    return run(work)


def decline(
    *, reference: str, actor: str, reason: str | None = None, request_id: str | None = None, now: datetime
) -> Booked:
    """Declines a request and frees its time; the customer reads the reason. Raises Missing, StateChanged."""
    return _end(reference, "decline", "declined", actor=actor, reason=reason, request_id=request_id, now=now)


def expire(*, reference: str, now: datetime) -> Booked:
    """Ends a request that nobody decided in time."""
    return _end(reference, "expire", "expired", actor=change.CLOCK, reason=None, request_id=None, now=now)


def _end(
    reference: str, move: str, event: str, *, actor: str, reason: str | None, request_id: str | None, now: datetime
) -> Booked:
    said = text.line(reason or "", longest=200)
    if isinstance(said, FieldError):
        raise Invalid(errors={"reason": said})

    def work(session: OrmSession) -> Booked:
        before = change.locked(session, reference)
        status = workflow.step(before.status, move)
        if status is None:
            return Booked(before, replayed=True)
        after = change.write(session, before, now=now, status=status, cancel_reason=said or None)
        change.give_back(session, after, now)
        told = change.note(
            session,
            event,
            before,
            after,
            actor=actor,
            now=now,
            reason=said or None,
            request_id=request_id,
            facts={"reason": said},
        )
        return Booked(after, messages=tuple(told))

    return run(work)
