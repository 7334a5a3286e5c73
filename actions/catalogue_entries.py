"""One entry among all the others: checked as the whole business file is, with the mistakes named by the fields of a form."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date
from typing import Any

from actions.businessfile.checking import check
from actions.businessfile.dumping import Dump
from actions.businessfile.reading import Problem, Wrong, written
from rules.errors import FieldError, Invalid

LEFT_WITH_NOTHING = "nothing would be left for this"
PLURAL = {"location": "locations", "resource": "resources", "service": "services"}


def stripped(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The entry without what says nothing: a form sends every field."""
    return {name: value for name, value in entry.items() if value not in (None, "", [], {})}


def canonical(entry: Mapping[str, Any]) -> str:
    """One spelling for one meaning."""
    return json.dumps(entry, sort_keys=True, ensure_ascii=False, default=str)


def version_of(entry: Mapping[str, Any]) -> str:
    """The version that a form carries: the same for the same content."""
    return hashlib.sha256(canonical(entry).encode()).hexdigest()[:16]


def checked(
    it: Dump,
    *,
    today: date,
    named: tuple[str, str, Mapping[str, Any]] | None = None,
    left: tuple[str, str] | None = None,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The meaning of the whole file with this entry ``named`` (kind, slug, entry) in it, or with one ``left`` out, and the
    notes about it.

    Raises Invalid. What was wrong before, and is none of this entry's business, stands in nobody's way.
    """
    document = it.document()
    wrong_before = {(each.place, each.reason) for each in _problems(document, today)}
    changed, at, without = _with(document, named, left)
    if without:
        raise Invalid(errors=_elsewhere(without, changed))
    try:
        found = check(written(changed), today=today)
    except Wrong as error:
        mine = [each for each in error.problems if at and f"{each.place}.".startswith(at)]
        others = [each for each in error.problems if each not in mine and (each.place, each.reason) not in wrong_before]
        if mine or others:
            raise Invalid(errors={**_elsewhere(others, changed), **_by_field(mine, at)}) from error
        raise Invalid(errors=_elsewhere(error.problems, changed)) from error
    return found, tuple(note.removeprefix(at) for note in found["notes"] if at and note.startswith(at))


def _problems(document: Mapping[str, Any], today: date) -> list[Problem]:
    try:
        check(written(document), today=today)
    except Wrong as error:
        return error.problems
    return []


def _with(
    document: dict[str, Any], named: tuple[str, str, Mapping[str, Any]] | None, left: tuple[str, str] | None
) -> tuple[dict[str, Any], str, list[Problem]]:
    """The document after the change, the place of the entry in it, and what would be left with nothing."""
    changed = deepcopy(document)
    if left is not None:
        kind, slug = left
        changed[PLURAL[kind]] = [each for each in changed.get(PLURAL[kind], []) if each["slug"] != slug]
        return changed, "", list(_unnamed(changed, kind, slug))
    assert named is not None
    kind, slug, entry = named
    if kind == "business":
        changed["business"] = dict(entry)
        return changed, "business.", []
    everything = changed.setdefault(PLURAL[kind], [])
    index = next((n for n, each in enumerate(everything) if each["slug"] == slug), len(everything))
    everything[index : index + 1] = [dict(entry)]
    return changed, f"{PLURAL[kind]}[{index}].", []


def _unnamed(document: dict[str, Any], kind: str, slug: str) -> Iterator[Problem]:
    """Takes a thing out of the lists that name it. An empty list means everything: one that becomes empty is a problem."""
    for n, service in enumerate(document.get("services", []) if kind != "service" else []):
        owners = [service] if kind == "location" else service["needs"]
        name = "locations" if kind == "location" else "any_of"
        for owner in owners:
            if slug in owner.get(name, []):
                owner[name] = [each for each in owner[name] if each != slug]
                if not owner[name]:
                    yield Problem(f"services[{n}].{name}", LEFT_WITH_NOTHING)
    for n, resource in enumerate(document.get("resources", []) if kind == "location" else []):
        places = resource.get("locations") or {resource.get("location"): None}
        if slug in places and len(places) == 1:
            yield Problem(f"resources[{n}].locations", LEFT_WITH_NOTHING)
        elif slug in places:
            resource["locations"] = {name: each for name, each in places.items() if name != slug}


def _by_field(problems: list[Problem], at: str) -> dict[str, FieldError]:
    found: dict[str, FieldError] = {}
    for each in problems:
        found.setdefault(
            f"{each.place}.".removeprefix(at).rstrip("."), FieldError("as_in_the_file", {"reason": each.reason})
        )
    return found


def _elsewhere(problems: list[Problem], document: Mapping[str, Any]) -> dict[str, FieldError]:
    """What would be wrong with another entry then, said with its name."""
    for each in problems:
        kind, _, rest = each.place.partition("[")
        number = rest.partition("]")[0]
        owner = document[kind][int(number)] if number.isdigit() else document["business"]
        return {"": FieldError("elsewhere_in_the_file", {"name": owner.get("name", ""), "reason": each.reason})}
    return {}
