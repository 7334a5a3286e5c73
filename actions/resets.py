"""Passwords of accounts: asking for a new one, and setting it."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions import passwords
from actions.account_steps import INVITATION_LIVES, QUIET, RESET_LIVES, end_sign_ins, judged, said, send
from actions.signing_in import NOBODY
from actions.transaction import run
from models import staff_queries
from models.base import db
from models.people import Staff
from rules import errors
from rules.errors import Invalid


def ask_reset(*, email: str, now: datetime) -> None:
    """Sends a link for a new password to the mailbox of an account. Where there is none nothing shows, nor does the time:
    the same is written, and all but the row of history taken back."""

    def work(session: OrmSession) -> None:
        staff = staff_queries.by_email(session, email)
        known = staff is not None and staff.disabled_at is None
        id = staff.id if staff is not None else NOBODY
        invited = staff is not None and staff.password_hash is None
        kind, lives = ("staff_invitation", INVITATION_LIVES) if invited else ("staff_reset", RESET_LIVES)
        with session.begin_nested() as written:
            send(session, id, email.lower(), kind, now=now, lives=lives)
            if not known:
                written.rollback()
        said(session, id, "reset_asked" if known else "reset_refused", actor="visitor", now=now)

    run(work)


def set_password(
    *, id: int, password: str, actor: str, keep: int | None = None, was: tuple[str | None, ...] = (), now: datetime
) -> None:
    """Gives an account a new password, ends its other sign-ins (all but ``keep``), and says so by mail; with ``was`` only
    while the old hash is the one named, so that a link opens once. Raises Invalid, Missing."""
    staff = db.session.get(Staff, id)
    if staff is None or staff.disabled_at is not None:
        raise errors.Missing
    bad = judged(password, staff.email, staff.name)
    if bad is not None:
        raise Invalid(errors={"password": bad})
    hash_, mailbox, first = passwords.kept(password), staff.email, staff.password_hash is None

    def work(session: OrmSession) -> None:
        current = session.execute(select(Staff).where(Staff.id == id).with_for_update()).scalar_one()
        if current.disabled_at is not None or (was and current.password_hash not in was):
            raise errors.Missing
        # Whoever has a password of her own is no account of the demo any more.
        extra = {key: value for key, value in (current.extra or {}).items() if key != "demo"}
        values = {"password_hash": hash_, "extra": extra}
        session.execute(update(Staff).where(Staff.id == id).values(**values).execution_options(**QUIET))
        end_sign_ins(session, id, now=now, but=keep)
        said(session, id, "password_set", actor=actor, now=now)
        if not first:
            send(session, id, mailbox, "staff_password_changed", now=now, lives=timedelta(days=2))

    run(work)
