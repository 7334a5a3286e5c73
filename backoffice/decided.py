"""What was decided while somebody was reading: by whom, when, and whether the customer knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from backoffice import access
from backoffice.words import Card, card
from models import desk_queries
from models.base import db
from models.bookings import BookingView
from rules import desk
from web.locale import words
from wire.timeline import actor
from wire.wording import n_

CUSTOMER, CLOCK = "customer", "clock"
BY_HERSELF = n_("You decided this at %(at)s.")
BY_STAFF = n_("%(who)s decided this at %(at)s while you were reading.")
BY_CUSTOMER = n_("The customer cancelled this at %(at)s.")
BY_OTHERS = n_("This was decided at %(at)s, %(who)s.")
IN_TIME = n_("Its time came before anybody decided.")
MEANWHILE = n_("This was decided meanwhile.")


@dataclass(frozen=True, slots=True)
class Decided:
    """A request that is one no more: ``said`` is who decided and when, ``at`` the time alone."""

    card: Card
    said: str
    at: str


def decided(view: BookingView, *, by: str | None, at: datetime | None, now: datetime) -> Decided:
    """What to say instead of a decision that came too late. ``by`` is an actor, None where nobody decided."""
    shown, say = card(view, now), words()
    if by is None or at is None:
        return Decided(shown, say.gettext(IN_TIME if view.start <= now else MEANWHILE), "")
    zone = ZoneInfo(view.zone)
    local, today = at.astimezone(zone), now.astimezone(zone).date()
    when = say.time(local) if local.date() == today else say.day_and_time(local, today=today)
    sentence = say.gettext(_sentence(by), at=when, who=_who(by)) if by != CLOCK else say.gettext(IN_TIME)
    return Decided(shown, say.sentences(sentence, _heard(view, by, at, now)), when)


def _sentence(by: str) -> str:
    if by == access.viewer().actor:
        return BY_HERSELF
    if by == CUSTOMER:
        return BY_CUSTOMER
    return BY_STAFF if desk.at_desk(by) else BY_OTHERS


def _who(by: str) -> str:
    names = {f"staff:{each.id}": each.name for each in desk_queries.staff_names(db.session())}
    return names.get(by, by) if desk.at_desk(by) else actor(words(), by, names)


def _heard(view: BookingView, by: str, at: datetime, now: datetime) -> str:
    """Whether the customer knows: of what she did herself she need not be told."""
    if by == CUSTOMER or not (view.phone or view.email):
        return ""
    if desk.told_at(by, (view.start,), at) <= now:
        return words().gettext("The customer has been told.")
    return words().gettext("The customer will be told in a moment.")
