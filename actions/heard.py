"""What people have heard of a step, and what they need not hear any more."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, insert, literal, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from models.base import Instant
from models.booking import Booking
from models.bookings import by_reference
from models.message_queries import news, to_send_again
from models.outbox import Message
from rules import errors, messages

QUIET = {"synchronize_session": False}
LEFT = ("claimed", "unknown", "sent", "delivered")


def withdrawn(session: OrmSession, booking_id: int, revision: int, now: datetime) -> frozenset[tuple[str, str]]:
    """Takes back the news of one revision that has not left, and gives the ways (channel, recipient) of what has."""
    of_the_step = news(booking_id, revision)
    session.execute(
        update(Message)
        .where(of_the_step, Message.state.in_(("ready", "retry")))
        .values(state="dropped", why="taken back before it left", settled_at=now)
        .execution_options(**QUIET)
    )
    left = session.execute(select(Message.channel, Message.recipient).where(of_the_step, Message.state.in_(LEFT)))
    return frozenset((channel, recipient) for channel, recipient in left)


def revived(session: OrmSession, booking_id: int, *, old: int, new: int, since: datetime) -> None:
    """Gives what a revision still had to say, reminders too, to the one that says the same again. What was dropped
    ``since`` because the booking had changed is to leave after all."""
    waits = or_(
        Message.state.in_(("ready", "retry")),
        and_(
            Message.state == "dropped",
            Message.settled_at >= since,
            Message.why.in_((messages.CHANGED, messages.NOT_FIRM, messages.DECIDED)),
        ),
    )
    session.execute(
        update(Message)
        .where(Message.object_kind == "booking", Message.object_id == booking_id, Message.revision == old, waits)
        .values(revision=new, state="ready", why=None, settled_at=None)
        .execution_options(**QUIET)
    )


def send_now(*, reference: str, actor: str, now: datetime) -> tuple[int, ...]:
    """Lets what waits of the last step leave at once, and sends what did not arrive once more; gives the ids. Again gives
    none. Raises Missing."""

    def work(session: OrmSession) -> tuple[int, ...]:
        found = by_reference(session, reference)
        if found is None:
            raise errors.Missing
        waits = Message.state.in_(("ready", "retry")) & (Message.next_at > now)
        freed = session.execute(
            update(Message)
            .where(news(found.id, found.revision), waits)
            .values(due_at=case((Message.due_at > now, literal(now, Instant)), else_=Message.due_at), next_at=now)
            .returning(Message.id)
            .execution_options(**QUIET)
        )
        ids = (*freed.scalars(), *_again(session, found.id, now))
        if ids:
            step: dict[str, Any] = {"action": "sent_now", "after": {"messages": len(ids)}}
            record(session, at=now, actor=actor, object_kind="booking", object_id=found.id, **step)
        return ids

    return run(work)


def _again(session: OrmSession, booking_id: int, now: datetime) -> list[int]:
    """Writes what did not arrive anew: a message of its own, so that nothing that the carrier knows of the first is taken
    for it. The booking is locked, so that two taps write one."""
    session.execute(select(Booking.id).where(Booking.id == booking_id).with_for_update())
    kept = ("object_kind", "object_id", "revision", "kind", "offset_minutes", "audience", "channel", "recipient", "locale",
            "deadline", "priority", "facts")  # fmt: skip
    rows = []
    for failed in to_send_again(session, [booking_id], now):
        same = {name: getattr(failed, name) for name in kept}
        rows.append({**same, "copy": _copy(session, failed), "due_at": now, "next_at": now, "created_at": now})
    return [session.execute(insert(Message).values(**row).returning(Message.id)).scalar_one() for row in rows]


def _copy(session: OrmSession, failed: Message) -> int:
    """The next number of its kind."""
    same = (Message.object_kind == failed.object_kind) & (Message.object_id == failed.object_id)
    query = select(func.max(Message.copy)).where(same, Message.kind == failed.kind)
    return int(session.execute(query).scalar_one()) + 1
