"""Random businesses around the days on which clocks change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from scheduling.availability import Ask, Length, Location, Need, OpenSession, Resource, Service, Taken
from scheduling.hours import Absence, Timetable, Window

DAYS = [
    ("Europe/Berlin", date(2026, 3, 29)),
    ("Europe/Berlin", date(2026, 10, 25)),
    ("America/New_York", date(2026, 3, 8)),
    ("America/New_York", date(2026, 11, 1)),
    ("Australia/Lord_Howe", date(2026, 4, 5)),
    ("Australia/Lord_Howe", date(2026, 10, 4)),
    ("America/Havana", date(2026, 3, 8)),
    ("America/Havana", date(2026, 11, 1)),
    ("America/Nuuk", date(2026, 3, 28)),
    ("America/Nuuk", date(2026, 10, 24)),
    ("America/St_Johns", date(2006, 10, 29)),
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Asia/Shanghai", date(2028, 2, 29)),
    ("Asia/Kathmandu", date(2026, 12, 31)),
]


@dataclass
class Business:
    """Everything that a question needs, and the date near which it all happens."""

    service: Service
    location: Location
    resources: dict[int, Resource]
    taken: Taken
    ask: Ask
    middle: date


USUAL: list[tuple[Window, ...]] = [
    ((540, 1020),),
    ((0, 1440),),
    ((0, 1440),),
    ((480, 720), (720, 900)),
    ((1320, 1800),),
    ((0, 360),),
    ((0, 1440),),
]


def business(number: int) -> Business:
    """The business of this number, what it has taken, and a question; evenly spread, so that many have something to
    offer."""
    return _Maker(Random(number)).business()


class _Maker:
    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.zone, self.middle = rng.choice(DAYS)
        self.near = [self.middle + timedelta(days=n) for n in (-1, 0, 1)]
        self.base = int(datetime.combine(self.middle, datetime.min.time(), UTC).timestamp()) // 60

    def one_in(self, n: int) -> bool:
        return self.rng.randrange(n) == 0

    def business(self) -> Business:
        rng = self.rng
        people = list(range(1, rng.choice([1, 2, 3, 3, 4]) + 1))
        resources = {id: self.resource(id) for id in people}
        service = self.service(people)
        location = Location(1, self.zone, self.timetable(house=True))
        return Business(service, location, resources, self.taken(service, resources), self.ask(service), self.middle)

    def windows(self) -> tuple[Window, ...]:
        rng = self.rng
        if not self.one_in(4):
            return rng.choice(USUAL)
        starts = [rng.randrange(48) * 30 for _ in range(rng.randint(1, 2))]
        return tuple((start, min(2880, start + 30 * rng.randint(1, 36))) for start in starts)

    def timetable(self, *, house: bool) -> Timetable:
        rng = self.rng
        week = [self.windows()] * 7
        for _ in range(rng.randint(0, 3)):
            week[rng.randrange(7)] = self.windows()

        def some(rare: int) -> list[date]:
            return [day for day in self.near if self.one_in(rare)]

        return Timetable(
            weekly=tuple(week),
            special={day: self.windows() for day in some(6)},
            works_as={day: rng.randrange(7) for day in some(6)} if house else {},
            closed=frozenset(some(20)),
            holidays=frozenset(some(12)) if house else frozenset(),
        )

    def resource(self, id: int) -> Resource:
        rng = self.rng
        units = tuple(id * 10 + n for n in range(rng.choice([1, 2, 2, 3])))
        return Resource(
            id=id,
            order=-id,
            units=units,
            timetable=self.timetable(house=False) if self.one_in(4) else None,
            absences=tuple(self.absence(units) for _ in range(rng.choice([0, 0, 0, 1, 2]))),
            absence_zone="America/New_York" if self.one_in(8) else self.zone,
        )

    def absence(self, units: Sequence[int]) -> Absence:
        rng = self.rng
        day = datetime.combine(rng.choice(self.near), datetime.min.time())
        unit = rng.choice([None, *units])
        if self.one_in(2):
            return Absence(day, day + timedelta(days=rng.randint(1, 2)), unit, whole_days=True)
        begin = day + timedelta(minutes=15 * rng.randrange(96))
        return Absence(begin, begin + timedelta(minutes=15 * rng.randint(1, 40)), unit)

    def service(self, people: Sequence[int]) -> Service:
        rng = self.rng
        needs = tuple(
            Need(
                candidates=tuple(rng.sample(people, rng.randint((len(people) + 1) // 2, len(people)))),
                count=rng.choice([1, 1, 1, 1, 2]),
                choosable=self.one_in(2),
            )
            for _ in range(rng.choice([1, 1, 1, 2, 2, 3]))
        )
        overnight = self.one_in(4)
        lengths = [Length(30), Length(45), Length(60), Length(150), Length(600), Length(days=1)]
        return Service(
            id=1,
            lengths=(rng.choice([Length(600), Length(days=1), Length(days=2)] if overnight else lengths),),
            needs=needs,
            buffer_before=rng.choice([0, 0, 10, 60]),
            buffer_after=rng.choice([0, 0, 15, 45]),
            step=rng.choice([15, 20, 30, 60, 90]),
            starts=self.starts() if self.one_in(4) else None,
            overnight=overnight,
            min_notice=rng.choice([0, 0, 0, 60, 1440]),
            horizon_days=rng.choice([60, 60, 60, 60, 60, 1, 0]),
            seats=rng.choice([1, 1, 4]),
            timetable=self.timetable(house=False) if self.one_in(6) else None,
            per_day=2 if self.one_in(5) else None,
        )

    def starts(self) -> tuple[tuple[int, ...], ...]:
        fixed = [0, 90, 120, 150, 540, 615, 900, 1380, 1439]
        return tuple(tuple(self.rng.sample(fixed, self.rng.randint(0, 6))) for _ in range(7))

    def ask(self, service: Service) -> Ask:
        rng = self.rng
        first, last = sorted([rng.choice(self.near), rng.choice(self.near)])
        choice = sorted({id for need in service.needs if need.choosable for id in need.candidates})
        wishes = rng.sample(choice, min(len(choice), rng.randint(1, 2))) if self.one_in(3) else []
        return Ask(
            first=first,
            last=last,
            now_seconds=self.base * 60 + rng.choice([-200_000, -200_000, -100_000, -86_400, -3_599, 30_061]),
            length=service.lengths[0],
            seats=rng.randint(1, service.seats),
            chosen=frozenset(wishes),
            include_taken=self.one_in(2),
        )

    def taken(self, service: Service, resources: Mapping[int, Resource]) -> Taken:
        rng = self.rng
        busy = {unit: self.stays() for each in resources.values() for unit in each.units}
        held = {unit: [each for each in stays if self.one_in(3)] for unit, stays in busy.items()}
        many = service.seats > 1
        return Taken(
            busy=busy,
            held=held,
            sessions=[self.session(id, service, resources) for id in range(1, rng.randint(1, 6))] if many else (),
            per_day={day: rng.randint(0, 3) for day in self.near} if service.per_day else {},
        )

    def stays(self) -> list[tuple[int, int]]:
        rng = self.rng
        begins = [self.base + 5 * rng.randint(-36 * 12, 60 * 12) for _ in range(rng.choice([0, 1, 4, 8]))]
        return [(begin, begin + rng.choice([15, 60, 90, 240])) for begin in begins]

    def session(self, id: int, service: Service, resources: Mapping[int, Resource]) -> OpenSession:
        rng = self.rng
        local = datetime.combine(rng.choice(self.near), datetime.min.time(), ZoneInfo(self.zone))
        start = int((local + timedelta(minutes=rng.choice([0, 90, 540, 600, 605, 900, 1380]))).timestamp()) // 60
        who = tuple(rng.sample(sorted(resources), rng.randint(1, min(2, len(resources)))))
        return OpenSession(id, start, start + 60, start, start + 60, who, rng.randint(1, service.seats), id * 7 % 5)
