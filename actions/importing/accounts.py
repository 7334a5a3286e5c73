"""Accounts of staff from a file, with role, team and who leads it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import accounts, contacts
from actions.importing import values
from actions.importing.names import Names, one_of
from actions.importing.row import LEAVE, Row
from actions.record import record
from models.base import rows_changed
from models.imports import ImportRow
from models.people import Staff, Team
from models.snapshot import catalogue
from rules import rights
from rules.errors import FieldError
from rules.facts import Catalogue
from rules.rights import Viewer

ROLES = {
    "owner": ("所有者", "老板", "店主"),
    "manager": ("经理", "店长", "管理员"),
    "front_desk": ("front desk", "reception", "receptionist", "前台", "接待"),
    "staff": ("employee", "员工", "职员"),
    "auditor": ("审计", "审计员", "审核员"),
}


class Judge:
    """Looks at rows of accounts: nobody gives more rights than she has."""

    def __init__(self, known: Catalogue, by: Viewer) -> None:
        self.by = by
        self.places = Names(known.locations.values(), "unknown_place")
        people = [each for each in known.resources.values() if each.kind == "staff"]
        self.people = Names(people, "unknown_person")
        self.seen: set[str] = set()

    def judge(self, row: Row) -> None:
        """Types the fields of a row, and says what is wrong with it."""
        row.keep("email", _mailbox)
        row.keep("name", values.line)
        row.keep("role", self._role)
        row.keep("team", partial(values.line, longest=60))
        row.keep("leader", values.yes)
        row.keep("location", self.places.slug)
        row.keep("resource", self.people.slug)
        row.need("email", "name", "role")
        if row.fields.get("leader") and "team" not in row.fields and "team" not in row.wrong:
            row.wrong["team"] = FieldError("required")

    def _role(self, cell: object) -> str | FieldError:
        role = one_of(ROLES, cell)
        if isinstance(role, str) and not rights.may_give(self.by, role):
            return FieldError("role_too_high")
        return role

    def doubles(self, session: OrmSession, rows: Sequence[Row]) -> None:
        """Finds those that have an account, and those that stand in the file twice."""
        mailboxes = [row.fields["email"] for row in rows]
        there = set(session.execute(select(Staff.email).where(Staff.email.in_(mailboxes))).scalars())
        for row in rows:
            mailbox = row.fields["email"]
            if mailbox in self.seen:
                row.wrong["email"] = FieldError("twice", {"found": mailbox})
            elif mailbox in there:
                row.doubles("known", mailbox)
            self.seen.add(mailbox)


def _mailbox(cell: object) -> str | FieldError:
    found = contacts.email(cell)
    return found if isinstance(found, FieldError) else found.lower()


def write(session: OrmSession, row: ImportRow, *, by: Viewer, invite: bool, now: datetime) -> tuple[str, int | None]:
    """Writes one of them in the current transaction. An account that is there stays as it is."""
    fields = row.fields
    there = session.execute(select(Staff.id).where(Staff.email == fields["email"])).scalar()
    if there is not None or row.choice == LEAVE:
        return ("left", None) if row.choice == LEAVE else ("used", there)
    known = catalogue(session)
    place = known.locations.get(fields.get("location", ""))
    resource = known.resources.get(fields.get("resource", ""))
    team = _team(session, fields["team"], by=by, now=now) if "team" in fields else None
    id = accounts.added(
        session,
        accounts.Wanted(
            email=fields["email"],
            name=fields["name"],
            role=fields["role"],
            locations=(place.id,) if place else (),
            resource=resource.id if resource else None,
            team=team,
        ),
        invite=invite,
        by=by,
        actor=by.actor,
        now=now,
    )
    if team is not None and fields.get("leader"):
        lead = update(Team).where(Team.id == team, Team.leader_id.is_(None)).values(leader_id=id)
        if rows_changed(session, lead):
            _said(session, team, "changed", {"leader": id}, by=by, now=now)
    return "made", id


def _team(session: OrmSession, name: str, *, by: Viewer, now: datetime) -> int:
    there = session.execute(select(Team.id).where(func.lower(Team.name) == name.lower())).scalars().first()
    if there is not None:
        return there
    id = session.execute(insert(Team).values(name=name).returning(Team.id)).scalar_one()
    _said(session, id, "added", {"name": name, "leader": None}, by=by, now=now)
    return id


def _said(session: OrmSession, id: int, action: str, after: dict[str, object], *, by: Viewer, now: datetime) -> None:
    record(session, at=now, actor=by.actor, object_kind="team", object_id=id, action=action, after=after)
