"""The catalogue as plain immutable facts: what a business offers, compiled once per catalogue version.

``models/catalogue.py`` fills these from the tables; pages, API, actions and messages all read them. Localised texts are
kept as the business file gives them (one string, or one per locale). Money is minor units of the business's currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rules.policies import Until
from scheduling import availability

Localised = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Business:
    """The one organisation of this installation. ``require`` names what is asked beyond a name and one contact;
    ``second_factor_required`` of staff who may export or look after accounts; ``sequence_base`` is added to the revision of
    a booking where calendars compare them: a restore raises it, since they may have seen later ones."""

    id: int
    name: Localised
    timezone: str
    country: str
    locale: str
    currency: str
    phone: str | None = None
    email: str | None = None
    logo: str | None = None
    colour: str | None = None
    imprint_url: str | None = None
    privacy_url: str | None = None
    cancel_reasons: tuple[Localised, ...] = ()
    require: tuple[str, ...] = ()
    is_demo: bool = False
    second_factor_required: bool = False
    sequence_base: int = 0


@dataclass(frozen=True, slots=True)
class Location:
    """A place with its zone; ``hours`` is what ``scheduling`` reads."""

    id: int
    slug: str
    position: int
    name: Localised
    timezone: str
    country: str
    hours: availability.Location
    address: Localised | None = None
    directions: Localised | None = None
    coordinates: tuple[float, float] | None = None
    region: str | None = None
    day_names: Mapping[Any, Localised] = field(default_factory=dict)  # date -> name of a holiday


@dataclass(frozen=True, slots=True)
class Resource:
    """Something that a booking takes. ``at`` holds its scheduling facts per location id, in order of its locations."""

    id: int
    slug: str
    position: int
    kind: str
    name: Localised
    units: tuple[int, ...]
    unit_names: tuple[str | None, ...]
    skills: frozenset[str]
    weight: int
    email: str | None
    at: Mapping[int, availability.Resource]


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that a service takes; either ``any_of`` (resource ids in order) or kind and skills."""

    position: int
    kind: str
    any_of: tuple[int, ...]
    skills: frozenset[str]
    count: int
    customer_may_choose: bool


@dataclass(frozen=True, slots=True)
class Service:
    """What customers book, in the words of the business file. The first of ``lengths`` is the default."""

    id: int
    slug: str
    position: int
    name: Localised
    lengths: tuple[availability.Length, ...]
    needs: tuple[Need, ...]
    locations: tuple[int, ...]
    group: Localised | None = None
    description: Localised | None = None
    picture: str | None = None
    before_visit: Localised | None = None
    who: str = "public"
    place: str = "here"
    online_link: str | None = None
    overnight: bool = False
    buffer_before: int = 0
    buffer_after: int = 0
    slot_step: int = 15
    starts: tuple[tuple[int, ...], ...] | None = None
    min_notice: int = 0
    horizon_days: int = 60
    seats: int = 1
    price_minor: int | None = None
    price_per: str = "booking"
    assign: str = "fewest_bookings"
    approval: bool = False
    approval_by: str | None = None
    decide_within: int | None = None
    cancel_until: Until = 0
    reschedule_until: Until = 0
    per_customer: int | None = None
    per_day: int | None = None
    reminders: tuple[int, ...] = ()
    staff_reminders: tuple[int, ...] = ()
    discreet: bool = False
    feedback: bool = False
    ask: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[Mapping[str, Any], ...] = ()
    definition_id: int | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Online booking of a subject (``kind`` business, location, service or resource, and its id) is off from ``since`` until
    ``until`` (None: until somebody ends it); customers read ``sentence``."""

    id: int
    kind: str
    subject: int | None
    sentence: Localised | None
    since: datetime
    until: datetime | None

    def holds(self, now: datetime) -> bool:
        """True while it is off."""
        return self.since <= now and (self.until is None or now < self.until)


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that ``scheduling.availability`` needs for one service at one location, bookings apart."""

    service: availability.Service
    location: availability.Location
    resources: Mapping[int, availability.Resource]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One version of everything offered (retired rows left out of ``services``, ``locations``, ``resources``).

    The ``*_by_id`` mappings also hold what is retired: old bookings still name it.
    """

    version: int
    business: Business
    locations: Mapping[str, Location]
    resources: Mapping[str, Resource]
    services: Mapping[str, Service]
    location_by_id: Mapping[int, Location]
    resource_by_id: Mapping[int, Resource]
    service_by_id: Mapping[int, Service]
    plans: Mapping[tuple[int, int], Plan]  # (service id, location id), for what is not retired
    pauses: tuple[Pause, ...] = ()  # those that nobody has ended; time may have
    questions: Mapping[int, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)  # by definition, old ones too

    @property
    def customers_reasons(self) -> tuple[str, ...]:
        """The reasons for cancelling that customers choose from, in every language that they are written in."""
        found: list[str] = []
        for reason in self.business.cancel_reasons:
            found += [reason] if isinstance(reason, str) else [each for each in reason.values() if each]
        return tuple(dict.fromkeys(found))

    def public_services(self) -> list[Service]:
        """The services that the portal lists, in the order of the file."""
        return [service for service in self.services.values() if service.who == "public"]

    def paused(self, service: Service, location: Location, now: datetime) -> Pause | None:
        """Why the whole service cannot be booked online at a location, or None; the widest pause speaks."""
        subjects = (("business", None), ("location", location.id), ("service", service.id))
        found = {(each.kind, each.subject): each for each in self.pauses if each.holds(now)}
        return next((found[each] for each in subjects if each in found), None)

    def paused_resources(self, now: datetime) -> dict[int, Pause]:
        """The resources that cannot be booked online, each with its pause."""
        return {
            each.subject: each
            for each in self.pauses
            if each.kind == "resource" and each.subject is not None and each.holds(now)
        }

    def plan(self, service: Service, location: Location) -> Plan:
        """The scheduling facts of a service at a location. KeyError where the service is not offered there."""
        return self.plans[service.id, location.id]
