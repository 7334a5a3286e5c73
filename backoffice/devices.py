"""Devices by the name that their browser gives itself."""

from __future__ import annotations

from web.locale import words
from wire.wording import n_

# The first that fits: most of them also call themselves something else.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("HarmonyOS", "HarmonyOS"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


def device(agent: str | None) -> str:
    """``Chrome on Android``, or that it is not known."""
    browser = next((name for mark, name in BROWSERS if mark in (agent or "")), None)
    system = next((name for mark, name in SYSTEMS if mark in (agent or "")), None)
    if browser and system:
        return words().gettext("%(browser)s on %(system)s", browser=browser, system=system)
    return browser or system or words().gettext(UNKNOWN)


UNKNOWN = n_("An unknown device")
