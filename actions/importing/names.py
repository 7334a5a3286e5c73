"""What people call what the house has: found by slug, or by any of its names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from actions.importing import values
from rules.errors import FieldError
from rules.facts import Localised
from rules.text import folded


class Names:
    """Things by every name that they have; a name that two of them share finds neither."""

    def __init__(self, things: Iterable[Any], unknown: str) -> None:
        self.found: dict[str, Any] = {}
        self.unknown = unknown
        twice: set[str] = set()
        for thing in things:
            for name in {folded(thing.slug), *map(folded, _said(thing.name))}:
                if name in self.found:
                    twice.add(name)
                self.found[name] = thing
        for name in twice:
            del self.found[name]

    def slug(self, cell: Any) -> str | FieldError:
        """The slug of what a cell names."""
        named = values.line(cell)
        if isinstance(named, FieldError):
            return named
        thing = self.found.get(folded(named))
        return thing.slug if thing is not None else FieldError(self.unknown, {"found": named})


def _said(name: Localised) -> Iterable[str]:
    return [name] if isinstance(name, str) else name.values()


def one_of(words: Mapping[str, tuple[str, ...]], cell: Any) -> str | FieldError:
    """The one of ``words`` that a cell means, by what people write for it."""
    said = values.line(cell)
    if isinstance(said, FieldError):
        return said
    wanted = folded(said)
    found = next((each for each, known in words.items() if wanted == each or wanted in known), None)
    return found or FieldError("not_one_of", {"found": said, "options": ", ".join(words)})
