"""What is a slot, decided the slow way: minute by minute over wall clocks, one start and one choice after the other.

Written from the rules alone. Of ``scheduling`` it shares the dataclasses and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from scheduling.availability import Ask, Location, OpenSession, Resource, Service, Slot, Taken
from scheduling.hours import Absence, Timetable

MINUTE = timedelta(minutes=1)
DATE = timedelta(days=1)
MIDNIGHT = datetime.min.time()


class Wall:
    """What clocks show at each minute of some days around ``middle``."""

    def __init__(self, zone: str, middle: date) -> None:
        begin = datetime.combine(middle - 9 * DATE, MIDNIGHT, UTC)
        self.first = int(begin.timestamp()) // 60
        tz = ZoneInfo(zone)
        self.shown = [(begin + n * MINUTE).astimezone(tz).replace(tzinfo=None) for n in range(18 * 1440)]
        self.at: dict[datetime, list[int]] = {}
        self.dates: dict[date, list[int]] = {}
        for n, local in enumerate(self.shown):
            self.at.setdefault(local, []).append(self.first + n)
            self.dates.setdefault(local.date(), []).append(self.first + n)

    def local(self, minute: int) -> datetime:
        return self.shown[minute - self.first]

    def change(self, missing: datetime) -> int:
        return next(self.first + n for n, local in enumerate(self.shown) if local > missing)

    def earliest(self, local: datetime) -> int:
        return self.at[local][0] if local in self.at else self.change(local)

    def latest(self, local: datetime) -> int:
        return self.at[local][-1] if local in self.at else self.change(local)


wall = lru_cache(maxsize=64)(Wall)


@dataclass
class Verdict:
    """All that can be said of one start."""

    free: bool
    reason: str | None = None
    seats_left: int = 0
    session: int | None = None
    choosable: set[int] = field(default_factory=set)


@dataclass
class Oracle:
    """The rules over one business, read literally. ``middle`` is a date near which everything happens."""

    service: Service
    location: Location
    resources: dict[int, Resource]
    taken: Taken
    ask: Ask
    middle: date

    def __post_init__(self) -> None:
        self.wall = wall(self.location.zone, self.middle)
        self.span = [self.middle + n * DATE for n in range(-6, 7)]
        self.house = self.hours(self.location.timetable, frozenset())
        own = self.service.timetable
        self.counter = self.house if own is None else self.hours(own, frozenset())
        self._in: dict[tuple[int, int | None], set[int]] = {}
        self._off: dict[tuple[int, int], set[int]] = {}
        self._free: dict[tuple[int, int, str], list[int]] = {}

    # Hours

    def weekday(self, day: date) -> int:
        works_as = self.location.timetable.works_as
        return works_as[day] if day in works_as else day.weekday()

    def shut(self, table: Timetable, day: date) -> bool:
        if day in table.closed:
            return True
        if day in table.special or day in table.works_as:
            return False
        return day in table.holidays

    def hours(self, table: Timetable, gone: frozenset[date]) -> set[int]:
        found: set[int] = set()
        for day in self.span:
            if self.shut(table, day) or day in gone:
                continue
            windows = table.special[day] if day in table.special else table.weekly[self.weekday(day)]
            for start, end in windows:
                midnight = datetime.combine(day, MIDNIGHT)
                opens = self.wall.earliest(midnight + start * MINUTE)
                shuts = self.wall.latest(midnight + end * MINUTE)
                found |= set(range(opens, shuts))
        return {minute for minute in found if not self.shut(table, self.wall.local(minute).date())}

    def off(self, absences: Sequence[Absence], zone: str) -> set[int]:
        clock, found = wall(zone, self.middle), set[int]()
        for absence in absences:
            if absence.whole_days:
                day = absence.from_local.date()
                while day < absence.to_local.date():
                    found |= set(clock.dates.get(day, ()))
                    day += DATE
            else:
                found |= set(range(clock.earliest(absence.from_local), clock.latest(absence.to_local)))
        return found

    def away(self, resource: Resource, unit: int | None) -> list[Absence]:
        return [absence for absence in resource.absences if absence.unit is None or absence.unit == unit]

    def presence(self, resource: Resource, unit: int | None) -> set[int]:
        """The minutes in which the resource, or this unit of it, is in."""
        if (resource.id, unit) not in self._in:
            absences = self.away(resource, unit)
            gone = frozenset(
                day
                for absence in absences
                if absence.whole_days
                for day in self.span
                if absence.from_local.date() <= day < absence.to_local.date()
            )
            found = self.hours(resource.timetable or self.location.timetable, gone)
            self._in[resource.id, unit] = found - self.off(absences, resource.absence_zone)
        return self._in[resource.id, unit]

    def gone(self, resource: Resource, unit: int) -> set[int]:
        """The minutes of time off of the unit."""
        if (resource.id, unit) not in self._off:
            self._off[resource.id, unit] = self.off(self.away(resource, unit), resource.absence_zone)
        return self._off[resource.id, unit]

    def covers(self, minutes: set[int], start: int, end: int) -> bool:
        if self.service.overnight:
            return all(edge in minutes or edge - 1 in minutes for edge in (start, end))
        return minutes.issuperset(range(start, end))

    # Starts

    def end(self, start: int) -> int:
        length = self.ask.length
        if not length.days:
            return start + length.minutes
        return self.wall.earliest(self.wall.local(start) + length.days * DATE)

    def on_grid(self, start: int) -> bool:
        local = self.wall.local(start)
        minutes = local.hour * 60 + local.minute
        if self.service.starts is not None:
            return minutes in self.service.starts[self.weekday(local.date())]
        return minutes % self.service.step == 0

    def starts(self) -> list[int]:
        asked = [
            minute for day, all in self.wall.dates.items() if self.ask.first <= day <= self.ask.last for minute in all
        ]
        return sorted(minute for minute in asked if self.on_grid(minute))

    def open(self, start: int) -> bool:
        end = self.end(start)
        return self.covers(self.house, start, end) and self.covers(self.counter, start, end)

    def listed(self) -> list[int]:
        """The starts that are told of with their reasons when they cannot be had."""
        begun = {session.start for session in self.taken.sessions}
        return [start for start in self.starts() if self.open(start) or start in begun]

    # Resources

    def free_units(self, id: int, start: int, mode: str = "now") -> list[int]:
        if (id, start, mode) not in self._free:
            self._free[id, start, mode] = self._free_units(id, start, mode) if self.open(start) else []
        return self._free[id, start, mode]

    def _free_units(self, id: int, start: int, mode: str) -> list[int]:
        resource, service, end = self.resources[id], self.service, self.end(start)
        found = []
        for unit in resource.units:
            if not self.covers(self.presence(resource, None), start, end):
                continue
            if not self.covers(self.presence(resource, unit), start, end):
                continue
            if not self.gone(resource, unit).isdisjoint(range(start, end)):
                continue
            busy = list(self.taken.busy.get(unit, ()))
            if mode == "unbooked":
                busy = []
            if mode == "unheld":
                busy = [each for each in busy if each not in self.taken.held.get(unit, ())]
            first, last = start - service.buffer_before, end + service.buffer_after
            if not any(a < last and first < b for a, b in busy):
                found.append(unit)
        return found

    def picks(self, start: int, chosen: frozenset[int], mode: str = "now") -> Iterator[tuple[int, ...]]:
        """Every choice of one resource per need with which the whole booking is possible."""
        needs = self.service.needs
        free = {id: len(self.free_units(id, start, mode)) for need in needs for id in need.candidates}
        for pick in product(*[[id for id in need.candidates if free[id] >= need.count] for need in needs]):
            wished = {id for id, need in zip(pick, needs, strict=True) if need.choosable}
            if len(set(pick)) == len(pick) and chosen <= wished:
                yield pick

    # The verdict

    def verdict(self, start: int) -> Verdict:
        service, ask = self.service, self.ask
        fitting = [each for each in self.taken.sessions if each.start == start and ask.chosen <= set(each.resources)]
        opens = ask.seats <= service.seats and any(self.picks(start, ask.chosen))
        left = max([service.seats - each.seats_taken for each in fitting], default=0)
        seats_left = service.seats if opens else left
        refused = self.refused(start)
        if refused:
            return Verdict(False, refused)
        roomy = [each for each in fitting if service.seats - each.seats_taken >= ask.seats]
        if roomy or opens:
            joined = self.joined(roomy)
            return Verdict(True, None, seats_left, joined, self.choice(start, roomy, opens))
        if fitting:
            return Verdict(False, "full", seats_left)
        if not any(self.picks(start, ask.chosen, "unbooked")):
            return Verdict(False, "closed", seats_left)
        return Verdict(False, "held" if any(self.picks(start, ask.chosen, "unheld")) else "taken", seats_left)

    def joined(self, roomy: Sequence[OpenSession]) -> int | None:
        if not roomy:
            return None
        fullest = max(each.seats_taken for each in roomy)
        oldest = min(each.created for each in roomy if each.seats_taken == fullest)
        return next(each.id for each in roomy if (each.seats_taken, each.created) == (fullest, oldest))

    def choice(self, start: int, roomy: Sequence[OpenSession], opens: bool) -> set[int]:
        open_to_choice = {id for need in self.service.needs if need.choosable for id in need.candidates}
        found = {id for each in roomy for id in each.resources} & open_to_choice
        for id in open_to_choice if opens else ():
            if any(self.picks(start, self.ask.chosen | {id})):
                found.add(id)
        return found

    def refused(self, start: int) -> str | None:
        service, now = self.service, self.ask.now_seconds
        if start * 60 < now + service.min_notice * 60:
            return "too_soon"
        day, today = self.wall.local(start).date(), self.wall.local(now // 60).date()
        if day > today + service.horizon_days * DATE:
            return "too_far"
        if service.per_day is not None and self.taken.per_day.get(day, 0) >= service.per_day:
            return "limit"
        return None


def plain(slot: Slot) -> Verdict:
    """A slot in the words of a verdict."""
    choosable = set(slot.choosable)
    assert len(choosable) == len(slot.choosable)
    return Verdict(slot.reason is None, slot.reason, slot.seats_left, slot.session, choosable)
