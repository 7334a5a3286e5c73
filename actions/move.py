"""Moving a booking: the old time is let go and the new one taken in one step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions import availability, change, idempotency
from actions.availability import Asked
from actions.confirm import Booked
from actions.hold import terms_of, with_alternatives
from actions.record import tell_staff
from actions.taking import LettingGo, settle, take
from actions.transaction import run
from models import bookings
from models.base import db
from models.booking import Booking
from models.bookings import BookingView
from models.snapshot import catalogue
from rules import errors, policies, workflow


def wish(view: BookingView, *, length: int | str | None = None, resources: Sequence[str] | None = None) -> Asked:
    """The facts for finding another time for a booking: same service, place, length, seats and chosen person by default.

    Raises ResourceGone when the service is offered no more.
    """
    known = catalogue(db.session())
    if length is None:
        length = f"{view.terms['days']}d" if view.terms.get("days") else view.terms["minutes"]
    if resources is None:
        resources = [slug for slug in view.terms.get("chosen", []) if slug in known.resources]
    try:
        return availability.resolve(
            known,
            service=view.service,
            location=view.location,
            length=length,
            resources=resources,
            seats=view.seats,
            who=availability.EVERYONE,
        )
    except (errors.UnknownService, errors.UnknownLocation) as gone:
        raise errors.ResourceGone(start=view.start) from gone


def move(
    *,
    reference: str,
    start: datetime,
    length: int | str | None = None,
    resources: Sequence[str] | None = None,
    revision: int | None = None,
    actor: str = change.CUSTOMER,
    key: idempotency.Key | None = None,
    request_id: str | None = None,
    now: datetime,
) -> Booked:
    """Moves a booking to ``start`` and returns it as it now is. The old time stays the customer's when the new one cannot
    be had. Where the service wants approval a customer's move becomes a request at the new time.

    The deadline counts from the old start (TooLate), notice and horizon apply to the new one. Raises Missing, Stale,
    StateChanged, SlotTaken with alternatives, and the refusals of ``taking``.
    """

    def work(session: OrmSession) -> Booked:
        if key is not None and idempotency.begin(session, key, now=now) is not None:
            found = bookings.by_reference(session, reference)
            assert found is not None
            return Booked(found, replayed=True)
        # The booking row is locked only after the resources of both times: one order everywhere.
        seen = bookings.by_reference(session, reference)
        if seen is None:
            raise errors.Missing
        asked = wish(seen, length=length, resources=resources)
        if revision is not None and revision != seen.revision:
            raise errors.Stale(revision=seen.revision, booking=seen)
        again = asked.service.approval and actor in (change.CUSTOMER, change.PROGRAM)
        status = workflow.step(seen.status, "request_again" if again else "move")
        assert status is not None
        if actor in (change.CUSTOMER, change.PROGRAM):
            policies.refuse_late(policies.move_deadline(seen.start, seen.terms), now)
        before: list[BookingView] = []

        def let_go() -> None:
            session.execute(select(Booking.id).where(Booking.id == seen.id).with_for_update())
            row = bookings.by_id(session, seen.id)
            assert row is not None
            if (row.status, row.revision) != (seen.status, seen.revision):
                raise errors.StateChanged(status=row.status)
            before.append(row)
            settle(session, row.session_id, now=now, leaving=row.id)

        seat = take(
            session,
            asked,
            start,
            now=now,
            held_until=None,
            letting_go=LettingGo({seen.session_id: seen.seats}, let_go),
        )
        terms = {
            **terms_of(asked),
            "cancel_until": seen.terms["cancel_until"],
            "reschedule_until": seen.terms["reschedule_until"],
        }
        known = asked.catalogue
        after = change.write(
            session,
            before[0],
            now=now,
            status=status,
            session_id=seat.session_id,
            terms=terms,
            price_minor=terms["price_minor"],
            start=seat.start,
            end=seat.end,
            resource_ids=seat.resource_ids,
            resources=tuple(known.resource_by_id[id].slug for id in seat.resource_ids),
            staff=tuple(
                known.resource_by_id[id].slug for id in seat.resource_ids if known.resource_by_id[id].kind == "staff"
            ),
        )
        told = change.note(
            session,
            "requested_again" if status == "requested" else "moved",
            before[0],
            after,
            actor=actor,
            now=now,
            request_id=request_id,
            facts={"was": before[0].start.isoformat()},
            action="moved",
        )
        told += _tell_those_left(session, before[0], after, now)
        if key is not None:
            idempotency.finish(session, key, {"booking": after.id})
        return Booked(after, messages=tuple(told))

    try:
        return run(work)
    except errors.SlotTaken as refusal:
        current = bookings.by_reference(db.session(), reference)
        assert current is not None
        asked = wish(current, length=length, resources=resources)
        raise with_alternatives(refusal, asked, start, now) from refusal


def _tell_those_left(session: OrmSession, before: BookingView, after: BookingView, now: datetime) -> list[int]:
    """People who had the booking and have it no more are told, too."""
    left = [id for id in before.resource_ids if id not in after.resource_ids]
    return tell_staff(session, "staff_cancelled", after, left, now=now, facts={"was": before.start.isoformat()})
