"""The slow and obvious count that the figures are checked against: every booking, one by one, by the plain rules."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from models import bookings
from models.base import db
from models.bookings import BookingView
from models.doors import Source
from models.history import History, steps_of
from models.snapshot import catalogue
from rules import figures
from rules.figures import Counts


def slow_cells(which: Any, currency: str) -> dict[str, dict[str, Counts]]:
    """What ``models.figures.cells`` has to find."""
    everything = bookings.many(db.session(), bookings.columns())
    found: dict[str, dict[str, Counts]] = defaultdict(lambda: defaultdict(Counts))
    for view in everything:
        if not _wanted(view, which):
            continue
        counts = _counted(view, everything, which, currency)
        for kind, key in _keys(view, which):
            found[kind][key] += counts
    return {kind: dict(keys) for kind, keys in found.items()}


def _day(view: BookingView) -> date:
    return view.start.astimezone(ZoneInfo(view.zone)).date()


def _ids(view: BookingView) -> tuple[int, int]:
    known = catalogue(db.session())
    return known.locations[view.location].id, known.services[view.service].id


def _wanted(view: BookingView, which: Any) -> bool:
    place, service = _ids(view)
    return (
        figures.counts(view.status)
        and place in which.locations
        and which.first <= _day(view) <= which.last
        and which.service in (None, service)
        and (which.resource is None or which.resource in view.resource_ids)
    )


def _counted(view: BookingView, everything: list[BookingView], which: Any, currency: str) -> Counts:
    cancelling = _cancelling(view) if view.status == "cancelled" else None
    was_firm = cancelling is None or (cancelling.before or {}).get("status") != "requested"
    house = view.status == "cancelled" and figures.by_house(view.cancelled_by, view.cancel_reason, which.reasons)
    mine = view.status == "cancelled" and not house and was_firm
    firm = view.status != "cancelled"
    minutes = int((view.start - view.created_at.replace(second=0, microsecond=0)).total_seconds() // 60)
    paid = view.status == "completed" and view.price_minor is not None and view.currency == currency
    return Counts(
        bookings=1,
        confirmed=view.status in ("confirmed", "arrived", "completed", "no_show") or (not firm and was_firm),
        completed=view.status == "completed",
        no_show=view.status == "no_show",
        late=mine
        and cancelling is not None
        and figures.late(cancelling.at, view.start, view.terms.get("cancel_until")),
        by_customer=mine,
        by_house=house,
        to_come=view.status in figures.TO_COME,
        firm=firm,
        first=firm and not any(_before(other, view) for other in everything),
        income=view.price_minor if paid else 0,
        lead=max(minutes, 0),
        led=minutes >= 0,
    )


def _cancelling(view: BookingView) -> History | None:
    return next((step for step in steps_of(db.session(), "booking", view.id) if step.action == "cancelled"), None)


def _before(other: BookingView, view: BookingView) -> bool:
    same = other.customer_id == view.customer_id and other.status not in ("cancelled", "declined", "expired")
    return same and (other.start, other.id) < (view.start, view.id)


def _keys(view: BookingView, which: Any) -> list[tuple[str, str]]:
    place, service = _ids(view)
    local = view.start.astimezone(ZoneInfo(view.zone))
    ahead = int((view.start - view.created_at.astimezone(UTC).replace(second=0, microsecond=0)).total_seconds() // 60)
    keys = [
        ("all", ""),
        ("day", str((local.date() - date(1970, 1, 1)).days)),
        ("place", str(place)),
        ("service", str(service)),
        ("hour", str(local.weekday() * 24 + local.hour)),
        ("channel", _channel(view)),
        *(("resource", str(id)) for id in view.resource_ids),
    ]
    if ahead >= 0:
        keys.append(("ahead", str(figures.lead_class(ahead))))
    if view.status == "cancelled" and view.cancel_reason:
        keys.append(("reason", view.cancel_reason))
    if view.status == "completed" and view.price_minor is not None:
        keys.append(("currency", view.currency))
    for asked, key in which.answers:
        if asked == service and key in view.answers:
            said = view.answers[key]
            keys.append((f"answer:{service}:{key}", str(said).lower() if isinstance(said, bool) else said))
    return keys


def _channel(view: BookingView) -> str:
    if view.source is not None:
        return str(db.session.execute(select(Source.id).where(Source.code == view.source)).scalar_one())
    if view.created_by.startswith("staff:"):
        return "desk"
    return "program" if view.created_by == "program" else "direct"
