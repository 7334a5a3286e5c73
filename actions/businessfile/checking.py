"""What a business file means: every value typed, every reference resolved, every mistake named by its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, TypeVar
from zoneinfo import available_timezones

import phonenumbers
from babel.numbers import list_currencies

from actions import contacts, holidays
from actions.businessfile.reading import Mapping, Problem, Scalar, Sequence, Wrong
from rules import pricing, questions, text
from rules.errors import FieldError
from rules.questions import TYPES

T = TypeVar("T")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KINDS = ("staff", "room", "equipment", "vehicle")
YEARLY_AHEAD = 9
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*\Z")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\Z|24:00\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_YEARLY = re.compile(r"\d\d-\d\d\Z")
_PRICE = re.compile(r"\d{1,9}(?:\.\d{1,3})?\Z")
HIGHEST = 2_000_000_000
_WHOLE = re.compile(r"-?\d{1,9}\Z")
_DECIMAL = re.compile(r"-?\d{1,3}(?:\.\d{1,10})?\Z")
_TRUE, _FALSE = ("true", "True", "yes", "on"), ("false", "False", "no", "off")
# Of the names that a system lists, these two say what its administrator chose, or nothing.
_ZONES = frozenset(available_timezones()) - {"localtime", "Factory"}
_REGIONS = frozenset(phonenumbers.SUPPORTED_REGIONS)


class Check:
    """Collects the problems of one file while its values are read."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self._lines: dict[str, int] = {}

    def wrong(self, place: str, reason: str, value: Any = None, line: int | None = None) -> None:
        """Notes a problem at a place. What is not there has the line of what it is missing from."""
        self.problems.append(Problem(place, reason, line or getattr(value, "line", None) or self._line(place)))

    def _line(self, place: str) -> int | None:
        while place and place not in self._lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return self._lines.get(place)

    def know(self, value: Any, place: str) -> None:
        """Remembers the lines of something that is checked elsewhere."""
        if isinstance(value, Mapping):
            for key, each in value.items():
                self._lines[f"{place}.{key}"] = value.lines[key]
                self.know(each, f"{place}.{key}")
        elif isinstance(value, Sequence):
            for where, each in self.items(value, place):
                self.know(each, where)

    def mapping(self, value: Any, place: str, allowed: Iterable[str]) -> Mapping:
        """``value`` as a mapping with no keys but ``allowed``."""
        if value is None:
            return Mapping()
        if not isinstance(value, Mapping):
            self.wrong(place, "must be a mapping", value)
            return Mapping()
        self._lines |= {f"{place}.{key}" if place else key: line for key, line in value.lines.items()}
        known = set(allowed)
        for key in value:
            if key not in known:
                self.wrong(f"{place}.{key}" if place else key, "unknown key", line=value.lines[key])
        return value

    def items(self, value: Any, place: str) -> list[tuple[str, Any]]:
        """``value`` as a list of (place, item)."""
        if value is None:
            return []
        if not isinstance(value, Sequence):
            self.wrong(place, "must be a list", value)
            return []
        found = [(f"{place}[{index}]", each) for index, each in enumerate(value)]
        self._lines |= {where: getattr(each, "line", value.line) for where, each in found}
        return found

    def word(self, value: Any, place: str, *, default: str | None = None, longest: int = 200) -> str | None:
        """One line of plain text."""
        if value is None:
            return default
        if not isinstance(value, Scalar):
            self.wrong(place, "must be text", value)
            return default
        clean = text.line(str(value), longest=longest)
        if isinstance(clean, FieldError) or (not clean and value.strip()):
            self.wrong(place, f"cannot be used as text (at most {longest} characters)", value)
            return default
        return clean or default

    def localised(
        self, value: Any, place: str, *, longest: int = 200, required: bool = False, lines: bool = False
    ) -> Any:
        """Text of one line or of several ``lines``, or a mapping of locale to such text."""
        if isinstance(value, Mapping) and value:
            found = {}
            for locale, each in value.items():
                if not re.match(r"[a-z]{2,3}(-[A-Za-z]{2,4})?\Z", locale):
                    self.wrong(f"{place}.{locale}", "is not a language", line=value.lines[locale])
                found[locale] = self._said(each, f"{place}.{locale}", longest, lines)
                if found[locale] == "" and isinstance(each, Scalar):
                    self.wrong(f"{place}.{locale}", "is empty", each)
            return found
        if value is None or (isinstance(value, Scalar) and text.blank(value)):
            if required:
                self.wrong(place, "is missing", value)
            return None
        return self._said(value, place, longest, lines)

    def _said(self, value: Any, place: str, longest: int, lines: bool) -> str | None:
        if not isinstance(value, Scalar):
            self.wrong(place, "must be text", value)
            return None
        clean = (text.paragraph if lines else text.line)(str(value), longest=longest)
        if isinstance(clean, FieldError):
            self.wrong(place, f"cannot be used as text (at most {longest} characters)", value)
            return None
        return clean

    def matched(
        self, value: Any, place: str, pattern: re.Pattern[str], expected: str, read: Callable[[str], T], default: T
    ) -> T:
        """A scalar of one written form."""
        if value is None:
            return default
        if not isinstance(value, Scalar) or not pattern.match(value):
            self.wrong(place, f"must be {expected}, not {_shown(value)}", value)
            return default
        try:
            return read(str(value))
        except (ValueError, OverflowError):
            self.wrong(place, f"must be {expected}, not {_shown(value)}", value)
            return default

    def whole(self, value: Any, place: str, default: int, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        found = self.matched(value, place, _WHOLE, f"a whole number from {low} to {high}", int, default)
        if value is not None and not low <= found <= high:
            self.wrong(place, f"must be a whole number from {low} to {high}, not {_shown(value)}", value)
            return default
        return found

    def yes(self, value: Any, place: str, default: bool = False) -> bool:
        """true or false."""
        if value is None:
            return default
        if isinstance(value, Scalar) and value in _TRUE + _FALSE:
            return value in _TRUE
        self.wrong(place, f"must be true or false, not {_shown(value)}", value)
        return default

    def one_of(self, value: Any, place: str, options: Iterable[str], default: str | None, what: str = "") -> Any:
        """One of some words."""
        if value is None:
            return default
        if isinstance(value, Scalar) and value in options:
            return str(value)
        self.wrong(place, f"must be {what or 'one of ' + ', '.join(options)}, not {_shown(value)}", value)
        return default

    def slug(self, value: Any, place: str) -> str:
        """A slug: lower-case letters, digits and dashes."""
        if isinstance(value, Scalar) and _SLUG.match(value) and len(value) <= 60:
            return str(value)
        self.wrong(
            place,
            "must be lower-case letters, digits, - and _ (at most 60)" if value is not None else "is missing",
            value,
        )
        return ""

    def slugs(self, value: Any, place: str, known: Iterable[str], what: str) -> list[str]:
        """A list of slugs that exist."""
        found: list[str] = []
        for where, each in self.items(value, place):
            name = self.word(each, where) or ""
            if name not in known:
                self.wrong(where, f"there is no {what} {name!r}", each)
            elif name in found:
                self.wrong(where, f"{name!r} stands twice", each)
            else:
                found.append(name)
        return found

    def day(self, value: Any, place: str) -> date | None:
        """A date as YYYY-MM-DD."""
        return self.matched(value, place, _DATE, "a date like 2026-12-24", date.fromisoformat, None)

    def yearly(self, value: Any, place: str) -> list[tuple[date, str]]:
        """A date, or a month and day that count for this year and the nine after: (date, source) each."""
        if isinstance(value, Scalar) and _YEARLY.match(value):
            month, day = map(int, value.split("-"))
            found = []
            for year in range(self.today.year, self.today.year + YEARLY_AHEAD + 1):
                try:
                    found.append((date(year, month, day), "yearly"))
                except ValueError:
                    if (month, day) != (2, 29):
                        self.wrong(place, f"must be a date like 12-24, not {_shown(value)}", value)
                        return []
            return found
        fixed = self.day(value, place)
        return [(fixed, "file")] if fixed else []

    def minute(self, value: Any, place: str) -> int:
        """Minutes since midnight of ``HH:MM``, below 24:00."""
        found = self.matched(value, place, _TIME, "a time like 09:00", _minutes, 0)
        if found == 1440:
            self.wrong(place, "24:00 can only be an end", value)
        return found

    def windows(self, value: Any, place: str) -> list[tuple[int, int]]:
        """Windows ``HH:MM-HH:MM`` of one date, sorted; an end at or before its start runs into the next date."""
        found = []
        for where, each in self.items(value, place):
            parts = (
                [part.strip() for part in str(each).replace("–", "-").split("-")] if isinstance(each, Scalar) else []
            )
            if len(parts) != 2 or not all(_TIME.match(part) for part in parts) or parts[0] == "24:00":
                self.wrong(where, f"must be hours like 09:00-17:00, not {_shown(each)}", each)
                continue
            start, end = _minutes(parts[0]), _minutes(parts[1])
            if start == end:
                self.wrong(where, "ends when it starts", each)
                continue
            found.append((start, end if end > start else end + 1440))
        found.sort()
        for (_, end), (start, _) in pairwise(found):
            if start < end:
                self.wrong(place, "windows overlap", value)
        return found

    def week(self, value: Any, place: str) -> list[list[tuple[int, int]]]:
        """Seven lists of windows, Monday first."""
        found = self.mapping(value, place, DAYS)
        return [self.windows(found.get(day), f"{place}.{day}") for day in DAYS]

    def special(self, value: Any, place: str) -> list[dict[str, Any]]:
        """Special hours by date."""
        days: list[dict[str, Any]] = []
        if value is None:
            return days
        if not isinstance(value, Mapping):
            self.wrong(place, "must be a mapping of dates to hours", value)
            return days
        for key, each in value.items():
            where = f"{place}.{key}"
            windows = [list(window) for window in self.windows(each, where)]
            for day, source in self.yearly(_scalar(key, value.lines[key]), where):
                days.append({"date": day, "kind": "special_hours", "windows": windows, "source": source})
        return _whole_date_first(days)


def _once(it: Check, items: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The items, each named as a problem that stands twice."""
    seen: set[str] = set()
    for where, each in items:
        if isinstance(each, Scalar):
            if each in seen:
                it.wrong(where, f"{_shown(each)} stands twice", each)
            seen.add(str(each))
    return items


def _whole_date_first(days: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each date once: one that is given with its year counts instead of a yearly one."""
    whole = {each["date"] for each in days if each["source"] == "file"}
    return [each for each in days if each["source"] == "file" or each["date"] not in whole]


def _shown(value: Any) -> str:
    return (
        repr(str(value)[:60]) if isinstance(value, Scalar) else "a list or mapping" if value is not None else "nothing"
    )


def _scalar(value: str, line: int) -> Scalar:
    scalar = Scalar(value)
    scalar.quoted, scalar.line = True, line
    return scalar


def _minutes(value: str) -> int:
    hour, minute = value.split(":")
    return int(hour) * 60 + int(minute)


def check(
    document: Mapping, *, today: date, also: Callable[[dict[str, Any]], list[Problem]] | None = None
) -> dict[str, Any]:
    """The file's meaning: ``business``, ``locations``, ``resources``, ``services``, each value typed as the tables keep it,
    and ``notes`` that its writer should read. ``also`` looks at the same for more problems (the pictures). Raises Wrong
    with every problem."""
    it = Check(today)
    it.mapping(document, "", ("business", "locations", "resources", "services"))
    business = _business(it, document)
    locations = _each(it, document, "locations", lambda value, place: _location(it, value, place, business))
    by_slug = {each["slug"]: each for each in locations}
    resources = _each(it, document, "resources", lambda value, place: _resource(it, value, place, by_slug))
    things = {each["slug"]: each for each in resources}
    services = _each(
        it, document, "services", lambda value, place: _service(it, value, place, by_slug, things, business)
    )
    found = {"business": business, "locations": locations, "resources": resources, "services": services}
    for problem in also(found) if also else []:
        it.wrong(problem.place, problem.reason)
    if it.problems:
        raise Wrong(sorted(dict.fromkeys(it.problems), key=lambda each: each.line or 0))
    return {**found, "notes": it.notes}


def _each(it: Check, document: Mapping, name: str, read: Callable[[Any, str], dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    items = it.items(document.get(name), name)
    if not items and name != "services" and name != "resources":
        it.wrong(name, "at least one is needed")
    for place, value in items:
        one = read(value, place)
        if one["slug"] and one["slug"] in seen:
            it.wrong(f"{place}.slug", f"{one['slug']!r} stands twice", value)
        seen.add(one["slug"])
        found.append({**one, "position": len(found)})
    return found


BUSINESS = "name timezone country locale currency phone email logo colour imprint_url privacy_url cancel_reasons require".split()


def _business(it: Check, document: Mapping) -> dict[str, Any]:
    if document.get("business") is None:
        it.wrong("business", "is missing")
    value = it.mapping(document.get("business"), "business", BUSINESS)
    place = "business"
    country = _required(it, value, place, "country", lambda each, where: _country(it, each, where), "DE")
    mail = it.word(value.get("email"), f"{place}.email", longest=254)
    if mail and isinstance(contacts.email(mail), FieldError):
        it.wrong(f"{place}.email", "is not an e-mail address", value.get("email"))
    return {
        "name": it.localised(value.get("name"), f"{place}.name", longest=100, required=True),
        "timezone": _required(it, value, place, "timezone", lambda each, where: _zone(it, each, where), "UTC"),
        "country": country,
        "locale": it.one_of(value.get("locale"), f"{place}.locale", ("en", "zh"), "en"),
        "currency": _required(
            it,
            value,
            place,
            "currency",
            lambda each, where: it.one_of(each, where, _CURRENCIES, None, "a currency like EUR"),
            "EUR",
        ),
        "phone": it.word(value.get("phone"), f"{place}.phone", longest=40),
        "email": mail,
        "logo": _file(it, value.get("logo"), f"{place}.logo"),
        "colour": it.matched(value.get("colour"), f"{place}.colour", _COLOUR, "a colour like #0b6e4f", str.lower, None),
        "imprint_url": _url(it, value.get("imprint_url"), f"{place}.imprint_url"),
        "privacy_url": _url(it, value.get("privacy_url"), f"{place}.privacy_url"),
        "cancel_reasons": [
            it.localised(each, where)
            for where, each in it.items(value.get("cancel_reasons"), f"{place}.cancel_reasons")
        ],
        "require": [
            it.one_of(each, where, ("phone", "email"), "")
            for where, each in _once(it, it.items(value.get("require"), f"{place}.require"))
        ],
    }


_CURRENCIES = frozenset(list_currencies())
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")


def _required(it: Check, value: Mapping, place: str, name: str, read: Callable[[Any, str], Any], fallback: Any) -> Any:
    if value.get(name) is None:
        it.wrong(f"{place}.{name}", "is missing", line=value.line or None)
        return fallback
    return read(value[name], f"{place}.{name}") or fallback


def _zone(it: Check, value: Any, place: str) -> Any:
    return it.one_of(value, place, _ZONES, None, "a time zone like Europe/Berlin")


def _country(it: Check, value: Any, place: str) -> Any:
    return it.one_of(value, place, _REGIONS, None, "a country code like DE")


def _url(it: Check, value: Any, place: str) -> str | None:
    return it.matched(
        value, place, re.compile(r"https?://[^\s<>\"]{1,500}\Z"), "an address like https://example.com", str, None
    )


def _file(it: Check, value: Any, place: str) -> str | None:
    pattern = re.compile(r"[\w][\w. -]{0,80}\.(?:svg|png|jpg|jpeg|webp)\Z", re.IGNORECASE)
    return it.matched(value, place, pattern, "the name of a picture beside the file", str, None)


LOCATION = "slug name timezone country address directions coordinates region hours holidays closed special_hours works_as".split()


def _location(it: Check, raw: Any, place: str, business: dict[str, Any]) -> dict[str, Any]:
    value = it.mapping(raw, place, LOCATION)
    days = it.special(value.get("special_hours"), f"{place}.special_hours")
    closed: list[dict[str, Any]] = []
    for where, each in _once(it, it.items(value.get("closed"), f"{place}.closed")):
        closed += [{"date": day, "kind": "closed", "source": source} for day, source in it.yearly(each, where)]
    days += _whole_date_first(closed)
    works_as = value.get("works_as")
    if works_as is not None and not isinstance(works_as, Mapping):
        it.wrong(f"{place}.works_as", "must be a mapping of dates to weekdays", works_as)
    elif works_as:
        for key, each in works_as.items():
            where = f"{place}.works_as.{key}"
            day = it.day(_scalar(key, works_as.lines[key]), where)
            weekday = it.one_of(each, where, DAYS, None)
            if day and weekday:
                days.append({"date": day, "kind": "works_as", "weekday": DAYS.index(weekday), "source": "file"})
    region = it.word(value.get("holidays"), f"{place}.holidays")
    if region:
        try:
            years = range(it.today.year, it.today.year + holidays.YEARS_AHEAD + 1)
            named = holidays.dates(region, years)
            it.notes.append(f"{place}.holidays: {len(named)} days of {region}, {years[0]} to {years[-1]}")
            days += [
                {"date": day, "kind": "holiday", "source": f"holidays:{region}", "name": name}
                for day, name in named.items()
            ]
        except holidays.UnknownRegion:
            it.wrong(f"{place}.holidays", f"no holidays are known for {region!r}", value.get("holidays"))
    coordinates = it.items(value.get("coordinates"), f"{place}.coordinates")
    point = [it.matched(each, where, _DECIMAL, "a number", float, 0.0) for where, each in coordinates]
    if coordinates and (len(point) != 2 or not (-90 <= point[0] <= 90 and -180 <= point[-1] <= 180)):
        it.wrong(f"{place}.coordinates", "must be latitude and longitude", value.get("coordinates"))
        point = []
    return {
        "slug": it.slug(value.get("slug"), f"{place}.slug"),
        "name": it.localised(value.get("name"), f"{place}.name", longest=100, required=True),
        "timezone": _zone(it, value.get("timezone"), f"{place}.timezone") or business["timezone"],
        "country": _country(it, value.get("country"), f"{place}.country") or business["country"],
        "address": it.localised(value.get("address"), f"{place}.address", longest=300, lines=True),
        "directions": it.localised(value.get("directions"), f"{place}.directions", longest=500, lines=True),
        "latitude": point[0] if len(point) == 2 else None,
        "longitude": point[1] if len(point) == 2 else None,
        "region": it.word(value.get("region"), f"{place}.region"),
        "weekly": it.week(value.get("hours"), f"{place}.hours"),
        "days": days,
        "holidays": region,
    }


RESOURCE = "slug kind name location locations capacity units skills weight email hours special_hours time_off".split()


def _resource(it: Check, raw: Any, place: str, locations: dict[str, Any]) -> dict[str, Any]:
    value = it.mapping(raw, place, RESOURCE)
    works_at: list[dict[str, Any]] = []
    if ("location" in value) == ("locations" in value):
        it.wrong(place, "needs either location or locations", raw)
    elif "location" in value:
        slug = it.word(value["location"], f"{place}.location") or ""
        if slug not in locations:
            it.wrong(f"{place}.location", f"there is no location {slug!r}", value["location"])
        own = value.get("hours")
        week = it.week(own, f"{place}.hours")
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
            week = it.week(own, f"{where}.hours")
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
        "kind": _required(
            it, value, place, "kind", lambda each, where: it.one_of(each, where, KINDS, "staff"), "staff"
        ),
        "name": it.localised(value.get("name"), f"{place}.name", longest=100, required=True),
        "works_at": works_at,
        "capacity": capacity,
        "units": units or [None] * capacity,
        "skills": _words(it, value.get("skills"), f"{place}.skills"),
        "weight": it.whole(value.get("weight"), f"{place}.weight", 1, 1, 1000),
        "email": mail,
        "days": it.special(value.get("special_hours"), f"{place}.special_hours"),
        "absences": [
            each
            for where, one in it.items(value.get("time_off"), f"{place}.time_off")
            for each in _absence(it, one, where)
        ],
    }


def _words(it: Check, value: Any, place: str) -> list[str]:
    words = [it.word(each, where, longest=60) for where, each in it.items(value, place)]
    return list(dict.fromkeys(word for word in words if word))


_STAMP = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d\Z")


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
    elif _YEARLY.match(start) and _YEARLY.match(end):
        if it.yearly(start, f"{place}.from") and it.yearly(end, f"{place}.to"):
            found = _every_year(str(start), str(end), it.today.year)
    elif _YEARLY.match(start) or _YEARLY.match(end) or _STAMP.match(start) or _STAMP.match(end):
        it.wrong(place, "from and to must be of one form", raw)
    else:
        one, other = it.day(start, f"{place}.from"), it.day(end, f"{place}.to")
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
    for each in range(year - over, year + YEARLY_AHEAD + 1):
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


SERVICE = (
    "slug group name description picture before_visit who place online_link duration overnight buffer_before buffer_after "
    "slot_step starts min_notice horizon_days seats price price_per locations hours special_hours needs assign approval "
    "cancel_until reschedule_until limits reminders staff_reminders discreet ask questions"
).split()


def _service(
    it: Check, raw: Any, place: str, locations: dict[str, Any], resources: dict[str, Any], business: dict[str, Any]
) -> dict[str, Any]:
    value = it.mapping(raw, place, SERVICE)
    get = value.get
    seats = it.whole(get("seats"), f"{place}.seats", 1, 1, 1000)
    durations = _durations(it, value, place)
    if seats > 1 and len(durations) > 1:
        it.wrong(f"{place}.duration", "a class has one length", get("duration"))
    offered = it.slugs(get("locations"), f"{place}.locations", locations, "location")
    where_kind = it.one_of(get("place"), f"{place}.place", ("here", "customer", "phone", "online"), "here")
    limits = it.mapping(get("limits"), f"{place}.limits", ("per_customer", "per_day"))
    asked = it.mapping(get("ask"), f"{place}.ask", ("phone", "email", "company"))
    own_hours = get("hours")
    week = it.week(own_hours, f"{place}.hours")
    link = _url(it, get("online_link"), f"{place}.online_link")
    if link and where_kind != "online":
        it.wrong(f"{place}.online_link", "is only for place: online", get("online_link"))
    if where_kind == "online" and get("online_link") is None:
        it.wrong(f"{place}.online_link", "is missing, and place is online")
    if where_kind == "phone" and asked.get("phone") == "hidden":
        it.wrong(f"{place}.ask.phone", "has to be asked where place is phone", asked["phone"])
    found = {
        "slug": it.slug(get("slug"), f"{place}.slug"),
        "group": it.localised(get("group"), f"{place}.group", longest=100),
        "name": it.localised(get("name"), f"{place}.name", longest=100, required=True),
        "description": it.localised(get("description"), f"{place}.description", longest=1000, lines=True),
        "picture": _file(it, get("picture"), f"{place}.picture"),
        "before_visit": it.localised(get("before_visit"), f"{place}.before_visit", longest=500, lines=True),
        "who": it.one_of(get("who"), f"{place}.who", ("public", "link", "staff"), "public"),
        "place": where_kind,
        "online_link": link,
        "durations": durations,
        "overnight": it.yes(get("overnight"), f"{place}.overnight"),
        "buffer_before": it.whole(get("buffer_before"), f"{place}.buffer_before", 0, 0, 1440),
        "buffer_after": it.whole(get("buffer_after"), f"{place}.buffer_after", 0, 0, 1440),
        "slot_step": it.whole(get("slot_step"), f"{place}.slot_step", 15, 1, 1440),
        "starts": _starts(it, get("starts"), f"{place}.starts"),
        "min_notice": it.whole(get("min_notice"), f"{place}.min_notice", 0, 0, 525600),
        "horizon_days": it.whole(get("horizon_days"), f"{place}.horizon_days", 60, 0, 730),
        "seats": seats,
        "price_minor": _price(it, get("price"), f"{place}.price", business["currency"]),
        "price_per": it.one_of(get("price_per"), f"{place}.price_per", ("booking", "seat", "hour", "day"), "booking"),
        "locations": offered,
        "weekly": week if own_hours else None,
        "days": it.special(get("special_hours"), f"{place}.special_hours"),
        "needs": [
            _need(it, each, where, resources, offered, list(locations))
            for where, each in it.items(get("needs"), f"{place}.needs")
        ],
        "assign": it.one_of(
            get("assign"), f"{place}.assign", ("fewest_bookings", "round_robin", "priority"), "fewest_bookings"
        ),
        "approval": _approval(it, get("approval"), f"{place}.approval"),
        "cancel_until": it.whole(get("cancel_until"), f"{place}.cancel_until", 0, 0, 525600),
        "reschedule_until": it.whole(get("reschedule_until"), f"{place}.reschedule_until", 0, 0, 525600),
        "per_customer": it.whole(limits.get("per_customer"), f"{place}.limits.per_customer", 0, 1, 1000) or None,
        "per_day": it.whole(limits.get("per_day"), f"{place}.limits.per_day", 0, 1, 100000) or None,
        "reminders": _reminders(it, get("reminders"), f"{place}.reminders"),
        "staff_reminders": _reminders(it, get("staff_reminders"), f"{place}.staff_reminders"),
        "discreet": it.yes(get("discreet"), f"{place}.discreet"),
        "ask": {
            key: it.one_of(each, f"{place}.ask.{key}", ("required", "optional", "hidden"), "optional")
            for key, each in asked.items()
        },
        "questions": _questions(it, get("questions"), f"{place}.questions"),
    }
    costly = [_cost(found, length) for length in durations]
    if max(costly) > HIGHEST:
        it.wrong(f"{place}.price", "is too high: one booking could cost more than can be kept", get("price"))
    if not found["needs"]:
        it.wrong(f"{place}.needs", "at least one need", raw)
    if found["ask"].get("phone") == "hidden" and found["ask"].get("email") == "hidden":
        it.wrong(f"{place}.ask", "a phone or an e-mail has to be asked", get("ask"))
    return found


def _cost(service: dict[str, Any], length: Any) -> int:
    days, minutes = (int(length[:-1]), 0) if isinstance(length, str) else (0, length)
    unit, per = service["price_minor"], service["price_per"]
    return pricing.price(unit, per, minutes=minutes, days=days, seats=service["seats"]) or 0


def _reminders(it: Check, raw: Any, place: str) -> list[int]:
    return [it.whole(each, where, 60, 1, 525600) for where, each in _once(it, it.items(raw, place))]


def _durations(it: Check, value: Mapping, place: str) -> list[Any]:
    raw = value.get("duration")
    if raw is None:
        it.wrong(f"{place}.duration", "is missing", line=value.line or None)
        return [30]
    several = it.items(raw, f"{place}.duration") if isinstance(raw, Sequence) else [(f"{place}.duration", raw)]
    pattern = re.compile(r"[1-9]\d{0,4}\Z|[1-9]\d?d\Z")
    found = [
        it.matched(
            each,
            where,
            pattern,
            'minutes like 45 or days like "2d"',
            _written_length,
            30,
        )
        for where, each in several
    ]
    if len(set(map(str, found))) != len(found):
        it.wrong(f"{place}.duration", "a length stands twice", raw)
    return found or [30]


def _written_length(written: str) -> Any:
    return written if written.endswith("d") else int(written)


def _starts(it: Check, raw: Any, place: str) -> list[list[int]] | None:
    if raw is None:
        return None
    value = it.mapping(raw, place, DAYS)
    return [
        sorted({it.minute(each, where) for where, each in it.items(value.get(day), f"{place}.{day}")}) for day in DAYS
    ]


def _price(it: Check, raw: Any, place: str, currency: str) -> int | None:
    decimals = pricing.digits(currency)
    if raw is None:
        return None

    def read(written: str) -> int:
        units, _, part = written.partition(".")
        if len(part) > decimals and part.strip("0"):
            raise ValueError
        return int(units) * 10**decimals + int((part + "000")[:decimals] or 0)

    return it.matched(raw, place, _PRICE, f"a price like 80{'.00'[: decimals + 1] if decimals else ''}", read, None)


def _approval(it: Check, raw: Any, place: str) -> Any:
    if isinstance(raw, Mapping):
        value = it.mapping(raw, place, ("by", "decide_within"))
        return {
            "by": it.one_of(value.get("by"), f"{place}.by", ("owner", "manager", "staff", "front_desk"), "manager"),
            "decide_within": it.whole(value.get("decide_within"), f"{place}.decide_within", 0, 1, 525600) or None,
        }
    return it.one_of(raw, place, ("none", "manual"), "none")


NEED = ("kind", "any_of", "skills", "count", "customer_may_choose")


def _need(
    it: Check, raw: Any, place: str, resources: dict[str, Any], listed: list[str], everywhere: list[str]
) -> dict[str, Any]:
    offered = listed or everywhere
    value = it.mapping(raw, place, NEED)
    kind = _required(it, value, place, "kind", lambda each, where: it.one_of(each, where, KINDS, "staff"), "staff")
    named = it.slugs(value.get("any_of"), f"{place}.any_of", resources, "resource")
    skills = _words(it, value.get("skills"), f"{place}.skills")
    count = it.whole(value.get("count"), f"{place}.count", 1, 1, 500)
    if named and skills:
        it.wrong(place, "takes any_of or skills, not both", raw)
    for slug in named:
        if resources[slug]["kind"] != kind:
            it.wrong(f"{place}.any_of", f"{slug!r} is not of kind {kind}", value.get("any_of"))
        elif not any(each["location"] in offered for each in resources[slug]["works_at"]):
            it.wrong(f"{place}.any_of", f"{slug!r} works at none of the locations", value.get("any_of"))
    if value.get("any_of") is None or named:
        able = [
            each
            for slug, each in resources.items()
            if (slug in named if named else each["kind"] == kind and set(skills) <= set(each["skills"]))
        ]
        _servable(it, place, able, count, listed, offered)
    return {
        "kind": kind,
        "any_of": named,
        "skills": skills,
        "count": count,
        "customer_may_choose": it.yes(value.get("customer_may_choose"), f"{place}.customer_may_choose"),
    }


def _servable(
    it: Check, place: str, able: list[dict[str, Any]], count: int, listed: list[str], offered: list[str]
) -> None:
    """A need that nothing can ever serve is a mistake; one that nothing serves at a place of the list is worth a word."""
    places = {at["location"] for each in able if each["capacity"] >= count for at in each["works_at"]}
    if not any(at["location"] in offered for each in able for at in each["works_at"]):
        it.wrong(place, "no resource at its locations can serve this need")
    elif not places & set(offered):
        it.wrong(f"{place}.count", f"no resource at its locations has {count} units")
    else:
        it.notes += [f"{place}: nothing at {slug} can serve this need" for slug in listed if slug not in places]


def _questions(it: Check, raw: Any, place: str) -> list[dict[str, Any]]:
    found = []
    before = len(it.problems)
    for where, each in it.items(raw, place):
        value = it.mapping(each, where, questions.KEYS)
        question: dict[str, Any] = {
            "key": it.word(value.get("key"), f"{where}.key") or "",
            "type": it.one_of(value.get("type"), f"{where}.type", TYPES, "text"),
        }
        question["label"] = it.localised(value.get("label"), f"{where}.label", required=True)
        for name in ("help",):
            if value.get(name) is not None:
                question[name] = it.localised(value[name], f"{where}.{name}", longest=500, lines=True)
        if it.yes(value.get("required"), f"{where}.required"):
            question["required"] = True
        for name in ("min", "max"):
            if value.get(name) is not None:
                question[name] = it.matched(
                    value[name], f"{where}.{name}", re.compile(r"-?\d{1,12}(?:\.\d{1,6})?\Z"), "a number", _number, 0
                )
        if value.get("max_length") is not None:
            question["max_length"] = it.whole(value["max_length"], f"{where}.max_length", 200, 1, text.MAX_TEXT)
        if value.get("options") is not None:
            question["options"] = [_option(it, one, at) for at, one in it.items(value["options"], f"{where}.options")]
        if value.get("show_if") is not None:
            question["show_if"] = _tree(value["show_if"])
            it.know(value["show_if"], f"{where}.show_if")
        found.append(question)
    if len(it.problems) == before:
        for path, reason in questions.check(found):
            it.wrong(f"{place}{path}", reason)
    return found


def _number(written: str) -> Any:
    return float(written) if "." in written else int(written)


def _option(it: Check, raw: Any, place: str) -> dict[str, Any]:
    value = it.mapping(raw, place, ("value", "label"))
    return {
        "value": it.word(value.get("value"), f"{place}.value") or "",
        "label": it.localised(value.get("label"), f"{place}.label", required=True),
    }


def _tree(value: Any) -> Any:
    """A condition with its scalars as JSON would have them: quoted text stays text, plain numbers and truths are those."""
    if isinstance(value, Mapping):
        return {key: _tree(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_tree(each) for each in value]
    if isinstance(value, Scalar) and not value.quoted:
        if value in _TRUE + _FALSE:
            return value in _TRUE
        if re.match(r"-?\d{1,12}(\.\d{1,6})?\Z", value):
            return _number(value)
    return str(value) if value is not None else None
