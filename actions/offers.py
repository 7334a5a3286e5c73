"""The order of what is offered, and the bookings that an edit of a service would leave without their place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions import availability, taking
from actions.businessfile.rows import QUIET
from actions.record import record
from actions.transaction import run
from models import bookings
from models.bookings import BookingView
from models.business import Business
from models.catalogue import Service
from models.snapshot import NoBusiness
from rules import errors
from rules.facts import Catalogue
from rules.rights import Viewer
from scheduling.availability import Length

MOST = 300
_FOR_EVER = 10**7


def order(slugs: Sequence[str], *, by: Viewer, now: datetime) -> bool:
    """Puts the services into this order; those that are not named stay behind them. False where they stood so. Raises
    NotAllowed."""
    if not by.may("business.write"):
        raise errors.NotAllowed

    def work(session: OrmSession) -> bool:
        locked = session.execute(select(Business.id).with_for_update(key_share=True)).scalar_one_or_none()
        if locked is None:
            raise NoBusiness
        columns = (Service.id, Service.slug, Service.position)
        rows = session.execute(select(*columns).order_by(Service.position, Service.id)).all()
        place = {slug: n for n, slug in enumerate(dict.fromkeys(slugs))}
        wanted = sorted(rows, key=lambda row: place.get(row.slug, len(place)))
        if [row.id for row in wanted] == [row.id for row in rows]:
            return False
        for position, row in enumerate(wanted):
            moved = update(Service).where(Service.id == row.id).values(position=position)
            session.execute(moved.execution_options(**QUIET))
        anew = update(Business).values(catalogue_version=Business.catalogue_version + 1)
        session.execute(anew.execution_options(**QUIET))
        before, after = [row.slug for row in rows], [row.slug for row in wanted]
        record(
            session,
            at=now,
            actor=by.actor,
            object_kind="business",
            object_id=locked,
            action="ordered",
            before={"services": before},
            after={"services": after},
        )
        return True

    return run(work)


def outgrown(
    session: OrmSession, before: Catalogue, after: Catalogue, slug: str, *, now: datetime
) -> list[BookingView]:
    """The bookings ahead of a service that had room by the rules ``before`` and have none ``after``: a longer visit runs into
    the next one, or who has it does not serve it any more. Earliest first."""
    service = before.services.get(slug)
    if service is None or slug not in after.services or not _takes_otherwise(before, after, slug):
        return []
    ahead = [view for view in bookings.future_of_service(session, [service.id], now) if view.start > now][:MOST]
    return [
        view for view in ahead if not _has_room(session, after, view, now) and _has_room(session, before, view, now)
    ]


def _takes_otherwise(before: Catalogue, after: Catalogue, slug: str) -> bool:
    names = ("lengths", "buffer_before", "buffer_after", "needs", "locations", "seats", "overnight")
    return any(getattr(before.services[slug], name) != getattr(after.services[slug], name) for name in names)


def _has_room(session: OrmSession, known: Catalogue, view: BookingView, now: datetime) -> bool:
    """True when the booking could stand at its time, with those who have it, if it were made by these rules."""
    service = known.services[view.service]
    agreed = Length(minutes=view.terms["minutes"], days=view.terms["days"])
    length = agreed if agreed in service.lengths else service.lengths[0]
    try:
        asked = availability.resolve(
            known,
            service=view.service,
            location=view.location,
            length=f"{length.days}d" if length.days else length.minutes,
            resources=[known.resource_by_id[id].slug for id in view.resource_ids],
            seats=min(view.seats, service.seats),
            who=availability.EVERYONE,
            chosen_by="staff",
        )
    except errors.Refusal:
        return False
    # Its notice, its grid and the limits are none of its business any more: only room is.
    free_of_rules: dict[str, Any] = {
        "step": 1,
        "starts": None,
        "min_notice": -_FOR_EVER,
        "horizon_days": _FOR_EVER,
        "per_day": None,
    }
    asked = replace(asked, plan=replace(asked.plan, service=replace(asked.plan.service, **free_of_rules)))
    slot, _ = taking.look(session, asked, view.start, now=now, without={view.session_id: view.seats})
    return slot.reason is None
