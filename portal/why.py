"""Why a time cannot be had, in words."""

from __future__ import annotations

from actions.availability import Asked, Offer
from wire.wording import Wording


def why_not(asked: Asked, say: Wording, offer: Offer) -> str:
    """Why a time cannot be had, as customers read it."""
    known = asked.catalogue
    thing = known.resources.get(offer.who or "")
    who = say.text(thing.name) if thing else None
    if offer.reason == "held":
        return say.gettext("someone is booking these now")
    if offer.reason == "closed":
        return (
            say.gettext("%(name)s is not in", name=who)
            if thing and thing.kind == "staff"
            else say.gettext("not available")
        )
    if offer.reason == "full":
        return say.gettext("full")
    if offer.reason == "limit":
        return say.gettext("no more on this day")
    if offer.reason == "too_far":
        return say.gettext("not open yet")
    if offer.reason == "too_soon":
        return say.gettext("too soon, book %(notice)s ahead", notice=say.notice(asked.service.min_notice))
    if thing and thing.kind != "staff":
        return say.gettext("%(name)s is in use", name=who)
    return say.gettext("taken")
