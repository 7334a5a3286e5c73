"""What people type, made safe to keep and to show: one place decides which characters stay."""

from __future__ import annotations

import re
import unicodedata

from rules.errors import FieldError

MAX_LINE = 200
MAX_TEXT = 2000

# Marks that turn the reading direction of what follows (overrides, isolates, embeddings): they never stay.
_TURNING = dict.fromkeys([0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069])
_INVISIBLE = {"\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u3164", "\u115f", "\u1160"}
_BREAKS = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029\t]+")
_ADDRESS = re.compile(r"(?i)\b((?:https?|ftp)://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)*\.(?:com|net|org|cn|io|info|ru|xyz|top|de)\b\S*")


def line(value: str, *, longest: int = MAX_LINE) -> str | FieldError:
    """One line of text: NFC, breaks turned into blanks, control and turning characters gone, trimmed. "" when blank."""
    return _clean(_BREAKS.sub(" ", value) if isinstance(value, str) else value, longest)


def paragraph(value: str, *, longest: int = MAX_TEXT) -> str | FieldError:
    """Text that may have several lines, cleaned in the same way."""
    if not isinstance(value, str):
        return FieldError("not_text")
    unified = re.sub(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]", "\n", value)
    lines = [_clean(each, longest) for each in unified.split("\n")]
    for each in lines:
        if isinstance(each, FieldError):
            return each
    text = "\n".join(str(each) for each in lines).strip()
    return FieldError("too_long", {"max": longest}) if _long(text, longest) else text


def _clean(value: str, longest: int) -> str | FieldError:
    if not isinstance(value, str):
        return FieldError("not_text")
    if any("\ud800" <= each <= "\udfff" for each in value):
        return FieldError("unreadable")
    text = unicodedata.normalize("NFC", value).translate(_TURNING)
    text = "".join(each for each in text if each == "\t" or unicodedata.category(each) != "Cc").replace("\t", " ").strip()
    if blank(text):
        return ""
    return FieldError("too_long", {"max": longest}) if _long(text, longest) else text


def _long(text: str, longest: int) -> bool:
    # A character can carry dozens of combining marks; bytes bound what is stored and sent.
    return len(text) > longest or len(text.encode()) > longest * 4


def blank(text: str) -> bool:
    """True when nothing in it can be seen: blanks of any script, zero-width characters."""
    return all(each.isspace() or each in _INVISIBLE or unicodedata.category(each) in ("Cc", "Zs") for each in text)


def folded(text: str) -> str:
    """How texts are compared: compatibility forms unified, case and invisible characters ignored, blanks collapsed."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(each for each in plain if each not in _INVISIBLE).split())


def without_addresses(text: str) -> str:
    """A name as it goes out in messages to others: an address in it loses its dots, so that it cannot be tapped."""
    return _ADDRESS.sub(lambda found: found.group(0).replace("://", " ").replace(".", " "), text)
