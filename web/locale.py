"""Which language a page speaks: chosen by hand, else the browser's wish, else the business's."""

from __future__ import annotations

from zoneinfo import ZoneInfo, available_timezones

from flask import current_app, g, request

from models.base import db
from models.snapshot import NoBusiness, catalogue
from wire.wording import LOCALES, PSEUDO, Wording, wording

COOKIE = "lang"
ZONE_COOKIE = "tz"
_ZONES = frozenset(available_timezones())


def words() -> Wording:
    """The wording of this request."""
    if "words" not in g:
        g.words = wording(_locale(), _home())
    return g.words


def _home() -> str:
    try:
        return catalogue(db.session()).business.locale
    except NoBusiness:
        return "en"


def _locale() -> str:
    offered = (*LOCALES, PSEUDO) if current_app.config.get("PSEUDO_LOCALE") else LOCALES
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish and wish in offered:
            return wish
    # Matching by primary tag: asked for zh_Hans_CN, a browser that says zh-CN would be given English.
    return request.accept_languages.best_match(LOCALES) or _home()


def customer_zone() -> str | None:
    """The zone that the customer's browser or hand has named, or None."""
    zone = request.cookies.get(ZONE_COOKIE, "")
    return zone if zone in _ZONES else None


def zones() -> list[str]:
    """Every zone that can be chosen, by name."""
    return sorted(
        zone for zone in _ZONES if "/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix/", "right/"))
    )


def exists(zone: str) -> bool:
    """True for a listed zone name."""
    return zone in _ZONES and ZoneInfo(zone) is not None
