"""A booking in words: one description that pages, mails, calendar files and the API read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from models.bookings import BookingView
from rules import policies, reference
from rules.facts import Business, Catalogue, Location, Resource, Service
from scheduling.availability import Length
from wire.ical import Entry
from wire.wording import Wording, n_

STATUS = {
    "held": n_("held"),
    "requested": n_("waiting"),
    "confirmed": n_("confirmed"),
    "arrived": n_("arrived"),
    "completed": n_("completed"),
    "no_show": n_("missed"),
    "declined": n_("declined"),
    "cancelled": n_("cancelled"),
    "expired": n_("expired"),
}


@dataclass(frozen=True, slots=True)
class Described:
    """A booking with everything that its readers are told, in their language. Local times are the location's."""

    booking: BookingView
    words: Wording
    business: Business
    service: Service
    location: Location
    resources: tuple[Resource, ...]
    now: datetime

    @property
    def start(self) -> datetime:
        """The start by the location's clock."""
        return self.booking.start.astimezone(ZoneInfo(self.booking.zone))

    @property
    def end(self) -> datetime:
        """The end by the location's clock."""
        return self.booking.end.astimezone(ZoneInfo(self.booking.zone))

    @property
    def house(self) -> str:
        """The business's name."""
        return self.words.text(self.business.name)

    @property
    def discreet(self) -> bool:
        """True when subjects, SMS and calendars must not name service and person."""
        return self.service.discreet

    @property
    def title(self) -> str:
        """The service, with places where there are several."""
        name = self.words.text(self.service.name)
        if self.booking.seats > 1:
            return f"{name}, " + self.words.ngettext("%(n)s place", "%(n)s places", self.booking.seats)
        return name

    @property
    def outward(self) -> str:
        """What may stand where others can read it: the service, or only the house."""
        return self.house if self.discreet else self.title

    @property
    def day(self) -> str:
        """``Thu 3 December``."""
        return self.words.date(self.start.date(), today=self._today)

    @property
    def span(self) -> str:
        """``08:40–09:10``."""
        return self.words.span(self.start, self.end)

    @property
    def when(self) -> str:
        """``Thu 3 December, 08:40–09:10``."""
        return self.words.day_and_span(self.start, self.end, today=self._today)

    @property
    def short(self) -> str:
        """``Thu 3 Dec, 08:40``."""
        return self.words.day_and_time(self.start, today=self._today)

    @property
    def _today(self) -> Any:
        return self.now.astimezone(ZoneInfo(self.booking.zone)).date()

    @property
    def zones(self) -> str:
        """The venue's time, and the customer's own where it differs."""
        own = self.booking.customer_zone
        venue = self.words.zone(self.booking.zone)
        if not own or not differs(self.booking.start, own, self.booking.zone):
            return venue
        there = self.booking.start.astimezone(ZoneInfo(own))
        until = self.booking.end.astimezone(ZoneInfo(own))
        when = self.words.span(there, until)
        if there.date() != self.start.date():
            when = f"{self.words.date(there.date(), 'short')} {when}"
        return f"{venue} · " + self.words.gettext(
            "%(when)s in %(place)s", when=when, place=self.words.place_of_zone(own)
        )

    @property
    def people(self) -> list[str]:
        """Names of the people and of what the customer chose."""
        chosen = set(self.booking.terms.get("chosen", []))
        return [self.words.text(each.name) for each in self.resources if each.kind == "staff" or each.slug in chosen]

    @property
    def things(self) -> list[str]:
        """Names of rooms and things."""
        return [self.words.text(each.name) for each in self.resources if each.kind != "staff"]

    @property
    def place(self) -> str:
        """Where: the address, the link, or by phone."""
        if self.booking.place == "online":
            return self.service.online_link or self.words.gettext("Online")
        if self.booking.place == "phone":
            return self.words.gettext("By phone: we call you")
        if self.booking.place == "customer":
            return self.words.gettext("At your address")
        return self.words.text(self.location.address) or self.words.text(self.location.name)

    @property
    def map_url(self) -> str | None:
        """The address on a map, for visits here."""
        if self.booking.place != "here" or self.location.coordinates is None:
            return None
        return "https://www.openstreetmap.org/?mlat={}&mlon={}#map=17/{}/{}".format(*self.location.coordinates * 2)

    @property
    def price(self) -> str:
        """The price, or that it is free of charge."""
        if self.booking.price_minor is None:
            return ""
        if self.booking.price_minor == 0:
            return self.words.gettext("Free of charge")
        return self.words.money(self.booking.price_minor, self.booking.currency or self.business.currency)

    @property
    def length(self) -> str:
        """How long."""
        return self.words.duration(Length(minutes=self.booking.terms["minutes"], days=self.booking.terms["days"]))

    @property
    def reference(self) -> str:
        """In groups of four."""
        return reference.spaced(self.booking.reference)

    @property
    def status(self) -> str:
        """The status in a word."""
        return self.words.gettext(STATUS[self.booking.status])

    @property
    def open(self) -> bool:
        """True while it can still change: requested or confirmed, and not begun."""
        return self.booking.status in ("requested", "confirmed") and self.now < self.booking.start

    @property
    def cancel_deadline(self) -> datetime:
        """Until when it can be cancelled, by the location's clock."""
        return policies.cancel_deadline(self.start, self.booking.terms)

    @property
    def move_deadline(self) -> datetime:
        """Until when it can be moved, by the location's clock."""
        return policies.move_deadline(self.start, self.booking.terms)

    @property
    def may_cancel(self) -> bool:
        """True while the customer may cancel."""
        return self.open and self.now <= self.cancel_deadline

    @property
    def may_move(self) -> bool:
        """True while the customer may move it."""
        return self.open and self.now <= self.move_deadline

    @property
    def deadline(self) -> str:
        """The last moment for a change, in words: ``Wed 2 Dec, 08:40``."""
        return self.words.day_and_time(min(self.cancel_deadline, self.move_deadline), "medium", today=self._today)

    @property
    def decided_by(self) -> str:
        """Until when a request is answered."""
        when = policies.decide_by(self.booking.start, self.booking.created_at, self.booking.terms)
        return self.words.day_and_time(when.astimezone(ZoneInfo(self.booking.zone)), "medium", today=self._today)

    def answers(self, questions: tuple[Mapping[str, Any], ...]) -> list[tuple[str, str]]:
        """Question and answer in words, for the answers that there are."""
        found = []
        for question in questions:
            if question["key"] in self.booking.answers:
                found.append(
                    (self.words.text(question["label"]), self.answer(question, self.booking.answers[question["key"]]))
                )
        return found

    def answer(self, question: Mapping[str, Any], value: Any) -> str:
        """One answer in words."""
        if question["type"] == "yes_no":
            return self.words.gettext("yes") if value else self.words.gettext("no")
        labels = {option["value"]: self.words.text(option["label"]) for option in question.get("options", [])}
        if isinstance(value, list):
            return ", ".join(str(labels.get(each, each)) for each in value)
        return str(labels.get(value, value))

    def entry(self, *, title: str | None = None, description: str = "", url: str | None = None) -> Entry:
        """The calendar entry: a discreet service names only the house and the time."""
        cancelled = self.booking.status in ("cancelled", "declined", "expired")
        name = title or (self.house if self.discreet else f"{self.title}, {self.house}")
        return Entry(
            uid=self.booking.uid,
            sequence=self.booking.revision,
            start=self.booking.start,
            end=self.booking.end,
            zone=self.booking.zone,
            title=self.words.gettext("Cancelled: %(what)s", what=name) if cancelled else name,
            place="" if self.booking.place in ("phone", "customer") else self.place,
            description=description,
            status="CANCELLED" if cancelled else "TENTATIVE" if self.booking.status == "requested" else "CONFIRMED",
            created=self.booking.created_at,
            changed=self.booking.changed_at,
            url=url,
        )


def describe(known: Catalogue, booking: BookingView, words: Wording, *, now: datetime) -> Described:
    """The booking with its names."""
    service = next(each for each in known.service_by_id.values() if each.slug == booking.service)
    location = next(each for each in known.location_by_id.values() if each.slug == booking.location)
    resources = tuple(known.resource_by_id[id] for id in booking.resource_ids)
    return Described(booking, words, known.business, service, location, resources, now)


def differs(at: datetime, one: str, other: str) -> bool:
    """True when two zones show different times at an instant."""
    return at.astimezone(ZoneInfo(one)).utcoffset() != at.astimezone(ZoneInfo(other)).utcoffset()


def masked(value: str | None) -> str:
    """A contact that may be recognised and not read: ``138****8000``, ``h***@example.com``."""
    if not value:
        return ""
    if "@" in value:
        local, _, domain = value.partition("@")
        return f"{local[:1]}***@{domain}"
    return f"{value[:-8]}****{value[-4:]}" if len(value) > 8 else "****"
