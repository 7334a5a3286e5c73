"""Deciding requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions import change
from actions.confirm import Booked
from actions.transaction import run
from models.bookings import BookingView
from models.people import Staff
from models.snapshot import catalogue
from rules import desk, text
from rules.errors import FieldError, Invalid, OwnRequest, Stale, StateChanged


def approve(
    *,
    reference: str,
    actor: str,
    revision: int | None = None,
    tell: bool = True,
    request_id: str | None = None,
    now: datetime,
) -> Booked:
    """Confirms a request. ``replayed`` when it was approved already, with who and when. Without ``tell`` only the people
    assigned are told. Raises Missing, OwnRequest, StateChanged with who and when, Stale when the request is not what it was
    at ``revision``: she has moved it meanwhile."""

    def work(session: OrmSession) -> Booked:
        before = change.locked(session, reference)
        refuse_own(session, before, actor)
        status = change.step(session, before, "approve")
        if status is None:
            return Booked(before, replayed=True, **change.since(session, before))
        if before.start <= now:
            # Its time has come undecided: the clock ends it, whether or not it has done so yet.
            raise StateChanged(status="expired")
        _refuse_stale(before, revision)
        after = change.write(session, before, now=now, status=status)
        told = change.note(
            session, "approved", before, after, actor=actor, now=now, request_id=request_id, customer=tell
        )
        return Booked(after, messages=tuple(told), undo_until=desk.undo_until("approved", actor, now))

    return run(work)


def decline(
    *,
    reference: str,
    actor: str,
    reason: str | None = None,
    revision: int | None = None,
    tell: bool = True,
    request_id: str | None = None,
    now: datetime,
) -> Booked:
    """Declines a request and frees its time; the customer reads the reason, unless ``tell`` is off. Raises as ``approve``."""
    common: dict[str, Any] = {"actor": actor, "revision": revision, "tell": tell, "request_id": request_id, "now": now}
    return _end(reference, "decline", "declined", reason=reason, **common)


def expire(*, reference: str, now: datetime) -> Booked:
    """Ends a request that nobody decided in time."""
    return _end(reference, "expire", "expired", actor=change.CLOCK, now=now)


def refuse_own(session: OrmSession, view: BookingView, actor: str) -> None:
    """Raises OwnRequest for who made the request, or one of whose mailboxes it came from."""
    if not desk.at_desk(actor):
        return
    mine = select(Staff.email, Staff.resource_id).where(Staff.id == int(actor.partition(":")[2]))
    row = session.execute(mine).one_or_none()
    person = catalogue(session).resource_by_id.get(row.resource_id or 0) if row else None
    own = [each.email for each in (row, person) if each is not None and each.email]
    if desk.is_own(actor, own, created_by=view.created_by, email=view.email):
        raise OwnRequest


def _refuse_stale(view: BookingView, revision: int | None) -> None:
    if revision is not None and revision != view.revision:
        raise Stale(revision=view.revision, booking=view)


def _end(
    reference: str,
    move: str,
    event: str,
    *,
    actor: str,
    reason: str | None = None,
    revision: int | None = None,
    tell: bool = True,
    request_id: str | None = None,
    now: datetime,
) -> Booked:
    said = text.line(reason or "", longest=200)
    if isinstance(said, FieldError):
        raise Invalid(errors={"reason": said})

    def work(session: OrmSession) -> Booked:
        before = change.locked(session, reference)
        refuse_own(session, before, actor)
        status = change.step(session, before, move)
        if status is None:
            return Booked(before, replayed=True, **change.since(session, before))
        _refuse_stale(before, revision)
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
            customer=tell,
        )
        return Booked(after, messages=tuple(told), undo_until=desk.undo_until(event, actor, now))

    return run(work)
