"""Deciding one request of a form, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import request

from actions import review
from actions.confirm import Booked
from backoffice import access
from backoffice.decided import Decided, decided
from backoffice.words import card
from models import bookings
from models.base import db
from models.bookings import BookingView
from rules.errors import Invalid, OwnRequest, Refusal, Stale, StateChanged
from web.fields import whole
from web.locale import words
from wire.wording import n_, wording

# Why the house declines; why customers cancel is another matter.
REASONS = (n_("Nothing free at that time"), n_("We cannot offer this"), n_("Please call us about it"))
SAID = {"approve": n_("Approved: %(who)s"), "decline": n_("Declined: %(who)s")}


@dataclass(slots=True)
class Outcome:
    """What became of the decisions of one form: a sentence for each by its reference; ``late`` those that were decided before;
    ``done`` the last one that was taken."""

    told: dict[str, str] = field(default_factory=dict)
    late: dict[str, Decided] = field(default_factory=dict)
    status: int = 200
    done: Booked | None = None


def decide(view: BookingView, step: str, reason: str | None, outcome: Outcome, now: datetime) -> None:
    """Approves or declines one, and adds to ``outcome`` how it went. One of ``REASONS`` is said in the customer's language."""
    say = words()
    try:
        done = _taken(view, step, reason, now)
    except StateChanged as refusal:
        _late(view, refusal.params, outcome, now)
    except Refusal as refusal:
        outcome.told[view.reference], outcome.status = _refused(view, refusal, now), refusal.status
    else:
        if done.replayed:
            _late(view, {"by": done.by, "at": done.at}, outcome, now)
        else:
            outcome.done = done
            outcome.told[view.reference] = say.gettext(SAID[step], who=_named(view, now))


def _taken(view: BookingView, step: str, reason: str | None, now: datetime) -> Booked:
    common: dict[str, Any] = {
        "reference": view.reference,
        "actor": access.viewer().actor,
        "revision": whole(request.form.get(f"revision-{view.reference}", ""), digits=8),
        "now": now,
    }
    return review.approve(**common) if step == "approve" else review.decline(reason=_to(view, reason), **common)


def _to(view: BookingView, reason: str | None) -> str | None:
    return wording(view.locale).gettext(reason) if reason in REASONS else reason


def _late(view: BookingView, params: dict[str, Any], outcome: Outcome, now: datetime) -> None:
    """Decided before: her own second tap is an answer, a colleague's decision a conflict."""
    current = bookings.by_id(db.session(), view.id) or view
    by = params.get("by")
    outcome.late[view.reference] = decided(current, by=by, at=params.get("at"), now=now)
    if by != access.viewer().actor:
        outcome.status = StateChanged.status


def _refused(view: BookingView, refusal: Refusal, now: datetime) -> str:
    say = words()
    if isinstance(refusal, Invalid):
        return say.field(next(iter(refusal.errors.values())))
    if isinstance(refusal, Stale):
        moved = card(refusal.params["booking"], now)
        return say.gettext("%(name)s has moved this meanwhile: now %(when)s.", name=moved.name, when=moved.when)
    if isinstance(refusal, OwnRequest):
        access.denied("booking.decide", booking_id=view.id)
    return say.sentence(refusal)


def _named(view: BookingView, now: datetime) -> str:
    local = view.start.astimezone(ZoneInfo(view.zone))
    return f"{card(view, now).name}{words().comma}{words().day_and_time(local)}"
