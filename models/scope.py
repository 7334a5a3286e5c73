"""Rights as a WHERE: what of the bookings an action of somebody signed in reaches."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, false, or_, select, true

from models.booking import Allocation, Booking, Session
from models.bookings import BookingView
from models.people import Customer
from rules.facts import Catalogue
from rules.rights import Viewer


def reached(viewer: Viewer, action: str) -> ColumnElement[bool]:
    """The condition on ``session`` for the bookings that ``action`` reaches; the same as ``Viewer.reaches``."""
    scope = viewer.scope(action)
    if scope == "all" or (scope == "location" and not viewer.locations):
        return true()
    mine = taken_by(viewer.mine(scope))
    return or_(Session.location_id.in_(sorted(viewer.locations)), mine) if scope == "location" else mine


def reaches(viewer: Viewer, action: str, view: BookingView, known: Catalogue) -> bool:
    """True when an action of hers reaches a booking."""
    location = next(each.id for each in known.location_by_id.values() if each.slug == view.location)
    return viewer.reaches(action, location=location, resources=view.resource_ids)


def mailboxes(viewer: Viewer, known: Catalogue) -> set[str]:
    """Her mailboxes: that of her account, and that of her as customers book her."""
    return {viewer.email, *(known.resource_by_id[id].email or "" for id in viewer.own if id in known.resource_by_id)}


def taken_by(resources: frozenset[int]) -> ColumnElement[bool]:
    """The condition on ``session`` for those that take or took one of these resources."""
    if not resources:
        return false()
    # Of a session that lives only what it still takes; of one that is over what it last took.
    took: Any = select(Allocation.session_id).where(
        Allocation.resource_id.in_(sorted(resources)),
        Allocation.session_id == Session.id,
        or_(Allocation.live, ~Session.live),
    )
    return took.exists()


def readable(viewer: Viewer) -> ColumnElement[bool]:
    """The condition on ``session`` for the bookings whose customer is named in full: only those may be found by name or
    contact, so that a search tells nothing that a page hides."""
    if viewer.role == "auditor":
        return false()
    return true() if viewer.on("contacts") else taken_by(viewer.own | viewer.team)


def whom(viewer: Viewer, action: str) -> ColumnElement[bool]:
    """The condition on ``customer`` for those whom ``action`` reaches: who has a booking that it reaches and that she reads with
    its customer named; whoever reads all bookings so, everybody, also before the first."""
    if not viewer.may(action):
        return false()
    if everywhere(viewer, action):
        return true()
    theirs: Any = select(Booking.id).join(Session, Session.id == Booking.session_id)
    return theirs.where(Booking.customer_id == Customer.id, reached(viewer, action), readable(viewer)).exists()


def everywhere(viewer: Viewer, action: str) -> bool:
    """True when ``action`` reaches every customer."""
    scope = viewer.scope(action)
    return (scope == "all" or (scope == "location" and not viewer.locations)) and reachable(viewer)


def reachable(viewer: Viewer) -> bool:
    """True when she reads phones and mailboxes without saying why: only then may bookings be found by a part of these."""
    return viewer.role != "auditor" and viewer.on("contacts")
