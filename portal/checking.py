"""The form of details while it is filled in: what confirming would say of a field. Nothing is written, no hold lasts longer."""

from __future__ import annotations

from typing import Any

from flask import Response

import clock
from actions import consenting
from actions.hold import Held
from actions.people import checked
from models.base import db
from models.snapshot import catalogue
from portal import attached, details, holding, portal, posted
from rules.errors import FieldError, Invalid
from rules.facts import Catalogue, Service
from web import checks, limits


@portal.post("/book/<slug>/details/check")
@limits.limiter.limit(limits.READS)
def check_details(slug: str) -> Response:
    """The sentences of the fields that are asked for; whoever holds no time there is told nothing."""
    known = catalogue(db.session())
    service, held = known.services.get(slug), holding.latest(slug, clock.now())
    if service is None or held is None:
        return checks.said({})
    typed = posted.typed(service, beside=details.of_the_time(held) | {"field"}) | posted.consents()
    return checks.said(details.sentences(_wrong(known, service, held, typed)))


def _wrong(known: Catalogue, service: Service, held: Held, typed: dict[str, Any]) -> dict[str, FieldError]:
    """What is wrong with the person, her answers and her consents, each by its path."""
    location = next(each for each in known.location_by_id.values() if each.slug == held.location)
    answers = details.answers(typed) | attached.kept(service, held)
    found: dict[str, FieldError] = {}
    try:
        checked(known, service, location, details.person(typed), answers)
    except Invalid as refusal:
        found |= refusal.errors
    try:
        consenting.refuse_without(db.session(), details.consents(typed))
    except Invalid as refusal:
        found |= refusal.errors
    return found
