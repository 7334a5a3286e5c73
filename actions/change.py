"""What cancelling, moving and deciding share: the booking, locked in the one order, and the step that it takes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions.proposed import close, kept_for
from actions.record import record, tell
from actions.taking import lock_resources, lock_session, resources_of, settle
from actions.transaction import Again
from actions.undoable import keep
from models import bookings
from models.base import rows_changed
from models.booking import Booking
from models.bookings import BookingView
from models.history import steps_of
from models.snapshot import catalogue
from rules import desk, errors, workflow
from rules.diff import diff

SHELL, CUSTOMER, PROGRAM, CLOCK = "shell", "customer", "program", "clock"


def locked(session: OrmSession, reference: str, *, revision: int | None = None) -> BookingView:
    """The booking, its resources and itself locked. Raises Missing, or Stale when ``revision`` is an old one."""
    found = bookings.by_reference(session, reference)
    if found is None:
        raise errors.Missing
    kept = kept_for(session, found.id)
    lock_resources(session, {*found.resource_ids, *(resources_of(session, kept) if kept else ())})
    for id in sorted({found.session_id, *kept}):
        lock_session(session, id)
    session.execute(select(Booking.id).where(Booking.id == found.id).with_for_update())
    current = bookings.by_id(session, found.id)
    assert current is not None
    if current.session_id != found.session_id:
        # Moved while we waited: what is locked is the time that it has left.
        raise Again
    if revision is not None and revision != current.revision:
        raise errors.Stale(revision=current.revision, booking=current)
    return current


def write(session: OrmSession, before: BookingView, *, now: datetime, **changes: Any) -> BookingView:
    """Changes the row by compare-and-set on state and revision, one revision higher. Raises StateChanged when lost.

    What the customer was asked about it is answered by that.
    """
    columns = {name: value for name, value in changes.items() if name in Booking.__table__.columns}
    done = rows_changed(
        session,
        update(Booking)
        .where(Booking.id == before.id, Booking.status == before.status, Booking.revision == before.revision)
        .values(**columns, revision=before.revision + 1, changed_at=now),
    )
    if done != 1:
        raise errors.StateChanged(status=before.status)
    moved = changes.get("session_id", before.session_id) != before.session_id
    close(session, before.id, state="accepted" if moved else "withdrawn", now=now)
    return replace(before, **changes, revision=before.revision + 1, changed_at=now)


def step(session: OrmSession, before: BookingView, move: str) -> str | None:
    """The status after ``move``; None when it was taken already. Raises StateChanged with who did what is in its way, and
    when."""
    try:
        return workflow.step(before.status, move)
    except errors.StateChanged as refusal:
        raise errors.StateChanged(**refusal.params, **since(session, before)) from refusal


def since(session: OrmSession, view: BookingView) -> dict[str, Any]:
    """Who gave a booking the status that it has (``by`` an actor) and when (``at``)."""
    for row in steps_of(session, "booking", view.id):
        if (row.after or {}).get("status") == view.status:
            return {"by": row.actor, "at": row.at}
    return {}


def give_back(session: OrmSession, view: BookingView, now: datetime) -> None:
    """Frees the time of a booking that has just left the live states, unless others share its session."""
    settle(session, view.session_id, now=now)


def note(
    session: OrmSession,
    event: str,
    before: BookingView,
    after: BookingView,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    request_id: str | None = None,
    facts: Mapping[str, Any] | None = None,
    action: str | None = None,
    customer: bool = True,
    only: Collection[tuple[str, str]] | None = None,
) -> list[int]:
    """The history row of a step and the messages that it causes; returns their ids. At the desk they leave after the time
    for undoing it. ``customer`` and ``only`` as for ``record.tell``."""
    remember(session, action or event, before, after, actor=actor, now=now, reason=reason, request_id=request_id)
    leaves = desk.told_at(actor, (before.start, after.start), now)
    known = catalogue(session)
    return tell(session, event, after, known=known, now=now, facts=facts, leaves=leaves, customer=customer, only=only)


def remember(
    session: OrmSession,
    action: str,
    before: BookingView,
    after: BookingView,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    request_id: str | None = None,
) -> None:
    """The history row of a step that tells nobody; of one at the desk also what it takes to undo it."""
    keep(session, action, before, revision=after.revision, actor=actor, now=now)
    old, new = diff(_said(before), _said(after))
    record(
        session,
        at=now,
        actor=actor,
        object_kind="booking",
        object_id=after.id,
        action=action,
        before=old,
        after=new,
        reason=reason,
        request_id=request_id,
    )


def _said(view: BookingView) -> dict[str, Any]:
    return {
        "status": view.status,
        "start": view.start.isoformat(),
        "end": view.end.isoformat(),
        "resources": list(view.resources),
        "revision": view.revision,
    }
