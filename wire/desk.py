"""The one serializer of the desk: a booking as somebody with these rights may read it.

Pages, the API, search, sorting, exports, feeds and history all take what ``shown`` gives: what is hidden is not in it, so
that nothing behind can leak it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from models.bookings import BookingView
from rules import rights
from rules.facts import Catalogue
from rules.rights import Viewer
from wire import masking
from wire.booking import Described, describe
from wire.wording import Wording


@dataclass(frozen=True, slots=True)
class Shown:
    """A booking within somebody's rights: ``view`` without what she may not read, ``levels`` per field (hidden, masked,
    read, write)."""

    view: BookingView
    levels: Mapping[str, str]

    def reads(self, field: str) -> bool:
        """True when the field is there in full."""
        return self.levels[field] in ("read", "write")

    def describe(self, known: Catalogue, words: Wording, *, now: datetime) -> Described:
        """The booking in words, of what she may read."""
        return describe(known, self.view, words, now=now)


def shown(viewer: Viewer, view: BookingView, *, revealed: bool = False) -> Shown:
    """What ``viewer`` reads of a booking; ``revealed`` once she has said why she needs its contacts."""
    levels = rights.fields(viewer, viewer.whose(view.resource_ids), shown=revealed)
    changes: dict[str, Any] = {}
    for field, (mask, nothing) in _FIELDS.items():
        if levels[field] == "hidden":
            changes[field] = nothing
        elif levels[field] == "masked":
            changes[field] = mask(getattr(view, field))
    if levels["price"] == "hidden":
        changes |= {"price_minor": None, "terms": {**view.terms, "price_minor": None}}
    if levels["reason"] == "hidden":
        changes |= {"cancel_reason": None, "overruled": None}
    return Shown(replace(view, **changes) if changes else view, levels)


_FIELDS: Mapping[str, tuple[Any, Any]] = {
    "name": (masking.name, ""),
    "phone": (masking.phone, None),
    "email": (masking.contact, None),
    "company": (masking.name, None),
    "address": (lambda _value: None, None),
    "answers": (lambda _value: {}, {}),
}
