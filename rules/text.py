"""What people type, made safe to keep and to show: one place decides which characters stay."""

from __future__ import annotations

import re
import unicodedata

from rules.errors import FieldError

MAX_LINE = 200
MAX_TEXT = 2000

# Marks that turn the reading direction of what follows (overrides, isolates, embeddings): they never stay.
_TURNING = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)])
# Letters, marks and symbols that show nothing: fillers of Hangul, an empty Braille cell, a joiner, variation selectors.
_UNSEEN = {"\u034f", "\u115f", "\u1160", "\u2800", "\u3164", "\uffa0", *map(chr, range(0xFE00, 0xFE10))}
_BREAKS = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029\t]+")
# What makes programs see an address: a scheme, a dot of any script between two characters of a name, seen or unseen.
_SCHEME = re.compile(r"(?i)\b(?:[a-z][a-z0-9+]*://|(?:mailto|tel|sms|javascript|data):)")
_DOT = re.compile(r"(?<=[^\s.])[.\uff0e\uff61\u3002\u2024\ufe52](?=[\w\u00ad\u200b-\u200d\u2060\ufeff])")


def line(value: object, *, longest: int = MAX_LINE) -> str | FieldError:
    """One line of text: NFC, breaks turned into blanks, control and turning characters gone, trimmed. "" when blank."""
    return _clean(_BREAKS.sub(" ", value) if isinstance(value, str) else value, longest)


def paragraph(value: object, *, longest: int = MAX_TEXT) -> str | FieldError:
    """Text that may have several lines, cleaned in the same way."""
    if not isinstance(value, str):
        return FieldError("not_text")
    unified = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", value)
    lines = [_clean(each, longest) for each in unified.split("\n")]
    for each in lines:
        if isinstance(each, FieldError):
            return each
    text = "\n".join(str(each) for each in lines).strip()
    return FieldError("too_long", {"max": longest}) if len(text) > longest else text


def _clean(value: object, longest: int) -> str | FieldError:
    if not isinstance(value, str):
        return FieldError("not_text")
    if any("\ud800" <= each <= "\udfff" for each in value):
        return FieldError("unreadable")
    text = value.replace("\t", " ").translate(_TURNING)
    # Composed once they are gone: a mark behind one of them belongs to the letter before it.
    text = "".join(each for each in text if unicodedata.category(each) != "Cc")
    text = unicodedata.normalize("NFC", text).strip()
    if blank(text):
        return ""
    # Code points, so that marks upon marks count; in UTF-8 these bound the bytes, too.
    return FieldError("too_long", {"max": longest}) if len(text) > longest else text


def blank(text: str) -> bool:
    """True when nothing in it can be seen: blanks of any script, zero-width characters."""
    return all(each.isspace() or _unseen(each) for each in text)


def _unseen(each: str) -> bool:
    return each in _UNSEEN or unicodedata.category(each) in ("Cc", "Cf")


def folded(text: str) -> str:
    """How texts are compared: compatibility forms unified, case and invisible characters ignored, blanks collapsed."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(each for each in plain if each.isspace() or not _unseen(each)).split())


def family_first(name: str) -> str:
    """A folded name that begins with its last word: people say the family name first. One word stays as it is."""
    rest, _, last = name.rpartition(" ")
    return f"{last} {rest}" if rest else last


def spelled(name: str) -> str:
    """A folded name in its plain Latin letters without blanks: marks gone, ß as ss. "" for one that has none."""
    plain = unicodedata.normalize("NFD", folded(name)).translate(_LETTERS)
    return "".join(each for each in plain if each.isascii() and each.isalpha())


# Letters that no mark can be taken from.
_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"})


def without_addresses(text: str) -> str:
    """A name as it goes out in messages to others: a blank after each dot and no scheme, so that no address in it can
    be tapped. ``Dr.Chen`` becomes ``Dr. Chen``."""
    return _DOT.sub(". ", _SCHEME.sub("", text))
