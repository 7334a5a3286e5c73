"""What the house has asked a customer and she has not answered yet, in words for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from actions import proposed
from backoffice.words import Card
from models import desk_queries
from models.base import db
from models.snapshot import catalogue
from rules import desk
from web.locale import words
from wire.timeline import actor
from wire.wording import n_

STANDS_AGAIN = n_(
    "The customer was asked to choose another time. This ends the question; if you take it back, it stands again."
)
ENDS = n_("The open question to the customer ends with this, also if you take it back.")


@dataclass(frozen=True, slots=True)
class Open:
    """An open question: the time that is kept (``when``, empty where she chooses one) with ``who``, until when she can answer,
    ``by`` whom she was asked, and why."""

    when: str
    who: str
    until: str
    by: str
    reason: str


def ending(card: Card, now: datetime) -> str:
    """What becomes of the open question about a booking when that is moved or cancelled; "" where there is none."""
    found = proposed.open_of(db.session(), card.view.id, now)
    if found is None:
        return ""
    return words().gettext(STANDS_AGAIN if found.stands_again(now + desk.UNDO) else ENDS)


def open_question(card: Card) -> Open | None:
    """The question about a booking that waits for its customer, or None."""
    found = proposed.open_of(db.session(), card.view.id, card.now)
    if found is None:
        return None
    say, zone = words(), ZoneInfo(card.view.zone)
    today = card.now.astimezone(zone).date()
    known = catalogue(db.session()).resources
    when = ""
    if found.start is not None and found.end is not None:
        when = say.day_and_span(found.start.astimezone(zone), found.end.astimezone(zone), today=today)
    names = {f"staff:{each.id}": each.name for each in desk_queries.staff_names(db.session())}
    return Open(
        when,
        say.listed(say.text(known[slug].name) for slug in found.resources if slug in known),
        say.day_and_time(found.deadline.astimezone(zone), today=today),
        actor(say, found.made_by, names),
        found.reason or "" if card.shown.reads("reason") else "",
    )
