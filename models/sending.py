"""Whether messages leave: a restored house waits until somebody has looked at what it would send."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session as OrmSession

from models.base import execute
from models.business import Business
from models.outbox import WAITING, Message

PAUSED = "sending_paused"
_EXTRA = select(Business.extra)


@dataclass(frozen=True, slots=True)
class Paused:
    """Since when nothing leaves, and when the backup was made that the house was restored from."""

    since: datetime
    backup: datetime


def paused(session: OrmSession) -> Paused | None:
    """None while messages leave."""
    found = (execute(session, _EXTRA).scalar() or {}).get(PAUSED)
    if not found:
        return None
    return Paused(datetime.fromisoformat(found["since"]), datetime.fromisoformat(found["backup"]))


def waiting(session: OrmSession, now: datetime) -> dict[str, int]:
    """How many messages of each kind would leave now and in time to come."""
    query = select(Message.kind, func.count()).where(Message.state.in_(WAITING), Message.deadline > now)
    found = session.execute(query.group_by(Message.kind).order_by(Message.kind))
    return {str(row.kind): int(row[1]) for row in found}


def doubtful(session: OrmSession, before: datetime, now: datetime) -> int:
    """How many of them were due before the restore: the house may have sent them after its backup was made."""
    query = select(func.count()).where(Message.state.in_(WAITING), Message.deadline > now, Message.due_at <= before)
    return int(session.execute(query).scalar_one())
