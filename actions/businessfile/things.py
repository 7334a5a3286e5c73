"""Resources, as a business file gives them: people, rooms and things, where they work and when they are away."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from actions import contacts
from actions.businessfile import times
from actions.businessfile.reading import Mapping, Scalar
from actions.businessfile.values import KINDS, Check, required, words
from rules.errors import FieldError

RESOURCE = "slug kind name location locations capacity units skills weight email hours special_hours time_off".split()
_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\Z")


def read_resource(it: Check, raw: Any, place: str, locations: dict[str, Any]) -> dict[str, Any]:
    """One resource, with the locations at which it works and its hours there (None: those of the location)."""
    value = it.mapping(raw, place, RESOURCE)
    works_at: list[dict[str, Any]] = []
    if ("location" in value) == ("locations" in value):
        it.wrong(place, "needs either location or locations", raw)
    elif "location" in value:
        slug = it.word(value["location"], f"{place}.location") or ""
        if slug not in locations:
            it.wrong(f"{place}.location", f"there is no location {slug!r}", value["location"])
        own = value.get("hours")
        week = times.weeks(it, own, f"{place}.hours")
        works_at.append({"location": slug, "weekly": week if own else None})
    else:
        if "hours" in value:
            it.wrong(f"{place}.hours", "belongs under each of its locations", line=value.lines["hours"])
        several = value["locations"]
        if not isinstance(several, Mapping) or not several:
            it.wrong(f"{place}.locations", "must be a mapping of locations", several)
            several = Mapping()
        for slug, each in several.items():
            where = f"{place}.locations.{slug}"
            if slug not in locations:
                it.wrong(where, f"there is no location {slug!r}", line=several.lines[slug])
            own = it.mapping(each, where, ("hours",)).get("hours")
            week = times.weeks(it, own, f"{where}.hours")
            works_at.append({"location": slug, "weekly": week if own else None})
    capacity = it.whole(value.get("capacity"), f"{place}.capacity", 1, 1, 500)
    units = [it.word(each, where, longest=60) for where, each in it.items(value.get("units"), f"{place}.units")]
    if units and len(units) != capacity:
        it.wrong(f"{place}.units", f"{len(units)} names for a capacity of {capacity}", value.get("units"))
    for index, name in enumerate(units):
        if not name or name in units[:index]:
            it.wrong(f"{place}.units[{index}]", f"{name!r} stands twice" if name else "is empty")
    mail = it.word(value.get("email"), f"{place}.email", longest=254)
    if mail and isinstance(contacts.email(mail), FieldError):
        it.wrong(f"{place}.email", "is not an e-mail address", value.get("email"))
    return {
        "slug": it.slug(value.get("slug"), f"{place}.slug"),
        "kind": required(it, value, place, "kind", lambda each, where: it.one_of(each, where, KINDS, "staff"), "staff"),
        "name": it.localised(value.get("name"), f"{place}.name", longest=100, required=True),
        "works_at": works_at,
        "capacity": capacity,
        "units": units or [None] * capacity,
        "skills": words(it, value.get("skills"), f"{place}.skills"),
        "weight": it.whole(value.get("weight"), f"{place}.weight", 1, 1, 1000),
        "email": mail,
        "days": times.special(it, value.get("special_hours"), f"{place}.special_hours"),
        "absences": [
            each
            for where, one in it.items(value.get("time_off"), f"{place}.time_off")
            for each in _absence(it, one, where)
        ],
    }


def _absence(it: Check, raw: Any, place: str) -> list[dict[str, Any]]:
    value = it.mapping(raw, place, ("from", "to", "reason"))
    start, end = value.get("from"), value.get("to")
    reason = it.localised(value.get("reason"), f"{place}.reason")
    if not isinstance(start, Scalar) or not isinstance(end, Scalar):
        it.wrong(place, "needs from and to", raw)
        return []
    found: list[tuple[datetime, datetime, bool]] = []
    if _STAMP.match(start) and _STAMP.match(end):
        first = it.matched(start, f"{place}.from", _STAMP, "a time", datetime.fromisoformat, None)
        last = it.matched(end, f"{place}.to", _STAMP, "a time", datetime.fromisoformat, None)
        if first and last:
            found = [(first, last, False)]
    elif times.YEARLY.match(start) and times.YEARLY.match(end):
        if times.yearly(it, start, f"{place}.from") and times.yearly(it, end, f"{place}.to"):
            found = _every_year(str(start), str(end), it.today.year)
    elif times.YEARLY.match(start) or times.YEARLY.match(end) or _STAMP.match(start) or _STAMP.match(end):
        it.wrong(place, "from and to must be of one form", raw)
    else:
        one, other = times.day(it, start, f"{place}.from"), times.day(it, end, f"{place}.to")
        if one and other:
            found = [(_midnight(one), _midnight(other + timedelta(days=1)), True)]
    if any(until <= since for since, until, _ in found):
        it.wrong(place, "ends before it starts", raw)
        return []
    return [
        {"from_local": since, "to_local": until, "whole_days": whole, "reason": reason} for since, until, whole in found
    ]


def _every_year(start: str, end: str, year: int) -> list[tuple[datetime, datetime, bool]]:
    """From one month and day to another, of this year and the nine after; over New Year also the one that still runs."""
    over = end < start
    found = []
    for each in range(year - over, year + times.YEARLY_AHEAD + 1):
        # Leap days: a leave from or to 29 February is one from 1 March or to 28 February in other years.
        since = _in_year(each, start, after=True)
        until = _in_year(each + over, end, after=False)
        if since <= until:
            found.append((_midnight(since), _midnight(until + timedelta(days=1)), True))
    return found


def _in_year(year: int, written: str, *, after: bool) -> date:
    month, day = map(int, written.split("-"))
    try:
        return date(year, month, day)
    except ValueError:
        return date(year, 3, 1) if after else date(year, 2, 28)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
