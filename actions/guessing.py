"""Somebody guesses at a password: whose it is hears of it, and the house sees it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session as OrmSession

from actions.account_steps import said, send
from models import staff_queries
from models.history import History
from models.people import Staff

# So many wrong passwords within an hour are nobody who has mistyped; said once a day.
MANY, WITHIN, ONCE = 20, timedelta(hours=1), timedelta(days=1)
KIND = "staff_guessed"


def watch(session: OrmSession, staff_id: int, now: datetime) -> None:
    """After a wrong password: tells whose account it is, once a day, that there were many of them. It costs as much where
    there is no such account."""
    tried = (History.object_kind == "staff", History.object_id == staff_id, History.action == "sign_in_refused")
    recent = select(History.id).where(*tried, History.at > now - WITHIN).limit(MANY).subquery()
    if session.execute(select(func.count()).select_from(recent)).scalar_one() < MANY:
        return
    if staff_queries.guessed(session, since=now - ONCE, staff_id=staff_id):
        return
    staff = session.get(Staff, staff_id)
    if staff is None or staff.disabled_at is not None:
        return
    said(session, staff_id, "guessed", actor="visitor", now=now, after={"tries": MANY})
    send(session, staff_id, staff.email, KIND, now=now, lives=timedelta(days=2))
