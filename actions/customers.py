"""Who books: contacts found or made, customers known by name and contact."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as OrmSession

from failpoints import enabled
from models.people import Contact, Customer, CustomerContact
from rules.text import folded


@dataclass(frozen=True, slots=True)
class Person:
    """A customer's own words, cleaned: ``phone`` in E.164, ``email`` as typed with its domain in lower case."""

    name: str
    phone: str | None = None
    email: str | None = None
    company: str | None = None


def contacts_of(session: OrmSession, person: Person, *, lock: bool) -> list[int]:
    """Ids of the person's contacts, phone first, made where they are new; ``lock`` locks the first, which counts for caps."""
    wanted = [("phone", person.phone), ("email", person.email.lower() if person.email else None)]
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    ids: list[int] = []
    for kind, value in wanted:
        if value is None:
            continue
        query = select(Contact.id).where(Contact.kind == kind, Contact.value == value)
        if lock and not ids and not enabled("guard_off"):
            query = query.with_for_update(key_share=True)
        found = session.execute(query).scalar()
        if found is None:
            session.execute(make(Contact).values(kind=kind, value=value, state="good").on_conflict_do_nothing())
            found = session.execute(query).scalar_one()
        ids.append(found)
    return ids


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
            insert(Customer)
            .values(public_id=secrets.token_hex(8), name=person.name, folded_name=name, created_at=now)
            .returning(Customer.id)
        ).scalar_one()
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    links = [{"customer_id": known, "contact_id": id} for id in contact_ids]
    session.execute(make(CustomerContact).on_conflict_do_nothing(), links)
    return int(known)
