"""What every step leaves behind: its history row, and the messages that tell people of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session as OrmSession

from actions.asking import to_decide
from models import prepared
from models.base import REQUEST, execute, table
from models.bookings import BookingView
from models.chains import Rows, write
from models.history import History, HistoryPersonal
from models.outbox import Message
from models.people import Staff, StaffLocation
from models.snapshot import catalogue
from rules import messages
from rules.desk import at_desk
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
    step = step_of(
        session, at=at, actor=actor, kind=object_kind, action=action, before=before, after=after, reason=reason
    )
    step |= {"object_id": object_id} | ({"request_id": request_id} if request_id else {})
    if not personal_before and not personal_after:
        prepared.run(session, _STEP, step)
        return
    history_id = execute(session, _STEP_WITH_ID, step).scalar_one()
    execute(session, _PERSONAL, {"history_id": history_id, "before": personal_before, "after": personal_after})


def step_of(
    session: OrmSession,
    *,
    at: datetime,
    actor: str,
    kind: str,
    action: str,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """The history row of a step, all but the id of its object, for who writes it together with that."""
    return {
        "at": at,
        "actor": actor,
        "object_kind": kind,
        "action": action,
        "before": before,
        "after": after,
        "reason": reason,
        "request_id": session.info.get(REQUEST),
    }


_STEP = insert(table(History)).inline()
_STEP_WITH_ID = insert(table(History)).returning(table(History).c.id)
_PERSONAL = insert(table(HistoryPersonal))


def tell(
    session: OrmSession,
    event: str,
    booking: BookingView,
    *,
    known: Catalogue,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    leaves: datetime | None = None,
    customer: bool = True,
    only: Collection[tuple[str, str]] | None = None,
) -> list[int]:
    """Writes the message rows of ``event`` for a booking in the current transaction and returns their ids.

    The unique key of the table makes telling the same thing twice harmless. ``news`` says what is meant by the rest.
    """
    rows = news(session, event, booking, known=known, now=now, facts=facts, leaves=leaves, customer=customer, only=only)
    return _write(session, rows, booking)


def news(
    session: OrmSession,
    event: str,
    booking: BookingView,
    *,
    known: Catalogue,
    now: datetime,
    facts: Mapping[str, Any] | None = None,
    leaves: datetime | None = None,
    customer: bool = True,
    only: Collection[tuple[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """The message rows of ``event``, all but the booking's id, for who writes them together with it.

    Nothing leaves before ``leaves``. Without ``customer`` she hears of it only by her reminders; ``only`` names the ways
    (channel, recipient) by which news goes out.
    """
    around = _around(known, booking)
    decided_by = around["service"].approval_by if event in ("requested", "requested_again") else None
    asked = to_decide(session, booking, decided_by, known=known, now=now) if decided_by else []
    planned = messages.plan(event, **(around | {"staff": ()} if asked else around), now=now) + asked
    wanted = [
        each
        for each in planned
        if each.kind in messages.LATER
        or ((customer or each.audience != "customer") and (only is None or (each.channel, each.recipient) in only))
    ]
    return _rows(wanted, booking, now, facts or {}, leaves)


def remind(session: OrmSession, booking: BookingView, *, known: Catalogue, now: datetime) -> list[int]:
    """Plans the reminders that are still to come of a booking that is firm again, and returns their ids."""
    planned = list(messages.reminders(**_around(known, booking), now=now))
    return _write(session, _rows(planned, booking, now, {}), booking)


def _around(known: Catalogue, booking: BookingView) -> dict[str, Any]:
    """A booking with what planning its messages asks for."""
    service = known.services.get(booking.service) or next(
        each for each in known.service_by_id.values() if each.slug == booking.service
    )
    location = next(each for each in known.location_by_id.values() if each.slug == booking.location)
    staff = [known.resource_by_id[id] for id in booking.resource_ids if known.resource_by_id[id].kind == "staff"]
    around = {"booking": booking, "service": service, "location": location, "staff": staff}
    return {**around, "business": known.business}


def ask_how_it_was(session: OrmSession, booking: BookingView, *, known: Catalogue, now: datetime) -> list[int]:
    """Plans the question how a completed visit was, where its service asks it, and returns the ids."""
    around = _around(known, booking)
    if not around["service"].feedback:
        return []
    planned = messages.how_it_was(booking, zone=around["location"].timezone, now=now)
    return _write(session, _rows(planned, booking, now, {}), booking)


def warn(session: OrmSession, booking: BookingView, stars: int, *, now: datetime) -> list[int]:
    """Tells owners and managers of the place at once that a visit got few stars; each once a booking."""
    known = catalogue(session)
    place = next(each.id for each in known.location_by_id.values() if each.slug == booking.location)
    elsewhere = select(StaffLocation.staff_id).where(StaffLocation.location_id != place)
    here = select(StaffLocation.staff_id).where(StaffLocation.location_id == place)
    query = select(Staff.email, Staff.locale).where(
        Staff.role.in_(("owner", "manager")),
        Staff.disabled_at.is_(None),
        or_(Staff.id.in_(here), Staff.id.not_in(elsewhere)),
    )
    planned = [
        messages.to_mailbox(
            messages.LOW_MARK,
            each.email,
            each.locale or known.business.locale,
            start=now + messages.USEFUL_FOR,
            now=now,
        )
        for each in session.execute(query.order_by(Staff.id))
    ]
    return _write(session, _rows(planned, booking, now, {"stars": stars}), booking)


def tell_staff(
    session: OrmSession,
    kind: str,
    booking: BookingView,
    resource_ids: Sequence[int],
    *,
    now: datetime,
    facts: Mapping[str, Any],
    leaves: datetime | None = None,
    only: Collection[tuple[str, str]] | None = None,
) -> list[int]:
    """Writes one message of ``kind`` to each of these resources that has a mailbox, and returns the ids."""
    known = catalogue(session)
    people = [known.resource_by_id[id] for id in resource_ids]
    planned = messages.to_staff(kind, people, business=known.business, start=booking.start, now=now)
    wanted = [each for each in planned if only is None or (each.channel, each.recipient) in only]
    return _write(session, _rows(wanted, booking, now, facts, leaves), booking)


def answer(
    session: OrmSession,
    kind: str,
    booking: BookingView,
    asker: str,
    *,
    now: datetime,
    facts: Mapping[str, Any],
    copy: int,
    assigned: bool = True,
) -> list[int]:
    """Tells whoever asked the customer (an actor) what she said; where that was nobody with an account, the people
    ``assigned``. ``copy`` tells one answer from another."""
    known = catalogue(session)
    people = [known.resource_by_id[id] for id in booking.resource_ids if known.resource_by_id[id].kind == "staff"]
    id = int(asker.partition(":")[2]) if at_desk(asker) else 0
    who = session.execute(select(Staff.email, Staff.locale).where(Staff.id == id, Staff.disabled_at.is_(None))).first()
    if who is None and not assigned:
        return []
    if who is None:
        planned = messages.to_staff(kind, people, business=known.business, start=booking.start, now=now)
    else:
        planned = [
            messages.to_mailbox(kind, who.email, who.locale or known.business.locale, start=booking.start, now=now)
        ]
    return _write(session, _rows(planned, booking, now, facts, copy=copy), booking)


def ask(
    session: OrmSession,
    kind: str,
    booking: BookingView,
    *,
    now: datetime,
    deadline: datetime,
    facts: Mapping[str, Any],
    leaves: datetime,
    copy: int,
) -> list[int]:
    """Writes a question to the customer, of use until ``deadline``; ``copy`` tells one from another about the same booking."""
    planned = messages.question(kind, booking, now, deadline)
    # What has to be answered at once cannot wait for anything.
    return _write(session, _rows(planned, booking, now, facts, leaves if leaves < deadline else now, copy), booking)


def _rows(
    planned: Sequence[messages.Planned],
    booking: BookingView,
    now: datetime,
    facts: Mapping[str, Any],
    leaves: datetime | None = None,
    copy: int = 0,
) -> list[dict[str, Any]]:
    return [
        {
            "revision": booking.revision,
            "copy": copy,
            "kind": each.kind,
            "audience": each.audience,
            "channel": each.channel,
            "recipient": each.recipient,
            "locale": each.locale,
            "due_at": max(each.due_at, leaves or each.due_at),
            "next_at": max(each.due_at, leaves or each.due_at),
            "deadline": each.deadline,
            "offset_minutes": each.offset_minutes,
            "priority": each.priority,
            "facts": {**facts, **_lost(each, booking, facts)},
            "created_at": now,
        }
        for each in planned
    ]


def _lost(planned: messages.Planned, booking: BookingView, facts: Mapping[str, Any]) -> dict[str, str]:
    """For who has the booking no more: when it was hers, whatever becomes of it until she reads it."""
    return {"lost": facts.get("was") or booking.start.isoformat()} if planned.kind == messages.LOST else {}


def _write(session: OrmSession, rows: Sequence[Mapping[str, Any]], booking: BookingView) -> list[int]:
    about = [{**row, "object_id": booking.id} for row in rows]
    return write(session, Rows(Message, about, once=()))[Message]
