"""Bookings ahead that new rules would leave outside: of opening hours, closed days, time off, or of the place itself."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy.orm import Session as OrmSession

from models import bookings
from models.bookings import BookingView
from rules.facts import Catalogue
from scheduling import availability, hours
from scheduling.availability import Ask, Length, Need, Taken
from scheduling.intervals import Intervals, subtract, union

_AHEAD = {
    "location": bookings.future_of_location,
    "resource": bookings.future_of_resource,
    "service": bookings.future_of_service,
}
_FOR_EVER = 10**7
# Bookings further from each other are of two days.
_NEXT_DAY = 8 * 60


def hits(
    session: OrmSession, before: Catalogue, after: Catalogue, kind: str, id: int, *, now: datetime
) -> list[BookingView]:
    """The bookings ahead of a location, resource or service that stood inside the rules ``before`` and do not ``after``,
    earliest first. Notice, grid and limits are none of theirs: they keep the terms they were made with."""
    if _same_time(before, after, kind, id):
        return []
    ahead = [view for view in _AHEAD[kind](session, [id], now) if view.start > now]
    return [view for view in ahead if not stands(after, view) and stands(before, view)]


def spans(after: Catalogue, kind: str, id: int, hit: Iterable[BookingView]) -> list[tuple[datetime, datetime]]:
    """When a place, a person or a thing is closed for the bookings that ``after`` leaves outside, earliest first: those of a day
    with no open time between them are one. Empty for a service, which nothing stands in for."""
    found: list[tuple[int, int]] = []
    for view in hit if kind in ("location", "resource") else ():
        open_ = _open(after, kind, id, view)
        closed = subtract([(_minute(view.start), _minute(view.end))], open_)
        if not closed:
            continue
        start, end = closed[0][0], closed[-1][1]
        between = union([(found[-1][1], start)]) if found else []
        if found and start - found[-1][1] < _NEXT_DAY and subtract(between, open_) == between:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return [(datetime.fromtimestamp(start * 60, UTC), datetime.fromtimestamp(end * 60, UTC)) for start, end in found]


def _open(known: Catalogue, kind: str, id: int, view: BookingView) -> Intervals:
    """When it is open on the days around a booking."""
    place = next(each.hours for each in known.location_by_id.values() if each.slug == view.location)
    days = (place.zone, view.start.date() - timedelta(days=1), view.end.date() + timedelta(days=1))
    if kind == "location":
        return hours.open_minutes(place.timetable, *days)
    own = known.resource_by_id[id].at.get(place.id)
    if own is None:
        return []
    return hours.resource_minutes(own.timetable, own.absences, own.absence_zone, place.timetable, *days)


def _minute(at: datetime) -> int:
    return int(at.timestamp()) // 60


def _same_time(before: Catalogue, after: Catalogue, kind: str, id: int) -> bool:
    """True when nothing of the edit is about when it is open."""
    if kind == "location":
        return before.location_by_id[id].hours == after.location_by_id[id].hours
    if kind == "resource":
        return before.resource_by_id[id].at == after.resource_by_id[id].at
    return all(
        plan.service.timetable == after.plans[key].service.timetable if key in after.plans else False
        for key, plan in before.plans.items()
        if key[0] == id
    )


def stands(known: Catalogue, view: BookingView) -> bool:
    """True when a booking lies inside the hours of its place, its service and everything that it takes."""
    place = next(each for each in known.location_by_id.values() if each.slug == view.location)
    service = next(each for each in known.service_by_id.values() if each.slug == view.service)
    plan = known.plans.get((service.id, place.id))
    minutes = (_minute(view.start), _minute(view.end))
    length = Length(minutes=minutes[1] - minutes[0])
    for id in view.resource_ids:
        there = known.resource_by_id[id].at.get(place.id)
        if plan is None or there is None:
            return False
        wanted = availability.Service(
            id=service.id,
            lengths=(length,),
            step=1,
            overnight=service.overnight,
            min_notice=-_FOR_EVER * 60,
            horizon_days=_FOR_EVER,
            timetable=plan.service.timetable,
            needs=(Need((id,)),),
        )
        day = view.start.date()
        ask = Ask(first=day, last=day, now_seconds=minutes[0] * 60, length=length)
        found = availability.at(wanted, place.hours, {id: there}, Taken(), ask, minutes[0], choices=False)
        if found.reason is not None:
            return False
    return True
