"""Leaving the demo: everything that belongs to it goes. The one place that deletes bookings, and only trial ones."""

from __future__ import annotations

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session as OrmSession

from models import booking, business, catalogue, doors, outbox, people

_ORDER = (
    outbox.MessageAttempt,
    outbox.Message,
    booking.Booking,
    booking.Hold,
    booking.Allocation,
    booking.Session,
    doors.Idempotency,
    doors.Token,
    doors.VisitCount,
    doors.Source,
    people.CustomerContact,
    people.Customer,
    people.Contact,
    catalogue.NeedResource,
    catalogue.NeedSkill,
    catalogue.Need,
    catalogue.ServiceLocation,
    catalogue.Service,
    catalogue.Definition,
    business.Absence,
    catalogue.ResourceUnit,
    catalogue.ResourceSkill,
    catalogue.ResourceLocation,
    catalogue.Resource,
    business.WeeklyHours,
    business.SpecialDay,
    business.Location,
    business.Business,
)


def wipe(session: OrmSession) -> int:
    """Deletes the demo business with its trial bookings and returns how many those were. History stays, as it always does."""
    trials = session.execute(select(func.count()).select_from(booking.Booking)).scalar_one()
    for table in _ORDER:
        session.execute(delete(table).execution_options(synchronize_session=False))
    return int(trials)
