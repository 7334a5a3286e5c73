"""Giving a class to another teacher or room: one session, all of its bookings at once."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions import change
from actions.availability import Asked
from actions.confirm import Booked
from actions.move import word_of
from actions.record import tell_staff
from actions.squeezing import give_way, left_of_buffers
from actions.taking import lock_resources, lock_session
from models import bookings, neighbours
from models.booking import Allocation, Booking, Session
from models.bookings import BookingView
from rules import desk, errors
from rules.facts import Resource

if TYPE_CHECKING:
    from actions.assign import Giving

QUIET = {"synchronize_session": False}


def give_class(
    session: OrmSession, seen: BookingView, old: int, target: Resource, asked: Asked, giving: Giving
) -> Booked:
    """Puts ``target`` in the place of the resource ``old`` in the session of ``seen``, and notes it with each of its bookings.
    It cannot be undone like a single visit: giving it back is another step. Raises SlotTaken."""
    lock_resources(session, {*seen.resource_ids, target.id})
    lock_session(session, seen.session_id)
    everybody = bookings.of_sessions(session, [seen.session_id])
    ids = sorted(each.id for each in everybody)
    session.execute(select(Booking.id).where(Booking.id.in_(ids)).order_by(Booking.id).with_for_update())
    _hand_over(session, seen, old, target, giving.now)
    chosen = any(need.customer_may_choose and need.kind == "staff" for need in asked.service.needs)
    matters = chosen and target.kind == "staff"
    told: list[int] = []
    mine = seen
    for number, before in enumerate(sorted(everybody, key=lambda each: each.id)):
        after = _written(session, before, old, target, asked, giving)
        told += change.note(
            session,
            "reassigned",
            before,
            after,
            actor=giving.actor,
            now=giving.now,
            reason=giving.word,
            request_id=giving.request_id,
            facts=word_of(giving.word),
            action="class_given",
            customer=giving.tell and matters and after.status == "confirmed",
        )
        if number == 0:
            told += _tell_people(session, after, old, target, giving)
        mine = after if before.id == seen.id else mine
    return Booked(mine, messages=tuple(told))


def _written(
    session: OrmSession, before: BookingView, old: int, target: Resource, asked: Asked, giving: Giving
) -> BookingView:
    known = asked.catalogue.resource_by_id
    whose = tuple(target.id if id == old else id for id in before.resource_ids)
    return change.write(
        session,
        before,
        now=giving.now,
        resource_ids=whose,
        resources=tuple(known[id].slug for id in whose),
        staff=tuple(known[id].slug for id in whose if known[id].kind == "staff"),
    )


def _tell_people(session: OrmSession, after: BookingView, old: int, target: Resource, giving: Giving) -> list[int]:
    """One message for the class, not one for each of its customers."""
    leaves = desk.told_at(giving.actor, (after.start,), giving.now)
    told = tell_staff(session, "staff_booked", after, [target.id], now=giving.now, facts={}, leaves=leaves)
    return told + tell_staff(session, "staff_cancelled", after, [old], now=giving.now, facts={}, leaves=leaves)


def _hand_over(session: OrmSession, seen: BookingView, old: int, target: Resource, now: datetime) -> None:
    """Each unit of ``old`` that the session takes becomes a free one of ``target``, buffers as far as they are free."""
    columns = (Session.busy_from, Session.busy_to)
    low, high = session.execute(select(*columns).where(Session.id == seen.session_id)).one()
    give_way(session, {target.id}, seen.start, seen.end, low, high, now=now)
    near = neighbours.around(session, resource_ids={target.id}, since=low, until=high)
    mine = select(Allocation.id).where(
        Allocation.session_id == seen.session_id, Allocation.resource_id == old, Allocation.live
    )
    rows = list(session.execute(mine.order_by(Allocation.id)).scalars())
    taken = {each.unit_id for each in near if each.meets(seen.start, seen.end)}
    free = [unit for unit in target.units if unit not in taken]
    if len(free) < len(rows):
        raise errors.SlotTaken(start=seen.start, zone=seen.zone)
    for id, unit in zip(rows, free, strict=False):
        busy_from, busy_to = left_of_buffers(near, unit, seen.start, seen.end, low, high)
        session.execute(
            update(Allocation)
            .where(Allocation.id == id)
            .values(resource_id=target.id, unit_id=unit, busy_from=busy_from, busy_to=busy_to)
            .execution_options(**QUIET)
        )
