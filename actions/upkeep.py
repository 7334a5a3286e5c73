"""What time alone changes: expired holds, undecided requests, days that end, keys that grow old."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import attachments, change, factors, feedback, idempotency, review, unanswered
from actions.taking import end_stale, lock_session, settle
from actions.transaction import run, transaction
from models.base import db, rows_changed
from models.booking import Booking, Hold, Session
from models.business import Business
from models.desk import Proposal
from models.message_queries import expire_overdue
from rules import errors

HOLDS_KEPT = timedelta(days=1)


def sweep(*, now: datetime, answers: Path | None = None, keys: tuple[str, ...] = ()) -> dict[str, int]:
    """Does all of it once and says how often each was done. Several processes may run it at the same time.
    ``answers`` is where customers' files are kept, ``keys`` those of the house, today's first.

    What fails does not keep the rest from being done; the first failure is raised at the end.
    """
    parts: dict[str, Callable[[datetime], int]] = {
        "proposals": _end_proposals,
        "holds": _end_holds,
        "requests": _end_requests,
        "days": _end_days,
        "messages": _end_messages,
        "old": _drop_old,
    }
    if answers is not None:
        parts["files"] = lambda now: attachments.sweep(db.session(), answers, now=now)
    if len(keys) > 1:
        parts["seals"] = lambda _now: factors.reseal(keys=keys)
    done: dict[str, int] = {}
    failures: list[Exception] = []
    for name, part in parts.items():
        try:
            done[name] = part(now)
        except Exception as failure:
            db.session.rollback()
            failures.append(failure)
    if failures:
        raise failures[0]
    return done


def _end_holds(now: datetime) -> int:
    """Ended one by one, each in a transaction of its own: a sweeper never holds up a customer for long."""
    stale = list(
        db.session.execute(
            select(Session.id).where(Session.live, Session.held_until <= now).order_by(Session.id).limit(500)
        ).scalars()
    )
    over = list(
        db.session.execute(
            select(Hold.id, Hold.session_id)
            .join(Session, Session.id == Hold.session_id)
            .where(Hold.state == "open", Hold.expires_at <= now, Session.held_until.is_(None))
            .order_by(Hold.id)
            .limit(500)
        )
    )
    ended = sum(run(partial(_end_one, id=id, now=now)) for id in stale)
    return ended + sum(run(partial(_end_beside, id=id, session_id=of, now=now)) for id, of in over)


def _end_one(session: OrmSession, *, id: int, now: datetime) -> bool:
    return end_stale(session, id, now)


def _end_beside(session: OrmSession, *, id: int, session_id: int, now: datetime) -> bool:
    """Ends one hold in a session that others keep alive."""
    lock_session(session, session_id)
    ended = rows_changed(
        session, update(Hold).where(Hold.id == id, Hold.state == "open", Hold.expires_at <= now).values(state="expired")
    )
    settle(session, session_id, now=now)
    return ended == 1


def _end_proposals(now: datetime) -> int:
    return sum(unanswered.end(booking_id=id, now=now) for id in unanswered.due(db.session(), now))


def _end_requests(now: datetime) -> int:
    rows = db.session.execute(
        select(Booking.reference)
        .join(Session, Session.id == Booking.session_id)
        .where(Booking.status == "requested", Session.starts <= now)
        .order_by(Session.starts)
        .limit(500)
    ).scalars()
    ended = 0
    for reference in list(rows):
        try:
            ended += not review.expire(reference=reference, now=now).replayed
        except errors.StateChanged:
            continue
    return ended


def _end_days(now: datetime) -> int:
    """A booking that nobody touched is completed, by the clock, when its local day is over; where the business wants to be
    asked (``at_day_end: ask``) it waits for somebody to say what became of it."""
    extra = db.session.execute(select(Business.extra)).scalar() or {}
    if extra.get("at_day_end", "complete") == "ask":
        return 0
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
        feedback.ask(session, after, now=now)
        return True

    return run(work)


def _end_messages(now: datetime) -> int:
    with transaction() as session:
        return expire_overdue(session, now)


def _drop_old(now: datetime) -> int:
    """Holds that ended more than a day ago and idempotency keys older than three. Bookings never."""
    with transaction() as session:
        gone = rows_changed(
            session,
            delete(Hold)
            .where(Hold.state.in_(("released", "expired")), Hold.expires_at < now - HOLDS_KEPT)
            # What was proposed to a customer stays with her booking.
            .where(Hold.id.not_in(select(Proposal.hold_id).where(Proposal.hold_id.is_not(None)))),
        )
        return gone + idempotency.sweep(session, now=now)
