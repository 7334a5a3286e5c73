"""Edits of a service in words: what its fields are called, and what stands in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from models.snapshot import length
from wire import edits
from wire.wording import Wording, n_

FIELDS = {
    "name": n_("What it is called"),
    "group": n_("Heading"),
    "description": n_("Description"),
    "before_visit": n_("Before the visit"),
    "picture": n_("Picture"),
    "who": n_("Who may book it"),
    "place": n_("Where it takes place"),
    "online_link": n_("Link"),
    "discreet": n_("Discreet"),
    "duration": n_("Length"),
    "overnight": n_("Over night"),
    "buffer_before": n_("To prepare"),
    "buffer_after": n_("To tidy up"),
    "slot_step": n_("Starts every"),
    "starts": n_("Starts"),
    "min_notice": n_("Shortest notice"),
    "horizon_days": n_("Days ahead"),
    "hours": n_("When it is offered"),
    "special_hours": n_("Special hours"),
    "seats": n_("Seats"),
    "price": n_("Price"),
    "price_per": n_("Price for"),
    "locations": n_("Places of the house"),
    "needs": n_("Needs"),
    "assign": n_("Who gets it"),
    "approval": n_("Approval"),
    "cancel_until": n_("Cancelling"),
    "reschedule_until": n_("Moving"),
    "limits": n_("Limits"),
    "reminders": n_("Reminders"),
    "staff_reminders": n_("Reminders to staff"),
    "ask": n_("Contacts asked for"),
    "questions": n_("Questions"),
    "feedback": n_("Asks how it was"),
}
# Who may book it.
WHO = {"public": n_("everybody"), "link": n_("by its own link"), "staff": n_("the desk only")}
PLACES = {
    "here": n_("at our place"),
    "customer": n_("at the customer's address"),
    "phone": n_("by phone"),
    "online": n_("online, by a link"),
}
PRICES = {
    "booking": n_("a booking"),
    "seat": n_("a place"),
    "hour": n_("an hour"),
    "day": n_("a day"),
}
# What a need asks for.
KINDS = {
    "staff": n_("one of the staff"),
    "room": n_("a room"),
    "equipment": n_("equipment"),
    "vehicle": n_("a vehicle"),
}
# Who gets it.
ASSIGN = {
    "fewest_bookings": n_("whoever has the fewest bookings"),
    "round_robin": n_("everybody in turn"),
    "priority": n_("the first in the order above who is free"),
}
LIMITS = {"per_customer": n_("Bookings ahead of one customer"), "per_day": n_("Bookings of a day")}
# What customers give about themselves.
CONTACTS = {"phone": n_("Mobile number"), "email": n_("E-mail"), "company": n_("Company")}
GIVEN = {"required": n_("has to be given"), "optional": n_("may be given"), "hidden": n_("is not asked")}
UNITS = {1: n_("minutes"), 60: n_("hours"), 1440: n_("days")}


def in_units(minutes: Any) -> tuple[str, int]:
    """A number with the largest unit that it is whole in; what is no number stands as it is."""
    if not isinstance(minutes, int) or minutes == 0:
        return ("" if minutes is None else str(minutes)), 1
    unit = next(each for each in (1440, 60, 1) if minutes % each == 0)
    return str(minutes // unit), unit


def mode_of(until: Any) -> str:
    """Which of the four sentences says a deadline."""
    if isinstance(until, Mapping):
        return "same_day" if until == {"days_before": 1} else "by_day"
    return "before" if until else "start"


def changes(
    say: Wording, before: Mapping[str, Any], after: Mapping[str, Any], names: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Each field that differed: its name, the old and the new value. ``names`` are those of places and of whom and what it
    needs, by their slugs."""
    told = Told(say, names)
    kept = [name for name in FIELDS if name in before or name in after]
    return [
        (say.gettext(FIELDS[name]), told.value(name, before.get(name)), told.value(name, after.get(name)))
        for name in kept
    ]


class Told:
    """Says the values of an entry to one reader."""

    def __init__(self, say: Wording, names: Mapping[str, str]) -> None:
        self.say, self.names = say, names
        self._as: dict[str, Callable[[Any], str]] = {
            "who": self._called(WHO),
            "place": self._called(PLACES),
            "price_per": self._called(PRICES),
            "duration": self._lengths,
            **dict.fromkeys(("buffer_before", "buffer_after", "slot_step", "min_notice"), self._minutes),
            **dict.fromkeys(("cancel_until", "reschedule_until"), self._until),
            **dict.fromkeys(("reminders", "staff_reminders"), self._reminders),
            "approval": self._approval,
            "assign": self._called(ASSIGN),
            "limits": self._limits,
            "ask": self._asked,
            "questions": self._labels,
            "needs": self._needs,
            "locations": self._places,
            **dict.fromkeys(("horizon_days", "seats"), str),
        }

    def value(self, name: str, value: Any) -> str:
        """A value in words; "" for none."""
        if value in (None, "", [], {}):
            return ""
        told_as = self._as.get(name)
        if told_as is not None:
            return told_as(value)
        # What somebody wrote herself, in one language or several, is no code of ours.
        return value if isinstance(value, str) else edits.value(self.say, value)

    def _called(self, words: Mapping[str, str]) -> Callable[[Any], str]:
        return lambda value: self.say.gettext(words.get(value, str(value)))

    def _minutes(self, value: Any) -> str:
        number, unit = in_units(value)
        return f"{number} {self.say.gettext(UNITS[unit])}"

    def _reminders(self, value: Any) -> str:
        return self.say.listed(self._minutes(each) for each in value)

    def _until(self, value: Any) -> str:
        say, mode = self.say, mode_of(value)
        if mode == "same_day":
            return say.gettext("not on the same day")
        if mode == "by_day":
            days, time = value.get("days_before", 1), value.get("time") or "23:59"
            return say.gettext("until %(time)s, days before: %(days)s", time=time, days=days)
        return say.gettext("until %(span)s before", span=self._minutes(value))

    def _approval(self, value: Any) -> str:
        return (
            self.say.gettext("Staff say yes to each request") if value != "none" else self.say.gettext("Booked at once")
        )

    def _labels(self, value: Any) -> str:
        return self.say.listed(self.say.text(each.get("label")) for each in value)

    def _needs(self, value: Any) -> str:
        say, found = self.say, []
        for need in value:
            who = [self.names[slug] for slug in need.get("any_of", []) if slug in self.names] or need.get("skills", [])
            called = KINDS[need["kind"]]
            kind = say.gettext(called)
            found.append(f"{kind} ({say.listed(who)})" if who else kind)
        return say.listed(found)

    def _limits(self, value: Mapping[str, int]) -> str:
        said = self.say
        return said.listed(f"{said.gettext(LIMITS[name])}{said.colon}{number}" for name, number in value.items())

    def _asked(self, value: Mapping[str, str]) -> str:
        said, pairs = self.say, value.items()
        return said.listed(
            f"{said.gettext(CONTACTS[name])}{said.colon}{said.gettext(GIVEN[how])}" for name, how in pairs
        )

    def _places(self, value: Any) -> str:
        return self.say.listed(self.names[slug] for slug in value if slug in self.names)

    def _lengths(self, value: Any) -> str:
        return self.say.listed(
            self.say.duration(length(each)) for each in (value if isinstance(value, list) else [value])
        )
