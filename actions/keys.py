"""Keys for programs: each carries the rights of the person who made it, or fewer, until it expires or she leaves."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.orm import Session as OrmSession

from actions.hold import hashed
from actions.record import record
from actions.transaction import Again, run
from failpoints import failpoint
from models import staff_queries
from models.base import db, dialect_of, execute, table, upsert
from models.doors import Token
from models.people import Staff
from rules import errors, rights, text
from rules.errors import FieldError, Invalid
from rules.rights import Viewer

BEGINS = "fd_"
LONGEST_DAYS = 366
AT_MOST = 20
# As long as this a key that was just made can be read once more: by a second tap, whose answer is the one that is seen.
A_MOMENT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Made:
    """A key: its secret, "" where it was shown before. ``replayed`` when it had been made already."""

    secret: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """What a key opens: its number, whose it is, what she may with it, and when it was used last."""

    id: int
    staff: Staff
    viewer: Viewer
    last_used_at: datetime | None


def make(
    *, name: str, may: Collection[str] | None, days: int, given: Sequence[str] = (), by: Viewer, now: datetime
) -> Made:
    """Makes a key and gives its secret, which nobody can read again. ``may`` are the actions that it is narrowed to, None all
    that its person has; of the secrets ``given`` it gets the first, and one that has any of them is not made twice. Raises Invalid with an
    error per field, NotAllowed."""
    called = _checked(name, may, days, by)
    wholes = [BEGINS + each for each in given or (secrets.token_urlsafe(32),)]
    whole = wholes[0]
    scopes = {"name": called, "may": sorted(may) if may is not None else None}
    until = now + timedelta(days=days)

    def work(session: OrmSession) -> Made:
        staff_queries.lock(session, by.id)
        hers = staff_queries.tokens(session, by.id)
        kept = {hashed(each): each for each in wholes}
        there = next((each for each in hers if each.hash in kept), None)
        if there is not None:
            shown = kept[there.hash] if lives(there, now) and now - there.created_at < A_MOMENT else ""
            return Made(shown, replayed=True)
        if sum(lives(each, now) for each in hers) >= AT_MOST:
            raise errors.LimitReached(which="keys", limit=AT_MOST)
        failpoint("counted")
        row = {"kind": "api", "hash": hashed(whole), "subject_kind": "staff", "subject_id": by.id, "scopes": scopes}
        row |= {"created_at": now, "expires_at": until}
        wanted = upsert(Token, dialect_of(session)).on_conflict_do_nothing().returning(table(Token).c.id)
        if execute(session, wanted, row).scalar() is None:
            raise Again
        _said(session, "key_made", by, now, {"called": called, "may": scopes["may"], "until": until.isoformat()})
        return Made(whole)

    return run(work)


def _checked(name: str, may: Collection[str] | None, days: int, by: Viewer) -> str:
    """The name as it is kept."""
    called = text.line(name, longest=60)
    wrong: dict[str, FieldError] = {}
    if isinstance(called, FieldError) or not called:
        wrong["name"] = called if isinstance(called, FieldError) else FieldError("required")
    if not 1 <= days <= LONGEST_DAYS:
        wrong["days"] = FieldError("not_an_option")
    if may is not None and (not may or not set(may) <= {each for each in rights.ACTIONS if by.may(each)}):
        wrong["may"] = FieldError("not_an_option" if may else "required")
    if wrong:
        raise Invalid(errors=wrong)
    if not by.may("token.make"):
        raise errors.NotAllowed
    return str(called)


def revoke(*, id: int, by: Viewer, now: datetime) -> None:
    """Ends one of her keys at once. Again changes nothing. Raises Missing for one that is not hers."""

    def work(session: OrmSession) -> None:
        found = next((each for each in staff_queries.tokens(session, by.id) if each.id == id), None)
        if found is None:
            raise errors.Missing
        if found.revoked_at is not None:
            return
        wanted = update(Token).where(Token.id == id, Token.revoked_at.is_(None)).values(revoked_at=now)
        session.execute(wanted.execution_options(synchronize_session=False))
        _said(session, "key_revoked", by, now, {"called": found.scopes["name"]})

    run(work)


def opened(secret: str, now: datetime) -> Opened | None:
    """What a secret opens, or None once it has ended: by hand, by age, or with the account of its person. Reads only."""
    found = staff_queries.by_key(db.session(), hashed(secret), now)
    if found is None:
        return None
    token, staff = found
    may = token.scopes["may"]
    viewer = staff_queries.viewer_of(db.session(), staff, fewer=frozenset(may) if may is not None else None)
    return Opened(token.id, staff, viewer, token.last_used_at)


def used(key: Opened, now: datetime) -> None:
    """Remembers that a key is in use, to the minute."""
    if key.last_used_at is not None and now - key.last_used_at < timedelta(minutes=1):
        return
    wanted = update(Token).where(Token.id == key.id).values(last_used_at=now)
    # A call does not fail because this could not be noted.
    with suppress(errors.Busy, errors.StorageFull):
        run(lambda session: session.execute(wanted.execution_options(synchronize_session=False)))


def lives(token: Token, now: datetime) -> bool:
    """True while a key opens something."""
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > now)


def _said(session: OrmSession, action: str, by: Viewer, now: datetime, after: Mapping[str, object]) -> None:
    record(session, at=now, actor=by.actor, object_kind="staff", object_id=by.id, action=action, after=after)
