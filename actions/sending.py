"""Letting messages leave again after a restore."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from models.base import rows_changed, table
from models.business import Business
from models.outbox import WAITING, Message
from models.sending import PAUSED, paused

SENT_ALREADY = "it may have left before the house was restored"
_MESSAGE, _BUSINESS = table(Message), table(Business)


def resume(*, again: bool, actor: str, now: datetime) -> int | None:
    """Lets messages leave. Returns how many were left out, None when nothing was paused.

    Those that were due before the restore may have left the house after its backup was made: with ``again`` they leave
    too, else they are dropped and say why.
    """

    def work(session: OrmSession) -> int | None:
        extra = dict(session.execute(select(Business.extra).with_for_update()).scalar() or {})
        stop = paused(session)
        if stop is None:
            return None
        left_out = 0 if again else _leave_out(session, stop.since, now)
        extra.pop(PAUSED)
        session.execute(update(_BUSINESS).values(extra=extra))
        record(session, at=now, actor=actor, object_kind="business", object_id=1, action="sending_resumed")
        return left_out

    return run(work)


def _leave_out(session: OrmSession, before: datetime, now: datetime) -> int:
    return rows_changed(
        session,
        update(_MESSAGE)
        .where(_MESSAGE.c.state.in_(WAITING), _MESSAGE.c.due_at <= before)
        .values(state="dropped", why=SENT_ALREADY, settled_at=now, lease_until=None),
    )
