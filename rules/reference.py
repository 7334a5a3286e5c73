"""The reference of a booking: 8 of 31 symbols that nobody confuses when speaking (no 0 O 1 I L)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

SYMBOLS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
LENGTH = 8


def make(random_bytes: Callable[[int], bytes]) -> str:
    """A fresh reference from ``random_bytes(n)``. Bytes beyond a multiple of 31 are thrown away, so that no symbol is
    likelier than another."""
    found = ""
    limit = 256 - 256 % len(SYMBOLS)
    while len(found) < LENGTH:
        found += "".join(SYMBOLS[byte % len(SYMBOLS)] for byte in random_bytes(16) if byte < limit)
    return found[:LENGTH]


def parse(typed: str) -> str | None:
    """The reference in what somebody typed (any case, full width, blanks and dashes anywhere), or None."""
    plain = "".join(each for each in unicodedata.normalize("NFKC", typed).upper() if each.isalnum())
    return plain if len(plain) == LENGTH and all(each in SYMBOLS for each in plain) else None


def spaced(reference: str) -> str:
    """In groups of four, as it is shown."""
    return f"{reference[:4]} {reference[4:]}"
