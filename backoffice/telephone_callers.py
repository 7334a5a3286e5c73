"""Who may be calling: customers by a name, a number or an address, as who books may read them."""

from __future__ import annotations

from dataclasses import dataclass

from actions import contacts
from backoffice import access
from backoffice.telephone_form import Typed
from models import customer_queries, customers
from models.base import db
from models.customer_queries import FoundCustomer
from models.scope import reachable
from rules.rights import Viewer
from web.locale import words
from wire import masking


@dataclass(frozen=True, slots=True)
class Caller:
    """A customer as who books may read her: ``named`` when one of her bookings is to be read, ``plain`` with its contacts;
    ``page`` when there is one that she may open."""

    customer: FoundCustomer
    named: bool
    plain: bool
    page: bool = False

    @property
    def id(self) -> str:
        """How the form names her."""
        return self.customer.public_id

    @property
    def name(self) -> str:
        """Her name, or its first letters."""
        return self.customer.name if self.named else masking.name(self.customer.name)

    @property
    def about(self) -> str:
        """Her ways and how often she has booked."""
        phone, email = next(iter(self.customer.phones), ""), next(iter(self.customer.emails), "")
        ways = [masking.phone(phone), masking.contact(email)]
        if self.plain:
            ways = [self.fill_phone, email]
        visits = words().ngettext("%(n)s booking", "%(n)s bookings", self.customer.bookings)
        return " · ".join(filter(None, [*ways, visits]))

    @property
    def fill_name(self) -> str:
        """What stands in the field of the name once she is chosen."""
        return self.customer.name if self.named else ""

    @property
    def fill_phone(self) -> str:
        """The same for the number."""
        phone = next(iter(self.customer.phones), "")
        return contacts.pretty(phone) if self.plain and phone else ""

    @property
    def fill_email(self) -> str:
        """The same for the address."""
        return next(iter(self.customer.emails), "") if self.plain else ""


def callers(text: str, typed: Typed) -> list[Caller]:
    """Customers of bookings that she may read by any part of a name or contact; any other by her whole number or address only,
    and masked."""
    if len(text) < 2:
        return []
    found, viewer = customer_queries.find_customers(db.session(), text), access.viewer()
    hers = customer_queries.readable_customers(db.session(), viewer, [each.id for each in found])
    pages = customers.open_to(db.session(), viewer, [each.id for each in found])
    whole = [contacts.phone(text, region=typed.location.country), contacts.email(text)]
    return [
        Caller(each, each.id in hers, each.id in hers and reachable(viewer), each.id in pages)
        for each in found
        if any(way in whole for way in (*each.phones, *each.emails)) or (each.id in hers and _by_name(text, viewer))
    ]


def _by_name(text: str, viewer: Viewer) -> bool:
    """A part of a number or address finds nobody for whom these are masked."""
    return reachable(viewer) or not any(each.isdigit() or each == "@" for each in text)
