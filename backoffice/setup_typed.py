"""An entry of the business file as the fields of a form, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from wire.wording import LOCALES

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LONGEST = 4000
# How a week that holds for a time is told apart, and how many of them a form has.
PARTS = ("from", "until", "every")
MOST = 8
_SPELL = re.compile(r"hours(?:-[a-z0-9_-]+)?--[0-7]-(?:mon|tue|wed|thu|fri|sat|sun|from|until|every)\Z")
_LOCALISED = {"business": ("name",), "location": ("name", "address", "directions"), "resource": ("name",)}
_PLAIN = {
    "business": "timezone country locale currency phone email colour imprint_url privacy_url".split(),
    "location": "timezone country region holidays".split(),
    "resource": "kind capacity weight email".split(),
}
_CLOCK = re.compile(r"(\d{1,2})(?:[:.：](\d\d))?\Z")

Typed = dict[str, Any]


def typed_of(kind: str, entry: Mapping[str, Any], home: str) -> Typed:
    """What the fields show of an entry."""
    found: Typed = {name: _shown(entry.get(name)) for name in _PLAIN[kind]}
    for name in _LOCALISED[kind]:
        found |= _spoken(name, entry.get(name), home)
    if kind == "business":
        found["cancel_reasons"] = "\n".join(_line(each, home) for each in entry.get("cancel_reasons", []))
        found["require"] = list(entry.get("require", []))
        found["logo"] = entry.get("logo", "")
    if kind == "location":
        found |= weeks_typed("hours", entry.get("hours", {}))
        found["coordinates"] = ", ".join(str(each) for each in entry.get("coordinates", []))
        found["closed"] = "\n".join(entry.get("closed", []))
        found["works_as"] = "\n".join(f"{day} {name}" for day, name in entry.get("works_as", {}).items())
    if kind == "resource":
        found["capacity"], found["weight"] = found["capacity"] or "1", found["weight"] or "1"
        places = entry.get("locations") or (
            {entry["location"]: {"hours": entry.get("hours", {})}} if entry.get("location") else {}
        )
        found["places"] = list(places)
        for slug, each in places.items():
            found |= weeks_typed(f"hours-{slug}", (each or {}).get("hours", {}))
        found["units"] = "\n".join(entry.get("units", []))
        found["skills"] = ", ".join(entry.get("skills", []))
        found["time_off"] = "\n".join(_absent(each, home) for each in entry.get("time_off", []))
    if kind != "business":
        found["special_hours"] = "\n".join(
            f"{day} {', '.join(windows)}".strip() for day, windows in entry.get("special_hours", {}).items()
        )
    return found


def typed_in(kind: str, form: MultiDict[str, str], places: Iterable[str] = ()) -> Typed:
    """What was typed into the fields."""
    names = [*_PLAIN[kind], *(f"{name}-{locale}" for name in _LOCALISED[kind] for locale in LOCALES)]
    names += {
        "business": ["cancel_reasons"],
        "location": ["coordinates", "closed", "works_as", "special_hours", "make_up"],
    }.get(kind, ["units", "skills", "time_off", "special_hours"])
    weeks = ["hours"] if kind == "location" else [f"hours-{slug}" for slug in places] if kind == "resource" else []
    found: Typed = {name: form.get(name, "")[:LONGEST].replace("\r\n", "\n") for name in names}
    return (
        found
        | weeks_sent(weeks, form)
        | {"places": form.getlist("places")[:200], "require": form.getlist("require")[:10]}
    )


def weeks_sent(weeks: Sequence[str], form: MultiDict[str, str]) -> Typed:
    """What was typed into the fields of these weeks, those that hold for a time too."""
    names = [f"{week}-{day}" for week in weeks for day in DAYS]
    names += [name for name in form if _SPELL.match(name) and name.partition("--")[0] in weeks]
    return {name: form.get(name, "")[:LONGEST] for name in names}


def entry_of(
    kind: str, typed: Typed, current: Mapping[str, Any], home: str, places: Iterable[str] = ()
) -> dict[str, Any]:
    """The entry that was typed; what the form has no field for stays as it is in ``current``."""
    found: dict[str, Any] = {name: typed[name].strip() for name in _PLAIN[kind]}
    for name in _LOCALISED[kind]:
        found[name] = _said(current.get(name), {each: typed[f"{name}-{each}"].strip() for each in LOCALES}, home)
    if kind == "business":
        found["cancel_reasons"] = [_read_line(each, home) for each in _lines(typed["cancel_reasons"])]
        found["require"] = list(typed["require"])
        found["logo"] = current.get("logo")
    if kind == "location":
        found["hours"] = weeks_in("hours", typed, current.get("hours"))
        found["coordinates"] = [each.strip() for each in re.split(r"[,，;\s]+", typed["coordinates"].strip()) if each]
        found["closed"] = [_day(each) for each in _lines(typed["closed"])]
        found["works_as"] = {_day(day): name.lower()[:3] for day, name in _pairs(typed["works_as"])}
    if kind == "resource":
        chosen = [slug for slug in places if slug in typed["places"]]
        found["locations"] = {
            slug: {"hours": weeks_in(f"hours-{slug}", typed, _hours_at(current, slug))} for slug in chosen
        }
        found["units"] = _lines(typed["units"])
        found["skills"] = [each for each in re.split(r"\s*[,，、\n]\s*", typed["skills"].strip()) if each]
        found["time_off"] = [_read_absent(each, current, home) for each in _lines(typed["time_off"])]
    if kind != "business":
        found["special_hours"] = {_day(day): windows_in(hours) for day, hours in _pairs(typed["special_hours"])}
    return found


def _hours_at(current: Mapping[str, Any], slug: str) -> Any:
    """The hours that somebody or something has at one place so far."""
    if current.get("location") == slug:
        return current.get("hours")
    return ((current.get("locations") or {}).get(slug) or {}).get("hours")


def week_typed(name: str, week: Mapping[str, list[str]]) -> Typed:
    """Seven fields: ``09:00-12:00, 13:00-17:00``."""
    return {f"{name}-{day}": ", ".join(week.get(day, [])) for day in DAYS}


def weeks_typed(name: str, hours: Any) -> Typed:
    """The week that is typed first, then those that hold for a time, and an empty one to add."""
    spells = list(hours) if isinstance(hours, list) else [hours]
    found: Typed = {}
    for n, each in enumerate([*spells, {}] if spells[0] else spells):
        found |= week_typed(spell_name(name, n), each)
        found |= {f"{name}--{n}-{part}": str(each.get(part, "")) for part in PARTS}
    return found


def spells_of(name: str, typed: Mapping[str, Any]) -> int:
    """How many weeks the form shows."""
    return max(1, sum(f"{name}--{n}-from" in typed for n in range(MOST)))


def spell_name(name: str, n: int) -> str:
    """The fields of the days of the ``n``-th week."""
    return f"{name}--{n}" if n else name


def weeks_in(name: str, typed: Typed, was: Any = None) -> Any:
    """The hours of all weeks as the file writes them: one week, or the list of those that hold for a time each. More of them
    than the form has fields for stay as they were."""
    found = [_spell_in(name, n, typed) for n in range(spells_of(name, typed))]
    while found and not found[-1]:
        found.pop()
    found += was[MOST:] if isinstance(was, list) else []
    plain = len(found) < 2 and not any(part in week for week in found for part in PARTS)
    return (found[0] if found else {}) if plain else found


def _spell_in(name: str, n: int, typed: Typed) -> dict[str, Any]:
    parts = {part: typed.get(f"{name}--{n}-{part}", "").strip() for part in PARTS}
    given = {part: _day(each) for part, each in parts.items() if each and (part, each) != ("every", "1")}
    return given | week_in(spell_name(name, n), typed)


def week_in(name: str, typed: Mapping[str, Any]) -> dict[str, list[str]]:
    """The days of seven fields on which it is open."""
    found = {day: windows_in(typed.get(f"{name}-{day}", "")) for day in DAYS}
    return {day: windows for day, windows in found.items() if windows}


def windows_in(typed: str) -> list[str]:
    """``9-12, 13.30-17`` as the file writes it; what is no time stays as it was typed."""
    parts = [each for each in re.split(r"\s*[,，;；、]\s*", typed.strip()) if each]
    return [_window(each) for each in parts]


def _window(typed: str) -> str:
    ends = [each.strip() for each in re.split(r"\s*(?:-|–|—|~|～|至|到)\s*", typed)]
    clocks = [_CLOCK.match(each) for each in ends]
    if len(clocks) != 2 or not all(clocks):
        return typed
    return "-".join(f"{int(each[1]):02}:{each[2] or '00'}" for each in clocks if each)


def field_of(place: str) -> str:
    """The field of the form for a place of the file: ``hours.mon[0]`` is typed in ``hours-mon``."""
    week = re.match(
        r"(?:locations\.([^.]+)\.)?hours(?:\[(\d+)\])?\.(mon|tue|wed|thu|fri|sat|sun|from|until|every)", place
    )
    if week:
        name, n = "-".join(filter(None, ("hours", week[1]))), int(week[2] or 0)
        return f"{name}--{n}-{week[3]}" if week[3] in PARTS else f"{spell_name(name, n)}-{week[3]}"
    name = re.split(r"[.\[]", place)[0]
    return {"location": "places", "locations": "places", "latitude": "coordinates"}.get(name, name)


def _shown(value: Any) -> str:
    return "" if value is None else str(value)


def _spoken(name: str, value: Any, home: str) -> Typed:
    said = {home: value} if isinstance(value, str) else value or {}
    return {f"{name}-{locale}": said.get(locale, "") for locale in LOCALES}


def _said(current: Any, typed: Mapping[str, str], home: str) -> Any:
    """One string where only the house's own language is given and no other one was there, else one per language."""
    others = (
        {} if current is None or isinstance(current, str) else {k: v for k, v in current.items() if k not in LOCALES}
    )
    given = {locale: text for locale, text in typed.items() if text} | others
    if set(given) <= {home} and not isinstance(current, dict):
        return given.get(home)
    return given or None


