"""Which language a page speaks: chosen by hand, else the account's, else the browser's wish, else the business's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import current_app, g, request

from models.base import db
from models.snapshot import NoBusiness, latest
from scheduling.hours import ZONES
from web import frames
from wire.wording import LOCALES, PSEUDO, Wording, wording

COOKIE = "lang"
ZONE_COOKIE = "tz"
_PLAIN = wording("en")


def words() -> Wording:
    """The wording of this request."""
    if "words" not in g:
        g.words = wording(_locale(), _home())
    return g.words


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """For what is shown in another language than its reader's: meanwhile ``words`` are those of ``locale``."""
    before = words()
    g.words = wording(locale, _home())
    try:
        yield
    finally:
        g.words = before


def _home() -> str:
    try:
        return latest(db.session()).business.locale
    except NoBusiness:
        return "en"


def here() -> str:
    """The zone of the house, for times that belong to no place."""
    try:
        return latest(db.session()).business.timezone
    except NoBusiness:
        return "UTC"


def offered() -> tuple[str, ...]:
    """The languages that can be had; in tests also the one that nobody speaks."""
    return (*LOCALES, PSEUDO) if current_app.config.get("PSEUDO_LOCALE") else LOCALES


def _locale() -> str:
    offered = (*LOCALES, PSEUDO) if current_app.config.get("PSEUDO_LOCALE") else LOCALES
    # Inside a frame there are no cookies.
    chosen = request.cookies.get(COOKIE) or frames.language()
    for wish in (request.args.get("lang"), g.get("own_locale"), chosen):
        if wish and wish in offered:
            return wish
    # Matching by primary tag: asked for zh_Hans_CN, a browser that says zh-CN would be given English.
    return request.accept_languages.best_match(LOCALES) or _home()


def customer_zone() -> str | None:
    """The zone that the customer's browser or hand has named, or None."""
    zone = request.cookies.get(ZONE_COOKIE, "")
    return zone if zone in ZONES else None


def zones(say: Wording, now: datetime, chosen: str | None = None) -> list[tuple[str, str]]:
    """Every zone that can be chosen, with its place and its present difference, from west to east. Of several names for one
    place only one is given: the ``chosen`` one, else the one that is called like the place."""
    found: dict[str, str] = {}
    for zone in sorted(ZONES):
        # A form that leaves out what was chosen would choose the first of the list.
        if zone != chosen and not is_a_place(zone):
            continue
        place = say.place_of_zone(zone)
        if (
            place not in found
            or zone == chosen
            or (_called(zone) == _PLAIN.place_of_zone(zone) and found[place] != chosen)
        ):
            found[place] = zone
    there = {zone: now.astimezone(ZoneInfo(zone)) for zone in found.values()}
    east = sorted(found.items(), key=lambda each: (there[each[1]].utcoffset(), each[0]))
    return [(zone, f"{place}{say.comma}{say.offset(there[zone])}") for place, zone in east]


def is_a_place(zone: str) -> bool:
    """True for a zone that tells where it is; ``UTC`` and its like say nothing of a country."""
    return "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/"))


def _called(zone: str) -> str:
    return zone.rpartition("/")[2].replace("_", " ")


def exists(zone: str) -> bool:
    """True for a listed zone name."""
    return zone in ZONES
