"""What the page of figures says: names, sentences of definition with their numbers, what has changed."""

from __future__ import annotations

from rules.figures import Change, part_more
from wire.wording import Wording, n_

PERIODS = {"today": n_("Today"), "week": n_("This week"), "month": n_("This month")}
TABLES = {
    "service": n_("By service"),
    "person": n_("By person and room"),
    "place": n_("By place"),
    "channel": n_("By channel"),
    "hour": n_("By hour"),
    "ahead": n_("By lead time"),
    "answer": n_("By answer"),
}
HEADS = {
    "service": n_("Service"),
    "person": n_("Person or room"),
    "place": n_("Place"),
    "channel": n_("Channel"),
    "hour": n_("Hour"),
    "ahead": n_("Booked"),
    "answer": n_("Answer given"),
}
RESOURCES = {
    "staff": n_("People"),
    "room": n_("Rooms"),
    "equipment": n_("Equipment"),
    "vehicle": n_("Vehicles"),
}
CHANNELS = {
    "desk": n_("At the desk"),
    "program": n_("By a program"),
    "direct": n_("The portal, directly"),
}
LEADS = (
    n_("on the same day"),
    n_("1 day ahead"),
    n_("2 to 3 days ahead"),
    n_("4 to 7 days ahead"),
    n_("8 to 14 days ahead"),
    n_("15 to 30 days ahead"),
    n_("more than 30 days ahead"),
)
COLUMNS = {
    "bookings": n_("Bookings"),
    "completed": n_("Completed"),
    "fulfilled": n_("Fulfilled"),
    "cancelled": n_("Cancelled by customers"),
    "by_house": n_("Cancelled by us"),
    "no_show": n_("Did not come"),
    "income": n_("Income"),
    "taken": n_("Minutes taken"),
    "of_bookable": n_("of bookable"),
    "visits": n_("Visits"),
    "conversion": n_("Conversion"),
}
# What a list behind a figure holds, as its page says.
COUNTED = {
    "granted": n_("all that count"),
    "confirmed": n_("all that were confirmed"),
    "due": n_("all that were due"),
    "met": n_("completed and missed"),
    "late": n_("cancelled after the cut-off"),
    "by_customer": n_("cancelled by customers"),
    "by_house": n_("cancelled by us"),
    "to_come": n_("still to come"),
    "completed": n_("completed"),
    "no_show": n_("did not come"),
    "first": n_("first bookings of their customers"),
    "returning": n_("bookings of customers who had been before"),
    "online": n_("not booked at the desk or by a program"),
}


def percent(tenths: int, say: Wording) -> str:
    """``89.5 %``."""
    return say.gettext("%(n)s %%", n=say.number(tenths / 10))


def counted(n: int, say: Wording) -> str:
    """``1,204``."""
    return say.number(n)


def length(minutes: int, say: Wording) -> str:
    """``5.2 days``, ``7 hours``: a lead time, roundly."""
    if minutes >= 1440:
        days = round(minutes / 1440, 1)
        return say.ngettext("%(n)s day", "%(n)s days", 1 if days == 1 else 2, n=say.number(days))
    hours = round(minutes / 60)
    return say.ngettext("%(n)s hour", "%(n)s hours", hours, n=say.number(hours))


def more(change: Change | None, say: Wording) -> str:
    """``up by 58``, ``no change``."""
    if change is None:
        return ""
    if not change.amount:
        return say.gettext("no change")
    n = say.number(abs(change.amount))
    return say.gettext("up by %(n)s", n=n) if change.amount > 0 else say.gettext("down by %(n)s", n=n)


def points(change: Change | None, say: Wording) -> str:
    """``1.2 points up``: a share against a share."""
    if change is None:
        return ""
    if not change.amount:
        return say.gettext("no change")
    n = say.number(abs(change.amount) / 10)
    return say.gettext("%(n)s points up", n=n) if change.amount > 0 else say.gettext("%(n)s points down", n=n)


def longer(change: Change | None, say: Wording) -> str:
    """``2 days longer``: a lead time against a lead time, in minutes."""
    if change is None:
        return ""
    if abs(change.amount) < 60:
        return say.gettext("no change")
    n = length(abs(change.amount), say)
    return say.gettext("%(n)s longer", n=n) if change.amount > 0 else say.gettext("%(n)s shorter", n=n)


def part(now: int, then: int, say: Wording) -> str:
    """``4 % less``: an amount of money against another."""
    found = part_more(now, then)
    if found is None:
        return ""
    if not found:
        return say.gettext("no change")
    n = say.number(abs(found))
    return say.gettext("%(n)s %% more", n=n) if found > 0 else say.gettext("%(n)s %% less", n=n)
