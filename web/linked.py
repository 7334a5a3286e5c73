"""Bookings by the link that their customers have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import current_app

from models import bookings
from models.base import db
from models.bookings import BookingView, Linked
from rules import reference as references
from rules.errors import Missing
from wire.links import opens

# What is compared where there is no such booking: its links ended long ago, whatever is signed.
_NOBODYS = Linked(uid="", token_version=0, end=datetime(1970, 1, 1, tzinfo=UTC))


def of_link(reference: str, token: str, *, now: datetime, opens: Callable[..., bool] = opens) -> BookingView:
    """The booking whose link this is. Raises Missing for whatever does not open, and asks and compares as much for a reference
    that nobody has as for a token that is wrong, old or another's: nothing tells them apart."""
    code = references.parse(reference)
    # No booking has an empty one.
    linked = bookings.linked(db.session(), code or "") or _NOBODYS
    right = opens(token, linked, current_app.config["SETTINGS"].secret_keys, now=now)
    found = bookings.by_reference(db.session(), code or "") if right else None
    # What ends between the two looks has ended: pages hand on the links of the booking as it was read last.
    if found is None or found.token_version != linked.token_version:
        raise Missing
    return found
