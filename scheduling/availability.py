"""What is a slot: the one decision behind every page, hold, booking and move.

All times are whole UTC minutes. A view builds the grid of starts once, turns every rule into a set of allowed starts (one
big integer, a bit per start) and combines them; a single start is the same decision with a grid of one.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from itertools import compress, permutations

from scheduling import hours
from scheduling.hours import Absence, Timetable
from scheduling.intervals import Interval, Intervals

__all__ = [
    "Absence",
    "Ask",
    "Length",
    "Location",
    "Need",
    "OpenSession",
    "Resource",
    "Service",
    "Slot",
    "Taken",
    "Timetable",
]


@dataclass(frozen=True, slots=True)
class Length:
    """How long: elapsed ``minutes``, or the same wall-clock time ``days`` dates later. Exactly one is set."""

    minutes: int = 0
    days: int = 0


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource at one location. ``units`` are unit ids by position; ``timetable`` None means the location's hours."""

    id: int
    order: int
    units: tuple[int, ...]
    timetable: Timetable | None = None
    absences: tuple[Absence, ...] = ()
    absence_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Need:
    """``count`` free units of one of ``candidates`` (resource ids, in order)."""

    candidates: tuple[int, ...]
    count: int = 1
    choosable: bool = False


@dataclass(frozen=True, slots=True)
class Service:
    """The rules of a service that decide about starts. ``starts`` are minutes since local midnight per weekday, or None."""

    id: int
    lengths: tuple[Length, ...]
    needs: tuple[Need, ...]
    buffer_before: int = 0
    buffer_after: int = 0
    step: int = 15
    starts: tuple[tuple[int, ...], ...] | None = None
    overnight: bool = False
    min_notice: int = 0
    horizon_days: int = 60
    seats: int = 1
    timetable: Timetable | None = None
    per_day: int | None = None


