"""The diary as rows and cells: one row a person or thing, one cell a day, in it what the day has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from zoneinfo import ZoneInfo

from backoffice.diary_lines import Line, clock_at, together
from backoffice.diary_strip import strip
from backoffice.frame import initials
from models.diary import Blocked
from rules import diary
from rules.diary_hours import day_of, in_hours, open_hours
from rules.facts import Catalogue, Location, Resource
from scheduling.intervals import Interval, Intervals, union
from web.locale import words


@dataclass(frozen=True, slots=True)
class Day:
    """One local date: from when to when it lasts and the house is open; ``aside`` is what its head says."""

    date: date
    span: Interval
    open: Intervals
    head: str
    full: str
    aside: str
    today: bool
    closed: bool


@dataclass(slots=True)
class Cell:
    """What one row has on one day. ``lines`` are those that are drawn, ``more`` how many are not."""

    day: Day
    key: str
    lines: list[Line] = field(default_factory=list)
    more: int = 0
    absent: str = ""
    blocks: list[Blocked] = field(default_factory=list)
    strip: str = ""
    share: str = ""
    open: Intervals = field(default_factory=list)
    taken: list[tuple[int, int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Row:
    """A person or thing with its cells; ``folded`` ones show strips, and lines only for what takes nobody's time."""

    id: int
    slug: str
    name: str
    kind: str
    initials: str
    folded: bool
    aside: str = ""
    cells: list[Cell] = field(default_factory=list)


def days(
    places: Sequence[Location], first: date, last: date, today: date, lines: Sequence[Line], zone: str
) -> list[Day]:
    """The dates of a view with what their heads say; a quiet weekend is left out of a week, unless it is today."""
    say, house = words(), open_hours(places, first, last)
    found = []
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        begin, end = day_of(zone, day)
        count = sum(begin <= line.start < end for line in lines)
        is_open = diary.within(house, begin, end)
        named = next((each.day_names[day] for each in places if day in each.day_names), None)
        aside = say.ngettext("%(n)s booked", "%(n)s booked", count)
        if not count and not is_open:
            aside = say.text(named) if named else say.gettext("closed")
        found.append(
            Day(
                date=day,
                span=(begin, end),
                open=is_open,
                head=say.date(day, "head"),
                full=say.date(day, "long", today=today),
                aside=say.gettext("today") if day == today and count + len(is_open) else aside,
                today=day == today,
                closed=not is_open,
            )
        )
    if len(found) != 7:
        return found
    busy = [
        not each.closed or any(line.start < each.span[1] and line.end > each.span[0] for line in lines)
        for each in found
    ]
    now = next((index for index, each in enumerate(found) if each.today), None)
    return [found[index] for index in diary.worth_a_column(busy, now)]


class Grid:
    """Lays lines and blocks into rows and cells. ``whole`` when no booking of the days is left out: only then a share of the
    time means something."""

    def __init__(
        self,
        known: Catalogue,
        places: Sequence[Location],
        days_: Sequence[Day],
        lines: Sequence[Line],
        blocks: Sequence[Blocked],
        *,
        whole: bool,
    ) -> None:
        self.known, self.places, self.days, self.whole = known, places, days_, whole
        self.zone = ZoneInfo(places[0].timezone)
        self.lines: dict[int, list[Line]] = defaultdict(list)
        for line in lines:
            for id in line.view.resource_ids:
                self.lines[id].append(line)
        self.blocks: dict[int, list[Blocked]] = defaultdict(list)
        for each in blocks:
            for id in each.resources:
                self.blocks[id].append(each)
        self.frames = [diary.frame([*day.open, *_inside(lines, day.span)], *day.span) for day in days_]
        low = min(frame[0] - day.span[0] for frame, day in zip(self.frames, days_, strict=True))
        high = max(frame[1] - day.span[0] for frame, day in zip(self.frames, days_, strict=True))
        self.frame = (low, high)

    def rows(self, resources: Iterable[Resource], *, fold: bool) -> list[Row]:
        """The rows of these people and things, in their order."""
        return [self._row(each, fold=fold) for each in resources]

    def _row(self, resource: Resource, *, fold: bool) -> Row:
        name, person = words().text(resource.name), resource.kind == "staff"
        row = Row(resource.id, resource.slug, name, resource.kind, initials(name), folded=not person)
        first, last = self.days[0].date, self.days[-1].date
        own = in_hours(resource, self.places, first, last)
        house = open_hours([each for each in self.places if each.id in resource.at], first, last)
        row.cells = [self._cell(resource, row, day, own, house, fold=fold) for day in self.days]
        if person and self.whole:
            row.aside = self._free(row)
        return row

    def _cell(self, resource: Resource, row: Row, day: Day, own: Intervals, house: Intervals, *, fold: bool) -> Cell:
        begin, end = day.span
        here = [line for line in self.lines[resource.id] if line.start < end and line.end > begin]
        cell = Cell(day, f"{resource.slug}:{day.date.isoformat()}", open=diary.within(own, begin, end))
        cell.blocks = [each for each in self.blocks[resource.id] if each.start < end and each.end > begin]
        cell.taken = [(line.start, line.end, line.view.status) for line in here]
        cell.taken += [(each.start, each.end, "block") for each in cell.blocks]
        told = diary.absence(diary.within(house, begin, end), cell.open)
        cell.absent = self._absent(told)
        named = together([line for line in here if not row.folded or not line.view.staff])
        drawn = diary.fold(len(named)) if fold else len(named)
        cell.lines, cell.more = named[:drawn], len(named) - drawn
        cell.strip = strip(cell.open, cell.taken, begin, self.frame)
        if row.folded and self.whole:
            cell.share = self._share(cell)
        return cell

    def _absent(self, told: tuple[str, int] | None) -> str:
        if told is None:
            return ""
        if told[0] == "out":
            return words().gettext("not in")
        return words().gettext("in from %(time)s", time=clock_at(told[1], self.zone))

    @staticmethod
    def _share(cell: Cell) -> str:
        percent = diary.share([(low, high) for low, high, _ in cell.taken], cell.open)
        return "" if percent is None else words().gettext("%(n)s %% taken", n=percent)

    @staticmethod
    def _free(row: Row) -> str:
        """``2 of 36 h free``, in whole hours."""
        whole = sum(diary.length(cell.open) for cell in row.cells)
        used = sum(
            diary.length(diary.both(cell.open, union((low, high) for low, high, _ in cell.taken))) for cell in row.cells
        )
        if not whole:
            return ""
        return words().gettext("%(free)s of %(hours)s h free", free=(whole - used) // 60, hours=round(whole / 60))


def _inside(lines: Sequence[Line], span: Interval) -> list[Interval]:
    """What begins and ends in a day: a van that is out for three days does not make them longer."""
    return [(line.start, line.end) for line in lines if line.start >= span[0] and line.end <= span[1]]
