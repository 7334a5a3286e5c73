"""What a business file means: every value typed, every reference resolved, every mistake named by its place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from actions.businessfile.offered import read_service
from actions.businessfile.places import read_business, read_location
from actions.businessfile.reading import Mapping, Problem, Wrong
from actions.businessfile.things import read_resource
from actions.businessfile.values import Check


def check(
    document: Mapping, *, today: date, also: Callable[[dict[str, Any]], list[Problem]] | None = None
) -> dict[str, Any]:
    """The file's meaning: ``business``, ``locations``, ``resources``, ``services``, each value typed as the tables keep it,
    and ``notes`` that its writer should read. ``also`` looks at the same for more problems (the pictures). Raises Wrong
    with every problem."""
    it = Check(today)
    it.mapping(document, "", ("business", "locations", "resources", "services"))
    business = read_business(it, document)
    locations = _each(it, document, "locations", lambda value, place: read_location(it, value, place, business))
    by_slug = {each["slug"]: each for each in locations}
    resources = _each(it, document, "resources", lambda value, place: read_resource(it, value, place, by_slug))
    things = {each["slug"]: each for each in resources}
    services = _each(
        it, document, "services", lambda value, place: read_service(it, value, place, by_slug, things, business)
    )
    found = {"business": business, "locations": locations, "resources": resources, "services": services}
    for problem in also(found) if also else []:
        it.wrong(problem.place, problem.reason)
    if it.problems:
        raise Wrong(sorted(dict.fromkeys(it.problems), key=lambda each: each.line or 0))
    return {**found, "notes": it.notes}


def _each(it: Check, document: Mapping, name: str, read: Callable[[Any, str], dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    items = it.items(document.get(name), name)
    if not items and name != "services" and name != "resources":
        it.wrong(name, "at least one is needed")
    for place, value in items:
        one = read(value, place)
        if one["slug"] and one["slug"] in seen:
            it.wrong(f"{place}.slug", f"{one['slug']!r} stands twice", value)
        seen.add(one["slug"])
        found.append({**one, "position": len(found)})
    return found
