"""What the diary can be narrowed to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backoffice.came_by import called
from backoffice.diary_address import Address, mine
from models import figure_time
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


def nowhere(known: Catalogue, viewer: Viewer) -> str:
    """What the diary of no place in particular is called: with several zones it has the places of the first."""
    say, hers = words(), mine(known, viewer)
    if len({each.timezone for each in hers}) > 1:
        return say.gettext("Places with %(zone)s", zone=say.zone(hers[0].timezone))
    return say.gettext("All places")


def left_out(known: Catalogue, viewer: Viewer, places: Sequence[Location], address: Address) -> list[tuple[str, str]]:
    """Name and address of the diaries in other zones than that of ``places``; nothing where somebody has chosen a place that
    is in the first of them."""
    say, hers, zone = words(), mine(known, viewer), places[0].timezone
    if address.until or (address.location and zone == hers[0].timezone):
        return []
    others = [each for each in hers if each.timezone not in (zone, hers[0].timezone)]
    found = [(say.text(each.name), address.to(location=each.slug, resource="")) for each in others]
    if zone != hers[0].timezone:
        found.insert(0, (nowhere(known, viewer), address.to(location="", resource="")))
    return found


def filters(known: Catalogue, viewer: Viewer, places: Sequence[Location]) -> dict[str, Any]:
    """The choices of the filters, in words."""
    say, hers = words(), mine(known, viewer)
    sources = [(each.code, called(each, known, say)) for each in figure_time.sources(db.session())]
    return {
        "nowhere": nowhere(known, viewer),
        "locations": [(each.slug, say.text(each.name)) for each in hers] if len(hers) > 1 else [],
        "resources": [(each.slug, say.text(each.name)) for each in everybody(known, viewer, places)],
        "services": [(each.slug, say.text(each.name)) for each in known.services.values()],
        "statuses": [(each, say.gettext(STATUS[each])) for each in STATES],
        "sources": sorted(sources, key=lambda each: each[1].casefold()),
    }
