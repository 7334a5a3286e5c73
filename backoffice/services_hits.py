"""Bookings that stand against an edit of the catalogue, as it lists them."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from flask import url_for

import clock
from backoffice import access
from models.base import db
from models.bookings import BookingView
from models.snapshot import catalogue
from web.locale import words
from wire.desk import shown


def told(bookings: Iterable[BookingView]) -> list[dict[str, str]]:
    """When, who as far as she may read it, and where it is looked at."""
    known, say, now = catalogue(db.session()), words(), clock.now()
    found = []
    for view in bookings:
        zone = ZoneInfo(view.zone)
        seen = shown(access.viewer(), view).view
        found.append(
            {
                "when": say.day_and_time(view.start.astimezone(zone), today=now.astimezone(zone).date()),
                "name": seen.name or say.gettext("a customer"),
                "people": say.listed(say.text(known.resource_by_id[id].name) for id in view.resource_ids),
                "href": url_for("desk.booking", reference=view.reference),
            }
        )
    return found
