"""Public holidays of a country or region, fixed as dates when a business is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

import holidays

YEARS_AHEAD = 2


class UnknownRegion(Exception):
    """The library knows no such country or region."""


def dates(region: str, years: Iterable[int]) -> dict[date, dict[str, str]]:
    """The holidays of ``DE-BE``, ``GB-ENG`` or ``CN`` in these years with their names in English and Chinese or the
    country's own language. Raises UnknownRegion.

    Official make-up working days are announced year by year; they are ``works_as`` of the location, never guessed here.
    """
    country, _, subdivision = region.partition("-")
    supported = holidays.list_supported_countries()
    if country not in supported or (subdivision and subdivision not in supported[country]):
        raise UnknownRegion(region)
    named: dict[date, dict[str, str]] = {}
    for locale, language in (("en", "en_US"), ("zh", "zh_CN")):
        try:
            found = holidays.country_holidays(country, subdiv=subdivision or None, years=list(years), language=language)
        except (NotImplementedError, KeyError):
            continue
        for day, name in found.items():
            if name not in named.setdefault(day, {}).values():
                named[day][locale] = name
    return dict(sorted(named.items()))


def make_up_days(region: str, years: Iterable[int]) -> dict[date, int]:
    """The official make-up working days of a country in these years, each with the weekday whose hours suggest themselves: a
    Saturday works as a Friday, a Sunday as a Monday. Raises UnknownRegion."""
    wanted = set(years)
    found = _library(region, wanted)
    days = (day for day in getattr(found, "weekend_workdays", ()) if day.year in wanted)
    return {day: 4 if day.weekday() == 5 else 0 for day in sorted(days)}


def official_until(region: str) -> int | None:
    """The last year whose dates are official, for a country that announces them year by year; None where they follow from
    rules. Raises UnknownRegion."""
    announced = [year for year, days in getattr(_library(region, ()), "special_public_holidays", {}).items() if days]
    return max(announced) if announced and region.partition("-")[0] in _ANNOUNCED else None


# Where the government moves days to and fro each autumn for the year to come.
_ANNOUNCED = frozenset({"CN"})


def _library(region: str, years: Iterable[int]) -> Any:
    country, _, subdivision = region.partition("-")
    supported = holidays.list_supported_countries()
    if country not in supported or (subdivision and subdivision not in supported[country]):
        raise UnknownRegion(region)
    return holidays.country_holidays(country, subdiv=subdivision or None, years=sorted(years))


@lru_cache(maxsize=1)
def regions() -> tuple[str, ...]:
    """Every country and region that is known: ``CN``, ``DE``, ``DE-BE``."""
    supported = holidays.list_supported_countries()
    return tuple(
        name
        for country in sorted(supported)
        for name in (country, *(f"{country}-{each}" for each in supported[country]))
    )
