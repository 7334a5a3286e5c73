"""The portal's pages for who shapes them: the customers' door lays them out here, the desk shows them with a service that
nobody has saved yet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rules.facts import Catalogue

Page = Callable[[Catalogue, str, datetime], str]
_pages: dict[str, Page] = {}


def page(name: str) -> Callable[[Page], Page]:
    """Lays out a page under a name: it takes a catalogue, the slug of a service and the moment, and gives its HTML."""

    def laid_out(view: Page) -> Page:
        _pages[name] = view
        return view

    return laid_out


def shown(name: str, known: Catalogue, slug: str, now: datetime) -> str:
    """The page of that name."""
    return _pages[name](known, slug, now)


def names() -> Mapping[str, Any]:
    """The pages that there are."""
    return _pages
