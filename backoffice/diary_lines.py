"""One booking as a line of the diary: its time, its name within the rights of who looks, its status."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from backoffice import access
from models.bookings import BookingView
from rules.facts import Catalogue
from scheduling.intervals import Interval
from web.locale import words
from wire.booking import STATUS
from wire.desk import shown

ICONS = {
    "requested": "question",
    "arrived": "door",
    "completed": "checks",
    "no_show": "missed",
    "cancelled": "close",
    "declined": "barred",
    "expired": "dashed",
}
OPEN = ("requested", "confirmed")
GONE = ("cancelled", "declined", "expired")


@dataclass(slots=True)
class Line:
    """``start`` and ``end`` are UTC minutes; ``movable`` when who looks may move it. A class is one line: ``members`` are its
    bookings, ``count`` says how many seats of how many are taken."""

    view: BookingView
    start: int
    end: int
    begins: str
    ends: str
    name: str
    service: str
    status: str
    icon: str
    movable: bool
    seats: int = 1
    members: tuple[Line, ...] = ()
    count: str = ""

    def at(self, day: Interval) -> str:
        """Its time on a day: ``08:40``; ``–10:00`` where it began the day before, ``all day`` where it neither begins nor
        ends."""
        if self.start >= day[0]:
            return self.begins
        return f"–{self.ends}" if self.end <= day[1] else words().gettext("all day")

    @property
    def told(self) -> str:
        """What a reader hears after time and name."""
        say = words()
        if self.members:
            heard = say.ngettext("%(n)s booking", "%(n)s bookings", len(self.members))
            return f"{say.comma}{heard}"
        comma = say.comma
        return f"{comma}{self.service}{comma}{self.status}"


def lines_of(views: list[BookingView], known: Catalogue, zone: ZoneInfo) -> list[Line]:
    """The lines of these bookings, in their order."""
    say, by = words(), access.viewer()
    seats = {each.slug: each.seats for each in known.service_by_id.values()}
    services = {each.slug: say.text(each.name) for each in known.service_by_id.values()}
    statuses = {status: say.gettext(text) for status, text in STATUS.items()}
    places = {each.slug: each.id for each in known.location_by_id.values()}
    unnamed = say.gettext("a customer")
    found = []
    for view in views:
        seen = shown(by, view).view
        movable = view.status in OPEN and by.reaches(
            "booking.change", location=places[view.location], resources=view.resource_ids
        )
        found.append(
            Line(
                view=seen,
                start=minute_of(view.start),
                end=minute_of(view.end),
                begins=_clock(view.start, zone),
                ends=_clock(view.end, zone),
                name=seen.name or unnamed,
                service=services[view.service],
                status=statuses[view.status],
                icon=ICONS.get(view.status, ""),
                movable=movable,
                seats=seats[view.service],
            )
        )
    return found


def together(lines: Sequence[Line]) -> list[Line]:
    """The same with the bookings of one class as one line, where the first of them was; a booking alone stays what it is."""
    whose: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        if line.seats > 1 and line.view.status not in GONE:
            whose[line.view.session_id].append(line)
    found, drawn = [], set()
    for line in lines:
        class_ = whose.get(line.view.session_id, [])
        if len(class_) < 2 or line not in class_:
            found.append(line)
        elif line.view.session_id not in drawn:
            drawn.add(line.view.session_id)
            found.append(_session(class_))
    return found


def _session(lines: Sequence[Line]) -> Line:
    """One line for a class: it waits for somebody as long as one of its bookings does."""
    first = next((each for each in lines if each.view.status == "requested"), lines[0])
    taken = sum(each.view.seats for each in lines)
    return replace(
        first, name=first.service, movable=False, members=tuple(lines), count=f"{taken}/{max(first.seats, taken)}"
    )


def minute_of(at: datetime) -> int:
    """An instant as UTC minutes."""
    return int(at.timestamp()) // 60


def instant(minute: int) -> datetime:
    """UTC minutes as an instant."""
    return datetime.fromtimestamp(minute * 60, UTC)


def _clock(at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    return f"{local.hour:02}:{local.minute:02}"


def clock_at(minute: int, zone: ZoneInfo) -> str:
    """UTC minutes as ``08:40``."""
    return _clock(instant(minute), zone)
