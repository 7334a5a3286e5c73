"""Who calls with a staff key, and what of the bookings the key reaches."""

from __future__ import annotations

from flask import current_app, request

import clock
from actions import denying, keys, signing_in
from models import bookings
from models.base import db
from models.bookings import BookingView
from models.scope import reaches
from models.snapshot import catalogue
from rules import reference as references
from rules.errors import Missing, NotAllowed, TokenNeeded
from rules.rights import Viewer


def bearer() -> str:
    """The token that the caller has sent, or ""."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip()[:200] if scheme.lower() == "bearer" else ""


def is_key(token: str) -> bool:
    """True for what looks like a key of staff, and not like the token of one booking."""
    return token.startswith(keys.BEGINS) and len(token) > 43


def viewer(action: str) -> Viewer:
    """Whose key it is, with the rights that the key has. Raises TokenNeeded, or NotAllowed without ``action``."""
    now = clock.now()
    key = keys.opened(bearer(), now) if is_key(bearer()) else None
    if key is None or (current_app.config["SETTINGS"].production and signing_in.is_demo(key.staff)):
        raise TokenNeeded
    keys.used(key, now)
    if not key.viewer.may(action):
        refused(key.viewer, action)
        raise NotAllowed
    return key.viewer


def got(who: Viewer, code: str, action: str) -> BookingView:
    """The booking of a reference that the key sees and ``action`` reaches. Raises Missing, NotAllowed."""
    wanted = references.parse(code)
    view = bookings.by_reference(db.session(), wanted) if wanted else None
    if view is None:
        raise Missing
    known = catalogue(db.session())
    if not reaches(who, "booking.see", view, known):
        refused(who, action, view)
        raise Missing
    if not reaches(who, action, view, known):
        refused(who, action, view)
        raise NotAllowed
    return view


def refused(who: Viewer, action: str, view: BookingView | None = None) -> None:
    """Writes down that a key was used for what it may not."""
    id = view.id if view is not None else None
    denying.denied(by=who, asked=action, at=request.path, booking_id=id, now=clock.now())
