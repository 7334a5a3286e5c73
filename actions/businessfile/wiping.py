"""Leaving the demo: everything that belongs to it goes. The one place that deletes bookings, and only trial ones."""

from __future__ import annotations

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session as OrmSession

from models import booking, business, catalogue, consent, daily, desk, doors, feedback, outbox, people

_ORDER = (
    daily.DayCount,
    daily.DayStale,
    outbox.MessageAttempt,
    outbox.Message,
    desk.Undo,
    desk.Proposal,
    desk.Note,
    desk.Pause,
    desk.SavedView,
    people.StaffLocation,
    consent.Consent,
    consent.ConsentText,
    consent.ConsentPurpose,
    feedback.Feedback,
    booking.Booking,
    booking.Hold,
    booking.Allocation,
    booking.Session,
    doors.Idempotency,
    doors.Token,
    doors.VisitCount,
    doors.Source,
    people.CustomerTag,
    people.Likeness,
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
    _leave_staff(session)
    for table in _ORDER:
        session.execute(delete(table).execution_options(synchronize_session=False))
    return int(trials)


def _leave_staff(session: OrmSession) -> None:
    """The demo's own accounts go with it, passwords that everybody knows and all; others stay, without what was the demo's."""
    quiet = {"synchronize_session": False}
    demo = [
        id for id, extra in session.execute(select(people.Staff.id, people.Staff.extra)) if (extra or {}).get("demo")
    ]
    session.execute(update(people.Team).values(leader_id=None).execution_options(**quiet))
    session.execute(
        update(people.Staff).values(resource_id=None, team_id=None, deputy_id=None).execution_options(**quiet)
    )
    session.execute(update(people.Customer).values(owner_id=None).execution_options(**quiet))
    session.execute(delete(people.Team).execution_options(**quiet))
    session.execute(delete(people.SignIn).where(people.SignIn.staff_id.in_(demo)).execution_options(**quiet))
    session.execute(delete(people.Staff).where(people.Staff.id.in_(demo)).execution_options(**quiet))
