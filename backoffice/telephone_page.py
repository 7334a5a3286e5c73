"""What the telephone page shows for what was typed: who it may be, the next free times, why another one is not offered."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

import clock
from actions import desk_booking
from actions.people import asked_of, without_files
from backoffice import access
from backoffice.customer_look import CHANNELS
from backoffice.offered import READ, offered, spread
from backoffice.telephone_callers import callers
from backoffice.telephone_form import SAID, Typed, several
from backoffice.why import Why, why
from backoffice.words import cards
from models import consent, customer_queries
from models.base import db
from rules import wishes
from rules.errors import Refusal, SlotTaken
from rules.facts import Service
from scheduling.availability import Length
from web import questions
from web.fields import labels
from web.locale import words
from wire.wording import n_


def all_of(typed: Typed, wrong: Mapping[str, str]) -> dict[str, Any]:
    """Everything that the page shows; ``wrong`` has a sentence per field."""
    say, service = words(), typed.service
    fields: dict[str, Any] = {name: typed.text(name, 2000) for name in typed.given}
    fields |= {
        name: typed.given.getlist(name) for name in typed.given if name.startswith("q_") and several(service, name)
    }
    staff = [each for each in typed.known.resources.values() if _serves(typed, service, each.id)]
    asked = [questions.asked(each, service, fields, say) for each in without_files(service.questions)]
    return {
        **customers(typed),
        **times(typed),
        "typed": fields,
        "wrong": wrong,
        "why": why_of(typed),
        "services": [(each.slug, say.text(each.name)) for each in typed.known.services.values()],
        "service": service,
        "places": [(each.slug, say.text(each.name)) for each in typed.places],
        "location": typed.location,
        "lengths": [(_code(each), say.duration(each)) for each in service.lengths],
        "people": [(each.slug, say.text(each.name)) for each in staff],
        "questions": asked,
        "labels": labels(say, asked)
        | {name: say.gettext(text) for name, text in _LABELS.items()}
        | {"length": say.gettext("Length") if len(service.lengths) > 1 else say.gettext("Minutes")},
        "errors": wrong,
        "asks": asked_of(typed.known, service),
        "approves": _approves(typed, service),
        "needed": _needed(typed),
        "key": typed.text("key", 64) or secrets.token_urlsafe(16),
    }


_LABELS = {
    "seats": n_("How many places"),
    "start": n_("When"),
    "approve": n_("Approve at once"),
    "consent": n_("Consent"),
    "overrule": n_("Reason, for colleagues"),
}


def _needed(typed: Typed) -> dict[str, Any] | None:
    """What a customer has to agree to, for one tick; None where nothing is needed."""
    asked = [each for each in consent.asked(db.session()) if each.needed]
    if not asked:
        return None
    say = words()
    return {
        "texts": [say.text(dict(each.text or {})) for each in asked],
        "value": ",".join(str(each.id) for each in asked),
        "ticked": len(typed.consents) == len(asked),
        "ways": [(name, say.gettext(CHANNELS[name])) for name in SAID],
        "by": typed.consented_by,
    }


def _approves(typed: Typed, service: Service) -> bool:
    """True for who may decide a request of the service at this place, be it of only some of those who can serve."""
    able = [id for id in typed.known.resource_by_id if _serves(typed, service, id)]
    return access.viewer().reaches("booking.decide", location=typed.location.id, resources=able)


def _serves(typed: Typed, service: Service, id: int) -> bool:
    plan = typed.known.plans.get((service.id, typed.location.id))
    return plan is not None and any(id in need.candidates for need in plan.service.needs)


def _code(length: Length) -> str:
    return f"{length.days}d" if length.days else str(length.minutes)


def customers(typed: Typed) -> dict[str, Any]:
    """Whoever fits what was typed, and what the chosen one has ahead of her, also with colleagues."""
    text, now = typed.text("who", 100).strip(), clock.now()
    found = callers(text, typed)
    chosen = next((each for each in found if each.id == typed.text("customer", 40)), None)
    if chosen is None and len(found) == 1:
        chosen = found[0]
    ahead = customer_queries.open_bookings_of(db.session(), customer_id=chosen.customer.id, now=now) if chosen else []
    return {
        "text": text,
        "found": found,
        "chosen": chosen,
        "ahead": cards([each for each in ahead if access.reaches("booking.see", each)], now),
        "elsewhere": sum(not access.reaches("booking.see", each) for each in ahead),
    }


def times(typed: Typed) -> dict[str, Any]:
    """The next free times that fit the wish."""
    say, now, zone = words(), clock.now(), ZoneInfo(typed.location.timezone)
    today = now.astimezone(zone).date()
    wish = wishes.parse(typed.text("wish"), today=today)
    refused, offers = "", []
    try:
        offers = desk_booking.next_free(
            service=typed.service.slug,
            location=typed.location.slug,
            who=typed.text("with", 80) or None,
            length=typed.length,
            seats=typed.seats,
            wish=wish,
            count=READ,
            now=now,
        )
    except Refusal as refusal:
        refused = say.sentence(refusal, typed.location.timezone)
    return {
        "times": [offered(each, zone, today) for each in spread(offers, zone)],
        "unknown": wish.unknown,
        "refused": refused,
        "start": typed.text("start", 40),
        "day": typed.text("day", 10),
        "hour": typed.text("hour", 5),
    }


def why_of(typed: Typed) -> Why | None:
    """Why a time that was typed by hand is not offered, and who would get it; None while none is."""
    start = typed.start if typed.text("start", 40) in ("", "other") else None
    if start is None:
        return None
    who = typed.text("with", 80)
    return why(
        start=start,
        zone=typed.location.timezone,
        now=clock.now(),
        service=typed.service.slug,
        location=typed.location.slug,
        length=typed.length,
        resources=[who] if who else [],
        seats=typed.seats,
    )


def near(refusal: SlotTaken, typed: Typed) -> list[dict[str, str]]:
    """The nearest free times beside one that was lost."""
    zone = ZoneInfo(typed.location.timezone)
    today = clock.now().astimezone(zone).date()
    return [offered(each, zone, today) for each in refusal.alternatives]
