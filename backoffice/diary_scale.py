"""The day to scale: where each line, block and closed time of a column stands, in pixels from its top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from backoffice.diary_grid import Cell, Row
from backoffice.diary_lines import Line, clock_at
from models.diary import Blocked
from rules import diary
from scheduling.intervals import Interval, subtract, union
from web.locale import words

QUARTER_HIGH = 20
LEAST = 18


@dataclass(frozen=True, slots=True)
class Box:
    """``y`` and ``high`` are pixels, ``x`` and ``wide`` per cent of the column; a line, a block, or closed time."""

    y: int
    high: int
    x: float = 0
    wide: float = 100
    line: Line | None = None
    block: Blocked | None = None
    time: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One row of the day, standing up."""

    row: Row
    cell: Cell
    shut: list[Box]
    boxes: list[Box]


@dataclass(frozen=True, slots=True)
class Scale:
    """The whole day: its columns, the hours beside them (``y`` and words), where now is, and from when it is drawn (UTC
    minutes)."""

    columns: list[Column]
    hours: list[tuple[int, str]]
    high: int
    now: int | None
    begin: int


def scale(rows: Sequence[Row], frame: Interval, now: int, zone: ZoneInfo) -> Scale:
    """The columns of these rows (of one day each) over the minutes of ``frame``."""
    begin, end = frame
    hours = [(y_of(minute, begin), clock_at(minute, zone)) for minute in range(begin, end, 60)]
    columns = [_column(row, row.cells[0], frame) for row in rows]
    return Scale(columns, hours, y_of(end, begin), y_of(now, begin) if begin <= now < end else None, begin)


def y_of(minute: int, begin: int) -> int:
    """Pixels from the top."""
    return round((minute - begin) * QUARTER_HIGH / 15)


def _column(row: Row, cell: Cell, frame: Interval) -> Column:
    begin, _ = frame
    shut = [Box(y_of(low, begin), y_of(high, low)) for low, high in subtract([frame], union(cell.open))]
    things: list[Line | Blocked] = sorted([*cell.lines, *cell.blocks], key=lambda each: (each.start, each.end))
    spans = [(max(each.start, begin), max(min(each.end, frame[1]), begin)) for each in things]
    boxes = [
        _box(each, span, place, cell, frame)
        for each, span, place in zip(things, spans, diary.lanes(spans), strict=True)
    ]
    return Column(row, cell, shut, boxes)


def _box(thing: Line | Blocked, span: Interval, place: tuple[int, int], cell: Cell, frame: Interval) -> Box:
    lane, of = place
    y, wide = y_of(span[0], frame[0]), 100 / of
    high = max(LEAST, y_of(span[1], span[0]) - 1)
    x = round(lane * wide, 2)
    if isinstance(thing, Blocked):
        return Box(y, high, x, round(wide, 2), block=thing, time=thing.title or words().gettext("blocked"))
    return Box(y, high, x, round(wide, 2), line=thing, time=thing.at(cell.day.span))
