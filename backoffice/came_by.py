"""What the links and signs are called by which customers come."""

from __future__ import annotations

from typing import Any

from rules.facts import Catalogue
from wire.wording import Wording


def called(source: Any, known: Catalogue, say: Wording) -> str:
    """A source by its label, a sign by what it stands beside."""
    if source.label:
        return str(source.label)
    signs = (
        (source.service_id, known.service_by_id),
        (source.location_id, known.location_by_id),
        (source.resource_id, known.resource_by_id),
    )
    beside: Any = next((things[id] for id, things in signs if id in things), None)
    return say.gettext("Sign: %(name)s", name=say.text(beside.name)) if beside else str(source.code)
