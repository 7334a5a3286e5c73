"""The choices that a time page offers: place, length, places wanted, person."""

from __future__ import annotations

from typing import Any

from actions.availability import Asked, Offer
from portal.wishes import written
from wire.booking import TITLES
from wire.wording import Wording


def places(asked: Asked, say: Wording) -> dict[str, Any] | None:
    """Where; None where there is one place only."""
    known = asked.catalogue
    found = [known.location_by_id[id] for id in asked.service.locations if (asked.service.id, id) in known.plans]
    if len(found) < 2:
        return None
    options = [{"value": place.slug, "text": say.text(place.name)} for place in found]
    return {"name": "location", "label": say.gettext("Place"), "value": asked.location.slug, "options": options}


def lengths(asked: Asked, say: Wording) -> dict[str, Any] | None:
    """How long; None where there is one length only."""
    if len(asked.service.lengths) < 2:
        return None
    options = [{"value": written(each), "text": say.duration(each)} for each in asked.service.lengths]
    return {"name": "length", "label": say.gettext("How long"), "value": written(asked.length), "options": options}


def parties(asked: Asked, say: Wording) -> dict[str, Any] | None:
    """For how many; None where it is for one."""
    if asked.service.seats < 2:
        return None
    options = [{"value": str(n), "text": say.number(n)} for n in range(1, min(asked.service.seats, 8) + 1)]
    return {"name": "seats", "label": say.gettext("How many places"), "value": str(asked.seats), "options": options}


def people(asked: Asked, chosen: str | None, say: Wording) -> dict[str, Any] | None:
    """With whom; None where nobody can be chosen, or one only."""
    ids = [id for need in asked.plan.service.needs if need.choosable for id in need.candidates]
    found = [asked.catalogue.resource_by_id[id] for id in dict.fromkeys(ids)]
    if len(found) < 2:
        return None
    options = [{"value": "", "text": say.gettext("Anyone"), "initials": ""}]
    options += [
        {"value": each.slug, "text": say.text(each.name), "initials": initials(say.text(each.name))} for each in found
    ]
    return {"name": "with", "label": say.gettext("With whom"), "value": chosen or "", "options": options}


def whom(asked: Asked, offer: Offer | None, say: Wording) -> str:
    """With whom a visit at a time will be: those who are chosen, and who alone can serve or is free then."""
    known = asked.catalogue
    found, several = list(asked.chosen), False
    free = [known.resources[slug] for slug in (offer.resources if offer else ()) if slug in known.resources]
    for need in asked.plan.service.needs:
        staff = [known.resource_by_id[id] for id in need.candidates if known.resource_by_id[id].kind == "staff"]
        if not staff or any(each in found for each in staff):
            continue
        left = [each for each in free if each in staff] or staff
        if len(left) == 1:
            found += left
        several = several or len(left) > 1
    names = [say.text(each.name) for each in found]
    return say.listed([*names, say.gettext("whoever is free")] if several else names)


def initials(name: str) -> str:
    """One or two letters for a person's disc; titles are passed over, Chinese names show their family name."""
    parts_ = [part for part in name.replace(".", " ").split() if part.casefold() not in TITLES]
    if not parts_:
        return name[:1]
    if len(parts_) == 1:
        return parts_[0][:1]
    return (parts_[0][0] + parts_[-1][0]).upper()
