"""The facts that tests of rules speak of: a house in Berlin, what it offers, who works there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rules.facts import Business, Location, Resource, Service
from scheduling.availability import Length

HOUSE = Business(
    id=1,
    name="Müller & Chen",
    timezone="Europe/Berlin",
    country="DE",
    locale="de",
    currency="EUR",
    email="hi@house.example",
)


def at(text: str) -> datetime:
    """An instant from ISO text with an offset."""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None
    return found.astimezone(UTC)


def location(zone: str = "Europe/Berlin", **more: Any) -> Location:
    """A location in ``zone``; its hours are of no matter here."""
    given: dict[str, Any] = {"id": 1, "slug": "mitte", "position": 0, "name": "Mitte", "country": "DE", "hours": None}
    return Location(**{**given, "timezone": zone, **more})


def service(**more: Any) -> Service:
    """A service with two reminders, a day and an hour before."""
    given: dict[str, Any] = {"id": 1, "slug": "advice", "position": 0, "name": "Advice", "needs": (), "locations": (1,)}
    return Service(**{**given, "lengths": (Length(minutes=45),), "reminders": (1440, 60), **more})


def person(name: str, email: str | None = None) -> Resource:
    """A staff member."""
    return Resource(
        id=len(name),
        slug=name.lower(),
        position=0,
        kind="staff",
        name=name,
        units=(1,),
        unit_names=(None,),
        skills=frozenset(),
        weight=1,
        email=email,
        at={},
    )


@dataclass
class Visit:
    """What planning reads of a booking."""

    start: datetime
    status: str = "confirmed"
    revision: int = 0
    phone: str | None = "+4915123456789"
    email: str | None = "ada@example.com"
    locale: str = "en"
