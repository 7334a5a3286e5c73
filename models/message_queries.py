"""Queries of the outbox: claiming, settling, what is late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from models.outbox import WAITING, Message, MessageAttempt

LEASE = timedelta(seconds=120)
_QUIET = {"synchronize_session": False}


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
    """Claims one message for this process, or None when somebody else has it or it is settled. The row count decides."""
    free = or_(
        Message.state.in_(("ready", "retry", "unknown")),
        (Message.state == "claimed") & (Message.lease_until <= now),
    )
    claimed = session.execute(
        update(Message)
        .where(Message.id == message_id, free, Message.next_at <= now)
        .values(state="claimed", attempt=Message.attempt + 1, lease_until=now + LEASE)
        .execution_options(**_QUIET)
    )
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        return None
    query = select(Message).where(Message.id == message_id).execution_options(populate_existing=True)
    message = session.execute(query).scalar_one()
    # It outlives the transaction: nothing of it may be read again from the database while it is being sent.
    session.expunge(message)
    return message


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
    values: dict[str, Any] = {"state": state, "why": why, "lease_until": None}
    if provider_id is not None:
        values["provider_id"] = provider_id
    if next_at is not None:
        values["next_at"] = next_at
    if state not in WAITING:
        values["settled_at"] = now
    done = session.execute(
        update(Message)
        .where(Message.id == message.id, Message.state == "claimed", Message.attempt == message.attempt)
        .values(**values)
        .execution_options(**_QUIET)
    )
    session.execute(
        insert(MessageAttempt).values(
            message_id=message.id,
            attempt=message.attempt,
            at=now,
            outcome=state,
            code=code,
            detail=why,
            took_ms=took_ms,
        )
    )
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def expire_overdue(session: OrmSession, now: datetime) -> int:
    """Ends what can be of no use any more; the row stays and says so."""
    done = session.execute(
        update(Message)
        .where(Message.state.in_(("ready", "retry", "unknown")), Message.deadline <= now)
        .values(state="expired", why="too late to be of use", settled_at=now)
        .execution_options(**_QUIET)
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def oldest_waiting(session: OrmSession, now: datetime) -> datetime | None:
    """When the oldest message that is due should have left, or None."""
    query = select(func.min(Message.next_at)).where(Message.state.in_(WAITING), Message.next_at <= now)
    return session.execute(query).scalar()
