"""Values of a business file: read one by one as text, typed, and each mistake named by its place."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

from actions.businessfile.reading import Mapping, Problem, Scalar, Sequence
from rules import text
from rules.errors import FieldError

T = TypeVar("T")
KINDS = ("staff", "room", "equipment", "vehicle")
_SLUG = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*\Z")
_WHOLE = re.compile(r"-?\d{1,9}\Z")
TRUE, FALSE = ("true", "True", "yes", "on"), ("false", "False", "no", "off")


class Check:
    """Collects the problems of one file while its values are read."""

    def __init__(self, today: date) -> None:
        self.today = today
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self._lines: dict[str, int] = {}

    def wrong(self, place: str, reason: str, value: Any = None, line: int | None = None) -> None:
        """Notes a problem at a place. What is not there has the line of what it is missing from."""
        self.problems.append(Problem(place, reason, line or getattr(value, "line", None) or self._line(place)))

    def _line(self, place: str) -> int | None:
        while place and place not in self._lines:
            place = place[: max(place.rfind("."), place.rfind("["), 0)]
        return self._lines.get(place)

    def know(self, value: Any, place: str) -> None:
        """Remembers the lines of something that is checked elsewhere."""
        if isinstance(value, Mapping):
            for key, each in value.items():
                self._lines[f"{place}.{key}"] = value.lines[key]
                self.know(each, f"{place}.{key}")
        elif isinstance(value, Sequence):
            for where, each in self.items(value, place):
                self.know(each, where)

    def mapping(self, value: Any, place: str, allowed: Iterable[str]) -> Mapping:
        """``value`` as a mapping with no keys but ``allowed``."""
        if value is None:
            return Mapping()
        if not isinstance(value, Mapping):
            self.wrong(place, "must be a mapping", value)
            return Mapping()
        self._lines |= {f"{place}.{key}" if place else key: line for key, line in value.lines.items()}
        known = set(allowed)
        for key in value:
            if key not in known:
                self.wrong(f"{place}.{key}" if place else key, "unknown key", line=value.lines[key])
        return value

    def items(self, value: Any, place: str) -> list[tuple[str, Any]]:
        """``value`` as a list of (place, item)."""
        if value is None:
            return []
        if not isinstance(value, Sequence):
            self.wrong(place, "must be a list", value)
            return []
        found = [(f"{place}[{index}]", each) for index, each in enumerate(value)]
        self._lines |= {where: getattr(each, "line", value.line) for where, each in found}
        return found

    def word(self, value: Any, place: str, *, default: str | None = None, longest: int = 200) -> str | None:
        """One line of plain text."""
        if value is None:
            return default
        if not isinstance(value, Scalar):
            self.wrong(place, "must be text", value)
            return default
        clean = text.line(str(value), longest=longest)
        if isinstance(clean, FieldError) or (not clean and value.strip()):
            self.wrong(place, f"cannot be used as text (at most {longest} characters)", value)
            return default
        return clean or default

    def localised(
        self, value: Any, place: str, *, longest: int = 200, required: bool = False, lines: bool = False
    ) -> Any:
        """Text of one line or of several ``lines``, or a mapping of locale to such text."""
        if isinstance(value, Mapping) and value:
            found = {}
            for locale, each in value.items():
                if not re.match(r"[a-z]{2,3}(-[A-Za-z]{2,4})?\Z", locale):
                    self.wrong(f"{place}.{locale}", "is not a language", line=value.lines[locale])
                found[locale] = self._said(each, f"{place}.{locale}", longest, lines)
                if found[locale] == "" and isinstance(each, Scalar):
                    self.wrong(f"{place}.{locale}", "is empty", each)
            return found
        if value is None or (isinstance(value, Scalar) and text.blank(value)):
            if required:
                self.wrong(place, "is missing", value)
            return None
        return self._said(value, place, longest, lines)

    def _said(self, value: Any, place: str, longest: int, lines: bool) -> str | None:
        if not isinstance(value, Scalar):
            self.wrong(place, "must be text", value)
            return None
        clean = (text.paragraph if lines else text.line)(str(value), longest=longest)
        if isinstance(clean, FieldError):
            self.wrong(place, f"cannot be used as text (at most {longest} characters)", value)
            return None
        return clean

    def matched(
        self, value: Any, place: str, pattern: re.Pattern[str], expected: str, read: Callable[[str], T], default: T
    ) -> T:
        """A scalar of one written form."""
        if value is None:
            return default
        if not isinstance(value, Scalar) or not pattern.match(value):
            self.wrong(place, f"must be {expected}, not {shown(value)}", value)
            return default
        try:
            return read(str(value))
        except (ValueError, OverflowError):
            self.wrong(place, f"must be {expected}, not {shown(value)}", value)
            return default

    def whole(self, value: Any, place: str, default: int, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        found = self.matched(value, place, _WHOLE, f"a whole number from {low} to {high}", int, default)
        if value is not None and not low <= found <= high:
            self.wrong(place, f"must be a whole number from {low} to {high}, not {shown(value)}", value)
            return default
        return found

    def yes(self, value: Any, place: str, default: bool = False) -> bool:
        """true or false."""
        if value is None:
            return default
        if isinstance(value, Scalar) and value in TRUE + FALSE:
            return value in TRUE
        self.wrong(place, f"must be true or false, not {shown(value)}", value)
        return default

    def one_of(self, value: Any, place: str, options: Iterable[str], default: str | None, what: str = "") -> Any:
        """One of some words."""
        if value is None:
            return default
        if isinstance(value, Scalar) and value in options:
            return str(value)
        self.wrong(place, f"must be {what or 'one of ' + ', '.join(options)}, not {shown(value)}", value)
        return default

    def slug(self, value: Any, place: str) -> str:
        """A slug: lower-case letters, digits and dashes."""
        if isinstance(value, Scalar) and _SLUG.match(value) and len(value) <= 60:
            return str(value)
        self.wrong(
            place,
            "must be lower-case letters, digits, - and _ (at most 60)" if value is not None else "is missing",
            value,
        )
        return ""

    def slugs(self, value: Any, place: str, known: Iterable[str], what: str) -> list[str]:
        """A list of slugs that exist."""
        found: list[str] = []
        for where, each in self.items(value, place):
            name = self.word(each, where) or ""
            if name not in known:
                self.wrong(where, f"there is no {what} {name!r}", each)
            elif name in found:
                self.wrong(where, f"{name!r} stands twice", each)
            else:
                found.append(name)
        return found


def once(it: Check, items: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """The items, each named as a problem that stands twice."""
    seen: set[str] = set()
    for where, each in items:
        if isinstance(each, Scalar):
            if each in seen:
                it.wrong(where, f"{shown(each)} stands twice", each)
            seen.add(str(each))
    return items


def shown(value: Any) -> str:
    """A value as a mistake names it."""
    return (
        repr(str(value)[:60]) if isinstance(value, Scalar) else "a list or mapping" if value is not None else "nothing"
    )


def scalar(value: str, line: int) -> Scalar:
    """A key as a value."""
    scalar = Scalar(value)
    scalar.quoted, scalar.line = True, line
    return scalar


def required(it: Check, value: Mapping, place: str, name: str, read: Callable[[Any, str], Any], fallback: Any) -> Any:
    """What ``read`` makes of a value that has to be there."""
    if value.get(name) is None:
        it.wrong(f"{place}.{name}", "is missing", line=value.line or None)
        return fallback
    return read(value[name], f"{place}.{name}") or fallback


def words(it: Check, value: Any, place: str) -> list[str]:
    """A list of words, each once."""
    words = [it.word(each, where, longest=60) for where, each in it.items(value, place)]
    return list(dict.fromkeys(word for word in words if word))


def url(it: Check, value: Any, place: str) -> str | None:
    """A web address."""
    return it.matched(
        value, place, re.compile(r"https?://[^\s<>\"]{1,500}\Z"), "an address like https://example.com", str, None
    )


def file_name(it: Check, value: Any, place: str) -> str | None:
    """The name of a picture."""
    pattern = re.compile(r"[\w][\w. -]{0,80}\.(?:svg|png|jpg|jpeg|webp)\Z", re.IGNORECASE)
    return it.matched(value, place, pattern, "the name of a picture beside the file", str, None)
