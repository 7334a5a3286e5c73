"""Accounts of staff: adding, changing, ending them.

Nobody gives more rights than she has, an owner is made by owners, and the last owner who can sign in stays one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import contacts, passwords
from actions.account_steps import INVITATION_LIVES, QUIET, end_sign_ins, judged, said, send
from actions.transaction import Again, run
from models import staff_queries
from models.base import dialect_of, execute, table, upsert
from models.doors import Token
from models.people import Staff, StaffLocation
from rules import errors, rights, text
from rules.errors import FieldError, Invalid
from rules.rights import Viewer

# As long as this the same form, sent once more, is a second tap and no mistake.
A_MOMENT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Added:
    """An account that is there now; ``replayed`` when the same was added a moment before."""

    id: int
    replayed: bool = False


def add(
    *,
    email: str,
    name: str,
    role: str,
    locations: Collection[int] = (),
    resource: int | None = None,
    team: int | None = None,
    password: str | None = None,
    invite: bool = True,
    by: Viewer | None,
    actor: str,
    now: datetime,
) -> Added:
    """Adds an account; with ``invite`` its owner gets a link to choose a password. ``by`` is None for the shell. The same
    account again within ten minutes is ``replayed``. Raises Invalid with an error per field, NotAllowed."""
    mailbox, called = _checked(email, name, role, password)
    if by is not None and not rights.may_give(by, role):
        raise errors.NotAllowed
    hash_ = passwords.kept(password) if password is not None else None
    row: dict[str, Any] = {"email": mailbox, "name": called, "role": role, "resource_id": resource, "team_id": team}

    def work(session: OrmSession) -> Added:
        there = staff_queries.by_email(session, mailbox)
        if there is not None:
            if hash_ is not None:
                # A password that was given would not be hers.
                raise Invalid(errors={"email": FieldError("account_exists")})
            return _same(session, there, row, locations, now)
        id = _inserted(session, {**row, "password_hash": hash_, "extra": {}, "created_at": now})
        _place(session, id, locations)
        said(session, id, "added", actor=actor, now=now, after={"role": role, "locations": sorted(locations)})
        if invite and hash_ is None:
            send(session, id, mailbox, "staff_invitation", now=now, lives=INVITATION_LIVES)
        return Added(id)

    return run(work)


def _checked(email: str, name: str, role: str, password: str | None) -> tuple[str, str]:
    """Mailbox and name as they are kept. Raises Invalid with an error per field."""
    mailbox, called = contacts.email(email), text.line(name, longest=100)
    wrong: dict[str, FieldError] = {}
    if isinstance(mailbox, FieldError):
        wrong["email"] = mailbox
    if isinstance(called, FieldError) or not called:
        wrong["name"] = called if isinstance(called, FieldError) else FieldError("required")
    if role not in rights.ROLES:
        wrong["role"] = FieldError("not_an_option")
    if password is not None and (bad := judged(password, email, name)) is not None:
        wrong["password"] = bad
    if wrong:
        raise Invalid(errors=wrong)
    return str(mailbox).lower(), str(called)


def _same(session: OrmSession, there: Staff, row: dict[str, Any], locations: Collection[int], now: datetime) -> Added:
    """The second tap of what was added a moment ago. Raises Invalid for a mailbox that has an account otherwise."""
    fresh = there.disabled_at is None and there.created_at is not None and now - there.created_at < A_MOMENT
    equal = all(getattr(there, key) == value for key, value in row.items())
    if fresh and equal and set(_places(session, there.id)) == set(locations):
        return Added(there.id, replayed=True)
    raise Invalid(errors={"email": FieldError("account_exists")})


def _inserted(session: OrmSession, row: dict[str, Any]) -> int:
    wanted = upsert(Staff, dialect_of(session)).on_conflict_do_nothing().returning(table(Staff).c.id)
    id = execute(session, wanted, row).scalar()
    if id is None:
        # Somebody, or a second tap, was faster by a moment: look once more.
        raise Again
    return int(id)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A new account without a password, its mailbox folded and its name cleaned."""

    email: str
    name: str
    role: str
    locations: Collection[int] = ()
    resource: int | None = None
    team: int | None = None


def added(session: OrmSession, wanted: Wanted, *, invite: bool, by: Viewer, actor: str, now: datetime) -> int:
    """Adds an account in the current transaction and returns its id. Raises NotAllowed, or Again where somebody was faster."""
    if not rights.may_give(by, wanted.role):
        raise errors.NotAllowed
    row: dict[str, Any] = {"email": wanted.email, "name": wanted.name, "role": wanted.role}
    row |= {"resource_id": wanted.resource, "team_id": wanted.team}
    id = _inserted(session, {**row, "password_hash": None, "extra": {}, "created_at": now})
    _place(session, id, wanted.locations)
    after = {"role": wanted.role, "locations": sorted(wanted.locations)}
    said(session, id, "added", actor=actor, now=now, after=after)
    if invite:
        send(session, id, wanted.email, "staff_invitation", now=now, lives=INVITATION_LIVES)
    return id


