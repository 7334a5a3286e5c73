"""What several pages of the desk say in the same way: how late, how soon, whose, how often here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from actions.contacts import pretty
from backoffice import access
from models.base import db
from models.bookings import FUTURE, BookingView
from models.snapshot import catalogue
from rules.facts import Catalogue
from web.locale import words
from wire.booking import Described
from wire.desk import Shown, shown
from wire.wording import Wording


@dataclass(frozen=True, slots=True)
class Card:
    """One booking as the desk shows it: within the rights of who looks, in her words."""

    shown: Shown
    told: Described
    now: datetime

    @property
    def view(self) -> BookingView:
        """What she may read of it."""
        return self.shown.view

    @property
    def name(self) -> str:
        """The customer, or that she is not named here."""
        return self.view.name or words().gettext("a customer")

    @property
    def when(self) -> str:
        """``Today, 17:00–17:45``, ``Thu 3 Dec, 08:40–09:10``."""
        return f"{self.day}{words().between}{self.told.span}"

    @property
    def day(self) -> str:
        """``Today``, ``Tomorrow``, ``Thu 3 Dec``."""
        return day_of(self.told.start, self.now, words())

    @property
    def who(self) -> str:
        """``Dr. Yılmaz, Room 1``."""
        return words().listed([words().text(each.name) for each in self.told.resources])

    @property
    def late(self) -> str:
        """``12 min late`` for somebody who should be here, as long as the visit lasts."""
        if self.view.status != "confirmed" or not self.view.start < self.now < self.view.end:
            return ""
        return words().gettext("%(span)s late", span=span(self.now - self.view.start, words()))

    @property
    def soon(self) -> str:
        """``in 1 h 48``."""
        if self.now >= self.view.start:
            return ""
        return words().gettext("in %(span)s", span=span(self.view.start - self.now, words()))

    @property
    def phone(self) -> str:
        """The number as she may read it."""
        phone = self.view.phone
        if not phone:
            return ""
        return pretty(phone) if self.shown.reads("phone") else phone

    @property
    def asks(self) -> bool:
        """True when she may ask the customer for another time: who changes bookings, and of requests who decides them."""
        if self.view.status not in FUTURE or self.view.start <= self.now:
            return False
        return access.reaches("booking.decide" if self.view.status == "requested" else "booking.change", self.view)

    @property
    def may(self) -> dict[str, bool]:
        """Which actions reach this booking."""
        names = ("booking.change", "booking.decide", "booking.correct", "note.write", "contact.reveal", "message.send")
        return {name.partition(".")[2]: access.reaches(name, self.view) for name in names}


def card(view: BookingView, now: datetime, *, revealed: bool = False) -> Card:
    """The card of one booking for who is signed in."""
    return _card(view, catalogue(db.session()), now, revealed=revealed)


def _card(view: BookingView, known: Catalogue, now: datetime, *, revealed: bool = False) -> Card:
    seen = shown(access.viewer(), view, revealed=revealed)
    return Card(seen, seen.describe(known, words(), now=now), now)


def cards(views: Sequence[BookingView], now: datetime) -> list[Card]:
    """The same for several; the catalogue is asked for once."""
    known = catalogue(db.session()) if views else None
    return [_card(view, known, now) for view in views] if known else []


def span(length: timedelta, say: Wording) -> str:
    """``12 min``, ``1 h 48``, ``3 days``."""
    minutes = max(0, int(length.total_seconds() // 60))
    if minutes < 60:
        return say.gettext("%(n)s min", n=minutes)
    if minutes < 1440:
        hours, rest = divmod(minutes, 60)
        return say.gettext("%(n)s h %(rest)s", n=hours, rest=f"{rest:02}") if rest else say.gettext("%(n)s h", n=hours)
    return say.ngettext("%(n)s day", "%(n)s days", minutes // 1440)


def day_of(local: datetime, now: datetime, say: Wording) -> str:
    """``Today``, ``Tomorrow``, ``Yesterday``, else ``Thu 3 December``, by the clock of ``local``."""
    zone = local.tzinfo
    assert isinstance(zone, ZoneInfo)
    today = now.astimezone(zone).date()
    away = (local.date() - today).days
    if away in (0, 1, -1):
        return {0: say.gettext("Today"), 1: say.gettext("Tomorrow"), -1: say.gettext("Yesterday")}[away]
    return say.date(local.date(), today=today)


def often(count: int, last: datetime | None, zone: str, now: datetime) -> str:
    """``Third visit, last on 2 September``; ``First visit``."""
    say = words()
    if not count or last is None:
        return say.gettext("First visit")
    local = last.astimezone(ZoneInfo(zone))
    day = say.date(local.date(), today=now.astimezone(ZoneInfo(zone)).date())
    return say.ngettext("%(n)s visit before, last on %(day)s", "%(n)s visits before, last on %(day)s", count, day=day)
