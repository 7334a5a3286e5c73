"""Who books: contacts found or made, customers known by name and contact."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as OrmSession

from models.base import table
from models.people import Contact, Customer, CustomerContact
from rules.text import folded


@dataclass(frozen=True, slots=True)
class Person:
    """A customer's own words, cleaned: ``phone`` in E.164, ``email`` as typed with its domain in lower case."""

    name: str
    phone: str | None = None
    email: str | None = None
    company: str | None = None


def contacts_of(session: OrmSession, person: Person) -> list[int]:
    """Ids of the person's contacts, phone first, made where they are new, all locked: the first counts for caps.

    One statement, its rows in one order, so that two who share contacts never wait for each other in a circle.
    """
    wanted = {"phone": person.phone, "email": person.email.lower() if person.email else None}
    rows = [{"kind": kind, "value": value, "state": "good"} for kind, value in sorted(wanted.items()) if value]
    make: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    contact = table(Contact)
    claim = make(contact).values(rows)
    # An update that changes nothing is what locks and returns the rows that were there already.
    claim = claim.on_conflict_do_update(index_elements=["kind", "value"], set_={"kind": claim.excluded.kind})
    found = {row.kind: row.id for row in session.execute(claim.returning(contact.c.kind, contact.c.id))}
    return [found[kind] for kind in ("phone", "email") if kind in found]


def customer_of(session: OrmSession, person: Person, contact_ids: list[int], *, now: datetime) -> int:
    """The customer with this name and one of these contacts, made where there is none.

    The same contact with another name is another person of one household or company: linked by the contact, never renamed.
    """
    name = folded(person.name)
    known = session.execute(
        select(Customer.id)
        .join(CustomerContact, CustomerContact.customer_id == Customer.id)
        .where(
            CustomerContact.contact_id.in_(contact_ids), Customer.folded_name == name, Customer.merged_into.is_(None)
        )
        .order_by(Customer.id)
        .limit(1)
    ).scalar()
    if known is None:
        known = session.execute(
            insert(table(Customer))
            .values(public_id=secrets.token_hex(8), name=person.name, folded_name=name, created_at=now)
            .returning(table(Customer).c.id)
        ).scalar_one()
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    links = [{"customer_id": known, "contact_id": id} for id in contact_ids]
    session.execute(make(table(CustomerContact)).on_conflict_do_nothing(), links)
    return int(known)
