"""Public holidays of a country or region, fixed as dates when a business is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

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
