"""Edits of what is offered, in words: which field, from what to what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from wire.marking import n_
from wire.wording import Wording

KINDS = frozenset({"business", "location", "resource", "service"})
EDITS = frozenset({"added", "edited", "retired", "revived"})
FIELDS = {
    "name": n_("What it is called"),
    "timezone": n_("Time zone"),
    "country": n_("Country"),
    "locale": n_("Language"),
    "currency": n_("Currency"),
    "phone": n_("Phone"),
    "email": n_("E-mail"),
    "logo": n_("Logo"),
    "colour": n_("Colour"),
    "imprint_url": n_("Imprint"),
    "privacy_url": n_("Privacy"),
    "cancel_reasons": n_("Reasons for cancelling"),
    "require": n_("Always asked"),
    "address": n_("Address"),
    "directions": n_("How to find it"),
    "coordinates": n_("Position"),
    "region": n_("Region"),
    "hours": n_("Hours"),
    "holidays": n_("Public holidays"),
    "closed": n_("Closed days"),
    "special_hours": n_("Special hours"),
    "works_as": n_("Make-up working days"),
    "kind": n_("Kind"),
    "location": n_("Place"),
    "locations": n_("Places"),
    "capacity": n_("How many"),
    "units": n_("Names of the units"),
    "skills": n_("Skills"),
    "weight": n_("Share of the bookings"),
    "time_off": n_("Time off"),
}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
# How a week that holds for a time is told apart.
_SPELL = frozenset({"from", "until", "every"})
# What people and things are.
WHAT = {
    "staff": n_("Person"),
    "room": n_("Room"),
    "equipment": n_("Thing"),
    "vehicle": n_("Vehicle"),
}


def changes(
    say: Wording, before: Mapping[str, Any], after: Mapping[str, Any], places: Mapping[str, str]
) -> list[tuple[str, str, str]]:
    """Each field that differed: its name, the old and the new value. ``places`` are the names of places by their slugs."""
    order = {key: number for number, key in enumerate(FIELDS)}
    keys = sorted({*before, *after} - {"slug"}, key=lambda key: (order.get(key, 99), key))

    def told(key: str, found: Any) -> str:
        if key == "kind" and found in WHAT:
            return say.gettext(WHAT[found])
        return value(say, _named(found, places) if key in ("location", "locations") else found)

    return [(label(say, key), told(key, before.get(key)), told(key, after.get(key))) for key in keys]


def _named(found: Any, places: Mapping[str, str]) -> Any:
    """Places by their names: one, a list, or each with its own hours."""
    if isinstance(found, list):
        return [places.get(each, each) for each in found]
    if isinstance(found, Mapping):
        return {places.get(slug, slug): hours for slug, hours in found.items()}
    return places.get(found, found)


def label(say: Wording, key: str) -> str:
    """The name of a field."""
    return say.gettext(FIELDS[key]) if key in FIELDS else key.replace("_", " ")


def value(say: Wording, found: Any) -> str:
    """A value of the business file on one line."""
    if found is None:
        return ""
    if isinstance(found, bool):
        return say.gettext(n_("yes")) if found else say.gettext(n_("no"))
    if isinstance(found, list):
        if all(isinstance(each, Mapping) and set(each) <= _SPELL | set(_DAYS) for each in found):
            return " · ".join(_week(say, each) for each in found)
        return say.listed([value(say, each) for each in found])
    if isinstance(found, Mapping):
        if found and all(key in ("en", "zh", "de") for key in found):
            return say.text(dict(found))
        if set(found) <= {"from", "to", "reason"}:
            return " ".join(filter(None, (f"{found['from']}–{found['to']}", value(say, found.get("reason")))))
        return say.listed([f"{_weekdays(say).get(key, key)} {value(say, each)}".strip() for key, each in found.items()])
    return _weekdays(say).get(str(found), str(found))


def _week(say: Wording, hours: Mapping[str, Any]) -> str:
    """The hours of one week as the file has them, and when they hold: ``from 1 Oct 2026, Thu 14:00-17:00``."""
    since, until = (_day(say, hours.get(end)) for end in ("from", "until"))
    found = []
    if since and until:
        found.append(say.gettext("from %(since)s until %(until)s", since=since, until=until))
    elif since:
        found.append(say.gettext(n_("from %(since)s on"), since=since))
    elif until:
        found.append(say.gettext(n_("until %(until)s"), until=until))
    if hours.get("every"):
        found.append(say.gettext(n_("every %(n)s weeks"), n=hours["every"]))
    names = _weekdays(say)
    return say.listed([*found, *(f"{names[day]} {', '.join(hours[day])}" for day in _DAYS if hours.get(day))])


def _day(say: Wording, typed: Any) -> str:
    """A day with its year: what it was changed to is read long after."""
    return say.date(date.fromisoformat(str(typed)), "bare", today=date.min) if typed else ""


def _weekdays(say: Wording) -> dict[str, str]:
    return {key: short for key, (short, _) in zip(_DAYS, say.weekdays(), strict=True)}