def change(
    *,
    id: int,
    name: str,
    role: str,
    locations: Collection[int],
    resource: int | None,
    team: int | None,
    deputy: int | None,
    by: Viewer,
    now: datetime,
) -> None:
    """Changes an account; what she may is another thing from her next request on. Raises Invalid, NotAllowed, Missing."""
    called = text.line(name, longest=100)
    if isinstance(called, FieldError) or not called:
        raise Invalid(errors={"name": called if isinstance(called, FieldError) else FieldError("required")})
    if role not in rights.ROLES:
        raise Invalid(errors={"role": FieldError("not_an_option")})

    def work(session: OrmSession) -> None:
        before = _locked(session, id, by)
        if role != before.role:
            # One's own role is given by somebody else.
            if not rights.may_give(by, role) or id == by.id:
                raise errors.NotAllowed
            _keep_an_owner(session, before, now_is=role)
        values = {"name": called, "role": role, "resource_id": resource, "team_id": team}
        values["deputy_id"] = deputy if deputy != id else None
        old = {key: getattr(before, key) for key in values} | {"locations": sorted(_places(session, id))}
        session.execute(update(Staff).where(Staff.id == id).values(**values).execution_options(**QUIET))
        session.execute(delete(StaffLocation).where(StaffLocation.staff_id == id).execution_options(**QUIET))
        _place(session, id, locations)
        new = values | {"locations": sorted(locations)}
        changed = {key for key in new if new[key] != old[key]} - {"name"}
        if changed or old["name"] != called:
            after = {key: new[key] for key in changed}
            before_ = {key: old[key] for key in changed}
            said(session, id, "changed", actor=by.actor, now=now, before=before_, after=after)

    run(work)


def leave(*, id: int, by: Viewer | None, actor: str, now: datetime) -> None:
    """Ends an account at once: its sign-ins, its keys for programs, the feeds of its person. Again changes nothing."""

    def work(session: OrmSession) -> None:
        before = _locked(session, id, by)
        if by is not None and id == by.id:
            raise errors.NotAllowed
        if before.disabled_at is not None:
            return
        _keep_an_owner(session, before, now_is=None)
        session.execute(update(Staff).where(Staff.id == id).values(disabled_at=now).execution_options(**QUIET))
        end_sign_ins(session, id, now=now)
        hers = (Token.kind == "api") & (Token.subject_kind == "staff") & (Token.subject_id == id)
        if before.resource_id is not None:
            feeds = (Token.kind == "feed") & (Token.subject_kind == "resource")
            hers |= feeds & (Token.subject_id == before.resource_id)
        session.execute(
            update(Token).where(hers, Token.revoked_at.is_(None)).values(revoked_at=now).execution_options(**QUIET)
        )
        said(session, id, "left", actor=actor, now=now)

    run(work)


def come_back(*, id: int, by: Viewer, now: datetime) -> None:
    """Opens an account again, without its old sign-ins and keys."""

    def work(session: OrmSession) -> None:
        before = _locked(session, id, by)
        if before.disabled_at is not None:
            session.execute(update(Staff).where(Staff.id == id).values(disabled_at=None).execution_options(**QUIET))
            said(session, id, "came_back", actor=by.actor, now=now)

    run(work)


def invite(*, id: int, by: Viewer, now: datetime) -> None:
    """Sends the invitation once more."""

    def work(session: OrmSession) -> None:
        staff = _locked(session, id, by)
        if staff.disabled_at is None and staff.password_hash is None:
            send(session, id, staff.email, "staff_invitation", now=now, lives=INVITATION_LIVES)
            said(session, id, "invited", actor=by.actor, now=now)

    run(work)


def prefer(*, id: int, locale: str | None, appearance: str | None, now: datetime) -> None:
    """Keeps the language and the light or dark of somebody's desk: ``None`` follows the device."""

    def work(session: OrmSession) -> None:
        old = session.execute(select(Staff.locale, Staff.appearance).where(Staff.id == id).with_for_update()).one()
        new = {"locale": locale, "appearance": appearance}
        if new == old._asdict():
            return
        session.execute(update(Staff).where(Staff.id == id).values(**new).execution_options(**QUIET))
        said(session, id, "preferred", actor=f"staff:{id}", now=now, before=old._asdict(), after=new)

    run(work)


def _locked(session: OrmSession, id: int, by: Viewer | None) -> Staff:
    staff = session.execute(select(Staff).where(Staff.id == id).with_for_update()).scalar_one_or_none()
    if staff is None:
        raise errors.Missing
    # Whoever may not make an owner does not change one either.
    if by is not None and not rights.may_give(by, staff.role):
        raise errors.NotAllowed
    return staff


def _keep_an_owner(session: OrmSession, staff: Staff, *, now_is: str | None) -> None:
    """Refuses to take the last owner who can sign in. Owners are locked in one order, so that two cannot go at once."""
    if staff.role != "owner" or now_is == "owner":
        return
    query = select(Staff.id).where(Staff.role == "owner", Staff.disabled_at.is_(None), Staff.password_hash.is_not(None))
    query = query.order_by(Staff.id)
    if set(session.execute(query.with_for_update()).scalars()) <= {staff.id}:
        raise errors.LastOwner


def _places(session: OrmSession, id: int) -> list[int]:
    return list(session.execute(select(StaffLocation.location_id).where(StaffLocation.staff_id == id)).scalars())


def _place(session: OrmSession, id: int, locations: Collection[int]) -> None:
    rows = [{"staff_id": id, "location_id": each} for each in sorted(set(locations))]
    if rows:
        session.execute(insert(StaffLocation), rows)
