"""What happened to a booking, told to its customer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from models.history import History
from wire.booking import Described
from wire.wording import n_

# Steps that the customer is told; who of the house took them is not hers to read.
STEPS = {
    "requested": n_("You asked for %(when)s"),
    "confirmed": n_("You booked %(when)s"),
    "moved": n_("Moved to %(when)s"),
    "approved": n_("Confirmed by us"),
    "declined": n_("Declined"),
    "cancelled": n_("Cancelled"),
    "expired": n_("Not confirmed in time"),
    "completed": n_("Completed"),
    "restored": n_("Booked again"),
}


def story(steps: Iterable[History], told: Described) -> list[tuple[str, str]]:
    """A sentence and its instant (by the location's clock) for each step, in the order given, latest first; what was undone
    never happened."""
    shown = []
    undone: set[int] = set()
    for step in steps:
        if step.action == "undone":
            undone.add((step.before or {}).get("revision", 0))
        elif step.action in STEPS and (step.after or {}).get("revision", 0) not in undone:
            shown.append((_sentence(step, told), _at(step.at, told)))
    return shown


def _sentence(step: History, told: Described) -> str:
    start = (step.after or {}).get("start")
    when = _at(datetime.fromisoformat(start), told) if start else told.short
    return told.words.gettext(STEPS[step.action], when=when)


def _at(at: datetime, told: Described) -> str:
    zone = ZoneInfo(told.booking.zone)
    return told.words.day_and_time(at.astimezone(zone), today=told.now.astimezone(zone).date())
