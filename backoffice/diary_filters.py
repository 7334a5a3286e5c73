"""What the diary can be narrowed to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backoffice.diary_address import mine
from models import diary as reading
from models.base import db
from rules.facts import Catalogue, Location, Resource
from rules.rights import Viewer
from rules.workflow import STATES
from web.locale import words
from wire.booking import STATUS
from wire.wording import n_

VIEWS = {"day": n_("Day"), "week": n_("Week"), "month": n_("Month"), "list": n_("List")}


def everybody(known: Catalogue, viewer: Viewer, places: Sequence[Location]) -> list[Resource]:
    """The people, rooms and things of these places whose diary she may see."""
    here = {each.id for each in places}
    found = [each for each in known.resources.values() if not here.isdisjoint(each.at)]
    scope = viewer.scope("booking.see")
    if scope in ("all", "location"):
        return found
    return [each for each in found if each.id in viewer.mine(scope)]


def filters(known: Catalogue, viewer: Viewer, places: Sequence[Location]) -> dict[str, Any]:
    """The choices of the filters, in words."""
    say, hers = words(), mine(known, viewer)
    zones = {each.timezone for each in hers}
    nowhere = say.gettext("All places")
    if len(zones) > 1:
        nowhere = say.gettext("Places with %(zone)s", zone=say.zone(hers[0].timezone))
    return {
        "nowhere": nowhere,
        "locations": [(each.slug, say.text(each.name)) for each in hers] if len(hers) > 1 else [],
        "resources": [(each.slug, say.text(each.name)) for each in everybody(known, viewer, places)],
        "services": [(each.slug, say.text(each.name)) for each in known.services.values()],
        "statuses": [(each, say.gettext(STATUS[each])) for each in STATES],
        "sources": reading.sources(db.session()),
    }
