"""What an address of the portal asks for: a service, where, how long, with whom, when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlencode

from actions import availability
from actions.availability import LINK, Asked
from models.base import db
from models.snapshot import catalogue
from portal import posted
from rules import errors
from rules.facts import Catalogue
from scheduling.availability import Length
from web.fields import whole


@dataclass(slots=True)
class Wish:
    """What the address asks for."""

    slug: str
    location: str | None
    length: str | None
    resource: str | None
    seats: int
    day: date | None
    month: date | None
    source: str | None

    def query(self, **other: Any) -> str:
        """The same wish as an address, some of it replaced."""
        return urlencode({name: value for name, value in {**self.fields(), **other}.items() if value})

    def fields(self) -> dict[str, str]:
        """The same wish as hidden fields."""
        values = {
            "location": self.location,
            "length": self.length,
            "with": self.resource,
            "seats": str(self.seats) if self.seats > 1 else None,
            "src": self.source,
        }
        return {name: value for name, value in values.items() if value}


def wish_of(slug: str, values: Mapping[str, str]) -> Wish:
    """Reads a wish; what cannot be read counts as not said."""
    return Wish(
        slug=slug,
        location=values.get("location") or None,
        length=values.get("length") or None,
        resource=values.get("with") or None,
        seats=_whole(values.get("seats", "")),
        day=_date(values.get("day")),
        month=_date(f"{values['month']}-01") if values.get("month") else None,
        source=posted.source(values.get("src")),
    )


def _whole(value: str) -> int:
    found = whole(value, digits=4)
    return 1 if found is None else found


def _date(value: str | None) -> date | None:
    try:
        found = date.fromisoformat(value) if value and len(value) == 10 else None
    except ValueError:
        return None
    return found if found and 2000 < found.year < 2200 else None


def asked_of(wish: Wish, known: Catalogue | None = None) -> Asked:
    """The facts of a wish. A place that was not chosen is the first; a choice that went is left out."""
    known = known or catalogue(db.session())
    service = known.services.get(wish.slug)
    if service is None or service.who not in LINK:
        raise errors.UnknownService(service=wish.slug)
    places = [known.location_by_id[id].slug for id in service.locations if (service.id, id) in known.plans]
    if not places:
        raise errors.UnknownService(service=wish.slug)
    if wish.location not in places:
        wish.location = places[0]
    wish.seats = max(1, min(wish.seats, service.seats))
    common: dict[str, Any] = {"service": wish.slug, "location": wish.location, "seats": wish.seats, "who": LINK}
    try:
        return availability.resolve(known, length=wish.length, resources=several(wish.resource), **common)
    except errors.UnknownResource:
        wish.resource = None
    except errors.BadDuration:
        wish.length = None
    return asked_of(wish, known)


def several(resource: str | None) -> Sequence[str]:
    """The chosen person as a list, empty for nobody in particular."""
    return [resource] if resource else []


def instant(value: str | None) -> datetime | None:
    """The instant of a button: UTC, whole minutes."""
    try:
        found = datetime.fromisoformat(value) if value and len(value) <= 32 else None
    except ValueError:
        return None
    if found is None or found.tzinfo is None or not 2000 < found.year < 2200:
        return None
    return found.astimezone(UTC)


def written(length: Length) -> str:
    """A length as in addresses: ``45`` or ``2d``."""
    return f"{length.days}d" if length.days else str(length.minutes)
