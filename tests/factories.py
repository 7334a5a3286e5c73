"""A few people and short ways to what a test needs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from actions import availability, hold
from actions.availability import Offer
from actions.confirm import Booked, Wish, confirm

HANNAH = {"name": "Hannah Vogel", "phone": "+49 151 23456789", "email": "hannah@example.com"}
TOM = {"name": "Tom Fischer", "phone": "+49 151 98765432", "email": "tom@example.com"}


def free(service: str, now: datetime, *, first: date | None = None, **wish: Any) -> list[Offer]:
    """The free starts of a service, by default of the next fortnight."""
    asked = availability.resolved(service=service, who=availability.EVERYONE, **wish)
    return [each for each in availability.view(asked, first=first, now=now).offers if each.free]


def booked(
    service: str,
    now: datetime,
    *,
    start: datetime | None = None,
    customer: dict[str, str] = HANNAH,
    answers: Any = None,
    **wish: Any,
) -> Booked:
    """A booking at ``start``, by default the first free one."""
    start = start or free(service, now, **wish)[0].start
    return confirm(
        wish=Wish(service, start, who=availability.EVERYONE, **wish),
        customer=customer,
        answers=answers or {},
        locale="en",
        now=now,
    )


def held(service: str, now: datetime, *, start: datetime | None = None, **wish: Any) -> hold.Held:
    """A hold at ``start``, by default the first free one."""
    place = {name: value for name, value in wish.items() if name in ("location", "length", "resources", "seats")}
    start = start or free(service, now, **place)[0].start
    return hold.hold(service=service, start=start, now=now, **wish)
