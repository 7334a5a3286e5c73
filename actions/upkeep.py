"""What time alone changes: expired holds, undecided requests, days that end, keys that grow old."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as OrmSession

from actions import change, idempotency, review
from actions.taking import end_stale
from actions.transaction import run, transaction
from models.base import db
from models.booking import Booking, Hold, Session
from models.message_queries import expire_overdue
from rules import errors, policies

HOLDS_KEPT = timedelta(days=1)


def sweep(*, now: datetime) -> dict[str, int]:
    """Does all of it once and says how often each was done. Several processes may run it at the same time."""
    return {
        "holds": _end_holds(now),
        "requests": _end_requests(now),
        "days": _end_days(now),
        "messages": _end_messages(now),
        "old": _drop_old(now),
    }


def _end_holds(now: datetime) -> int:
    """Ended one by one, each in a transaction of its own: a sweeper never holds up a customer for long."""
    stale = list(
        db.session.execute(
            select(Session.id).where(Session.live, Session.held_until <= now).order_by(Session.id).limit(500)
        ).scalars()
    )
    return sum(run(partial(_end_one, id=id, now=now)) for id in stale)


def _end_one(session: OrmSession, *, id: int, now: datetime) -> bool:
    return end_stale(session, id, now)


def _end_requests(now: datetime) -> int:
    rows = db.session.execute(
        select(Booking.reference, Booking.terms, Booking.created_at, Session.starts)
        .join(Session, Session.id == Booking.session_id)
        .where(Booking.status == "requested")
        .order_by(Session.starts)
        .limit(1000)
    ).all()
    ended = 0
    for reference, terms, created_at, starts in rows:
        if policies.decide_by(starts, created_at, {**terms, "decide_within": None}) > now:
            continue
        try:
            ended += not review.expire(reference=reference, now=now).replayed
        except errors.StateChanged:
            continue
    return ended


def _end_days(now: datetime) -> int:
    """A booking that nobody touched is completed, by the clock, when its local day is over."""
    rows = db.session.execute(
        select(Booking.reference, Session.ends, Session.zone)
        .join(Session, Session.id == Booking.session_id)
        .where(Booking.status == "confirmed", Session.ends < now)
        .order_by(Session.ends)
        .limit(500)
    ).all()
    return sum(_complete(reference, now) for reference, ends, zone in rows if _day_is_over(ends, zone, now))


def _day_is_over(ends: datetime, zone: str, now: datetime) -> bool:
    return ends.astimezone(ZoneInfo(zone)).date() < now.astimezone(ZoneInfo(zone)).date()


def _complete(reference: str, now: datetime) -> bool:
    def work(session: OrmSession) -> bool:
        before = change.locked(session, reference)
        if before.status != "confirmed":
            return False
        after = change.write(session, before, now=now, status="completed")
        change.remember(session, "completed", before, after, actor=change.CLOCK, now=now)
        return True

    return run(work)


def _end_messages(now: datetime) -> int:
    with transaction() as session:
        return expire_overdue(session, now)


def _drop_old(now: datetime) -> int:
    """Holds that ended more than a day ago and idempotency keys older than three. Bookings never."""
    with transaction() as session:
        gone = session.execute(
            delete(Hold)
            .where(Hold.state.in_(("released", "expired")), Hold.expires_at < now - HOLDS_KEPT)
            .execution_options(synchronize_session=False)
        )
        return int(gone.rowcount) + idempotency.sweep(session, now=now)  # type: ignore[attr-defined]
