"""Why a start is not a slot: the one decision of ``availability``, asked again with some of its facts left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from scheduling import availability, hours
from scheduling.availability import Ask, Location, Need, Resource, Service, Taken, candidate_lists
from scheduling.hours import Timetable

# Rules of the time itself; and those about who is there, the lighter first, in the order in which they give way.
OF_THE_TIME = frozenset({"grid", "notice", "horizon", "limits"})
GIVING_WAY = tuple(
    frozenset(each)
    for each in ((), ("buffers",), ("hours",), ("hours", "buffers"), ("hours", "away"), ("hours", "away", "buffers"))
)
_ALWAYS = ((0, hours.DAY),)
_NO_NOTICE, _NO_HORIZON = -(10**9), 10**7
_ANYTHING = -1


@dataclass(frozen=True, slots=True)
class Fault:
    """One rule that does not hold for a start, and in which way; ``resource`` and ``need`` where it is about them."""

    rule: str
    why: str
    resource: int | None = None
    need: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A question about one start. ``core`` is what is taken when everybody's buffers are left out."""

    service: Service
    location: Location
    resources: Mapping[int, Resource]
    taken: Taken
    core: Taken
    ask: Ask
    start: int

    def holds(self) -> bool:
        """True when the start is a slot."""
        facts = (self.service, self.location, self.resources, self.taken, self.ask, self.start)
        return availability.at(*facts, choices=False).reason is None

    def without(self, *rules: str) -> Case:
        """The same question with these rules left out."""
        service, location, resources = lifted(self.service, self.location, self.resources, frozenset(rules))
        taken = self.core if "buffers" in rules else self.taken
        return replace(self, service=service, location=location, resources=resources, taken=taken)


def lifted(
    service: Service, location: Location, resources: Mapping[int, Resource], rules: frozenset[str]
) -> tuple[Service, Location, Mapping[int, Resource]]:
    """The facts with these rules left out: grid, notice (the past, too), horizon, limits, buffers (the service's own),
    hours (of the house, the service and the resources), away (time off)."""
    if "grid" in rules:
        service = replace(service, step=1, starts=None)
    if "notice" in rules:
        service = replace(service, min_notice=_NO_NOTICE)
    if "horizon" in rules:
        service = replace(service, horizon_days=_NO_HORIZON)
    if "limits" in rules:
        service = replace(service, per_day=None)
    if "buffers" in rules:
        service = replace(service, buffer_before=0, buffer_after=0)
    if "hours" in rules:
        service = replace(service, timetable=None)
        location = _always_open(location)
        resources = {id: replace(each, timetable=None) for id, each in resources.items()}
    if "away" in rules:
        resources = {id: replace(each, absences=()) for id, each in resources.items()}
    return service, location, resources


def _always_open(location: Location) -> Location:
    """Open at any time; a date that is worked as another weekday still picks the hours of the others."""
    week = Timetable(weekly=(_ALWAYS,) * 7, works_as=location.timetable.works_as)
    return replace(location, timetable=week)


def giving_way(case: Case) -> frozenset[str] | None:
    """The lightest set of hours, away and buffers without which the start could be had, the rules of the time apart; None
    when nothing helps: the time itself is taken, or nobody can do it."""
    for rules in GIVING_WAY:
        if case.without(*OF_THE_TIME, *rules).holds():
            return rules
    return None


def faults(case: Case) -> list[Fault]:
    """Every rule that keeps the start from being a slot: none exactly when it is one. Of several people who could serve,
    each is named with what keeps her."""
    if case.holds():
        return []
    if not hours.on_calendar(case.start):
        return [Fault("grid", "calendar")]
    return [*of_the_time(case), *_of_the_place(case)]


