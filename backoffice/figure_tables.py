"""The same figures in a table: by service, person, place, channel, hour, lead time, or the answers to a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from backoffice.came_by import called
from backoffice.figure_words import CHANNELS, LEADS, percent
from backoffice.figures_address import Address, splits
from models.figures import asked
from reports.figures import Figures
from rules.facts import Catalogue
from rules.figures import Counts, conversion
from wire.wording import Wording


@dataclass(frozen=True, slots=True)
class Row:
    """One line: ``key`` as the figures know it, ``href`` the list behind it ("" where no list can tell), what it counted and
    what it counted before, and ``more`` columns by name."""

    key: str
    name: str
    href: str
    now: Counts
    then: Counts
    more: dict[str, int | None] = field(default_factory=dict)


class Tables:
    """Makes the rows of each table, the fullest first where they have no order of their own."""

    def __init__(self, found: Figures, address: Address, known: Catalogue, say: Wording) -> None:
        self.found, self.address, self.known, self.say = found, address, known, say

    def rows(self, table: str) -> list[Row]:
        """The rows of one table."""
        made: list[Row] = getattr(self, f"_{table}")()
        return made

    def tables(self) -> list[str]:
        """Those that have something to tell apart."""
        found = ["service", "person", *(["place"] if len(self.known.locations) > 1 else []), "channel", "hour", "ahead"]
        return [*found, "answer"] if self.address.split else found

    def _some(self, kind: str, name: Callable[[str], str], href: Callable[[str], str]) -> list[Row]:
        now, then = self.found.now.cells.get(kind, {}), self.found.then.cells.get(kind, {})
        rows = [Row(key, name(key), href(key), counts, then.get(key, Counts())) for key, counts in now.items()]
        return sorted(rows, key=lambda row: (-row.now.bookings, row.name))

    def _service(self) -> list[Row]:
        known = self.known.service_by_id
        current = {str(each.id): each.slug for each in self.known.services.values()}
        behind = self.address.behind
        return self._some(
            "service",
            lambda key: self.say.text(known[int(key)].name),
            lambda key: behind(service=current[key]) if key in current else "",
        )

    def _person(self) -> list[Row]:
        """People first, then rooms and things; each with the minutes taken of those that are bookable."""
        known, behind = self.known.resource_by_id, self.address.behind
        current = {str(each.id): each.slug for each in self.known.resources.values()}
        found = self._some(
            "resource",
            lambda key: self.say.text(known[int(key)].name),
            lambda key: behind(resource=current[key]) if key in current else "",
        )
        for row in found:
            use, id = self.found.now.use, int(row.key)
            row.more.update(taken=use.minutes(id), of_bookable=use.share(id))
        return sorted(found, key=lambda row: known[int(row.key)].kind != "staff")

    def _place(self) -> list[Row]:
        known, behind = self.known.location_by_id, self.address.behind
        current = {str(each.id): each.slug for each in self.known.locations.values()}
        return self._some(
            "place",
            lambda key: self.say.text(known[int(key)].name),
            lambda key: behind(location=current[key]) if key in current else "",
        )

    def _channel(self) -> list[Row]:
        """With visits and conversion, as far as visits can be told apart; channels that brought visits only are there too."""
        names = self.channels()
        found = self._some(
            "channel", lambda key: names.get(key, key), lambda key: self.address.behind(f"channel:{key}")
        )
        if self.address.apart:
            return found
        seen = {row.key for row in found}
        silent = [key for key in names if key not in seen and self._visits(key)]
        found += [Row(key, names[key], "", Counts(), self.found.then.by("channel", key)) for key in silent]
        for row in found:
            visits = self._visits(row.key)
            row.more.update(visits=visits, conversion=conversion(row.now.bookings, visits or 0))
        return found

    def _visits(self, key: str) -> int | None:
        """Visits of a channel; None for those that are none by themselves."""
        if key in ("desk", "program"):
            return None
        return self.found.now.visited(0 if key == "direct" else int(key))

    def channels(self) -> dict[str, str]:
        """What each channel is called."""
        found = {key: self.say.gettext(name) for key, name in CHANNELS.items()}
        return found | {str(each.id): called(each, self.known, self.say) for each in self.found.sources}

    def _hour(self) -> list[Row]:
        """The hours of the day, whatever the day."""
        hours: dict[int, tuple[Counts, Counts]] = {}
        for of, cells in enumerate((self.found.now.cells, self.found.then.cells)):
            for key, counts in cells.get("hour", {}).items():
                hours.setdefault(int(key) % 24, (Counts(), Counts()))[of].__iadd__(counts)
        return [
            Row(str(hour), f"{hour:02}:00", self.address.behind(f"clock:{hour}"), *both)
            for hour, both in sorted(hours.items())
        ]

    def _ahead(self) -> list[Row]:
        rows = self._some(
            "ahead", lambda key: self.say.gettext(LEADS[int(key)]), lambda key: self.address.behind(f"ahead:{key}")
        )
        return sorted(rows, key=lambda row: int(row.key))

    def _answer(self) -> list[Row]:
        service, question = dict(splits(self.known))[self.address.split]
        if question["type"] == "yes_no":
            names = {"true": self.say.gettext("yes"), "false": self.say.gettext("no")}
            names |= {"1": names["true"], "0": names["false"]}
        else:
            names = {each["value"]: self.say.text(each["label"]) for each in question["options"]}
        said = self.address.split
        return self._some(
            asked((service.id, question["key"])),
            lambda key: names.get(key, key),
            lambda key: self.address.behind(f"answer:{said}:{key}", service=service.slug),
        )


def total(rows: Iterable[Row]) -> Counts:
    """All rows together."""
    found = Counts()
    for row in rows:
        found += row.now
    return found


def said(row: Row, columns: Iterable[str], say: Wording, currency: str) -> list[str]:
    """The cells of a row in words; "–" for what cannot be said."""
    return [cell(row, column, say, currency) for column in columns]


def cell(row: Row, column: str, say: Wording, currency: str) -> str:
    """One of them."""
    if column == "income":
        return say.money(row.now.income, currency)
    if column == "fulfilled":
        return "–" if row.now.fulfilment is None else percent(row.now.fulfilment, say)
    if column == "cancelled":
        return say.number(row.now.by_customer)
    if column in row.more:
        value = row.more[column]
        if value is None:
            return "–"
        return percent(value * (10 if column == "of_bookable" else 1), say) if column in SHARES else say.number(value)
    return say.number(getattr(row.now, column))


SHARES = ("of_bookable", "conversion")


def columns(table: str, *, prices: bool, apart: bool) -> list[str]:
    """The columns of a table, as ``COLUMNS`` names them."""
    found = ["bookings", "completed", "fulfilled", "cancelled", "no_show"]
    found += ["income"] if prices else []
    if table == "person":
        found += ["taken", "of_bookable"]
    return [*found, "visits", "conversion"] if table == "channel" and not apart else found
