"""Somebody is sick, a room or van is out, a place closes: the visits that are hit, each with a proposal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions.outage_facts import Choice, outage_of
from actions.outage_proposals import Proposing
from models.base import db
from models.bookings import BookingView
from models.desk import Proposal
from models.snapshot import catalogue


@dataclass(frozen=True, slots=True)
class Hit:
    """One visit that is hit, and what is proposed. ``waits`` when its customer has been asked to choose already."""

    booking: BookingView
    choice: Choice
    waits: bool = False

    @property
    def reference(self) -> str:
        """The booking's."""
        return self.booking.reference


def hits(
    *,
    resources: Sequence[str] = (),
    location: str | None = None,
    start: datetime,
    end: datetime | None = None,
    now: datetime,
) -> list[Hit]:
    """Every booking still ahead that takes one of ``resources``, or anything at ``location``, between ``start`` and ``end``
    (None: for good), by time, each with a proposal; all proposals together can be carried out.

    Raises UnknownResource, UnknownLocation, Invalid.
    """
    session = db.session()
    known = catalogue(session)
    outage = outage_of(known, resources=resources, location=location, start=start, end=end)
    standing = sorted(outage.standing(session, now), key=lambda each: (each.start, each.id))
    asked_already = waiting(session, standing)
    proposing = Proposing(session, outage, now)
    return [
        Hit(view, Choice("choose"), waits=True) if view.id in asked_already else Hit(view, proposing.choice(view))
        for view in standing
    ]


def waiting(session: OrmSession, views: Iterable[BookingView]) -> frozenset[int]:
    """Ids of those bookings whose customer has been asked to choose and has not answered."""
    mine = Proposal.booking_id.in_([each.id for each in views])
    rows = session.execute(select(Proposal.booking_id).where(mine, Proposal.state == "open", Proposal.kind == "choose"))
    return frozenset(rows.scalars())
