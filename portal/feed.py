"""Calendars that subscribe: ``/feeds/{token}.ics``."""

from __future__ import annotations

from datetime import timedelta

from flask import abort, make_response, request
from werkzeug.wrappers import Response

import clock
from actions import feeds
from actions.hold import hashed
from models import bookings
from models.base import db
from models.doors import feed_of
from models.snapshot import catalogue
from portal import portal
from web import limits
from wire.booking import describe
from wire.ical import calendar
from wire.wording import wording

BEFORE, AFTER, CANCELLED_FOR = timedelta(days=30), timedelta(days=180), timedelta(days=30)


@portal.get("/feeds/<token>.ics")
@limits.limiter.limit(limits.READS)
@limits.limiter.limit(
    limits.FEED, key_func=lambda: f"feed:{hashed(request.path)}", deduct_when=lambda answer: answer.status_code != 404
)
def feed(token: str) -> Response:
    """Bookings of the last 30 and the next 180 days. Changes may take a calendar a day to show; urgent ones go by message."""
    found = feed_of(db.session(), hashed(token))
    if found is None:
        abort(404)
    id, last = found.id, found.last_used_at
    now = clock.now()
    known = catalogue(db.session())
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    views = bookings.for_feed(
        db.session(),
        resource_id=found.subject_id if found.subject_kind == "resource" else None,
        location_id=found.subject_id if found.subject_kind == "location" else None,
        since=day - BEFORE,
        until=day + AFTER,
        cancelled_since=day - CANCELLED_FOR,
    )
    say = wording(known.business.locale, known.business.locale)
    names = known.resource_by_id if found.subject_kind == "resource" else known.location_by_id
    own, house = say.text(names[found.subject_id].name), say.text(known.business.name)
    name = own if own == house else f"{own}, {house}"
    entries = [describe(known, view, say, now=now).entry_for_staff() for view in views]
    answer = make_response(calendar(name, entries, first=(day - BEFORE).date(), last=(day + AFTER).date()))
    answer.mimetype = "text/calendar"
    answer.headers["Content-Type"] = "text/calendar; charset=utf-8"
    answer.headers["Cache-Control"] = "private, max-age=300"
    answer.add_etag()
    if views:
        answer.last_modified = max(view.changed_at for view in views)
    # Last of all: writing ends the reading above, and what was read with it.
    feeds.note_reading(id=id, last=last, now=now)
    return answer.make_conditional(request)
