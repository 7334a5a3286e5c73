"""The figures of a period beside those of the period before, kept until anything has changed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session as OrmSession

from models import figure_time
from models.daily import summed
from models.feedback_queries import satisfaction
from models.figures import ALL, Cells, Which, cells
from reports.utilisation import Use, bookable, by_kind, taken_by_hour
from rules import periods
from rules.facts import Catalogue, Location
from rules.feedback import Marks
from rules.figures import Counts
from rules.periods import Period
from rules.use import Hours

KEPT = 64
NOTHING, NO_MARKS = Counts(), Marks()


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody asks for: a period, at some places (ids), of one service or with one resource, split by the answers to
    one question (service id and key)."""

    period: Period
    locations: tuple[int, ...]
    service: int | None = None
    resource: int | None = None
    split: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Of:
    """What one period counts: bookings by kind and key, visits and searches by service and source, the use of time
    (nothing for the period before), and the stars that customers gave."""

    period: Period
    cells: Cells
    visits: Mapping[tuple[str, int, int], int]
    use: Use
    marks: Marks = NO_MARKS

    @property
    def all(self) -> Counts:
        """Everything together."""
        return self.cells[ALL].get("", NOTHING)

    def by(self, kind: str, key: object) -> Counts:
        """What one key counts."""
        return self.cells.get(kind, {}).get(str(key), NOTHING)

    def visited(self, source: int | None = None) -> int:
        """Visits of a source (0: none), or of all."""
        return sum(n for (step, _, by), n in self.visits.items() if step == "visit" and source in (None, by))

    def not_found(self, service: int | None = None) -> int:
        """Searches that found no free time, for one service or all."""
        wanted = ("search_empty",)
        return sum(n for (step, of, _), n in self.visits.items() if step in wanted and service in (None, of))


@dataclass(frozen=True, slots=True)
class Figures:
    """A period, the one before it, and the sources that customers came by."""

    now: Of
    then: Of
    sources: tuple[Any, ...]


_kept: OrderedDict[tuple[Any, ...], Figures] = OrderedDict()
_lock = Lock()


def read(session: OrmSession, known: Catalogue, ask: Ask, *, today: date) -> Figures:
    """The figures, in a fixed number of queries however long the period; in one while nothing has changed. ``today`` by the
    clock of the house."""
    where = str(session.get_bind().engine.url)
    key = (where, ask, today, figure_time.version(session, periods.before(periods.named("today", today)).first))
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = _read(session, known, ask)
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def forget() -> None:
    """Drops what is kept, for tests and measurements."""
    _kept.clear()


def _read(session: OrmSession, known: Catalogue, ask: Ask) -> Figures:
    places = [known.location_by_id[id] for id in ask.locations]
    now = _of(session, known, ask, ask.period, places)
    then = _of(session, known, ask, periods.before(ask.period), [])
    return Figures(now, then, tuple(figure_time.sources(session)))


def _of(session: OrmSession, known: Catalogue, ask: Ask, period: Period, places: list[Location]) -> Of:
    """``places`` are those whose use of time is wanted. What one resource does is counted there and then, the rest is a sum
    of days."""
    answers = (ask.split,) if ask.split else ()
    which = Which(ask.locations, period.first, period.last, ask.service, ask.resource, known.customers_reasons, answers)
    marks = satisfaction(session, which)
    visits = figure_time.visits(session, period.first, period.last, ask.service)
    if ask.resource is not None:
        found = cells(session, which, known.business.currency)
        return Of(period, found, visits, _use(session, known, which, places) if places else Use(), marks)
    found, taken, heat = summed(session, which)
    use = Use(taken, heat, _bookable(session, known, which, places)) if places else Use()
    return Of(period, found, visits, use, marks)


def _bookable(session: OrmSession, known: Catalogue, which: Which, places: list[Location]) -> dict[int, Hours]:
    blocked = figure_time.blocked(session, which)
    return bookable(places, known.resources.values(), blocked, which.first, which.last)


def _use(session: OrmSession, known: Catalogue, which: Which, places: list[Location]) -> Use:
    booked, blocked = figure_time.taken(session, which)
    wanted = [each for each in known.resources.values() if which.resource in (None, each.id)]
    days = which.first, which.last
    hours = taken_by_hour(places, wanted, booked, *days)
    sums = {id: sum(each) for id, each in hours.items()}
    return Use(sums, by_kind(wanted, hours), bookable(places, wanted, blocked, *days))
