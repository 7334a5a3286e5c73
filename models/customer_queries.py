"""Customers as they are found on the telephone: by the beginning of a name, a number or some of it, an address."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, union
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.orm import Session as OrmSession

from models.base import dialect_of
from models.booking import Booking, Session
from models.bookings import BookingView, upcoming_of
from models.people import Contact, Customer, CustomerContact
from models.scope import reached, readable
from rules.rights import Viewer
from rules.text import folded, spelled

# The character after all others: what begins with a text lies between the text and the text with this behind it.
_LAST = "\U0010ffff"
_NUMBER = re.compile(r"[+0-9()./ \u00a0-]+\Z")


# So many of each kind are looked at. Reading all of a hundred thousand costs more than typing a third letter.
MOST = 300


@dataclass(frozen=True, slots=True)
class FoundCustomer:
    """One customer with her ``phones`` (E.164) and ``emails``, how many bookings she has had and when the last was made."""

    id: int
    public_id: str
    name: str
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    bookings: int = 0
    last_booked: datetime | None = field(default=None)


def find_customers(session: OrmSession, text: str, limit: int = 8) -> list[FoundCustomer]:
    """Customers whose name, first or family, begins with ``text`` (in any case, Latin or Chinese), whose number is or ends with
    it (in any spelling, three digits at least), or whose e-mail begins with it: those who booked last first. Four queries."""
    found = matching(session, text, most=MOST)
    if found is None:
        return []
    count, last = func.count(Booking.id), func.max(Booking.created_at)
    rows = session.execute(
        select(Customer.id, Customer.public_id, Customer.name, count, last)
        .outerjoin(Booking, Booking.customer_id == Customer.id)
        .where(
            Customer.id.in_(list(session.scalars(found))), Customer.merged_into.is_(None), Customer.erased_at.is_(None)
        )
        .group_by(Customer.id, Customer.public_id, Customer.name)
        .order_by(last.desc().nulls_last(), Customer.id.desc())
        .limit(limit)
    ).all()
    reached_by = ways(session, [row.id for row in rows])
    return [
        FoundCustomer(
            id, public, name, tuple(reached_by[id, "phone"]), tuple(reached_by[id, "email"]), bookings, last_booked
        )
        for id, public, name, bookings, last_booked in rows
    ]


def matching(
    session: OrmSession, text: str, *, contacts: bool = True, also: Sequence[Any] = (), most: int | None = None
) -> Any:
    """A select of the ids of customers who are called so or, with ``contacts``, reached so; of who was merged, the other's. ``also``
    are more such selects. None for a text that finds nobody. A union, since no index answers an OR over two tables; with ``most``
    it stops after so many of each kind: whoever has typed two letters types on."""
    found = [select(func.coalesce(Customer.merged_into, Customer.id)).where(each) for each in _named(session, text)]
    if contacts and (reached := _reached(session, text)) is not None:
        by_contact = select(func.coalesce(Customer.merged_into, Customer.id))
        by_contact = by_contact.join(CustomerContact, CustomerContact.customer_id == Customer.id)
        found.append(by_contact.join(Contact, Contact.id == CustomerContact.contact_id).where(reached))
    found += also
    if most is not None:
        found = [select(each.limit(most).subquery()) for each in found]
    return union(*found) if found else None


def readable_customers(session: OrmSession, viewer: Viewer, ids: Sequence[int]) -> set[int]:
    """Which of these customers have a booking that she sees with its customer named. One query."""
    if not ids:
        return set()
    query = select(Booking.customer_id).join(Session, Session.id == Booking.session_id)
    mine = query.where(Booking.customer_id.in_(ids), reached(viewer, "booking.see"), readable(viewer)).distinct()
    return set(session.execute(mine).scalars())


def ways(session: OrmSession, ids: Sequence[int]) -> dict[tuple[int, str], list[str]]:
    """How these customers are reached, by id and ``phone`` or ``email``. One query."""
    found: dict[tuple[int, str], list[str]] = defaultdict(list)
    if ids:
        query = select(CustomerContact.customer_id, Contact.kind, Contact.value)
        query = query.join(Contact, Contact.id == CustomerContact.contact_id)
        for id, kind, value in session.execute(query.where(CustomerContact.customer_id.in_(ids)).order_by(Contact.id)):
            found[id, kind].append(value)
    return found


def _named(session: OrmSession, typed: str) -> list[ColumnElement[bool]]:
    name = folded(typed)
    if not name or "@" in name or _NUMBER.match(name):
        return []
    found = [begins(session, column, name) for column in (Customer.folded_name, Customer.family_first)]
    # As it is spoken: 张伟 by zhang, Müller by muller.
    plain = spelled(name)
    return found + ([begins(session, Customer.spelled, plain)] if plain else [])


def _reached(session: OrmSession, typed: str) -> ColumnElement[bool] | None:
    plain = unicodedata.normalize("NFKC", typed).strip()
    if _NUMBER.match(plain):
        # Without the zeros that stand for "out of town" or "abroad" a number ends as it does everywhere else.
        digits = re.sub(r"\D", "", plain.replace("(0)", "")).lstrip("0")
        if len(digits) < 3:
            return None
        return and_(Contact.kind == "phone", begins(session, Contact.backwards, digits[::-1]))
    if plain and " " not in plain and plain.isascii():
        return and_(Contact.kind == "email", begins(session, Contact.value, plain.lower()))
    return None


def begins(session: OrmSession, column: InstrumentedAttribute[Any], text: str) -> ColumnElement[bool]:
    """A condition that an index on ``column`` can answer."""
    if dialect_of(session) == "sqlite":
        return and_(column >= text, column < text + _LAST)
    return column.startswith(text, autoescape=True)


def open_bookings_of(
    session: OrmSession, *, customer_id: int | None = None, contact: str | None = None, now: datetime
) -> list[BookingView]:
    """What a customer has ahead of her, or everybody who is reached by ``contact`` (E.164 or an address in lower case),
    with whomever it is, earliest first. Two queries."""
    linked = select(CustomerContact.customer_id).join(Contact, Contact.id == CustomerContact.contact_id)
    whose = [Booking.customer_id == customer_id] if customer_id is not None else []
    if contact is not None:
        whose.append(Booking.customer_id.in_(linked.where(Contact.value == contact)))
    return upcoming_of(session, or_(*whose), now) if whose else []
