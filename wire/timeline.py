"""The history of a booking in sentences for staff: who did what, from what to what, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from models.history import History
from wire.booking import Described
from wire.wording import Wording, n_

STEPS = {
    "requested": n_("Asked for %(when)s"),
    "confirmed": n_("Booked for %(when)s"),
    "approved": n_("Approved"),
    "declined": n_("Declined"),
    "expired": n_("Not decided in time"),
    "moved": n_("Moved to %(when)s"),
    "requested_again": n_("Asked to move to %(when)s"),
    "cancelled": n_("Cancelled"),
    "arrived": n_("Arrived"),
    "completed": n_("Completed"),
    "missed": n_("Did not come"),
    "not_arrived": n_("Not here after all"),
    "restored": n_("Cancellation taken back"),
    "reassigned": n_("Given to %(who)s"),
    "class_given": n_("Given to %(who)s, with the whole class"),
    "overruled": n_("Booked against a rule"),
    "undone": n_("Taken back"),
    "sent_now": n_("Messages sent at once"),
    "corrected": n_("Details corrected"),
    "priced": n_("Price corrected"),
    "noted": n_("Note written"),
    "revealed": n_("Contacts shown"),
    "proposed": n_("Another time proposed: %(when)s"),
    "asked_to_choose": n_("The customer chooses another time"),
    "proposal_accepted": n_("The customer took the proposed time"),
    "proposal_declined": n_("The customer keeps the old time"),
    "proposal_withdrawn": n_("Proposal withdrawn"),
    "rated": n_("The customer said how it was"),
    "proposal_ended": n_("Proposal not answered in time"),
}
ACTORS = {
    "customer": n_("by the customer"),
    "program": n_("by a program"),
    "shell": n_("from the shell"),
    "clock": n_("by the clock"),
    "house": n_("by the house"),
}
WHY = {"call": n_("to call"), "write": n_("to write"), "check": n_("to check who it is"), "visit": n_("for the visit")}


@dataclass(frozen=True, slots=True)
class Entry:
    """One step: what happened, by whom, when (the location's clock), and why."""

    what: str
    who: str
    when: str
    why: str
    action: str


def timeline(steps: Iterable[History], told: Described, names: Mapping[str, str]) -> list[Entry]:
    """The steps in the order given. ``names`` says who ``staff:ID`` is, and what people, rooms and things are called by slug."""
    return [_entry(step, told, names) for step in steps]


def _entry(step: History, told: Described, names: Mapping[str, str]) -> Entry:
    say = told.words
    after = step.after or {}
    start = after.get("start")
    when = _at(datetime.fromisoformat(start), told) if start else told.short
    what = STEPS.get(step.action)
    said = (
        say.gettext(what, when=when, who=say.listed(names.get(each, each) for each in after.get("resources") or ()))
        if what
        else step.action
    )
    why = say.gettext(WHY[step.reason]) if step.action == "revealed" and step.reason in WHY else step.reason or ""
    return Entry(said, actor(say, step.actor, names), _at(step.at, told), why, step.action)


def actor(say: Wording, who: str, names: Mapping[str, str]) -> str:
    """``by Mara Lindner``, ``by the customer``."""
    if who in ACTORS:
        return say.gettext(ACTORS[who])
    return say.gettext("by %(name)s", name=names.get(who, who))


def _at(at: datetime, told: Described) -> str:
    zone = ZoneInfo(told.booking.zone)
    return told.words.day_and_time(at.astimezone(zone), today=told.now.astimezone(zone).date())
