"""What cancelling, moving and deciding share: the booking, locked in the one order, and the step that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions.record import record, tell
from actions.taking import lock_resources, settle
from models import bookings
from models.booking import Booking
from models.bookings import BookingView
from models.snapshot import catalogue
from rules import errors
from rules.diff import diff

SHELL, CUSTOMER, PROGRAM, CLOCK = "shell", "customer", "program", "clock"


def locked(session: OrmSession, reference: str, *, revision: int | None = None) -> BookingView:
    """The booking, its resources and itself locked. Raises Missing, or Stale when ``revision`` is an old one."""
    found = bookings.by_reference(session, reference)
    if found is None:
        raise errors.Missing
    lock_resources(session, found.resource_ids)
    session.execute(select(Booking.id).where(Booking.id == found.id).with_for_update())
    current = bookings.by_id(session, found.id)
    assert current is not None
    if revision is not None and revision != current.revision:
        raise errors.Stale(revision=current.revision, booking=current)
    return current


def write(session: OrmSession, before: BookingView, *, now: datetime, **changes: Any) -> BookingView:
    """Changes the row by compare-and-set on state and revision, one revision higher. Raises StateChanged when lost."""
    columns = {name: value for name, value in changes.items() if name in Booking.__table__.columns}
    done = session.execute(
        update(Booking)
        .where(Booking.id == before.id, Booking.status == before.status, Booking.revision == before.revision)
        .values(**columns, revision=before.revision + 1, changed_at=now)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise errors.StateChanged(status=before.status)
    return replace(before, **changes, revision=before.revision + 1, changed_at=now)


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
) -> list[int]:
    """The history row of a step and the messages that it causes; returns the message ids."""
    remember(session, action or event, before, after, actor=actor, now=now, reason=reason, request_id=request_id)
    return tell(session, event, after, known=catalogue(session), now=now, facts=facts)


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
    """The history row of a step that tells nobody."""
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
