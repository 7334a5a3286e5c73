"""What the figures of the house mean: which bookings count where, shares in tenths of a per cent, and what is better.

Everything is counted by start date, holds never. A booking counts unless its request was declined or never decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Self

GONE = ("declined", "expired")
TO_COME = ("requested", "confirmed", "arrived")
# A share of fewer says more about chance than about the house.
ENOUGH = 10
# Who cancels by the portal or by a program is the customer.
OWN = ("customer", "program")
# Days ahead from which each class of lead time begins; the last is open.
LEADS = (0, 1, 2, 4, 8, 15, 31)
DAY = 1440
# Questions with one choice: their answers can split a figure.
SPLITTING = ("choice", "yes_no")
# Whether more of a figure is good news (1), bad news (-1), or neither.
GOOD = {
    "bookings": 1,
    "fulfilled": 1,
    "income": 1,
    "cancelled": -1,
    "no_show": -1,
    "by_house": -1,
    "not_found": -1,
    "conversion": 1,
    "lead": 0,
    "first": 1,
    "use": 1,
}


@dataclass(slots=True)
class Counts:
    """What some bookings count for. ``confirmed`` are all that were confirmed, whatever became of them; ``late`` those that
    the customer cancelled after the cut-off; ``first`` the first ones of their customers, ``firm`` those not cancelled;
    ``income`` in minor units; ``lead`` the minutes from booking to start of the ``led`` that were booked before it."""

    bookings: int = 0
    confirmed: int = 0
    completed: int = 0
    no_show: int = 0
    late: int = 0
    by_customer: int = 0
    by_house: int = 0
    to_come: int = 0
    firm: int = 0
    first: int = 0
    income: int = 0
    lead: int = 0
    led: int = 0

    def __iadd__(self, other: Counts) -> Self:
        """Adds what others count for."""
        for name in NAMES:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self

    @property
    def due(self) -> int:
        """Visits that should have taken place: completed, not come to, or cancelled after the cut-off."""
        return self.completed + self.no_show + self.late

    @property
    def met(self) -> int:
        """Visits at which the customer came or did not."""
        return self.completed + self.no_show

    @property
    def cancelled(self) -> int:
        """By whomever."""
        return self.by_customer + self.by_house

    @property
    def returning(self) -> int:
        """Of those not cancelled, the ones of customers who have been booked before."""
        return self.firm - self.first

    @property
    def fulfilment(self) -> int | None:
        """Completed ÷ due."""
        return share(self.completed, self.due)

    @property
    def cancellation(self) -> int | None:
        """Cancelled by the customer ÷ all that were confirmed."""
        return share(self.by_customer, self.confirmed)

    @property
    def absence(self) -> int | None:
        """No-show ÷ (completed + no-show)."""
        return share(self.no_show, self.met)

    @property
    def ahead(self) -> int | None:
        """Minutes from booking to start, on the average."""
        return round(self.lead / self.led) if self.led else None


NAMES = tuple(each.name for each in fields(Counts))


def share(part: int, whole: int) -> int | None:
    """Tenths of a per cent, a half rounded up; None where the whole is too small to say."""
    return (part * 2000 + whole) // (2 * whole) if whole >= ENOUGH else None


def conversion(bookings: int, visits: int) -> int | None:
    """Bookings ÷ visits of the same source."""
    return share(bookings, visits)


def counts(status: str) -> bool:
    """True for a booking that is one: its request was neither declined nor left undecided."""
    return status not in GONE


def by_house(cancelled_by: str | None, reason: str | None, customers: Iterable[str]) -> bool:
    """Whose a cancellation is: the customer's when it is hers by portal or program, or when the desk noted one of the
    reasons that ``customers`` give; the house's otherwise."""
    return cancelled_by not in OWN and (not reason or reason not in customers)


def late(cancelled_at: datetime | None, start: datetime, cut_off: int | None) -> bool:
    """True when it was cancelled later than ``cut_off`` minutes before the start."""
    if cancelled_at is None:
        return False
    return cancelled_at.astimezone(UTC) > start.astimezone(UTC) - timedelta(minutes=cut_off or 0)


def lead_class(minutes: int) -> int:
    """The class of a lead time, by whole days ahead: an index into ``LEADS``."""
    days = minutes // DAY
    return max(index for index, least in enumerate(LEADS) if days >= least)


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure differs from the period before: by ``amount`` (counts, or tenths of a point), and whether that is
    ``good`` (1), bad (-1) or neither (0)."""

    amount: int
    good: int

    @property
    def way(self) -> str:
        """up, down or same."""
        return "same" if not self.amount else "up" if self.amount > 0 else "down"


def change(figure: str, now: int | None, then: int | None) -> Change | None:
    """What changed; None where one of both cannot be said."""
    if now is None or then is None:
        return None
    amount = now - then
    return Change(amount, GOOD[figure] * ((amount > 0) - (amount < 0)))


def part_more(now: int, then: int) -> int | None:
    """By how many per cent ``now`` is more than ``then``; None where there was nothing."""
    return round((now - then) * 100 / then) if then > 0 else None


def six_at_most(values: Sequence[tuple[str, int]]) -> tuple[list[tuple[str, int]], int]:
    """The largest five and what the others are together, or all of up to six; what is nothing is left out."""
    ordered = sorted((each for each in values if each[1] > 0), key=lambda each: (-each[1], each[0]))
    if len(ordered) <= 6:
        return ordered, 0
    return ordered[:5], sum(value for _, value in ordered[5:])


def heat(taken: int, bookable: int) -> int | None:
    """Taken minutes of a hundred bookable ones; None where nothing was bookable. Taken and not wholly is never 100, taken
    at all never 0."""
    if bookable <= 0:
        return None
    percent = round(taken * 100 / bookable)
    return min(max(percent, 1 if taken else 0), 100 if taken >= bookable else 99)


def warmth(percent: int) -> int:
    """Which of the six shades a field of a heat map has, 0 the quietest."""
    return min(5, percent * 6 // 100)
