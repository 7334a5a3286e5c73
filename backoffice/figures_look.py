"""How figures are drawn: the period in words, the ring of services, the bars of people, the hours of the week."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from markupsafe import Markup

from backoffice.figure_tables import Row, Tables
from backoffice.figure_words import RESOURCES, percent
from backoffice.figures_address import Address
from reports import charts
from reports.charts import Field, Part
from reports.figures import Figures
from rules import figures, periods
from rules.facts import Catalogue
from rules.periods import Period
from wire.wording import Wording


def spell(period: Period, say: Wording, today: date) -> str:
    """``November 2026``, ``1 to 7 November``, ``Thursday 3 December``."""
    if period.first == period.last:
        return say.date(period.first, "long", today=today)
    if period.months == 1:
        return say.date(period.first, "month")
    first, last = (say.date(each, "bare", today=today) for each in (period.first, period.last))
    return say.gettext("%(first)s to %(last)s", first=first, last=last)


def said(address: Address, known: Catalogue, say: Wording, today: date) -> str:
    """What is counted, in one sentence."""
    now, then = (spell(each, say, today) for each in (address.period, periods.before(address.period)))
    if len({each.timezone for each in known.locations.values()}) > 1 and not address.location:
        return say.gettext("%(now)s, each place in its own time, compared with %(then)s.", now=now, then=then)
    return say.gettext("%(now)s, compared with %(then)s.", now=now, then=then)


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of bars: its name with the list behind it, its figure, and its drawing."""

    name: str
    href: str
    value: str
    then: str
    drawn: Markup


@dataclass(frozen=True, slots=True)
class Legend:
    """One part of the ring in words."""

    name: str
    href: str
    value: str
    share: str
    colour: int


class Charts:
    """The charts of somebody's figures. All texts in them are escaped where they are drawn."""

    def __init__(self, found: Figures, address: Address, known: Catalogue, say: Wording, tables: Tables) -> None:
        self.found, self.address, self.known, self.say, self.tables = found, address, known, say, tables

    def pie(self) -> tuple[Markup, list[Legend]]:
        """The ring of services, and its list of values."""
        rows = {row.key: row for row in self.tables.rows("service")}
        parts, others = figures.six_at_most([(key, row.now.bookings) for key, row in rows.items()])
        shown = [Part(rows[key].name, value, rows[key].href) for key, value in parts]
        shown += [Part(self.say.gettext("others"), others)] if others else []
        whole = sum(each.value for each in shown)
        legend = [
            Legend(each.name, each.href, self.say.number(each.value), self._part(each.value, whole), number)
            for number, each in enumerate(shown)
        ]
        under = self.say.ngettext("booking", "bookings", whole)
        return _safe(charts.pie(shown, self.say.number(whole), under)), legend

    def _part(self, value: int, whole: int) -> str:
        tenths = figures.share(value, whole)
        return "" if tenths is None else percent(round(tenths / 10) * 10, self.say)

    def bars(self) -> list[Bar]:
        """The people, each with a mark for the period before; where nobody is booked, rooms and things."""
        rows = self.tables.rows("person")
        kinds = self.known.resource_by_id
        people = [row for row in rows if kinds[int(row.key)].kind == "staff"]
        return self._bars(people or rows)

    def _bars(self, rows: list[Row]) -> list[Bar]:
        most = max([1, *(max(row.now.bookings, row.then.bookings) for row in rows)])
        return [
            Bar(
                row.name,
                row.href,
                self.say.number(row.now.bookings),
                self.say.number(row.then.bookings),
                _safe(charts.bar(row.now.bookings, row.then.bookings, most, href=row.href, name=row.name)),
            )
            for row in rows[:12]
        ]

    def kinds(self) -> list[tuple[str, str]]:
        """The kinds of resources that there are, in words."""
        wanted = self.address.resource
        there = {each.kind for each in self.known.resources.values() if wanted in ("", each.slug)}
        return [(kind, self.say.gettext(name)) for kind, name in RESOURCES.items() if kind in there]

    def kind(self) -> str:
        """The kind whose hours are shown."""
        there = [kind for kind, _ in self.kinds()]
        return self.address.kind if self.address.kind in there else (there or ["staff"])[0]

    def heat(self) -> dict[str, Any] | None:
        """The hours of the week: drawing, heads and lines of the table; None where nothing can be booked."""
        ids = [each.id for each in self.known.resources.values() if each.kind == self.kind() and self._here(each)]
        week = self.found.now.use.week(self.kind(), ids)
        hours = [hour for hour in range(24) if any(week[day * 24 + hour] is not None for day in range(7))]
        if not hours:
            return None
        shown = range(hours[0], hours[-1] + 1)
        rows = [(short, [self._field(week, day, hour, full) for hour in shown]) for day, (short, full) in self._days()]
        heads = [f"{hour:02}" for hour in shown]
        return {"drawn": _safe(charts.heat(rows, heads)), "heads": heads, "rows": rows}

    def _here(self, resource: Any) -> bool:
        place = self.known.locations[self.address.location].id if self.address.location else None
        return self.address.resource in ("", resource.slug) and (place is None or place in resource.at)

    def _days(self) -> list[tuple[int, tuple[str, str]]]:
        there = {
            (self.address.period.first + timedelta(days=each)).weekday()
            for each in range(min(7, self.address.period.days))
        }
        return [(day, names) for day, names in enumerate(self.say.weekdays()) if day in there]

    def _field(self, week: list[int | None], day: int, hour: int, name: str) -> Field:
        at = day * 24 + hour
        href = self.address.behind(f"during:{at}", f"kind:{self.kind()}") if week[at] is not None else ""
        return Field(week[at], f"{name} {hour:02}:00", href)


def _safe(svg: str) -> Markup:
    return Markup(svg)  # noqa: S704  every text in it is escaped by reports/charts.py
