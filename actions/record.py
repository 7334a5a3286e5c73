"""What every step leaves behind: its history row, and the messages that tell people of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as OrmSession

from models.base import table
from models.bookings import BookingView
from models.history import History, HistoryPersonal
from models.outbox import Message
from models.people import Contact
from models.snapshot import catalogue
from rules import messages
from rules.facts import Catalogue


def record(
    session: OrmSession,
    *,
    at: datetime,
    actor: str,
    object_kind: str,
    object_id: int,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
    personal_before: Mapping[str, Any] | None = None,
    personal_after: Mapping[str, Any] | None = None,
    request_id: str | None = None,
) -> None:
    """Writes one history row in the current transaction, personal values beside it."""
    history_id = session.execute(
        insert(table(History))
        .values(
            at=at,
            actor=actor,
            object_kind=object_kind,
            object_id=object_id,
            action=action,
            before=before,
            after=after,
            reason=reason,
            request_id=request_id,
        )
        .returning(table(History).c.id)
    ).scalar_one()
    if personal_before or personal_after:
        session.execute(
            insert(table(HistoryPersonal)).values(history_id=history_id, before=personal_before, after=personal_after)
        )


def tell(
    session: OrmSession,
    event: str,
    booking: BookingView,
    *,
    known: Catalogue,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
) -> list[int]:
    """Writes the message rows of ``event`` for a booking in the current transaction and returns their ids.

    The unique key of the table makes telling the same thing twice harmless.
    """
    service = known.services.get(booking.service) or next(
        each for each in known.service_by_id.values() if each.slug == booking.service
    )
    location = next(each for each in known.location_by_id.values() if each.slug == booking.location)
    staff = [known.resource_by_id[id] for id in booking.resource_ids if known.resource_by_id[id].kind == "staff"]
    planned = messages.plan(
        event, booking=booking, service=service, location=location, business=known.business, staff=staff, now=now
    )
    return _write(session, planned, booking, now, facts or {})


def tell_staff(
    session: OrmSession,
    kind: str,
    booking: BookingView,
    resource_ids: Sequence[int],
    *,
    now: datetime,
    facts: Mapping[str, Any],
) -> list[int]:
    """Writes one message of ``kind`` to each of these resources that has a mailbox, and returns the ids."""
    known = catalogue(session)
    people = [known.resource_by_id[id] for id in resource_ids]
    planned = messages.to_staff(kind, people, business=known.business, start=booking.start, now=now)
    return _write(session, planned, booking, now, facts)


def _write(
    session: OrmSession,
    planned: Sequence[messages.Planned],
    booking: BookingView,
    now: datetime,
    facts: Mapping[str, Any],
) -> list[int]:
    if not planned:
        return []
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [
        {
            "object_kind": "booking",
            "object_id": booking.id,
            "revision": booking.revision,
            "kind": each.kind,
            "offset_minutes": each.offset_minutes,
            "copy": 0,
            "audience": each.audience,
            "channel": each.channel,
            "recipient": each.recipient,
            "locale": each.locale,
            "due_at": each.due_at,
            "next_at": each.due_at,
            "deadline": each.deadline,
            "priority": each.priority,
            "state": "ready",
            "attempt": 0,
            "facts": dict(facts),
            "created_at": now,
        }
        for each in planned
    ]
    written = session.execute(make(table(Message)).on_conflict_do_nothing().returning(table(Message).c.id), rows)
    return list(written.scalars())


def suppressed(session: OrmSession, *, kind: str, value: str) -> bool:
    """True when this phone or mailbox must not be written to."""
    state = session.execute(select(Contact.state).where(Contact.kind == kind, Contact.value == value)).scalar()
    return state in ("bad", "opted_out")
