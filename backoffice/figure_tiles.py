"""The tiles: each with its name, its figure, what has changed, and its definition in one sentence with its numbers."""

from __future__ import annotations

from dataclasses import dataclass

from backoffice.figure_words import length, longer, more, part, percent, points
from backoffice.figures_address import Address
from reports.figures import Figures, Of
from rules import figures
from rules.facts import Catalogue
from rules.figures import Change, Counts, change
from wire.wording import Wording, n_

TOO_FEW = n_("too few to say")
# Names of the tiles, in their order.
NAMES = {
    "bookings": n_("Bookings"),
    "fulfilled": n_("Fulfilled"),
    "income": n_("Income"),
    "cancelled": n_("Cancelled"),
    "no_show": n_("Did not come"),
    "by_house": n_("Cancelled by us"),
    "not_found": n_("Asked for, not found"),
    "conversion": n_("Conversion"),
    "lead": n_("Booked ahead"),
    "first": n_("New customers"),
    "satisfaction": n_("Satisfaction"),
}


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure in words: ``value``, or what is counted and that it is too few; ``way`` up, down or same, ``good`` 1, -1 or 0
    for its colour; ``href`` the list behind it, "" where there is none."""

    key: str
    name: str
    value: str
    few: str
    said: str
    way: str
    good: int
    definition: str
    href: str


class Tiles:
    """Makes the tiles of somebody's figures. ``prices``: whether she may read what was earned."""

    def __init__(self, found: Figures, address: Address, known: Catalogue, say: Wording, *, prices: bool) -> None:
        self.now, self.then, self.address = found.now, found.then, address
        self.known, self.say, self.prices = known, say, prices

    def all(self) -> list[Tile]:
        """All that can be said of what is looked at."""
        left_out = set() if self.prices else {"income"}
        if self.address.apart:
            left_out |= {"not_found", "conversion"}
        return [getattr(self, f"_{key}")() for key in NAMES if key not in left_out]

    def _tile(
        self, key: str, value: str, said: str, changed: Change | None, definition: str, href: str = "", few: str = ""
    ) -> Tile:
        way, good = (changed.way, changed.good) if changed and said else ("", 0)
        return Tile(key, self.say.gettext(NAMES[key]), value, few, said, way, good, definition, href)

    def _count(self, key: str, now: int, then: int, definition: str, href: str = "") -> Tile:
        changed = change(key, now, then)
        return self._tile(key, self.say.number(now), more(changed, self.say), changed, definition, href)

    def _share(self, key: str, now: int | None, then: int | None, count: int, definition: str, href: str = "") -> Tile:
        """A share; of too few the count."""
        changed = change(key, now, then)
        if now is None:
            return self._tile(key, self.say.number(count), "", None, definition, href, self.say.gettext(TOO_FEW))
        return self._tile(key, percent(now, self.say), points(changed, self.say), changed, definition, href)

    def _bookings(self) -> Tile:
        all_ = self.now.all
        said = self.say.gettext("Every booking whose visit falls in the period.")
        if all_.to_come:
            n = self.say.number(all_.to_come)
            said = self.say.sentences(said, self.say.gettext("%(n)s are still to come.", n=n))
        return self._count("bookings", all_.bookings, self.then.all.bookings, said, self.address.behind())

    def _fulfilled(self) -> Tile:
        now, then = self.now.all, self.then.all
        said = self._of(n_("%(part)s completed of the %(whole)s that were due."), now.completed, now.due)
        return self._share(
            "fulfilled", now.fulfilment, then.fulfilment, now.completed, said, self.address.behind("due")
        )

    def _of(self, text: str, part: int, whole: int) -> str:
        return self.say.gettext(text, part=self.say.number(part), whole=self.say.number(whole))

    def _income(self) -> Tile:
        say, currency = self.say, self.known.business.currency
        now, then = self.now.all.income, self.then.all.income
        others = [key for key in sorted(self.now.cells.get("currency", {})) if key != currency]
        said = say.gettext("Prices of the completed bookings.")
        if others:
            said = say.sentences(
                said, say.gettext("Beside it there is income in %(others)s.", others=say.listed(others))
            )
        value = say.money(now, currency)
        changed = change("income", now, then)
        return self._tile("income", value, part(now, then, say), changed, said, self.address.behind("completed"))

    def _satisfaction(self) -> Tile:
        marks, say = self.now.marks, self.say
        said = say.gettext(
            "Stars on the average, of the visits in the period: %(n)s answers.", n=say.number(marks.answers)
        )
        if marks.low:
            low = say.gettext("%(n)s gave one or two stars.", n=say.number(marks.low))
            said = say.sentences(said, low)
        if not marks.answers:
            return self._tile("satisfaction", "–", "", None, said, "", say.gettext("no answers yet"))
        if marks.average is None:
            return self._tile("satisfaction", say.number(marks.answers), "", None, said, "", say.gettext(TOO_FEW))
        return self._tile("satisfaction", say.number(marks.average), "", None, said)

    def _cancelled(self) -> Tile:
        now, then = self.now.all, self.then.all
        said = self._of(
            n_("%(part)s cancelled by customers, of the %(whole)s that were confirmed."), now.by_customer, now.confirmed
        )
        reason, times = self._most(self._reasons())
        if reason:
            often = self.say.gettext("Most often: %(reason)s (%(n)s).", reason=reason, n=self.say.number(times))
            said = self.say.sentences(said, often)
        href = self.address.behind("by_customer")
        return self._share("cancelled", now.cancellation, then.cancellation, now.by_customer, said, href)

    def _reasons(self) -> dict[str, int]:
        """How often customers gave each reason, in the reader's language."""
        named: dict[str, str] = {}
        for reason in self.known.business.cancel_reasons:
            texts = [reason] if isinstance(reason, str) else list(reason.values())
            named |= dict.fromkeys(texts, self.say.text(reason))
        found: dict[str, int] = {}
        for text, counts in self.now.cells.get("reason", {}).items():
            found[named.get(text, text)] = found.get(named.get(text, text), 0) + counts.by_customer
        return found

    def _most(self, those: dict[str, int]) -> tuple[str, int]:
        most = max(those.values(), default=0)
        return (min(key for key, n in those.items() if n == most), most) if most else ("", 0)

    def _no_show(self) -> Tile:
        now, then = self.now.all, self.then.all
        said = self._of(n_("%(part)s did not come, of the %(whole)s that were expected."), now.no_show, now.met)
        return self._share("no_show", now.absence, then.absence, now.no_show, said, self.address.behind("no_show"))

    def _by_house(self) -> Tile:
        said = self.say.gettext("Cancelled by us; that counts against nobody.")
        return self._count(
            "by_house", self.now.all.by_house, self.then.all.by_house, said, self.address.behind("by_house")
        )

    def _not_found(self) -> Tile:
        say = self.say
        said = say.gettext("Searches without a free time.")
        names = {id: say.text(each.name) for id, each in self.known.service_by_id.items()}
        most, times = self._most({names[id]: self.now.not_found(id) for id in names})
        if most:
            said = say.sentences(said, say.gettext("Most: %(service)s (%(n)s).", service=most, n=say.number(times)))
        return self._count("not_found", self.now.not_found(), self.then.not_found(), said)

    def _conversion(self) -> Tile:
        now, then = (_by_portal(each) for each in (self.now, self.then))
        said = self._of(n_("%(part)s bookings by links and the portal for %(whole)s visits."), now, self.now.visited())
        found = figures.conversion(now, self.now.visited())
        before = figures.conversion(then, self.then.visited())
        return self._share("conversion", found, before, now, said, self.address.behind("online"))

    def _lead(self) -> Tile:
        say, now, then = self.say, self.now.all, self.then.all
        changed = change("lead", now.ahead, then.ahead)
        said = say.gettext("From booking to visit, on the average of %(n)s bookings.", n=say.number(now.led))
        value = "–" if now.ahead is None else length(now.ahead, say)
        return self._tile("lead", value, longer(changed, say), changed, said, self.address.behind())

    def _first(self) -> Tile:
        now = self.now.all
        said = self.say.gettext(
            "Their first booking that was not cancelled; %(n)s bookings are of customers who had been before.",
            n=self.say.number(now.returning),
        )
        return self._count("first", now.first, self.then.all.first, said, self.address.behind("first"))


def _by_portal(of: Of) -> int:
    """Bookings of customers who came by themselves: by a link or sign, or straight to the portal."""
    channels: dict[str, Counts] = of.cells.get("channel", {})
    return sum(counts.bookings for key, counts in channels.items() if key not in ("desk", "program"))
