"""Signing in and out: password, second factor, and the sign-ins that a person has."""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import guessing, passwords
from actions.hold import hashed
from actions.record import record
from actions.transaction import run
from models import staff_queries
from models.base import db, rows_changed
from models.people import SignIn, Staff
from rules import errors

LONGEST = timedelta(hours=12)
IDLE = timedelta(minutes=30)
# A front desk is never left alone while the house is open: its sign-in lasts the working day.
NO_IDLE = frozenset({"front_desk"})
TO_PROVE = timedelta(minutes=10)
# What history says of a sign-in to an account that there is not.
NOBODY = 0
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new sign-in: the secret for the cookie, whose it is, and whether the second factor is still to come."""

    secret: str
    staff_id: int
    complete: bool


def sign_in(
    *,
    email: str,
    password: str,
    device: str | None,
    address: str | None,
    instead: str = "",
    demo: bool = True,
    now: datetime,
) -> SignedIn | None:
    """A new sign-in, or None: whatever was wrong, nothing tells what. The time that it takes does not tell either.

    It takes the place of the one whose secret is ``instead``. Without ``demo`` the accounts of the demo cannot sign in.
    """
    staff = staff_queries.by_email(db.session(), email)
    may = staff is not None and staff.disabled_at is None and (demo or not is_demo(staff))
    hash_ = staff.password_hash if staff is not None and may else None
    # Before the transaction: a hash takes a tenth of a second, and no lock is held for it.
    right = passwords.fits(hash_, password)
    if staff is None or not right:
        # An account that is not there leaves a row too, so that writing it takes as long.
        _refused(staff.id if staff is not None else NOBODY, now, address)
        return None
    renewed = passwords.kept(password) if passwords.outdated(str(hash_)) else None
    return _begin(staff, renewed=renewed, device=device, address=address, instead=instead, now=now)


def _refused(staff_id: int, now: datetime, address: str | None) -> None:
    def work(session: OrmSession) -> None:
        _record(session, staff_id, "sign_in_refused", actor="visitor", now=now, address=address)
        guessing.watch(session, staff_id, now)

    run(work)


def is_demo(staff: Staff) -> bool:
    """True for an account whose password everybody knows."""
    return bool((staff.extra or {}).get("demo"))


def _begin(
    staff: Staff, *, renewed: str | None, device: str | None, address: str | None, instead: str, now: datetime
) -> SignedIn | None:
    secret, id, complete = secrets.token_urlsafe(32), staff.id, staff.second_factor is None

    def work(session: OrmSession) -> SignedIn | None:
        current = session.execute(select(Staff.disabled_at).where(Staff.id == id).with_for_update()).scalar_one()
        if current is not None:
            return None
        row = {
            "staff_id": id,
            "token_hash": hashed(secret),
            "complete": complete,
            "device": (device or "")[:200],
            "address": address,
            "created_at": now,
            "seen_at": now,
            "proven_at": now,
            "expires_at": now + (LONGEST if complete else TO_PROVE),
        }
        session.execute(insert(SignIn).values(**row))
        _end_of(session, instead, now)
        changes: dict[str, Any] = {"password_hash": renewed} if renewed else {}
        if complete:
            changes["signed_in_at"] = now
            _record(session, id, "signed_in", now=now, address=address)
        if changes:
            session.execute(update(Staff).where(Staff.id == id).values(**changes).execution_options(**_QUIET))
        return SignedIn(secret, id, complete)

    return run(work)


def prove(*, secret: str, code: str, keys: tuple[str, ...], address: str | None, now: datetime) -> str | None:
    """The second factor, or a recovery code, for a sign-in that waits for it: the new secret for the cookie, or None."""
    fresh = secrets.token_urlsafe(32)

    def work(session: OrmSession) -> str | None:
        found = staff_queries.signed_in(session, hashed(secret), now)
        if found is None:
            return None
        sign_in_, staff = found
        if sign_in_.complete:
            return None
        # Locked, so that one code opens one door.
        locked = session.execute(select(Staff).where(Staff.id == staff.id).with_for_update()).scalar_one()
        changes = _by_code(locked, code, keys=keys, now=now)
        if changes is None:
            _record(session, staff.id, "second_factor_refused", actor="visitor", now=now, address=address)
            return None
        session.execute(
            update(Staff).where(Staff.id == staff.id).values(**changes, signed_in_at=now).execution_options(**_QUIET)
        )
        session.execute(
            update(SignIn)
            .where(SignIn.id == sign_in_.id)
            .values(token_hash=hashed(fresh), complete=True, expires_at=now + LONGEST, seen_at=now)
            .execution_options(**_QUIET)
        )
        how = "signed_in_by_recovery" if "recovery" in changes else "signed_in"
        _record(session, staff.id, how, now=now, address=address)
        return fresh

    return run(work)


def _by_code(staff: Staff, code: str, *, keys: tuple[str, ...], now: datetime) -> dict[str, Any] | None:
    """What a right code changes: it is used up."""
    left = list(staff.recovery or [])
    hash_ = passwords.code_hash(code)
    if hash_ in left:
        left.remove(hash_)
        return {"recovery": left}
    secret = passwords.opened(staff.second_factor, keys) if staff.second_factor else None
    step = passwords.step_of(secret, code, last=staff.second_factor_step, now=now) if secret else None
    return {"second_factor_step": step} if step is not None else None


def current(secret: str, now: datetime) -> tuple[SignIn, Staff] | None:
    """The sign-in of a cookie with its account, or None once it has ended: by hand, by age, by idleness, or with the
    account. Reads only."""
    found = staff_queries.signed_in(db.session(), hashed(secret), now)
    if found is None:
        return None
    sign_in_, staff = found
    idle = sign_in_.complete and staff.role not in NO_IDLE and now - sign_in_.seen_at > IDLE
    return None if idle else found


def seen(sign_in_: SignIn, now: datetime) -> None:
    """Remembers that a sign-in is in use, to the minute."""
    if now - sign_in_.seen_at < timedelta(minutes=1):
        return
    id = sign_in_.id

    def work(session: OrmSession) -> None:
        session.execute(update(SignIn).where(SignIn.id == id).values(seen_at=now).execution_options(**_QUIET))

    # A page does not fail because this could not be noted.
    with suppress(errors.Busy, errors.StorageFull):
        run(work)


def proven_again(*, sign_in_id: int, staff_id: int, password: str, now: datetime) -> bool:
    """Whether the password was typed once more, as what matters asks for it."""
    staff = db.session.get(Staff, staff_id)
    if staff is None or not passwords.fits(staff.password_hash, password):
        _write(staff_id, "proof_refused", now=now, address=None)
        return False

    def work(session: OrmSession) -> None:
        session.execute(update(SignIn).where(SignIn.id == sign_in_id).values(proven_at=now).execution_options(**_QUIET))

    run(work)
    return True


def sign_out(*, secret: str, now: datetime) -> None:
    """Ends a sign-in. Again changes nothing."""

    run(lambda session: _end_of(session, secret, now))


def _end_of(session: OrmSession, secret: str, now: datetime) -> None:
    """Ends the sign-in of a cookie, if there is one."""
    wanted = update(SignIn).where(SignIn.token_hash == hashed(secret), SignIn.ended_at.is_(None))
    ended = wanted.values(ended_at=now).returning(SignIn.staff_id).execution_options(**_QUIET)
    for id in session.execute(ended).scalars().all():
        _record(session, id, "signed_out", actor=f"staff:{id}", now=now, address=None)


def end(*, staff_id: int, sign_in_id: int | None, but: int | None = None, actor: str, now: datetime) -> int:
    """Ends one sign-in of a person, or all of them ``but`` one; returns how many."""

    def work(session: OrmSession) -> int:
        wanted = update(SignIn).where(SignIn.staff_id == staff_id, SignIn.ended_at.is_(None))
        if sign_in_id is not None:
            wanted = wanted.where(SignIn.id == sign_in_id)
        if but is not None:
            wanted = wanted.where(SignIn.id != but)
        count = rows_changed(session, wanted.values(ended_at=now))
        if count:
            record(session, at=now, actor=actor, object_kind="staff", object_id=staff_id, action="signed_out")
        return count

    return run(work)


def _write(staff_id: int, action: str, *, now: datetime, address: str | None) -> None:
    # Whoever did it has not shown to be that person.
    run(lambda session: _record(session, staff_id, action, actor="visitor", now=now, address=address))


def _record(
    session: OrmSession, staff_id: int, action: str, *, actor: str | None = None, now: datetime, address: str | None
) -> None:
    # Where from is personal, and goes with the person.
    record(
        session,
        at=now,
        actor=actor or f"staff:{staff_id}",
        object_kind="staff",
        object_id=staff_id,
        action=action,
        personal_after={"address": address} if address else None,
    )
