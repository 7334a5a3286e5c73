"""How much of the bookable time is taken, by resource and by the hour of the local week."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from models.figure_time import Taken
from rules import figures, use
from rules.diary_hours import in_hours
from rules.facts import Location, Resource
from rules.use import NOTHING, Hours


@dataclass(frozen=True, slots=True)
class Use:
    """Minutes of a period: ``taken`` by bookings of each resource (ids); ``heat`` the same by kind of resource and hour of the
    week; ``bookable`` of each resource by hour of the week (inside hours, off time and blocks cut out)."""

    taken: Mapping[int, int] = field(default_factory=dict)
    heat: Mapping[str, Hours] = field(default_factory=dict)
    bookable: Mapping[int, Hours] = field(default_factory=dict)

    def minutes(self, resource: int) -> int:
        """Minutes taken of a resource."""
        return self.taken.get(resource, 0)

    def share(self, resource: int) -> int | None:
        """Taken minutes of a hundred bookable ones; None for what could not be booked."""
        return figures.heat(self.minutes(resource), sum(self.bookable.get(resource, NOTHING)))

    def week(self, kind: str, resources: Iterable[int]) -> list[int | None]:
        """The share of each hour of the week for the resources of a kind together; None where nothing could be booked."""
        open_ = use.added(self.bookable.get(each, NOTHING) for each in resources)
        taken = self.heat.get(kind, NOTHING)
        return [figures.heat(*each) for each in zip(taken, open_, strict=True)]


def taken_by_hour(
    places: Iterable[Location], resources: Iterable[Resource], those: Taken, first: date, last: date
) -> dict[int, Hours]:
    """The minutes that are taken (or blocked) of each resource at these places, by hour of the week."""
    here = list(places)
    found = {}
    for resource in resources:
        mine = [(place, those[place.id, resource.id]) for place in here if (place.id, resource.id) in those]
        if mine:
            each = (use.by_hour(place.timezone, tuple(spans), first, last) for place, spans in mine)
            found[resource.id] = use.added(each)
    return found


def by_kind(resources: Iterable[Resource], hours: Mapping[int, Hours]) -> dict[str, Hours]:
    """The hours of resources, added up by their kind."""
    found: dict[str, list[Hours]] = {}
    for resource in resources:
        if resource.id in hours:
            found.setdefault(resource.kind, []).append(hours[resource.id])
    return {kind: use.added(those) for kind, those in found.items()}


def bookable(
    places: Iterable[Location], resources: Iterable[Resource], blocked: Taken, first: date, last: date
) -> dict[int, Hours]:
    """The minutes in which each resource can be booked, all its units together, by its hours and those of the places."""
    here, those = list(places), list(resources)
    off = taken_by_hour(here, those, blocked, first, last)
    found, known = {}, {}
    for resource in those:
        at = [place for place in here if place.id in resource.at]
        # Who has the same hours and no time off is in at the same minutes.
        alike = tuple((place.id, id(resource.at[place.id].timetable), resource.at[place.id].absences) for place in at)
        if alike not in known:
            each = (tuple(in_hours(resource, [place], first, last)) for place in at)
            known[alike] = use.added(
                use.by_hour(place.timezone, hours, first, last) for place, hours in zip(at, each, strict=True)
            )
        whole = use.times(known[alike], len(resource.units))
        found[resource.id] = use.less(whole, off[resource.id]) if resource.id in off else whole
    return found
