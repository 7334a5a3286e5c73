"""Staff as they are read: one account with its places, team and sign-ins, in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session as OrmSession

from failpoints import enabled
from models.catalogue import Resource
from models.doors import Token
from models.history import History
from models.people import RightSwitch, SignIn, Staff, StaffLocation, Team
from rules.rights import Viewer


@dataclass(frozen=True, slots=True)
class Account:
    """One account of staff. ``locations`` are ids, none meaning everywhere; ``team`` her own resource ids and those of the
    people whom she leads. ``ready`` once she has a password."""

    id: int
    email: str
    name: str
    role: str
    resource_id: int | None
    team_id: int | None
    deputy_id: int | None
    disabled_at: datetime | None
    created_at: datetime | None
    signed_in_at: datetime | None
    ready: bool
    second_factor: bool
    locale: str | None
    appearance: str | None
    locations: frozenset[int] = frozenset()
    leads: bool = False
    team: frozenset[int] = frozenset()


def by_email(session: OrmSession, email: str) -> Staff | None:
    """The row of the account with this mailbox, folded, or None."""
    return session.execute(select(Staff).where(Staff.email == email.strip().lower())).scalar_one_or_none()


def lock(session: OrmSession, id: int) -> None:
    """Holds an account until the transaction ends: what is counted of hers stays as it was counted. Who only names her in a
    row of theirs does not wait."""
    if not enabled("guard_off"):
        session.execute(select(Staff.id).where(Staff.id == id).with_for_update(key_share=True))


def signed_in(session: OrmSession, token_hash: str, now: datetime) -> tuple[SignIn, Staff] | None:
    """The sign-in of this cookie and its account, if neither has ended."""
    found = select(SignIn, Staff).join(Staff, Staff.id == SignIn.staff_id)
    found = found.where(
        SignIn.token_hash == token_hash,
        SignIn.ended_at.is_(None),
        SignIn.expires_at > now,
        Staff.disabled_at.is_(None),
    )
    row = session.execute(found).one_or_none()
    return (row[0], row[1]) if row else None


def viewer_of(session: OrmSession, staff: Staff, *, fewer: frozenset[str] | None = None) -> Viewer:
    """The rights of one account: two queries."""
    locations = session.execute(select(StaffLocation.location_id).where(StaffLocation.staff_id == staff.id)).scalars()
    led = select(Team.id).where(Team.leader_id == staff.id, Team.retired_at.is_(None))
    members = session.execute(select(Staff.resource_id, Staff.team_id).where(Staff.team_id.in_(led))).all()
    leads = bool(members) or session.execute(select(func.count()).select_from(led.subquery())).scalar_one() > 0
    own = frozenset({staff.resource_id} - {None})
    return Viewer(
        id=staff.id,
        name=staff.name,
        email=staff.email,
        role=staff.role,
        locations=frozenset(locations),
        own=own,  # type: ignore[arg-type]
        team=frozenset(row.resource_id for row in members if row.resource_id is not None) - own,
        leads=leads,
        switches=switches(session).get(staff.role, {}),
        fewer=fewer,
    )


def switches(session: OrmSession) -> dict[str, dict[str, bool]]:
    """The switches that the house has set, per role."""
    found: dict[str, dict[str, bool]] = {}
    for row in session.execute(select(RightSwitch.role, RightSwitch.name, RightSwitch.on)):
        found.setdefault(row.role, {})[row.name] = row.on
    return found


def accounts(session: OrmSession) -> list[Account]:
    """Every account, by name: three queries."""
    places: dict[int, set[int]] = {}
    for row in session.execute(select(StaffLocation.staff_id, StaffLocation.location_id)):
        places.setdefault(row.staff_id, set()).add(row.location_id)
    leaders = {id for id in session.execute(select(Team.leader_id).where(Team.retired_at.is_(None))).scalars() if id}
    rows: Sequence[Staff] = session.execute(select(Staff).order_by(Staff.name, Staff.id)).scalars().all()
    return [_account(row, places, leaders) for row in rows]


def _account(row: Staff, places: Mapping[int, set[int]], leaders: set[int]) -> Account:
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        role=row.role,
        resource_id=row.resource_id,
        team_id=row.team_id,
        deputy_id=row.deputy_id,
        disabled_at=row.disabled_at,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        ready=row.password_hash is not None,
        second_factor=row.second_factor is not None,
        locale=row.locale,
        appearance=row.appearance,
        locations=frozenset(places.get(row.id, ())),
        leads=row.id in leaders,
    )


def has_left(session: OrmSession, mailbox: str) -> bool:
    """True for the mailbox of somebody who has left: of her account, or of her as customers booked her as long as nobody who
    is still here is booked by it."""
    folded = mailbox.lower()
    accounts_ = session.execute(select(Staff.disabled_at).where(Staff.email == folded)).scalars().all()
    if accounts_:
        return accounts_[0] is not None
    booked = select(Resource.id).where(func.lower(Resource.email) == folded, Resource.retired_at.is_(None))
    hers = select(Staff.resource_id, Staff.disabled_at).where(Staff.resource_id.in_(booked))
    people = set(session.execute(booked).scalars())
    gone: set[int | None] = set()
    here: set[int | None] = set()
    for person, since in session.execute(hers):
        (here if since is None else gone).add(person)
    return bool(people) and people <= gone - here


def guessed(session: OrmSession, *, since: datetime, staff_id: int | None = None) -> list[str]:
    """Names of those at whose password somebody has guessed ``since``, each once."""
    what = (History.object_kind == "staff", History.action == "guessed", History.at > since)
    query = select(Staff.name).join(History, History.object_id == Staff.id).where(*what)
    if staff_id is not None:
        query = query.where(Staff.id == staff_id)
    return list(dict.fromkeys(session.execute(query.order_by(History.id)).scalars()))


def teams(session: OrmSession) -> list[Team]:
    """The teams that there are, by name."""
    return list(session.execute(select(Team).where(Team.retired_at.is_(None)).order_by(Team.name)).scalars())


def sign_ins(session: OrmSession, staff_id: int, now: datetime) -> list[SignIn]:
    """The sign-ins of one person that have not ended, latest first."""
    query = select(SignIn).where(SignIn.staff_id == staff_id, SignIn.ended_at.is_(None), SignIn.expires_at > now)
    return list(session.execute(query.order_by(SignIn.seen_at.desc(), SignIn.id.desc())).scalars())


def tokens(session: OrmSession, staff_id: int) -> list[Token]:
    """The keys for programs that one person has made, latest first."""
    query = select(Token).where(Token.kind == "api", Token.subject_kind == "staff", Token.subject_id == staff_id)
    return list(session.execute(query.order_by(Token.id.desc())).scalars())


def by_key(session: OrmSession, hash: str, now: datetime) -> tuple[Token, Staff] | None:
    """The key for programs with this hash and the account of its person, if neither has ended."""
    found = select(Token, Staff).join(Staff, Staff.id == Token.subject_id)
    found = found.where(
        Token.hash == hash,
        Token.kind == "api",
        Token.subject_kind == "staff",
        Token.revoked_at.is_(None),
        or_(Token.expires_at.is_(None), Token.expires_at > now),
        Staff.disabled_at.is_(None),
    )
    row = session.execute(found).one_or_none()
    return (row[0], row[1]) if row else None


def demo_accounts(session: OrmSession) -> list[str]:
    """Mailboxes of the accounts that can sign in with the password of the demo, which everybody knows."""
    rows = session.execute(select(Staff.email, Staff.extra).where(Staff.disabled_at.is_(None)).order_by(Staff.id))
    return [row.email for row in rows if (row.extra or {}).get("demo")]


def owners(session: OrmSession) -> list[int]:
    """Ids of the owners who can sign in."""
    able = (Staff.role == "owner", Staff.disabled_at.is_(None), Staff.password_hash.is_not(None))
    return list(session.execute(select(Staff.id).where(*able).order_by(Staff.id)).scalars())
