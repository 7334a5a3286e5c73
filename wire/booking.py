"""A booking in words: one description that pages, mails, calendar files and the API read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from actions.contacts import may_text
from models.bookings import BookingView
from rules import policies, reference
from rules.attachments import is_attached
from rules.facts import Business, Catalogue, Location, Resource, Service
from rules.questions import STARS
from rules.text import without_addresses
from scheduling.availability import Length
from scheduling.hours import repeated
from wire import masking
from wire.ical import Entry
from wire.wording import Wording, n_

TITLES = frozenset({"dr", "prof", "mr", "mrs", "ms", "herr", "frau"})
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
    """A booking with everything that its readers are told, in their language. Local times are the location's. ``waived``
    while the house waits for another time of her choice: then she may change it until the start. ``asked`` is when a request
    was made, by default when the booking changed last; ``questions`` are those of when it was booked."""

    booking: BookingView
    words: Wording
    business: Business
    service: Service
    location: Location
    resources: tuple[Resource, ...]
    now: datetime
    waived: bool = False
    asked: datetime | None = None
    questions: tuple[Mapping[str, Any], ...] = ()

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
    def called(self) -> str:
        """How the customer is spoken to: by the first name, by the whole one in Chinese or after a title."""
        name = without_addresses(self.booking.name)
        first = name.split()[0] if name.split() else name
        titled = first.rstrip(".").casefold() in TITLES or first.endswith(".")
        return name if titled or self.words.locale == "zh" else first

    @property
    def title(self) -> str:
        """The service, with places where there are several."""
        name = self.words.text(self.service.name)
        if self.booking.seats > 1:
            return f"{name}{self.words.comma}" + self.words.ngettext("%(n)s place", "%(n)s places", self.booking.seats)
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
    def until(self) -> str:
        """``until 09:10, Berlin time``; with the day where it ends on another one, and the customer's own start."""
        ends, same = self.end, self.end.date() == self.start.date()
        when = self.words.time(ends) if same else self.words.day_and_time(ends, today=self._today)
        zones = beside(self.words, self.booking.start, None, self.booking.zone, self.booking.customer_zone)
        return self.words.gettext("until %(when)s", when=when) + self.words.comma + zones

    @property
    def begins(self) -> str:
        """``08:40``."""
        return self.words.time(self.start)

    @property
    def when(self) -> str:
        """``Thu 3 December, 08:40–09:10``."""
        return self.words.day_and_span(self.start, self.end, today=self._today)

    @property
    def short(self) -> str:
        """``Thu 3 Dec, 08:40``."""
        return self.words.day_and_time(self.start, today=self._today)

    @property
    def texted(self) -> str:
        """``short`` for where no zone stands beside it: with the venue's for who is elsewhere, and where the clock shows the
        time twice."""
        local = self.start
        if not self.elsewhere and not repeated(local):
            return self.short
        clock = clock_of(self.words, local, self.booking.zone)
        return self.words.gettext("%(when)s (%(zone)s)", when=self.short, zone=clock)

    @property
    def elsewhere(self) -> bool:
        """True when the customer's own clock shows another time."""
        own = self.booking.customer_zone
        return bool(own) and differs(self.booking.start, str(own), self.booking.zone)

    @property
    def _today(self) -> Any:
        return self.now.astimezone(ZoneInfo(self.booking.zone)).date()

    @property
    def zones(self) -> str:
        """The venue's time, and the customer's own where it differs."""
        booking = self.booking
        return beside(self.words, booking.start, booking.end, booking.zone, booking.customer_zone)

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
            return without_addresses(self.booking.address or "") or self.words.gettext("At your address")
        return self.words.text(self.location.address) or self.words.text(self.location.name)

    @property
    def directions(self) -> str:
        """How the place is found, for visits here."""
        return self.words.text(self.location.directions) if self.booking.place == "here" else ""

    @property
    def mailed_to(self) -> str:
        """The mailbox that is written to, masked: who has the link need not be its owner."""
        return masking.contact(self.booking.email)

    @property
    def texted_to(self) -> str:
        """The number that is texted, masked; empty for one that takes no texts."""
        return masking.contact(self.booking.phone) if self.booking.phone and may_text(self.booking.phone) else ""

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
        """Until when it can be cancelled."""
        if self.waived:
            return self.booking.start
        return policies.cancel_deadline(self.booking.start, self.booking.terms)

    @property
    def move_deadline(self) -> datetime:
        """Until when it can be moved."""
        if self.waived:
            return self.booking.start
        return policies.move_deadline(self.booking.start, self.booking.terms)

    @property
    def may_cancel(self) -> bool:
        """True while the customer may cancel."""
        return self.open and self.now <= self.cancel_deadline

    @property
    def may_move(self) -> bool:
        """True while the customer may move it."""
        return self.open and self.now <= self.move_deadline

    @property
    def may_change(self) -> bool:
        """True while the customer may move or cancel it."""
        return self.may_move or self.may_cancel

    @property
    def at_short_notice(self) -> bool:
        """True when it was booked so late that it never could be changed by its link."""
        return min(self.cancel_deadline, self.move_deadline) <= self.booking.created_at

    @property
    def deadline(self) -> str:
        """The last moment for a change, by the location's clock: ``Wed 2 December, 08:40``."""
        both = (self.cancel_deadline, self.move_deadline)
        # Of two the next one: once the first has passed, the other change is still possible.
        next_one = min((each for each in both if self.now <= each), default=max(both))
        last = next_one.astimezone(ZoneInfo(self.booking.zone))
        return self.words.day_and_time(last, "medium", today=self._today)

    @property
    def decided_by(self) -> str:
        """Until when a request is answered."""
        when = policies.decide_by(self.booking.start, self.asked or self.booking.changed_at, self.booking.terms)
        return self.words.day_and_time(when.astimezone(ZoneInfo(self.booking.zone)), "medium", today=self._today)

    def answers(self) -> list[tuple[str, str]]:
        """Question and answer in words, for the answers that there are."""
        return [(question, answer) for question, answer, _ in self.answers_and_files()]

    def answers_and_files(self) -> list[tuple[str, str, str]]:
        """The same, and with each the key under which its file is had; "" for what is no file."""
        found = []
        for question in self.questions:
            key = question["key"]
            if key in self.booking.answers:
                value = self.booking.answers[key]
                said = (self.words.text(question["label"]), self.answer(question, value))
                found.append((*said, key if is_attached(value) else ""))
        return found

    def answer(self, question: Mapping[str, Any], value: Any) -> str:
        """One answer in words."""
        if question["type"] == "yes_no":
            return self.words.gettext("Yes") if value else self.words.gettext("No")
        if question["type"] == "rating":
            most = self.words.number(question.get("max") or STARS)
            return self.words.gettext("%(stars)s of %(most)s", stars=self.words.number(value), most=most)
        if is_attached(value):
            return str(value["name"])
        labels = {option["value"]: self.words.text(option["label"]) for option in question.get("options", [])}
        if isinstance(value, list):
            return self.words.listed(str(labels.get(each, each)) for each in value)
        return str(labels.get(value, value))

    def entry(self, *, link: str) -> Entry:
        """The customer's calendar entry, with ``link`` to change it while it can be changed. A discreet service names only
        the house and the time."""
        name = self.house if self.discreet else f"{self.title}, {self.house}"
        note = self.words.gettext("Move or cancel: %(link)s", link=link) if self.open else ""
        return self._entry(name, self.place, note)

    def entry_for_staff(self) -> Entry:
        """The entry of a feed: with the customer's name, without any way to reach her."""
        name = self.house if self.discreet else f"{self.title}, {self.booking.name}"
        silent = self.booking.place == "phone" or (self.booking.place == "customer" and self.discreet)
        return self._entry(name, "" if silent else self.place, "")

    def _entry(self, name: str, place: str, description: str) -> Entry:
        cancelled = self.booking.status in ("cancelled", "declined", "expired")
        return Entry(
            uid=self.booking.uid,
            sequence=self.business.sequence_base + self.booking.revision,
            start=self.booking.start,
            end=self.booking.end,
            zone=self.booking.zone,
            title=self.words.gettext("Cancelled: %(what)s", what=name) if cancelled else name,
            place=place,
            description=description,
            status="CANCELLED" if cancelled else "TENTATIVE" if self.booking.status == "requested" else "CONFIRMED",
            created=self.booking.created_at,
            changed=self.booking.changed_at,
        )


