"""Services, and when they can be booked."""

from __future__ import annotations

from typing import Any

from flask import Response, jsonify, make_response, request

import clock
from actions import availability
from actions.availability import LINK
from api import api, stamp, words
from api.reading import Fields, day, length, names, text, whole
from models import consent
from models.base import db
from models.snapshot import catalogue
from rules.errors import FieldError
from rules.facts import Catalogue, Service
from rules.pricing import digits
from web.locale import exists


@api.get("/services")
def services() -> Response:
    """The public services, and what customers are asked to agree to when they book one."""
    Fields(request.args, ()).done()
    known = catalogue(db.session())
    return jsonify(
        services=[_shown(known, service) for service in known.public_services()],
        consent=[
            {"purpose": each.purpose, "id": each.id, "text": words().text(dict(each.text or {})), "needed": each.needed}
            for each in consent.asked(db.session())
        ],
    )


def _shown(known: Catalogue, service: Service) -> dict[str, Any]:
    say = words()
    decimals = digits(known.business.currency)
    price = None if service.price_minor is None else f"{service.price_minor / 10**decimals:.{decimals}f}"
    return {
        "slug": service.slug,
        "name": say.text(service.name),
        "description": say.text(service.description) or None,
        "group": say.text(service.group) or None,
        "durations": [f"{each.days}d" if each.days else each.minutes for each in service.lengths],
        "price": price,
        "currency": known.business.currency,
        "price_per": service.price_per,
        "seats": service.seats,
        "approval": service.approval,
        "place": service.place,
        "locations": [known.location_by_id[id].slug for id in service.locations if (service.id, id) in known.plans],
        "questions": [_question(question) for question in service.questions],
    }


def _question(question: Any) -> dict[str, Any]:
    say = words()
    found = {name: value for name, value in question.items() if name not in ("label", "help", "options")}
    found["label"] = say.text(question["label"])
    found["required"] = bool(question.get("required"))
    if question.get("help"):
        found["help"] = say.text(question["help"])
    if question.get("options"):
        found["options"] = [{"value": each["value"], "label": say.text(each["label"])} for each in question["options"]]
    return found


@api.get("/services/<slug>/slots")
def slots(slug: str) -> Response:
    """The starts that can be booked, earliest first; with ``include=taken`` the others inside opening hours too."""
    given: dict[str, Any] = {
        name: values if name == "resource" else values[-1] for name, values in request.args.lists()
    }
    for name, values in request.args.lists():
        if name != "resource" and len(values) > 1:
            given[name] = values
    fields = Fields(given, ("from", "to", "location", "duration", "resource", "seats", "timezone", "include"))
    first, last = fields.read("from", day), fields.read("to", day)
    place = fields.read("location", lambda value: text(value, 60))
    wanted = fields.read("duration", length)
    resources = fields.read("resource", names, default=[])
    seats = fields.read("seats", whole(1, 1000, query=True), default=1)
    zone = fields.read("timezone", _zone)
    include = fields.read("include", _include)
    fields.done()
    asked, stamped = availability.stamped(
        lambda known: availability.resolve(
            known, service=slug, location=place, length=wanted, resources=resources, seats=seats, who=LINK
        )
    )
    found = availability.view(
        asked, first=first, last=last, now=clock.now(), include_taken=include == "taken", stamp=stamped
    )
    tag = f"{found.version}-{zone or ''}"
    # Weak, since a proxy that compresses an answer makes its tag so.
    if request.if_none_match.contains_weak(tag):
        answer = make_response(b"", 304)
        answer.set_etag(tag)
        return answer
    shown_in = zone or asked.location.timezone
    body = {
        "service": slug,
        "location": asked.location.slug,
        "timezone": shown_in,
        "slots": [_slot(offer, shown_in, include == "taken") for offer in found.offers],
    }
    answer = jsonify(body)
    answer.set_etag(tag)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


def _zone(value: Any) -> Any:
    return value if isinstance(value, str) and exists(value) else FieldError("not_a_zone")


def _include(value: Any) -> Any:
    return value if value == "taken" else FieldError("not_an_option")


def _slot(offer: availability.Offer, zone: str, marked: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "start": stamp(offer.start, zone),
        "end": stamp(offer.end, zone),
        "seats_left": offer.seats_left,
        "resources": list(offer.resources),
    }
    if marked:
        found["available"] = offer.free
        if not offer.free:
            found["reason"] = "taken" if offer.reason == "held" else offer.reason
    return found
