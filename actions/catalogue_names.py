"""The slug of something new, made from its name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import count
from typing import Any

from rules.facts import Localised

_WORDS = {"location": "place", "resource": "thing", "service": "service"}
_SPELLED = str.maketrans(
    {"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "œ": "oe", "ä": "ae", "ö": "oe", "ü": "ue"}
)
LONGEST = 50


def slug_for(kind: str, name: Localised | None, rows: Iterable[Any]) -> str:
    """A slug that none of ``rows`` has: of the name's Latin letters, of the English one first, else ``place-2``, ``service-3``."""
    taken = {row.slug for row in rows}
    base = next(filter(None, map(_latin, _spellings(name))), "")
    if base and base not in taken:
        return base
    stem = base or _WORDS[kind]
    return next(each for n in count(2 if base else 1) if (each := f"{stem}-{n}") not in taken)


def _spellings(name: Localised | None) -> list[str]:
    if name is None or isinstance(name, str):
        return [name or ""]
    return [name.get("en") or "", *name.values()]


def _latin(name: str) -> str:
    """``Müller & Chen`` as ``mueller-chen``; nothing for a name in other letters, of which a rest would mislead."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(_SPELLED))
    plain = "".join(each for each in plain if not unicodedata.combining(each))
    if any(each.isalpha() and not each.isascii() for each in plain):
        return ""
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
