"""The codes by which a list of the diary holds what a figure counts: read from the address, and said in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from backoffice.figure_words import CHANNELS, COUNTED, LEADS, RESOURCES
from models.figure_lists import ALSO, PLAIN
from rules.facts import Catalogue
from wire.wording import Wording

_NUMBERS = re.compile(r"(?:channel|clock|during|ahead):[0-9]{1,9}\Z", re.ASCII)


def counts(code: str, known: Catalogue) -> bool:
    """True for a code that a figure has; anything else in an address is left out."""
    kind, _, value = code.partition(":")
    if kind == "answer":
        return _question(value, known) is not None and "\0" not in value
    if kind == "kind":
        return value in RESOURCES
    return code in PLAIN | ALSO or _NUMBERS.match(code) is not None or (kind == "channel" and value in CHANNELS)


def _question(value: str, known: Catalogue) -> tuple[str, str, str] | None:
    """The service's slug, the label of the question and the answer of ``service:key:value``."""
    service, _, rest = value.partition(":")
    key, _, said = rest.partition(":")
    if service not in known.services or len(said) > 200:
        return None
    asked = (each for each in known.services[service].questions if each["key"] == key)
    found = next(asked, None)
    return (service, key, said) if found else None


def counted(codes: Sequence[str], known: Catalogue, say: Wording) -> str:
    """What the list holds, in words."""
    return say.listed(filter(None, (_said(each, known, say) for each in codes)))


def _said(code: str, known: Catalogue, say: Wording) -> str:
    kind, _, value = code.partition(":")
    if code in COUNTED:
        return say.gettext(COUNTED[code])
    if kind == "channel":
        return say.gettext(CHANNELS[value]) if value in CHANNELS else say.gettext("by one channel")
    if kind == "ahead" and int(value) < len(LEADS):
        return say.gettext(LEADS[int(value)])
    if kind == "clock":
        return say.gettext("beginning from %(from)s to %(to)s", **{"from": f"{value:0>2}:00", "to": f"{value:0>2}:59"})
    if kind == "during" and int(value) < 168:
        day = say.weekdays()[int(value) // 24][1]
        return say.gettext("taking time on %(day)s from %(at)s", day=day, at=f"{int(value) % 24:02}:00")
    if kind == "kind":
        return say.gettext(RESOURCES[value])
    found = _question(value, known) if kind == "answer" else None
    return found[2] if found else ""
