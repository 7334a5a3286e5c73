"""What stands around the fields of the pages that set the house up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from babel import Locale

import clock
from actions import holidays
from backoffice.setup_typed import DAYS, spell_name, spells_of
from models.base import db
from models.snapshot import catalogue
from web.locale import words, zones
from wire.edits import WHAT
from wire.wording import LOCALES, Wording

YEARS = 2


def surroundings(kind: str = "", typed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Days, languages, zones, countries, places: what the templates choose from."""
    say, known = words(), catalogue(db.session())
    home = known.business.locale
    found: dict[str, Any] = {
        "days": list(zip(DAYS, say.weekdays(), strict=True)),
        "locales": [(each, say.language(each)) for each in sorted(LOCALES, key=lambda each: each != home)],
        "home": home,
        "spells_of": spells_of,
        "spell_name": spell_name,
        "kinds": [(each, say.gettext(name)) for each, name in WHAT.items()],
        "kind_names": {each: say.gettext(name) for each, name in WHAT.items()},
        "places": [(each.slug, say.text(each.name)) for each in known.locations.values()],
        "place_names": {each.slug: say.text(each.name) for each in known.locations.values()},
    }
    if kind in ("business", "location"):
        chosen = str((typed or {}).get("timezone") or known.business.timezone)
        found["zones"] = zones(say, clock.now(), chosen)
        found["countries"] = countries(say)
    if kind == "business":
        found["priced"] = any(each.price_minor for each in known.services.values())
    if kind == "location":
        found["regions"] = holidays.regions()
        found["holidays"] = _holidays(say, str((typed or {}).get("holidays") or ""))
    return found


def countries(say: Wording) -> list[tuple[str, str]]:
    """Countries whose phone numbers can be read, by name."""
    import phonenumbers

    names = Locale.parse("zh_Hans_CN" if say.locale == "zh" else "en_GB").territories
    return sorted(((each, names.get(each, each)) for each in phonenumbers.SUPPORTED_REGIONS), key=lambda each: each[1])


def _holidays(say: Wording, region: str) -> dict[str, Any] | None:
    """What is known of a country's holidays: the next ones, the make-up days to come, a year without official dates."""
    today = clock.now().date()
    years = range(today.year, today.year + YEARS)
    try:
        days = [
            (say.date(day, today=today), say.text(name))
            for day, name in holidays.dates(region, years).items()
            if day >= today
        ]
        makes_up = [say.date(day, today=today) for day in holidays.make_up_days(region, years) if day >= today]
        official = holidays.official_until(region)
    except holidays.UnknownRegion:
        return None
    return {
        "days": days[:6],
        "make_up": makes_up,
        "unofficial": [str(year) for year in years if official is not None and year > official],
    }
