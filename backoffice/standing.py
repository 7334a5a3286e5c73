"""What stands in the way of a time, as who looks may hear it: bookings that she does not see have no reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backoffice import access
from models import desk_queries
from models.base import db
from rules.broken import Broken


def tellable(*lists: Sequence[Broken]) -> list[list[Broken]]:
    """The same lists, with the references of those bookings only that she sees. One query for all of them."""
    named = {each for found in lists for broken in found for each in broken.params.get("references") or ()}
    seen = desk_queries.seen_of(db.session(), access.viewer(), named) if named else frozenset()
    return [[_told(broken, seen) for broken in found] for found in lists]


def _told(broken: Broken, seen: frozenset[str]) -> Broken:
    references = broken.params.get("references")
    if not references:
        return broken
    return replace(broken, params={**broken.params, "references": tuple(each for each in references if each in seen)})
