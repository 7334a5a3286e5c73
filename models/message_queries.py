"""Queries of the outbox: claiming, settling, what is late."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import String, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import aliased

from models.base import Instant, execute, rows_changed, table
from models.booking import Booking
from models.doors import PeriodicTask
from models.outbox import WAITING, Message, MessageAttempt
from models.people import Contact
from rules import messages

LEASE = timedelta(seconds=120)


def due(session: OrmSession, now: datetime, limit: int = 200) -> list[int]:
    """Ids of messages to send now, urgent ones first: ready or to be retried, or claimed by somebody whose lease is over."""
    waiting = or_(
        Message.state.in_(("ready", "retry", "unknown")),
        (Message.state == "claimed") & (Message.lease_until <= now),
    )
    query = (
        select(Message.id)
        .where(Message.state.in_(WAITING), waiting, Message.next_at <= now)
        .order_by(Message.priority, Message.next_at, Message.id)
        .limit(limit)
    )
    return list(session.execute(query).scalars())


def claim(session: OrmSession, message_id: int, now: datetime) -> Message | None:
    """Claims one message for this process, or None when somebody else has it or it is settled. The update decides."""
    message = session.execute(_CLAIMED, {"wanted": message_id, "now": now, "lease": now + LEASE}).scalar_one_or_none()
    if message is not None:
        # It outlives the transaction: nothing of it may be read again from the database while it is being sent.
        session.expunge(message)
    return message


_CLAIMED = (
    update(Message)
    .where(
        Message.id == bindparam("wanted"),
        or_(
            Message.state.in_(("ready", "retry", "unknown")),
            (Message.state == "claimed") & (Message.lease_until <= bindparam("now")),
        ),
        Message.next_at <= bindparam("now"),
    )
    .values(state="claimed", attempt=Message.attempt + 1, lease_until=bindparam("lease"))
    .returning(Message)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def provider_ids(session: OrmSession, message: Message) -> frozenset[str]:
    """The carrier's ids of all other messages to the same recipient; none for a first try, which looks nothing up."""
    if message.attempt <= 1:
        return frozenset()
    query = select(Message.provider_id).where(
        Message.recipient == message.recipient, Message.id != message.id, Message.provider_id.is_not(None)
    )
    return frozenset(id for id in session.execute(query).scalars() if id)


def settle(
    session: OrmSession,
    message: Message,
    *,
    state: str,
    now: datetime,
    why: str | None = None,
    provider_id: str | None = None,
    next_at: datetime | None = None,
    code: str | None = None,
    took_ms: int | None = None,
) -> bool:
    """Writes how a try ended, if the message is still this try's. False when somebody else took it over meanwhile."""
    ended = {
        "wanted": message.id,
        "tried": message.attempt,
        "to": state,
        "because": why,
        "carrier": provider_id,
        "again": next_at,
        "settled": now if state not in WAITING else None,
    }
    done = execute(session, _SETTLED, ended)
    tried = {"message_id": message.id, "attempt": message.attempt, "at": now, "outcome": state}
    execute(session, _TRIED, {**tried, "code": code, "detail": why, "took_ms": took_ms})
    return bool(done.rowcount == 1)


_OUTBOX = table(Message)
_SETTLED = (
    update(_OUTBOX)
    .where(
        _OUTBOX.c.id == bindparam("wanted"),
        _OUTBOX.c.state == "claimed",
        _OUTBOX.c.attempt == bindparam("tried"),
    )
    .values(
        state=bindparam("to"),
        why=bindparam("because"),
        lease_until=None,
        provider_id=func.coalesce(bindparam("carrier", type_=String), _OUTBOX.c.provider_id),
        next_at=func.coalesce(bindparam("again", type_=Instant), _OUTBOX.c.next_at),
        settled_at=bindparam("settled"),
    )
)
_TRIED = insert(table(MessageAttempt))


def expire_overdue(session: OrmSession, now: datetime) -> int:
    """Ends what can be of no use any more; the row stays and says so."""
    return rows_changed(
        session,
        update(Message)
        .where(Message.state.in_(("ready", "retry", "unknown")), Message.deadline <= now)
        .values(state="expired", why="too late to be of use", settled_at=now),
    )


def oldest_waiting(session: OrmSession, now: datetime) -> datetime | None:
    """When the oldest message that is due should have left, or None."""
    query = select(func.min(Message.next_at)).where(Message.state.in_(WAITING), Message.next_at <= now)
    return session.execute(query).scalar()


def latest_failed() -> Any:
    """The start of a query on messages to customers that did not arrive and were not followed by one that did."""
    later = aliased(Message)
    arrived = select(later.id).where(
        later.object_kind == Message.object_kind,
        later.object_id == Message.object_id,
        later.channel == Message.channel,
        later.id > Message.id,
        later.state.in_(("sent", "delivered")),
    )
    return select(Message).where(Message.state == "failed", Message.audience == "customer", ~arrived.exists())


def waiting_news(session: OrmSession, booking_id: int, revision: int, now: datetime) -> tuple[int, datetime | None]:
    """How many messages of a step wait (for the time of undoing it, or for another try), and when the first is to leave."""
    query = select(func.count(), func.min(Message.next_at)).where(
        news(booking_id, revision), Message.next_at > now, Message.state.in_(("ready", "retry"))
    )
    count, first = session.execute(query).one()
    return count, first


def news(booking_id: int, revision: int) -> Any:
    """The condition for the messages that one step caused: what was planned for later is no news of it."""
    return and_(
        Message.object_kind == "booking",
        Message.object_id == booking_id,
        Message.revision == revision,
        Message.kind.not_in(messages.LATER),
    )


def to_send_again(session: OrmSession, booking_ids: Collection[int], now: datetime) -> list[Message]:
    """Messages to customers that did not arrive and may be tried once more: still of use, about the booking as it is, to a
    contact that it has and that takes messages, and with no other try on its way. The oldest first."""
    later = aliased(Message)
    tried = select(later.id).where(
        later.object_kind == "booking",
        later.object_id == Message.object_id,
        later.kind == Message.kind,
        later.channel == Message.channel,
        later.id > Message.id,
        later.state != "dropped",
    )
    barred = select(Contact.id).where(
        Contact.value == func.lower(Message.recipient), Contact.state.in_(("bad", "opted_out"))
    )
    query = latest_failed().join(Booking, and_(Message.object_kind == "booking", Booking.id == Message.object_id))
    query = query.where(
        Booking.id.in_(sorted(booking_ids)),
        Booking.revision == Message.revision,
        or_(Message.recipient == Booking.email, Message.recipient == Booking.phone),
        Message.deadline > now,
        ~tried.exists(),
        ~barred.exists(),
    )
    return list(session.execute(query.order_by(Message.id)).scalars())


def worker_sleeps(session: OrmSession, now: datetime) -> bool:
    """True when no worker has been seen for two minutes."""
    last = session.execute(select(PeriodicTask.last_run).where(PeriodicTask.name == "worker")).scalar()
    return last is None or now - last > timedelta(minutes=2)


def by_state(session: OrmSession) -> dict[str, int]:
    """How many messages there are in each state."""
    counted = select(Message.state, func.count()).group_by(Message.state)
    return dict(session.execute(counted).all())
