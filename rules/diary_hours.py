"""When places are open and people are in on the days of the diary, as UTC minutes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from rules.diary import both
from rules.facts import Location, Resource
from scheduling import hours
from scheduling.intervals import Interval, Intervals, union

EVE = timedelta(days=1)


def day_of(zone: str, day: date) -> Interval:
    """From when to when a local date lasts; nothing (twice the same minute) for a date that the zone skipped."""
    found = hours.cut(zone, day)
    if not found:
        skipped = hours.edge(zone, day, 0)
        return skipped, skipped
    return found[0][0], found[-1][1]


def open_hours(places: Iterable[Location], first: date, last: date) -> Intervals:
    """When any of ``places`` is open, what reaches over from the evening before included."""
    return union(each for place in places for each in _of_place(place, first, last))


def in_hours(resource: Resource, places: Iterable[Location], first: date, last: date) -> Intervals:
    """When somebody is in, or a thing can be had, at any of ``places``: inside their hours, time off cut out."""
    found: Intervals = []
    for place in places:
        own = resource.at.get(place.id)
        if own is None:
            continue
        house, zone = place.hours.timetable, place.timezone
        off = [absence for absence in own.absences if absence.unit is None]
        inside = hours.resource_minutes(own.timetable, off, own.absence_zone, house, zone, first - EVE, last)
        found += both(_of_place(place, first, last), inside)
    return union(found)


def _of_place(place: Location, first: date, last: date) -> Intervals:
    return hours.open_minutes(place.hours.timetable, place.timezone, first - EVE, last)
