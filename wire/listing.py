"""Lists that leave the house as files: their columns and rows, each value as its reader may read it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from reports.export import Sheet, Value
from rules import pricing
from rules.facts import Catalogue
from rules.rights import Viewer
from wire.booking import STATUS
from wire.desk import Shown
from wire.wording import Wording, n_

BOOKINGS = {
    "reference": n_("Reference"),
    "status": n_("Status"),
    "day": n_("Date"),
    "start": n_("Start"),
    "end": n_("End"),
    "place": n_("Place"),
    "service": n_("Service"),
    "with": n_("With"),
    "seats": n_("Seats"),
    "name": n_("Name"),
    "phone": n_("Phone"),
    "email": n_("E-mail"),
    "company": n_("Company"),
    "price": n_("Price"),
    "currency": n_("Currency"),
    "source": n_("Came by"),
    "booked": n_("Booked on"),
    "reason": n_("Reason of the cancellation"),
}
CUSTOMERS = {
    "name": n_("Name"),
    "phone": n_("Phone"),
    "email": n_("E-mail"),
    "company": n_("Company"),
    "level": n_("Level"),
    "region": n_("Region"),
    "note": n_("Note"),
    "known": n_("Known since"),
}


def columns(what: str, *, prices: bool) -> dict[str, str]:
    """The columns of bookings or customers, those about money only with ``prices``."""
    if what == "customers":
        return CUSTOMERS
    return {key: text for key, text in BOOKINGS.items() if prices or key not in ("price", "currency")}


class Rows:
    """Makes the rows of bookings; what everything is called is looked up once."""

    def __init__(self, say: Wording, known: Catalogue, names: Sequence[str]) -> None:
        self.say, self.known, self.columns = say, known, names
        self.titles = {each.slug: say.text(each.name) for each in known.resource_by_id.values()}
        self.services = {each.slug: say.text(each.name) for each in known.service_by_id.values()}
        self.places = {each.slug: say.text(each.name) for each in known.location_by_id.values()}

    def booking(self, each: Shown) -> list[Value]:
        """One booking."""
        view, zone = each.view, ZoneInfo(each.view.zone)
        local, end, booked = (at.astimezone(zone) for at in (view.start, view.end, view.created_at))
        digits = pricing.digits(view.currency or self.known.business.currency)
        values: Mapping[str, Value] = {
            "reference": view.reference,
            "status": self.say.gettext(STATUS[view.status]),
            "day": local.date().isoformat(),
            "start": f"{local:%H:%M}",
            "end": f"{end:%H:%M}",
            "place": self.places[view.location],
            "service": self.services[view.service],
            "with": self.say.listed(self.titles[slug] for slug in view.resources),
            "seats": view.seats,
            "name": view.name,
            "phone": view.phone,
            "email": view.email,
            "company": view.company,
            "price": None if view.price_minor is None else view.price_minor / 10**digits,
            "currency": view.currency,
            "source": view.source,
            "booked": f"{booked:%Y-%m-%d %H:%M}",
            "reason": view.cancel_reason,
        }
        return [values[name] for name in self.columns]


def marked(
    say: Wording, viewer: Viewer, *, now: datetime, zone: str, counted: str, number: str, cut: int, cleaned: int
) -> Sheet:
    """The sheet that says who took a file, when, what it is, and what of it had to be changed."""
    local = now.astimezone(ZoneInfo(zone))
    rows: list[tuple[str, Value]] = [
        (say.gettext("Taken by"), f"{viewer.name} <{viewer.email}>"),
        (say.gettext("Taken at"), f"{local:%Y-%m-%d %H:%M} {zone}"),
        (say.gettext("Number of the request"), number),
        (say.gettext("What is counted"), counted),
    ]
    if cut:
        rows.append((say.gettext("Texts that were too long for a cell and are cut"), cut))
    if cleaned:
        rows.append((say.gettext("Texts that held control characters, which are left out"), cleaned))
    return Sheet(say.gettext("Taken by whom"), (say.gettext("Taken by whom"), ""), rows)
