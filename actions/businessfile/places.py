"""The business and its locations, as a business file gives them."""

from __future__ import annotations

import re
from typing import Any

import phonenumbers
from babel.numbers import list_currencies

from actions import contacts, holidays
from actions.businessfile import times
from actions.businessfile.reading import Mapping
from actions.businessfile.values import Check, file_name, once, required, scalar, url
from rules.errors import FieldError
from scheduling.hours import ZONES

_REGIONS = frozenset(phonenumbers.SUPPORTED_REGIONS)
_CURRENCIES = frozenset(list_currencies())
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\Z")
_DECIMAL = re.compile(r"-?\d{1,3}(?:\.\d{1,10})?\Z")
BUSINESS = "name timezone country locale currency phone email logo colour imprint_url privacy_url cancel_reasons require".split()
LOCATION = "slug name timezone country address directions coordinates region hours holidays closed special_hours works_as".split()


def read_business(it: Check, document: Mapping) -> dict[str, Any]:
    """The business itself."""
    if document.get("business") is None:
        it.wrong("business", "is missing")
    value = it.mapping(document.get("business"), "business", BUSINESS)
    place = "business"
    country = required(it, value, place, "country", lambda each, where: _country(it, each, where), "DE")
    mail = it.word(value.get("email"), f"{place}.email", longest=254)
    if mail and isinstance(contacts.email(mail), FieldError):
        it.wrong(f"{place}.email", "is not an e-mail address", value.get("email"))
    return {
        "name": it.localised(value.get("name"), f"{place}.name", longest=100, required=True),
        "timezone": required(it, value, place, "timezone", lambda each, where: _zone(it, each, where), "UTC"),
        "country": country,
        "locale": it.one_of(value.get("locale"), f"{place}.locale", ("en", "zh"), "en"),
        "currency": required(
            it,
            value,
            place,
            "currency",
            lambda each, where: it.one_of(each, where, _CURRENCIES, None, "a currency like EUR"),
            "EUR",
        ),
        "phone": it.word(value.get("phone"), f"{place}.phone", longest=40),
        "email": mail,
        "logo": file_name(it, value.get("logo"), f"{place}.logo"),
        "colour": it.matched(value.get("colour"), f"{place}.colour", _COLOUR, "a colour like #0b6e4f", str.lower, None),
        "imprint_url": url(it, value.get("imprint_url"), f"{place}.imprint_url"),
        "privacy_url": url(it, value.get("privacy_url"), f"{place}.privacy_url"),
        "cancel_reasons": [
            it.localised(each, where)
            for where, each in it.items(value.get("cancel_reasons"), f"{place}.cancel_reasons")
        ],
        "require": [
            it.one_of(each, where, ("phone", "email"), "")
            for where, each in once(it, it.items(value.get("require"), f"{place}.require"))
        ],
    }


def read_location(it: Check, raw: Any, place: str, business: dict[str, Any]) -> dict[str, Any]:
    """One location, its special days as dates."""
    value = it.mapping(raw, place, LOCATION)
    days = times.special(it, value.get("special_hours"), f"{place}.special_hours")
    closed: list[dict[str, Any]] = []
    for where, each in once(it, it.items(value.get("closed"), f"{place}.closed")):
        closed += [{"date": day, "kind": "closed", "source": source} for day, source in times.yearly(it, each, where)]
    days += times.whole_date_first(closed)
    works_as = value.get("works_as")
    if works_as is not None and not isinstance(works_as, Mapping):
        it.wrong(f"{place}.works_as", "must be a mapping of dates to weekdays", works_as)
    elif works_as:
        for key, each in works_as.items():
            where = f"{place}.works_as.{key}"
            day = times.day(it, scalar(key, works_as.lines[key]), where)
            weekday = it.one_of(each, where, times.DAYS, None)
            if day and weekday:
                days.append({"date": day, "kind": "works_as", "weekday": times.DAYS.index(weekday), "source": "file"})
    region = it.word(value.get("holidays"), f"{place}.holidays")
    if region:
        try:
            years = range(it.today.year, it.today.year + holidays.YEARS_AHEAD + 1)
            named = holidays.dates(region, years)
            official = holidays.official_until(region)
            guessed = f"; those after {official} are not official yet" if official and official < years[-1] else ""
            it.notes.append(f"{place}.holidays: {len(named)} days of {region}, {years[0]} to {years[-1]}{guessed}")
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
        "weekly": times.weeks(it, value.get("hours"), f"{place}.hours"),
        "days": days,
        "holidays": region,
    }


def _zone(it: Check, value: Any, place: str) -> Any:
    return it.one_of(value, place, ZONES, None, "a time zone like Europe/Berlin")


def _country(it: Check, value: Any, place: str) -> Any:
    return it.one_of(value, place, _REGIONS, None, "a country code like DE")