def describe(known: Catalogue, booking: BookingView, words: Wording, *, now: datetime) -> Described:
    """The booking with its names."""
    service = next(each for each in known.service_by_id.values() if each.slug == booking.service)
    location = next(each for each in known.location_by_id.values() if each.slug == booking.location)
    resources = tuple(known.resource_by_id[id] for id in booking.resource_ids)
    questions = known.questions.get(booking.definition_id or 0, ())
    return Described(booking, words, known.business, service, location, resources, now, questions=questions)


def beside(words: Wording, start: datetime, end: datetime | None, zone: str, own: str | None) -> str:
    """``Berlin time``, with the span (without ``end`` the start) in the customer's ``own`` zone beside it where that shows
    another time."""
    venue = clock_of(words, start, zone)
    if not own or not differs(start, own, zone):
        return venue
    there = start.astimezone(ZoneInfo(own))
    when = words.span(there, end.astimezone(ZoneInfo(own))) if end else words.time(there)
    if there.date() != start.astimezone(ZoneInfo(zone)).date():
        when = f"{words.date(there.date(), 'short')} {when}"
    return f"{venue} · " + words.gettext("%(when)s in %(place)s", when=when, place=words.place_of_zone(own))


def clock_of(words: Wording, at: datetime, zone: str) -> str:
    """Whose clock a time is told by: ``Berlin time``, with the offset where that clock shows the time twice."""
    local = at.astimezone(ZoneInfo(zone))
    if not repeated(local):
        return words.zone(zone)
    return words.gettext("%(zone)s, %(offset)s", zone=words.zone(zone), offset=words.offset(local))


def differs(at: datetime, one: str, other: str) -> bool:
    """True when two zones show different times at an instant."""
    return at.astimezone(ZoneInfo(one)).utcoffset() != at.astimezone(ZoneInfo(other)).utcoffset()
