"""Visits that an edit of a place, a person or a thing would hit: listed, and where they are handled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for

import clock
from backoffice import access
from backoffice.words import cards
from models.base import db
from models.snapshot import catalogue
from rules.errors import HitsBookings, Refusal
from web.locale import words

SHOWN = 20


def told(refusal: Refusal | None, kind: str, slug: str | None, *, weekly: bool) -> dict[str, Any]:
    """What the pages say of the visits that stand against an edit; ``weekly`` where it changes the hours of a week."""
    hit = refusal.params.get("bookings", ()) if refusal is not None else ()
    seen = [each for each in hit if access.reaches("booking.see", each)]
    return {
        "hits": cards(seen[:SHOWN], clock.now()),
        "more": len(hit) - min(len(seen), SHOWN),
        "may_keep": isinstance(refusal, HitsBookings),
        "handle": _handled_at(kind, slug, refusal, weekly=weekly) if refusal is not None and hit and slug else [],
    }


def _handled_at(kind: str, slug: str, refusal: Refusal, *, weekly: bool) -> list[tuple[str, str]]:
    """The page of 'somebody is sick', by when it is about: the days on which visits are hit in one, but of a week whose hours
    change only what is closed of each day, since the rest of it stays open."""
    known = catalogue(db.session())
    if slug not in (known.locations if kind == "location" else known.resources):
        return []
    place = known.locations[slug] if kind == "location" else known.location_by_id[next(iter(known.resources[slug].at))]
    zone, say = ZoneInfo(place.timezone), words()
    today = clock.now().astimezone(zone).date()
    if not weekly:
        days = sorted(view.start.astimezone(zone).date() for view in refusal.params["bookings"])
        until = f" – {say.date(days[-1], 'short', today=today)}" if days[-1] != days[0] else ""
        start, end = (datetime.combine(day, time(), zone) for day in (days[0], days[-1] + timedelta(days=1)))
        return [(f"{say.date(days[0], 'short', today=today)}{until}", _out(kind, slug, start, end))]
    spans = [(start.astimezone(zone), end.astimezone(zone)) for start, end in refusal.params.get("spans", ())[:SHOWN]]
    return [(say.day_and_span(*span, "short", today=today), _out(kind, slug, *span)) for span in spans]


def _out(kind: str, slug: str, start: datetime, end: datetime) -> str:
    """The page, asked for that time; whole days without their midnights."""
    given = {"from": start.date().isoformat(), "until": end.date().isoformat()}
    if start.time() != time():
        given["from_time"] = f"{start:%H:%M}"
    if end.time() == time():
        given["until"] = (end.date() - timedelta(days=1)).isoformat()
    else:
        given["until_time"] = f"{end:%H:%M}"
    return url_for("desk.out", who=f"{kind}:{slug}", **given)  # type: ignore[arg-type]


def weekly_differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """True when hours of a week are others in one of them, by whatever names both have them."""
    names = {name for name in (*before, *after) if name.startswith("hours") or name == "locations"}
    return any((before.get(name) or None) != (after.get(name) or None) for name in names)
