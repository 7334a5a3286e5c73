"""Who books: contacts found or made, customers known by name and contact."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import bindparam, case, func, literal_column, select
from sqlalchemy.orm import Session as OrmSession

from models import prepared
from models.base import Instant, dialect_of, table, upsert_rows
from models.chains import Rows, write
from models.people import Contact, Customer, CustomerContact
from rules import policies
from rules.text import family_first, folded


@dataclass(frozen=True, slots=True)
class Person:
    """A customer's own words, cleaned: ``phone`` in E.164, ``email`` as typed with its domain in lower case; ``address`` where
    the visit is at hers."""

    name: str
    phone: str | None = None
    email: str | None = None
    company: str | None = None
    address: str | None = None


def contacts_of(session: OrmSession, person: Person, *, now: datetime, most: int | None = None) -> list[int]:
    """Ids of the person's contacts, phone first, made where they are new, all locked: the first counts for caps. None for
    somebody with a name only.

    Each counts this booking; raises RateLimited where one has more than ``most`` in its hour.
    """
    wanted = {"email": person.email.lower() if person.email else None, "phone": person.phone}
    given = {kind: value for kind, value in wanted.items() if value}
    if not given:
        return []
    backwards = {f"{kind}_backwards": value[::-1] for kind, value in given.items()}
    values = {**given, **backwards, "now": now, "hour_ago": now - policies.HOUR}
    found = {row.kind: row for row in prepared.run(session, _claim(dialect_of(session), tuple(given)), values)}
    over = [row.counted_from for row in found.values() if most is not None and row.counted > most]
    if over:
        raise policies.too_often(max(over) + policies.HOUR, now)
    return [found[kind].id for kind in ("phone", "email") if kind in found]


@cache
def _claim(dialect: str, kinds: tuple[str, ...]) -> Any:
    """One statement, its rows in one order, so that two who share contacts never wait for each other in a circle."""
    rows = [
        {
            "kind": literal_column(f"'{kind}'"),
            "value": kind,
            "state": literal_column("'good'"),
            "counted_from": "now",
            "counted": literal_column("1"),
            "backwards": f"{kind}_backwards",
        }
        for kind in kinds
    ]
    claim, contact = upsert_rows(Contact, dialect, rows), table(Contact).c
    # The update locks and returns the rows that were there already.
    same_hour = contact.counted_from > bindparam("hour_ago", type_=Instant)
    counting = {
        "counted_from": case((same_hour, contact.counted_from), else_=claim.excluded.counted_from),
        "counted": case((same_hour, contact.counted + 1), else_=literal_column("1")),
    }
    claim = claim.on_conflict_do_update(index_elements=["kind", "value"], set_=counting)
    plans = () if dialect == "sqlite" else (prepared.plans_kept(),)
    return claim.returning(contact.kind, contact.id, contact.counted, contact.counted_from, *plans)


def customer_of(session: OrmSession, person: Person, contact_ids: list[int], *, now: datetime) -> int:
    """The id of ``owner``."""
    return write(session, *owner(person, contact_ids, now=now))[Customer][0]


def owner(person: Person, contact_ids: list[int], *, now: datetime) -> tuple[Rows, Rows]:
    """Rows for the customer with this name and one of these contacts, made where there is none, and for how she is reached.
    The contacts are locked by now.

    The same contact with another name is another person of one household or company: linked by the contact, never renamed.
    """
    name = folded(person.name)
    fresh = {
        "public_id": secrets.token_hex(8),
        "name": person.name,
        "folded_name": name,
        "family_first": family_first(name),
        "created_at": now,
    }
    customer = Rows(Customer, [fresh], unless=_KNOWN, given={"folded": name, "contacts": contact_ids})
    links = Rows(CustomerContact, [{"contact_id": id} for id in contact_ids], after={"customer_id": Customer}, once=())
    return customer, links


# Who was merged is the other, also by the old name.
_KNOWN = (
    select(func.coalesce(Customer.merged_into, Customer.id).label("id"))
    .join(CustomerContact, CustomerContact.customer_id == Customer.id)
    .where(
        CustomerContact.contact_id.in_(bindparam("contacts", expanding=True)),
        Customer.folded_name == bindparam("folded"),
        Customer.erased_at.is_(None),
    )
    .order_by(Customer.merged_into.is_not(None), Customer.id)
    .limit(1)
    # Whoever merges or erases her waits for this booking, or this for that: it never goes to one who is gone.
    .with_for_update(read=True, key_share=True, of=Customer)
)