def of_the_time(case: Case) -> Iterator[Fault]:
    """Grid, notice, horizon and the cap of the day."""
    service, ask, zone = case.service, case.ask, case.location.zone
    day = hours.local_date(zone, case.start)
    if case.start not in availability.grid_of(service, case.location, day):
        yield Fault("grid", "starts" if service.starts is not None else "step")
    if case.start * 60 < ask.now_seconds:
        yield Fault("notice", "past")
    elif case.start * 60 < ask.now_seconds + service.min_notice * 60:
        yield Fault("notice", "short")
    if (day - hours.local_date(zone, ask.now_seconds // 60)).days > service.horizon_days:
        yield Fault("horizon", "far")
    if service.per_day is not None and case.taken.per_day.get(day, 0) >= service.per_day:
        yield Fault("limits", "per_day")


def _of_the_place(case: Case) -> Iterator[Fault]:
    if case.ask.seats > case.service.seats:
        yield Fault("seats", "too_many")
        return
    plain = case.without(*OF_THE_TIME)
    if plain.holds():
        return
    if any(each.start == case.start and case.ask.chosen <= set(each.resources) for each in case.taken.sessions):
        yield Fault("seats", "full")
        return
    shut = list(of_the_house(plain))
    yield from shut
    yield from _of_the_needs(plain.without("hours") if shut else plain, shut=bool(shut))


def of_the_house(case: Case) -> Iterator[Fault]:
    """The hours of the house, and of the service where it has its own."""
    anything = Resource(id=_ANYTHING, order=0, units=(_ANYTHING,))
    empty = replace(
        case.without(*OF_THE_TIME),
        resources={_ANYTHING: anything},
        taken=Taken(),
        ask=replace(case.ask, chosen=frozenset(), seats=1),
    )
    service = replace(empty.service, needs=(Need((_ANYTHING,)),), seats=1)
    if not replace(empty, service=replace(service, timetable=None)).holds():
        yield Fault("open", "house")
    if not replace(empty, service=service, location=_always_open(case.location)).holds():
        yield Fault("open", "service")


def _of_the_needs(case: Case, *, shut: bool) -> Iterator[Fault]:
    lists = next(candidate_lists(case.service.needs, case.ask.chosen), None)
    if lists is None:
        yield Fault("needs", "chosen")
        return
    unmet = False
    for index, (need, candidates) in enumerate(zip(case.service.needs, lists, strict=True)):
        if not candidates:
            yield Fault("needs", "nobody", need=index)
        if not any(_only(case, id, need.count).holds() for id in candidates):
            unmet = True
            for id in candidates:
                yield from (replace(each, need=index) for each in of_resource(case, id, need.count))
    if not unmet and not (shut and case.holds()):
        yield Fault("needs", "together")


def _only(case: Case, id: int, count: int) -> Case:
    """The question whether this one resource could serve, whoever else is needed."""
    service = replace(case.service, needs=(Need((id,), count),), seats=1)
    ask = replace(case.ask, chosen=frozenset(), seats=1)
    taken, core = replace(case.taken, sessions=()), replace(case.core, sessions=())
    return replace(case, service=service, ask=ask, taken=taken, core=core)


def of_resource(case: Case, id: int, count: int) -> list[Fault]:
    """What keeps ``count`` units of one resource from serving: its hours, its time off, the buffers around other visits, or
    such a visit itself. None when it can; the rules of the time and the hours of the house are left to others."""
    one = _only(case.without(*OF_THE_TIME), id, count)
    rules = _lightest(one)
    if rules is not None:
        return [_GIVES_WAY[each](id) for each in rules]
    idle = _lightest(replace(one, taken=Taken(), core=Taken())) or ()
    return [*(_GIVES_WAY[each](id) for each in idle), Fault("free", "taken", id)]


def _lightest(one: Case) -> tuple[str, ...] | None:
    for rules in _OF_ONE:
        if one.without(*rules).holds():
            return rules
    return None


_OF_ONE = (
    (), ("buffers",), ("hours",), ("away",), ("hours", "buffers"), ("away", "buffers"), ("hours", "away"),
    ("hours", "away", "buffers"),
)  # fmt: skip
_GIVES_WAY: dict[str, Callable[[int], Fault]] = {
    "hours": lambda id: Fault("open", "hours", id),
    "away": lambda id: Fault("open", "away", id),
    "buffers": lambda id: Fault("buffers", "taken", id),
}


def of_the_assigned(case: Case, assigned: Iterable[tuple[int, int]]) -> list[Fault]:
    """What has to be set aside so that these resources, ``(id, count)`` each, serve at the start."""
    plain = case.without(*OF_THE_TIME)
    shut = list(of_the_house(plain))
    there = plain.without("hours") if shut else plain
    return [*of_the_time(case), *shut, *(fault for id, count in assigned for fault in of_resource(there, id, count))]