@dataclass(frozen=True, slots=True)
class Location:
    """A location's zone and hours."""

    id: int
    zone: str
    timetable: Timetable


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session with seats that exists already. The smaller ``created``, the older."""

    id: int
    start: int
    end: int
    busy_start: int
    busy_end: int
    resources: tuple[int, ...]
    seats_taken: int
    created: int


@dataclass(slots=True)
class Taken:
    """What bookings and holds take: intervals per unit with their own buffers inside; ``held`` is the part of ``busy`` that
    may yet come free by itself."""

    busy: Mapping[int, Sequence[Interval]] = field(default_factory=dict)
    held: Mapping[int, Sequence[Interval]] = field(default_factory=dict)
    sessions: Sequence[OpenSession] = ()
    per_day: Mapping[date, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """The question: local dates ``first`` to ``last``, both included; ``now_seconds`` since the epoch; ``chosen`` resource
    ids that must be among those taken."""

    first: date
    last: date
    now_seconds: int
    length: Length
    seats: int = 1
    chosen: frozenset[int] = frozenset()
    include_taken: bool = False


@dataclass(frozen=True, slots=True)
class Slot:
    """One start. ``reason`` is None when it can be booked, else taken, held, full, closed, too_soon, too_far, limit, or
    off_grid (only from ``at``). ``seats_left`` is the largest party that can be booked now: 0 for what is refused, unless
    it is full only for a party of that size. ``session`` is the one that the party would join; ``choosable`` those resources that a
    customer may choose here and with whom the whole booking is possible; ``who`` what stands in the way, if one thing does."""

    start: int
    end: int
    seats_left: int = 0
    choosable: tuple[int, ...] = ()
    session: int | None = None
    reason: str | None = None
    who: int | None = None


Assignment = list[tuple[int, int, tuple[int, ...]]]
Rank = Callable[[int, Sequence[int]], Sequence[int]]


def slots(
    service: Service, location: Location, resources: Mapping[int, Resource], taken: Taken, ask: Ask
) -> list[Slot]:
    """Every start of the asked days that can be booked right now, earliest first; with ``include_taken`` the other starts
    inside opening hours too, each with its reason."""
    # Sorted, because a date can come back for an hour where clocks change just after midnight.
    grid = sorted(start for day in hours.days(ask.first, ask.last) for start in grid_of(service, location, day))
    return _Sweep(service, location, resources, taken, ask, grid).slots()


def at(
    service: Service,
    location: Location,
    resources: Mapping[int, Resource],
    taken: Taken,
    ask: Ask,
    start: int,
    *,
    choices: bool = True,
) -> Slot:
    """The same decision for one start, with its reason when it is not a slot. Only ``length``, ``seats``, ``chosen`` and
    ``now_seconds`` of ``ask`` count; without ``choices`` it does not tell whom one may choose, which costs the most."""
    if not hours.on_calendar(start) or start not in grid_of(service, location, hours.local_date(location.zone, start)):
        return Slot(start, start, reason="too_soon" if start * 60 < ask.now_seconds else "off_grid")
    sweep = _Sweep(service, location, resources, taken, ask, [start])
    return sweep.slot(0, sweep.free(), choices=choices)


def assign(
    service: Service,
    location: Location,
    resources: Mapping[int, Resource],
    taken: Taken,
    ask: Ask,
    start: int,
    rank: Rank,
) -> Assignment | None:
    """Who serves which need at ``start``: ``(need index, resource id, unit ids)`` per need, or None when it cannot be done.

    ``rank(need index, free resource ids)`` orders the candidates of a need, best first; the first complete choice in that
    order wins. Of a resource the lowest free positions are taken.
    """
    sweep = _Sweep(service, location, resources, taken, ask, [start])
    free = {id: units for id in concerned(service, ask.chosen) if (units := sweep.free_units(id))}
    for candidates in candidate_lists(service.needs, ask.chosen):
        found = _match(service.needs, candidates, free, rank)
        if found is not None:
            return found
    return None


def end_of(location: Location, length: Length, start: int) -> int:
    """The minute at which a stay ends: days are counted by the wall clock, minutes by the time that passes."""
    return hours.shift_days(location.zone, start, length.days) if length.days else start + length.minutes


def concerned(service: Service, chosen: frozenset[int]) -> frozenset[int]:
    """The resources whose time decides about a start: all candidates, without those that a choice rules out."""
    return frozenset(id for lists in candidate_lists(service.needs, chosen) for ids in lists for id in ids)


def good_until(service: Service, location: Location, found: Iterable[Slot], ask: Ask) -> int:
    """Epoch seconds until which an unchanged database gives the same answer, expiring holds apart: the next moment at
    which notice drops a start, or at which a new date begins."""
    notice = service.min_notice * 60
    drops = (slot.start * 60 - notice + 1 for slot in found if slot.reason != "too_soon")
    today = hours.local_date(location.zone, ask.now_seconds // 60)
    midnight = hours.edge(location.zone, today + timedelta(days=1), 0) * 60
    return min([midnight, *(drop for drop in drops if drop > ask.now_seconds)])


def grid_of(service: Service, location: Location, day: date) -> list[int]:
    """The starts that the service's grid has on a local date, earliest first; a local time that does not exist is not
    among them, a repeated one is twice."""
    pieces = hours.segments(location.zone, day.toordinal())
    base = (day.toordinal() - hours.EPOCH) * hours.DAY
    if service.starts is not None:
        walls = service.starts[hours.weekday_of(location.timetable, day)]
        found = [
            base + wall - offset
            for start, end, offset in pieces
            for wall in walls
            if start <= base + wall - offset < end
        ]
        return sorted(found)
    grid: list[int] = []
    for start, end, offset in pieces:
        wall = start + offset - base
        first = -(-wall // service.step) * service.step
        grid.extend(range(base + first - offset, end, service.step))
    return grid


def _too_soon(service: Service, ask: Ask, start: int) -> bool:
    return start * 60 < ask.now_seconds + service.min_notice * 60


def candidate_lists(needs: Sequence[Need], chosen: frozenset[int]) -> Iterator[list[tuple[int, ...]]]:
    """The candidates per need, in every way in which the chosen resources can sit at needs where one may choose."""
    plain = [need.candidates for need in needs]
    if not chosen:
        yield plain
        return
    open_needs = [index for index, need in enumerate(needs) if need.choosable]
    wanted = sorted(chosen)
    for places in permutations(open_needs, len(wanted)):
        if all(id in needs[place].candidates for id, place in zip(wanted, places, strict=True)):
            lists = list(plain)
            for id, place in zip(wanted, places, strict=True):
                lists[place] = (id,)
            yield lists


def _match(
    needs: Sequence[Need], candidates: Sequence[tuple[int, ...]], free: Mapping[int, tuple[int, ...]], rank: Rank
) -> Assignment | None:
    """The first complete choice of distinct resources, needs with the fewest candidates decided first."""
    able = [
        [id for id in ids if len(free.get(id, ())) >= need.count] for need, ids in zip(needs, candidates, strict=True)
    ]
    order = sorted(range(len(needs)), key=lambda index: (len(able[index]), index))
    picked: dict[int, int] = {}
    if not _distinct_exists(able):
        return None
    for place, index in enumerate(order):
        gone = set(picked.values())
        rest = [[id for id in able[other] if id not in gone] for other in order[place + 1 :]]
        ranked = rank(index, able[index]) if len(able[index]) > 1 else able[index]
        picked[index] = next(
            id
            for id in ranked
            if id not in gone
            and id in able[index]
            and _distinct_exists([[each for each in ids if each != id] for ids in rest])
        )
    return [(index, picked[index], free[picked[index]][: needs[index].count]) for index in range(len(needs))]


class _Sweep:
    """All rules over one grid of starts. A set of starts is an integer with one bit per start."""

    def __init__(
        self,
        service: Service,
        location: Location,
        resources: Mapping[int, Resource],
        taken: Taken,
        ask: Ask,
        grid: list[int],
    ) -> None:
        self.service, self.location, self.resources, self.taken, self.ask = service, location, resources, taken, ask
        self.grid = grid
        self.all = (1 << len(grid)) - 1
        zone = location.zone
        self.ends = [end_of(location, ask.length, start) for start in grid]
        self.sorted_ends = not ask.length.days or all(a <= b for a, b in zip(self.ends, self.ends[1:], strict=False))
        # Two dates, because the one before may be a date that the zone skipped.
        self.first = hours.local_date(zone, grid[0]) - timedelta(days=2) if grid else ask.first
        self.last = hours.local_date(zone, self.ends[-1]) + timedelta(days=1) if grid else ask.last
        self.house = self._inside(hours.open_minutes(location.timetable, zone, self.first, self.last))
        if service.timetable is not None:
            own = hours.open_minutes(service.timetable, zone, self.first, self.last, location=location.timetable)
            self.house &= self._inside(own)
        self._open: dict[int, int] = {}
        self._by_hours: dict[int, int] = {}
        # By buffers and interval, the starts that it blocks: many people's visits lie alike.
        self._known: dict[tuple[int, int], dict[Interval, int]] = defaultdict(dict)

    # Sets of starts

    def _run(self, low: int, high: int) -> int:
        return (1 << high) - (1 << low) if low < high else 0

    def _inside(self, intervals: Intervals) -> int:
        """Starts whose stay lies in ``intervals``; with overnight only its two ends, edges included."""
        grid, ends = self.grid, self.ends
        found = 0
        if self.service.overnight:
            begins = finishes = 0
            for start, end in intervals:
                begins |= self._run(bisect_left(grid, start), bisect_right(grid, end))
                if self.sorted_ends:
                    finishes |= self._run(bisect_left(ends, start), bisect_right(ends, end))
                else:
                    finishes |= self._where(lambda _s, e, start=start, end=end: start <= e <= end)  # type: ignore[misc]
            return begins & finishes
        for start, end in intervals:
            if self.sorted_ends:
                found |= self._run(bisect_left(grid, start), bisect_right(ends, end))
            else:
                found |= self._where(lambda s, e, start=start, end=end: start <= s and e <= end)  # type: ignore[misc]
        return found

    def _where(self, test: Callable[[int, int], bool]) -> int:
        found = 0
        for index, (start, end) in enumerate(zip(self.grid, self.ends, strict=True)):
            if test(start, end):
                found |= 1 << index
        return found

    def _blocked(self, intervals: Iterable[Interval], before: int, after: int) -> int:
        """Starts whose stay, with its buffers, overlaps one of ``intervals``."""
        grid, ends, blocked = self.grid, self.ends, 0
        if self.sorted_ends:
            known = self._known[before, after]
            for each in intervals:
                starts = known.get(each)
                if starts is None:
                    low, high = bisect_right(ends, each[0] - after), bisect_left(grid, each[1] + before)
                    starts = known[each] = (1 << high) - (1 << low) if low < high else 0
                blocked |= starts
            return blocked
        for start, end in intervals:
            blocked |= self._where(lambda s, e, start=start, end=end: s - before < end and e + after > start)  # type: ignore[misc]
        return blocked

    # Resources

    def open(self, id: int) -> int:
        """Starts at which the resource is in by its hours and time off, bookings apart."""
        found = self._open.get(id)
        if found is None:
            resource = self.resources[id]
            off = [absence for absence in resource.absences if absence.unit is None]
            found = self._open[id] = self.house & self._hours_of(resource, off)
        return found

    def _hours_of(self, resource: Resource, off: Sequence[Absence]) -> int:
        if resource.timetable is None and not off:
            return self.all
        key = id(resource.timetable)
        if not off and key in self._by_hours:
            return self._by_hours[key]
        zone, house = self.location.zone, self.location.timetable
        minutes = hours.resource_minutes(
            resource.timetable, off, resource.absence_zone, house, zone, self.first, self.last
        )
        found = self._inside(minutes)
        if off and self.service.overnight:
            found &= ~self._blocked(hours.away_minutes(off, resource.absence_zone), 0, 0)
        if not off:
            self._by_hours[key] = found
        return found

    def units(self, id: int, *, held: bool = True, booked: bool = True) -> list[int]:
        """Per unit, the starts at which it is free."""
        resource, service = self.resources[id], self.service
        base = self.open(id)
        if not base:
            return [0] * len(resource.units)
        found = []
        for unit in resource.units:
            free = base
            if booked and unit in self.taken.busy:
                busy: Iterable[Interval] = self.taken.busy[unit]
                if not held and unit in self.taken.held:
                    waiting = set(self.taken.held[unit])
                    busy = [each for each in busy if each not in waiting]
                free &= ~self._blocked(busy, service.buffer_before, service.buffer_after)
            off = [absence for absence in resource.absences if absence.unit == unit]
            if off:
                free &= self._hours_of(resource, off)
            found.append(free)
        return found

    def free_units(self, id: int) -> tuple[int, ...]:
        """The unit ids free at the first start of the grid, by position."""
        return tuple(unit for unit, free in zip(self.resources[id].units, self.units(id), strict=True) if free & 1)

    def able(self, id: int, count: int, **which: bool) -> int:
        """Starts at which at least ``count`` units of the resource are free."""
        units = self.units(id, **which)
        if count == 1:
            found = 0
            for free in units:
                found |= free
            return found
        at_least = [self.all] + [0] * count
        for free in units:
            for level in range(count, 0, -1):
                at_least[level] |= at_least[level - 1] & free
        return at_least[count]

    # Needs

    def free(self, **which: bool) -> _Free:
        """Where all needs can be met at once."""
        return _Free(self, which)

    # Answers

    def slots(self) -> list[Slot]:
        """All starts of the grid that are slots, or all inside opening hours with their reasons."""
        if not self.grid:
            return []
        free = self.free()
        shown = free.starts | self._joinable()
        if self.ask.include_taken:
            shown |= self.house | self._session_starts()
        else:
            shown &= self._in_time()
        found = []
        while shown:
            low = shown & -shown
            slot = self.slot(low.bit_length() - 1, free)
            shown ^= low
            if slot.reason is None or self.ask.include_taken:
                found.append(slot)
        return found

    def _in_time(self) -> int:
        earliest = -(-(self.ask.now_seconds + self.service.min_notice * 60) // 60)
        return self._run(bisect_left(self.grid, earliest), len(self.grid))

    def _session_starts(self) -> int:
        grid, found = self.grid, 0
        for session in self.taken.sessions:
            index = bisect_left(grid, session.start)
            if index < len(grid) and grid[index] == session.start:
                found |= 1 << index
        return found

    def _joinable(self) -> int:
        return self._session_starts() if self.ask.seats <= self.service.seats else 0

    def slot(self, index: int, free: _Free, *, choices: bool = True) -> Slot:
        """The decision for one start of the grid."""
        start, end, service, ask = self.grid[index], self.ends[index], self.service, self.ask
        opens = bool(free.starts >> index & 1) and ask.seats <= service.seats
        reason = self._refused(start)
        if reason is not None:
            return Slot(start, end, reason=reason)
        fitting = [each for each in self.taken.sessions if each.start == start and ask.chosen <= set(each.resources)]
        left = max((service.seats - each.seats_taken for each in fitting), default=0)
        seats_left = service.seats if opens else left
        roomy = [each for each in fitting if service.seats - each.seats_taken >= ask.seats]
        if roomy:
            best = max(roomy, key=lambda each: (each.seats_taken, -each.created))
            choosable = self._choosable_in(roomy, free, index) if choices else ()
            return Slot(start, best.end, seats_left, choosable, best.id)
        if opens:
            return Slot(start, end, seats_left, free.choosable(index) if choices else ())
        reason, who = self._why(index, fitting)
        return Slot(start, end, seats_left, reason=reason, who=who)

    def _choosable_in(self, sessions: Sequence[OpenSession], free: _Free, index: int) -> tuple[int, ...]:
        """Whom one may choose where there are sessions to join: their people, and those with whom another could open."""
        open_to_choice = {id for need in self.service.needs if need.choosable for id in need.candidates}
        joined = {id for session in sessions for id in session.resources if id in open_to_choice}
        opened = set(free.choosable(index)) if free.starts >> index & 1 else set()
        return tuple(sorted(joined | opened, key=self.order))

    def order(self, id: int) -> tuple[int, int]:
        """Sorts resources as on the page."""
        resource = self.resources.get(id)
        return (resource.order if resource else 0, id)

    def _refused(self, start: int) -> str | None:
        """Why the start cannot be had whoever is free: notice, horizon, the cap of its day."""
        if _too_soon(self.service, self.ask, start):
            return "too_soon"
        # Dates of a zone run ahead of the time that passes by a day, and by one more where it skips a date.
        near = start - self.ask.now_seconds // 60 < (self.service.horizon_days - 1) * hours.DAY
        if near and self.service.per_day is None:
            return None
        day = hours.local_date(self.location.zone, start)
        if (day - self._today).days > self.service.horizon_days:
            return "too_far"
        if self.service.per_day is not None and self.taken.per_day.get(day, 0) >= self.service.per_day:
            return "limit"
        return None

    @cached_property
    def _today(self) -> date:
        return hours.local_date(self.location.zone, self.ask.now_seconds // 60)

    def _why(self, index: int, fitting: Sequence[OpenSession]) -> tuple[str, int | None]:
        bit = 1 << index
        if fitting:
            return "full", None
        if not self._unbooked.starts & bit:
            return "closed", self._absent(bit) if self.house & bit else None
        if self._unheld.starts & bit:
            return "held", None
        return "taken", self._in_use(bit)

    @cached_property
    def _unbooked(self) -> _Free:
        """Where all needs could be met if nothing were booked."""
        return self.free(booked=False)

    @cached_property
    def _unheld(self) -> _Free:
        """Where all needs could be met if nothing were merely held."""
        return self.free(held=False)

    def _absent(self, bit: int) -> int | None:
        """The one resource whose hours or time off close this start."""
        for id in sorted(self.ask.chosen):
            if not self.open(id) & bit:
                return id
        for need in self.service.needs:
            if len(need.candidates) == 1 and not self.open(need.candidates[0]) & bit:
                return need.candidates[0]
        return None

    def _in_use(self, bit: int) -> int | None:
        """The one resource that is in use at this start, when a need has no other."""
        for id in sorted(self.ask.chosen):
            if not self.able(id, 1) & bit:
                return id
        for need in self.service.needs:
            if len(need.candidates) == 1 and not self.able(need.candidates[0], need.count) & bit:
                return need.candidates[0]
        return None


class _Free:
    """The starts at which all needs can be met at once by distinct resources, and by whom."""

    def __init__(self, sweep: _Sweep, which: Mapping[str, bool]) -> None:
        self.sweep = sweep
        self.needs = sweep.service.needs
        self.chosen = sweep.ask.chosen
        self.which = which
        self._able: dict[tuple[int, int], int] = {}
        every = [id for need in self.needs for id in need.candidates]
        self.shared = len(every) != len(set(every))
        self.starts = 0
        for lists in candidate_lists(self.needs, self.chosen):
            self.starts |= self._meet(lists)

    def able(self, id: int, count: int) -> int:
        """Starts at which at least ``count`` units of the resource are free; reckoned when it is first asked for, since a
        choice of one person leaves the others out."""
        found = self._able.get((id, count))
        if found is None:
            found = self._able[id, count] = self.sweep.able(id, count, **self.which)
        return found

    def _meet(self, lists: Sequence[tuple[int, ...]]) -> int:
        found = self.sweep.all
        for need, candidates in zip(self.needs, lists, strict=True):
            some = 0
            for id in candidates:
                some |= self.able(id, need.count)
            found &= some
            if not found:
                return 0
        return self._distinct(found, lists) if self.shared else found

    def _distinct(self, starts: int, lists: Sequence[tuple[int, ...]]) -> int:
        """Of ``starts``, those where distinct resources can be found; equal situations are decided once."""
        found, known = 0, {}
        while starts:
            low = starts & -starts
            starts ^= low
            able = tuple(
                tuple(id for id in candidates if self.able(id, need.count) & low)
                for need, candidates in zip(self.needs, lists, strict=True)
            )
            if able not in known:
                known[able] = _distinct_exists(able)
            if known[able]:
                found |= low
        return found

    def choosable(self, index: int) -> tuple[int, ...]:
        """Those whom a customer may choose at this start and with whom the whole booking is possible."""
        bit = 1 << index
        if not self.shared and not self.chosen:
            return self._choices[index] if self.starts & bit else ()
        found = []
        for need in self.needs:
            for id in need.candidates if need.choosable else ():
                if id not in found and self.able(id, need.count) & bit and self._possible_with(id, bit):
                    found.append(id)
        return tuple(sorted(found, key=self.sweep.order))

    @cached_property
    def _choices(self) -> list[tuple[int, ...]]:
        """Per start, the choosable resources that are free: the sets turned over once."""
        ids = sorted({id for need in self.needs if need.choosable for id in need.candidates}, key=self.sweep.order)
        size = len(self.sweep.grid)
        if not ids:
            return [()] * size
        counts = {id: need.count for need in self.needs if need.choosable for id in need.candidates}
        rows = [f"{self.able(id, counts[id]):0{size}b}".encode().translate(_BITS) for id in ids]
        found = [tuple(compress(ids, column)) for column in zip(*rows, strict=True)]
        found.reverse()
        return found

    def _possible_with(self, id: int, bit: int) -> bool:
        return any(self._meet_at(lists, bit) for lists in candidate_lists(self.needs, self.chosen | {id}))

    def _meet_at(self, lists: Sequence[tuple[int, ...]], bit: int) -> bool:
        able = tuple(
            tuple(id for id in candidates if self.able(id, need.count) & bit)
            for need, candidates in zip(self.needs, lists, strict=True)
        )
        return all(able) and _distinct_exists(able)


_BITS = bytes.maketrans(b"01", b"\0\1")


def _distinct_exists(able: Sequence[Sequence[int]]) -> bool:
    """True when each need can have a resource of its own (augmenting paths)."""
    owner: dict[int, int] = {}

    def place(need: int, seen: set[int]) -> bool:
        for id in able[need]:
            if id not in seen:
                seen.add(id)
                if id not in owner or place(owner[id], seen):
                    owner[id] = need
                    return True
        return False

    return all(place(need, set()) for need in range(len(able)))
