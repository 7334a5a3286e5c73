"""How long what is personal stays: the house's own figures within sensible bounds, and the instant before which it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from rules.errors import FieldError


@dataclass(frozen=True, slots=True)
class Term:
    """One figure: what it is from the start, the least and the most that a house may set, in ``unit`` (months or days)."""

    usual: int
    least: int
    most: int
    unit: str


TERMS: Mapping[str, Term] = {
    # Contracts are asked about for years; what nobody asks about is of no use to anybody.
    "bookings": Term(24, 1, 120, "months"),
    "messages": Term(90, 7, 730, "days"),
    "sign_ins": Term(12, 6, 60, "months"),
}


def figures(kept: Mapping[str, Any]) -> dict[str, int]:
    """The figure of each term: as the house has set it, else the usual one."""
    return {name: int(kept.get(name, term.usual)) for name, term in TERMS.items()}


def wrong(typed: Mapping[str, int | None]) -> dict[str, FieldError]:
    """An error for each term whose figure is none or out of bounds."""
    found = {}
    for name, term in TERMS.items():
        value = typed.get(name)
        if value is None:
            found[name] = FieldError("not_a_whole_number")
        elif value < term.least:
            found[name] = FieldError("too_small", {"min": term.least})
        elif value > term.most:
            found[name] = FieldError("too_large", {"max": term.most})
    return found


def before(name: str, figure: int, now: datetime) -> datetime:
    """The instant before which what the term is about goes."""
    if TERMS[name].unit == "days":
        return now - timedelta(days=figure)
    month = now.year * 12 + now.month - 1 - figure
    year, number = month // 12, month % 12 + 1
    # The last day of a shorter month, so that nothing goes a day early.
    day = now.day
    while True:
        try:
            return now.replace(year=year, month=number, day=day)
        except ValueError:
            day -= 1
