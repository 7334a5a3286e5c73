"""The summary of the day before, by mail to the owners and managers who want it: once a day at seven, house time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from models.base import dialect_of, rows_changed, upsert
from models.business import Business
from models.doors import PeriodicTask
from models.outbox import Message
from models.people import Staff
from rules.errors import NotAllowed
from rules.periods import next_morning
from rules.rights import Viewer

KIND = "staff_summary"
READERS = ("owner", "manager")
_TURN, _WISH = "summary", "daily_summary"
_QUIET = {"synchronize_session": False}


def want(*, on: bool, by: Viewer, now: datetime) -> None:
    """Keeps whether somebody wants it. Raises NotAllowed for whoever is neither owner nor manager."""
    if by.role not in READERS or not by.may("figures.see"):
        raise NotAllowed

    def work(session: OrmSession) -> None:
        extra = session.execute(select(Staff.extra).where(Staff.id == by.id).with_for_update()).scalar_one() or {}
        if bool(extra.get(_WISH)) == on:
            return
        session.execute(
            update(Staff).where(Staff.id == by.id).values(extra={**extra, _WISH: on}).execution_options(**_QUIET)
        )
        wish: dict[str, Any] = {"object_kind": "staff", "object_id": by.id, "action": "preferred"}
        record(session, at=now, actor=by.actor, before={_WISH: not on}, after={_WISH: on}, **wish)

    run(work)


def wanted(staff: Staff) -> bool:
    """True for an account that gets it: of an owner or manager who wants it and may sign in."""
    return staff.disabled_at is None and staff.role in READERS and bool((staff.extra or {}).get(_WISH))


def plan(*, now: datetime) -> int:
    """Writes the mails of this morning once its time has come, in whichever process asks first; returns how many."""
    return run(lambda session: _plan(session, now))


def _plan(session: OrmSession, now: datetime) -> int:
    house = session.execute(select(Business.timezone, Business.locale)).one_or_none()
    if house is None or not _my_turn(session, next_morning(now, house.timezone), now):
        return 0
    local = now.astimezone(ZoneInfo(house.timezone))
    # Of use until the day is over; the same morning is never written twice.
    deadline = next_morning(now, house.timezone) - timedelta(hours=9)
    readers = [each for each in session.execute(select(Staff).order_by(Staff.id)).scalars() if wanted(each)]
    for staff in readers:
        row = {
            "object_kind": "staff",
            "object_id": staff.id,
            "revision": local.date().toordinal(),
            "kind": KIND,
            "audience": "account",
            "channel": "mail",
            "recipient": staff.email,
            "locale": staff.locale or house.locale,
            "due_at": now,
            "next_at": now,
            "deadline": max(deadline, now + timedelta(hours=1)),
            "priority": 5,
            "created_at": now,
            "facts": {"day": (local.date() - timedelta(days=1)).isoformat()},
        }
        session.execute(upsert(Message, dialect_of(session)).values(**row).on_conflict_do_nothing())
    return len(readers)


def _my_turn(session: OrmSession, following: datetime, now: datetime) -> bool:
    """Takes the turn of this morning by a conditional update. The first time of all waits for the next morning."""
    first = upsert(PeriodicTask, dialect_of(session)).values(name=_TURN, next_due=following)
    session.execute(first.on_conflict_do_nothing())
    taken = rows_changed(
        session,
        update(PeriodicTask)
        .where(PeriodicTask.name == _TURN, PeriodicTask.next_due <= now)
        .values(next_due=following, last_run=now),
    )
    return taken == 1
