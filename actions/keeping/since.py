"""What the database that gives way to a backup knows and the backup cannot: who lost access since, and who was erased."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from actions import erasing
from models import schema
from models.base import table
from models.doors import Token
from models.people import Customer, Staff

_TOKEN, _STAFF, _CUSTOMER = table(Token), table(Staff), table(Customer)


@dataclass(frozen=True, slots=True)
class Since:
    """Hashes of tokens that were revoked, mailboxes of people who left, public ids of customers who were erased."""

    tokens: frozenset[str] = frozenset()
    left: frozenset[str] = frozenset()
    erased: frozenset[str] = frozenset()


def read(connection: Connection) -> Since:
    """What is so in the database as it stands; nothing of one that this program cannot read."""
    if schema.version(connection) != schema.head():
        return Since()
    tokens = connection.execute(select(_TOKEN.c.hash).where(_TOKEN.c.revoked_at.is_not(None))).scalars()
    left = connection.execute(select(_STAFF.c.email).where(_STAFF.c.disabled_at.is_not(None))).scalars()
    erased = connection.execute(select(_CUSTOMER.c.public_id).where(_CUSTOMER.c.erased_at.is_not(None))).scalars()
    return Since(frozenset(tokens), frozenset(left), frozenset(erased))


def keep(connection: Connection, since: Since, *, now: datetime) -> Since:
    """Takes access again from those who lost it, erases again who was erased, and returns what of ``since`` the backup had
    otherwise."""
    tokens = connection.execute(
        update(_TOKEN)
        .where(_TOKEN.c.hash.in_(since.tokens), _TOKEN.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(_TOKEN.c.hash)
    ).scalars()
    left = connection.execute(
        update(_STAFF)
        .where(_STAFF.c.email.in_(since.left), _STAFF.c.disabled_at.is_(None))
        .values(disabled_at=now)
        .returning(_STAFF.c.email)
    ).scalars()
    back = erasing.again(connection, since.erased, now=now)
    return Since(frozenset(tokens), frozenset(left), frozenset(back))
