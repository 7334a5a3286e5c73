"""What customers may be asked to agree to, apart from each other and from the booking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Marketing; health and the like; for somebody under 14; data that leave the country. None is asked for unless the house says so.
PURPOSES = ("marketing", "sensitive", "minor", "abroad")
# Nobody may be made to agree to this for the sake of a visit.
FREE = frozenset({"marketing"})
CHANNELS = ("portal", "link", "desk", "telephone", "paper")


def may_be_needed(purpose: str) -> bool:
    """True for a purpose without which a house may refuse to book."""
    return purpose in PURPOSES and purpose not in FREE


def lacking(asked: Mapping[str, bool], given: Iterable[str]) -> list[str]:
    """The purposes that are needed (``asked``: purpose to whether it is) and were not given, in their order."""
    said = set(given)
    return [purpose for purpose, needed in asked.items() if needed and purpose not in said]
