"""One small shop, for tests that look at one rule at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from scheduling import availability
from scheduling.availability import Ask, Length, Location, Need, Resource, Service, Slot, Taken
from scheduling.hours import Timetable, Window

BERLIN = "Europe/Berlin"
ANN, BEN, ROOM = 1, 2, 3
MONDAY = date(2026, 6, 1)


def every_day(*windows: Window) -> Timetable:
    """The same windows on all seven days."""
    return Timetable(weekly=(windows,) * 7)


def minute(text: str, zone: str = BERLIN, *, fold: int = 0) -> int:
    """The UTC minute of a local time like ``2026-06-01 09:00``."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return int(local.timestamp()) // 60


def person(id: int, units: int = 1, **facts: Any) -> Resource:
    """A resource whose units are numbered id0, id1, …"""
    return replace(
        Resource(id=id, order=id, units=tuple(id * 10 + n for n in range(units)), absence_zone=BERLIN), **facts
    )


@dataclass
class Shop:
    """Open from nine to noon every day, one person, an hour's visit on the half hour; each test bends what it is about."""

    zone: str = BERLIN
    timetable: Timetable = field(default_factory=lambda: every_day((540, 720)))
    people: Sequence[Resource] = (person(ANN),)
    service: Service = field(
        default_factory=lambda: Service(
            id=1, lengths=(Length(60),), needs=(Need(candidates=(ANN,)),), step=30, horizon_days=20_000
        )
    )
    taken: Taken = field(default_factory=Taken)
    now: str = "2000-01-01 00:00"

    def ask(self, first: date, last: date | None = None, **facts: Any) -> Ask:
        now = minute(self.now, self.zone) * 60
        plain = Ask(first=first, last=last or first, now_seconds=now, length=self.service.lengths[0])
        return replace(plain, **facts)

    @property
    def resources(self) -> Mapping[int, Resource]:
        return {each.id: each for each in self.people}

    @property
    def location(self) -> Location:
        return Location(id=1, zone=self.zone, timetable=self.timetable)

    def slots(self, first: date, last: date | None = None, **facts: Any) -> list[Slot]:
        ask = self.ask(first, last, **facts)
        return availability.slots(self.service, self.location, self.resources, self.taken, ask)

    def times(self, first: date, last: date | None = None, **facts: Any) -> list[str]:
        """The starts as customers read them, with the offset where a time comes twice."""
        return [self.label(slot.start) for slot in self.slots(first, last, **facts)]

    def reasons(self, day: date, **facts: Any) -> dict[str, str | None]:
        """What is said of each start inside opening hours."""
        return {self.label(slot.start): slot.reason for slot in self.slots(day, include_taken=True, **facts)}

    def at(self, text: str, *, fold: int = 0, **facts: Any) -> Slot:
        start = minute(text, self.zone, fold=fold)
        ask = self.ask(date.fromisoformat(text[:10]), **facts)
        return availability.at(self.service, self.location, self.resources, self.taken, ask, start)

    def assign(
        self, text: str, best: Mapping[int, Sequence[int]] | None = None, **facts: Any
    ) -> availability.Assignment | None:
        """Who serves, where ``best`` orders the candidates of a need; by id otherwise."""
        ask = self.ask(date.fromisoformat(text[:10]), **facts)
        start = minute(text, self.zone)

        def rank(need: int, ids: Sequence[int]) -> Sequence[int]:
            return [id for id in (best or {}).get(need, sorted(ids)) if id in ids]

        return availability.assign(self.service, self.location, self.resources, self.taken, ask, start, rank)

    def with_service(self, **facts: Any) -> Shop:
        return replace(self, service=replace(self.service, **facts))

    def label(self, start: int) -> str:
        return datetime.fromtimestamp(start * 60, UTC).astimezone(ZoneInfo(self.zone)).strftime("%H:%M")