def _lines(typed: str) -> list[str]:
    return [each.strip() for each in typed.splitlines() if each.strip()]


def _pairs(typed: str) -> list[tuple[str, str]]:
    """Lines of a date and what holds on it."""
    split = [re.split(r"[\s:：]+", each, maxsplit=1) for each in _lines(typed)]
    return [(each[0], each[1] if len(each) > 1 else "") for each in split]


def _day(typed: str) -> str:
    """``2026/1/4`` and ``2026年1月4日`` as the file writes a date."""
    numbers = re.fullmatch(r"(?:(\d{4})\s*[-./年]\s*)?(\d{1,2})\s*[-./月]\s*(\d{1,2})\s*日?", typed)
    if not numbers:
        return typed
    return "-".join(filter(None, (numbers[1], f"{int(numbers[2]):02}", f"{int(numbers[3]):02}")))


def _line(value: Any, home: str) -> str:
    """A text in several languages on one line, the house's own first: ``Ill | 生病``."""
    if isinstance(value, str):
        return value
    spoken = [value[each] for each in dict.fromkeys((home, *LOCALES)) if value.get(each)]
    return " | ".join(dict.fromkeys(spoken))


def _read_line(typed: str, home: str) -> Any:
    parts = [each.strip() for each in re.split(r"[|｜]", typed)]
    other = next(each for each in LOCALES if each != home)
    return parts[0] if len(parts) == 1 or not parts[1] else {home: parts[0], other: parts[1]}


def _absent(each: Mapping[str, Any], home: str) -> str:
    reason = each.get("reason")
    return " ".join(filter(None, (f"{each['from']} – {each['to']}", _line(reason, home) if reason else "")))


def _read_absent(typed: str, current: Mapping[str, Any], home: str) -> dict[str, Any]:
    """``2026-08-01 – 2026-08-14 holiday``, with or without times; a reason in several languages stays what it is."""
    found = re.match(r"(\S+)\s+(?:-|–|—|~|～|to|bis|至|到)\s+(\S+)(?:\s+(.*))?\Z", typed) or re.match(
        r"(\S+)()(?:\s+(.*))?\Z", typed
    )
    if found is None:
        return {"from": typed}
    since, until, reason = _day(found[1]), _day(found[2] or found[1]), found[3]
    for each in current.get("time_off", []):
        if reason and each.get("reason") and _line(each["reason"], home) == reason:
            return {"from": since, "to": until, "reason": each["reason"]}
    return {"from": since, "to": until, **({"reason": _read_line(reason, home)} if reason else {})}
