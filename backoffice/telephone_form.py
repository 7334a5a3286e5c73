"""What stands in the form of the telephone page, read with care."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from backoffice import access
from backoffice.offered import instant
from models import consent
from models.base import db
from models.snapshot import catalogue
from rules.facts import Catalogue, Location, Service
from web.fields import whole

# How somebody agrees who is not at a screen of hers.
SAID = ("telephone", "desk", "paper")


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form: of the address while one looks, of the form once it is sent."""

    given: MultiDict[str, str]
    known: Catalogue

    def text(self, name: str, longest: int = 200) -> str:
        """One field, cut to a sensible length."""
        return self.given.get(name, "")[:longest]

    @property
    def service(self) -> Service:
        """The chosen service, else the first one."""
        found = self.known.services.get(self.text("service"))
        return found or next(iter(self.known.services.values()))

    @property
    def location(self) -> Location:
        """The chosen place, of those where the service is given."""
        places = self.places
        return next((each for each in places if each.slug == self.text("location")), places[0])

    @property
    def places(self) -> list[Location]:
        """Where the service is given, within the places of who books."""
        mine = access.viewer().locations
        all_ = [each for each in self.known.locations.values() if (self.service.id, each.id) in self.known.plans]
        return [each for each in all_ if not mine or each.id in mine] or all_

    @property
    def length(self) -> str | int | None:
        """The chosen length as the service names it, or any number of minutes."""
        typed = self.text("length", 6)
        minutes = whole(typed, digits=6)
        return minutes if minutes is not None else typed or None

    @property
    def seats(self) -> int:
        """How many places."""
        return whole(self.text("seats", 3), digits=3) or 1

    @property
    def start(self) -> datetime | None:
        """The chosen start, or the day and hour typed by hand."""
        chosen = self.text("start", 40)
        by_hand = f"{self.text('day', 10)}T{self.text('hour', 5)}"
        return instant(by_hand if chosen in ("", "other") else chosen, ZoneInfo(self.location.timezone))

    @property
    def consents(self) -> dict[str, int]:
        """What was read to the customer and she agreed to: purpose to the id of the text. Of words that are others by now, nothing."""
        ticked = set(self.text("consent").split(","))
        return {each.purpose: each.id for each in consent.asked(db.session()) if each.needed and str(each.id) in ticked}

    @property
    def consented_by(self) -> str:
        """How she said so."""
        said = self.text("consent_by", 20)
        return said if said in SAID else SAID[0]


def typed_in(given: MultiDict[str, str]) -> Typed:
    return Typed(given, catalogue(db.session()))


def several(service: Service, name: str) -> bool:
    """True for a question that takes several ticks."""
    return any(f"q_{each['key']}" == name and each["type"] == "choices" for each in service.questions)
