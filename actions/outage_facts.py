"""An outage in checked facts, and what may be chosen for a visit that it hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session as OrmSession

from actions.availability import Asked
from models import bookings
from models.bookings import BookingView
from rules import errors, outages
from rules.facts import Catalogue
from scheduling.hours import Absence


@dataclass(frozen=True, slots=True)
class Choice:
    """What is done with one visit: ``kind`` colleague (``gives``: old slug -> new slug), other_time (``start``, with
    ``resources`` as far as chosen), choose (by the customer, until ``deadline``), or call (nothing; she is called)."""

    kind: str
    gives: Mapping[str, str] = field(default_factory=dict)
    start: datetime | None = None
    resources: tuple[str, ...] = ()
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outage:
    """Who is out, or which place, from when to when."""

    resource_ids: frozenset[int]
    location_id: int | None
    start: datetime
    end: datetime

    def standing(self, session: OrmSession, now: datetime) -> list[BookingView]:
        """The bookings that it hits, by id."""
        return bookings.standing_in(
            session,
            resource_ids=self.resource_ids,
            location_id=self.location_id,
            start=self.start,
            end=self.end,
            now=now,
        )

    def out(self, asked: Asked) -> Asked:
        """A wish with those who are out away for that time."""
        gone = asked.plan.resources.keys() if asked.location.id == self.location_id else self.resource_ids
        resources = {
            id: replace(each, absences=(*each.absences, self.absence(each.absence_zone))) if id in gone else each
            for id, each in asked.plan.resources.items()
        }
        return replace(asked, plan=replace(asked.plan, resources=resources))

    def absence(self, zone: str) -> Absence:
        """The outage as time off, by the clock of ``zone``."""
        low, high = (each.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for each in (self.start, self.end))
        whole = low.time() == high.time() == datetime.min.time()
        return Absence(low, high, whole_days=whole)


def outage_of(
    known: Catalogue, *, resources: Sequence[str], location: str | None, start: datetime, end: datetime | None
) -> Outage:
    """The outage in checked words. Raises UnknownResource, UnknownLocation, Invalid."""
    if not resources and location is None:
        raise errors.Invalid(errors={"resources": errors.FieldError("required")})
    last = end or outages.FOR_GOOD
    if last <= start:
        raise errors.Invalid(errors={"end": errors.FieldError("end_before_start")})
    ids = set()
    for slug in resources:
        if slug not in known.resources:
            raise errors.UnknownResource(resource=slug)
        ids.add(known.resources[slug].id)
    if location is not None and location not in known.locations:
        raise errors.UnknownLocation(location=location)
    place = known.locations[location].id if location is not None else None
    return Outage(frozenset(ids), place, start, last)
