"""What every step about an account leaves behind: its history row, its mail, and sign-ins that end."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import passwords
from actions.record import record
from models.base import db
from models.business import Business
from models.outbox import Message
from models.people import SignIn, Staff
from rules.errors import FieldError

INVITATION_LIVES = timedelta(days=7)
RESET_LIVES = timedelta(hours=1)
QUIET = {"synchronize_session": False}


def said(
    session: OrmSession,
    id: int,
    action: str,
    *,
    actor: str,
    now: datetime,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Writes the history row of a step."""
    record(session, at=now, actor=actor, object_kind="staff", object_id=id, action=action, before=before, after=after)


def send(session: OrmSession, id: int, recipient: str, kind: str, *, now: datetime, lives: timedelta) -> None:
    """Plans a mail of ``kind`` to the mailbox of an account, of use as long as it ``lives``. Once a second
    and kind."""
    staff = session.execute(select(Staff.locale).where(Staff.id == id)).scalar()
    row = {
        "object_kind": "staff",
        "object_id": id,
        # Each is a message of its own, however often it is asked for.
        "revision": int(now.timestamp()) - 1_700_000_000,
        "kind": kind,
        "audience": "account",
        "channel": "mail",
        "recipient": recipient,
        "locale": staff or _home(session),
        "due_at": now,
        "next_at": now,
        "deadline": now + lives,
        "priority": 1,
        "created_at": now,
        "facts": {},
    }
    taken = select(Message.id).where(
        Message.object_kind == "staff",
        Message.object_id == id,
        Message.revision == row["revision"],
        Message.kind == kind,
    )
    if session.execute(taken).first() is None:
        session.execute(insert(Message).values(**row))


def _home(session: OrmSession) -> str:
    return session.execute(select(Business.locale)).scalar() or "en"


def end_sign_ins(session: OrmSession, id: int, *, now: datetime, but: int | None = None) -> None:
    """Ends the sign-ins of an account, all ``but`` one."""
    session.execute(
        update(SignIn)
        .where(SignIn.staff_id == id, SignIn.ended_at.is_(None), SignIn.id != (but or 0))
        .values(ended_at=now)
        .execution_options(**QUIET)
    )


def judged(password: str, email: str, name: str) -> FieldError | None:
    """What is wrong with a password of this person in this house, or None."""
    house = db.session.execute(select(Business.name)).scalar()
    called = [house] if isinstance(house, str) else list((house or {}).values())
    return passwords.judged(password, beside=[email, name, *called])
