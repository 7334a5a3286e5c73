"""Asking the people of a role to decide a request."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from models.bookings import BookingView
from models.people import Staff, StaffLocation, Team
from rules import deciding, desk
from rules.deciding import Member
from rules.facts import Catalogue
from rules.messages import Planned


def to_decide(
    session: OrmSession, booking: BookingView, role: str, *, known: Catalogue, now: datetime
) -> list[Planned]:
    """The mails to those of ``role`` who decide this request, never to her whose own it is; none where nobody has an account
    that could."""
    location = next(each for each in known.location_by_id.values() if each.slug == booking.location)
    asked = {
        id: each
        for id, each in members(session, known).items()
        if not desk.is_own(f"staff:{id}", [each.email], created_by=booking.created_by, email=booking.email)
    }
    return deciding.plan(
        asked,
        role=role,
        location=location.id,
        start=booking.start,
        now=now,
        within=booking.terms.get("decide_within"),
        locale=known.business.locale,
    )


def members(session: OrmSession, known: Catalogue) -> dict[int, Member]:
    """Everybody with an account that is not disabled, by id, with leader, deputy and absences."""
    where: dict[int, set[int]] = {}
    for staff_id, location_id in session.execute(select(StaffLocation.staff_id, StaffLocation.location_id)):
        where.setdefault(staff_id, set()).add(location_id)
    columns = (Staff.id, Staff.email, Staff.role, Staff.locale, Staff.resource_id, Staff.deputy_id, Team.leader_id)
    query = select(*columns).outerjoin(Team, Team.id == Staff.team_id).where(Staff.disabled_at.is_(None))
    found = {}
    for id, email, role, locale, resource_id, deputy, leader in session.execute(query):
        person = known.resource_by_id.get(resource_id or 0)
        booked = next(iter(person.at.values()), None) if person else None
        found[id] = Member(
            id=id,
            email=email,
            role=role,
            locale=locale,
            locations=frozenset(where.get(id, ())),
            deputy=deputy,
            leader=leader,
            absences=booked.absences if booked else (),
            zone=booked.absence_zone if booked else "UTC",
        )
    return found
