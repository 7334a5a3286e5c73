"""Request bodies and queries, read strictly: what is not understood is refused, never guessed.

The standard JSON reader takes NaN, lets the last of two equal names win, and runs out of stack on deep nesting; a body goes
through ``body`` instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from flask import request

from rules.errors import FieldError, Invalid, KeyMalformed, Malformed, Refusal

DEPTH = 32
_DIGITS = re.compile(r"[-+]?[0-9]{20}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
_KEY = re.compile(r"[\x21-\x7e]{1,255}\Z")


class Unsupported(Refusal):
    """The body is not JSON by its own word."""

    code = "unsupported"
    status = 415


def body() -> dict[str, Any]:
    """The request's JSON object. Raises Unsupported (415) or Malformed (400)."""
    if request.mimetype != "application/json" or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise Unsupported
    raw = request.get_data(cache=True)
    try:
        text = raw.decode("utf-8")
        _check_depth(text)
        found = json.loads(
            text, object_pairs_hook=_once, parse_constant=_no_constant, parse_int=_whole, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if not isinstance(found, dict):
        raise Malformed
    return found


def _check_depth(text: str) -> None:
    depth, inside, escaped = 0, False, False
    for each in text:
        if inside:
            if escaped:
                escaped = False
            elif each == "\\":
                escaped = True
            elif each == '"':
                inside = False
        elif each == '"':
            inside = True
        elif each in "[{":
            depth += 1
            if depth > DEPTH:
                raise ValueError("too deep")
        elif each in "]}":
            depth -= 1


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    for name in found:
        name.encode()  # half a character is no name, and could not be said back
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _whole(text: str) -> int:
    if _DIGITS.match(text):
        raise ValueError("too long a number")
    return int(text)


def _finite(text: str) -> float:
    found = float(text)
    if found in (float("inf"), float("-inf")):
        raise ValueError("too large a number")
    return found


class Fields:
    """Reads the fields of one object, each by its rule, and collects what is wrong. ``done`` raises it."""

    def __init__(self, values: Mapping[str, Any], known: Iterable[str], prefix: str = "") -> None:
        self.values, self.prefix = values, prefix
        self.errors: dict[str, FieldError] = {}
        for name in values:
            if name not in set(known):
                self.errors[f"{prefix}{_printable(name)}"] = FieldError("unknown_field")

    def wrong(self, name: str, code: str, **params: Any) -> None:
        """Notes a problem of one field."""
        self.errors.setdefault(f"{self.prefix}{name}", FieldError(code, params))

    def read(self, name: str, how: Callable[[Any], Any], *, required: bool = False, default: Any = None) -> Any:
        """One field by ``how`` (a value, or a FieldError)."""
        if name not in self.values or self.values[name] is None:
            if required:
                self.wrong(name, "required")
            elif name in self.values and self.values[name] is None:
                self.wrong(name, "odd")
            return default
        found = how(self.values[name])
        if isinstance(found, FieldError):
            self.errors.setdefault(f"{self.prefix}{name}", found)
            return default
        return found

    def done(self) -> None:
        """Raises Invalid when anything was wrong."""
        if self.errors:
            raise Invalid(errors=self.errors)


def _printable(name: str) -> str:
    return "".join(each if each.isprintable() and not "\ud800" <= each <= "\udfff" else "?" for each in name[:60])


def text(value: Any, longest: int = 200) -> Any:
    """A text that can be stored."""
    if not isinstance(value, str):
        return FieldError("not_text")
    if len(value) > longest:
        return FieldError("too_long", {"max": longest})
    if any("\ud800" <= each <= "\udfff" or each == "\0" for each in value):
        return FieldError("unreadable")
    return value


def instant(value: Any) -> Any:
    """An instant with its offset, RFC 3339."""
    if not isinstance(value, str) or not _INSTANT.match(value):
        return FieldError("not_an_instant")
    try:
        found = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return FieldError("not_an_instant")
    # Outside of this no calendar of ours reaches, and zones stop being defined.
    return found if 1980 < found.year < 2200 else FieldError("not_an_instant")


def day(value: Any) -> Any:
    """A date as YYYY-MM-DD."""
    if not isinstance(value, str) or not _DATE.match(value):
        return FieldError("not_a_date")
    try:
        found = date.fromisoformat(value)
    except ValueError:
        return FieldError("not_a_date")
    return found if 1980 < found.year < 2200 else FieldError("not_a_date")


def whole(low: int, high: int, *, query: bool = False) -> Callable[[Any], Any]:
    """A whole number from ``low`` to ``high``; in a query its digits."""

    def read(value: Any) -> Any:
        if query and isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return FieldError("not_a_whole_number")
        if value < low:
            return FieldError("too_small", {"min": low})
        return value if value <= high else FieldError("too_large", {"max": high})

    return read


def length(value: Any) -> Any:
    """Minutes, or days as ``"2d"``; in a query minutes are digits."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        return FieldError("odd")
    if isinstance(value, str) and not re.fullmatch(r"[0-9]{1,6}d?", value, re.ASCII):
        return FieldError("odd")
    return value


def names(value: Any) -> Any:
    """One slug, or several."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list) or len(given) > 10:
        return FieldError("odd")
    for each in given:
        found = text(each, 60)
        if isinstance(found, FieldError):
            return found
    return given


def mapping(value: Any) -> Any:
    """An object."""
    return value if isinstance(value, dict) else FieldError("odd")


def key_of(value: str | None) -> str | None:
    """The Idempotency-Key, if one came. Raises Malformed for one that cannot be."""
    if value is None:
        return None
    if not _KEY.match(value):
        raise KeyMalformed
    return value
