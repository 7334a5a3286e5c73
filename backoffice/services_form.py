"""A service as its form has it: the entry of the business file in fields, and the fields as an entry again.

What was typed is kept as it was, also where it cannot be used: the reader of the business file has the last word, and the
form shows it beside the field.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from werkzeug.datastructures import MultiDict

from backoffice import questions_form
from backoffice.setup_typed import DAYS, weeks_in, weeks_sent
from web.fields import whole
from wire.wording import LOCALES

Given = MultiDict[str, str]
LONGEST = 2000
OWN = {
    "read": ("name", "group", "description", "before_visit", "who", "place", "online_link", "discreet"),
    "time": (
        *(
            "duration",
            "overnight",
            "buffer_before",
            "buffer_after",
            "slot_step",
            "starts",
            "min_notice",
            "horizon_days",
        ),
        *("hours", "seats", "price", "price_per"),
    ),
    "needs": ("locations", "needs", "assign"),
    "rules": ("approval", "cancel_until", "reschedule_until", "limits", "reminders", "staff_reminders", "ask"),
    "questions": ("questions",),
}
_BETWEEN = re.compile(r"[,，、;；]")


def entry_of(tab: str, given: Given, was: Mapping[str, Any], *, home: str) -> dict[str, Any]:
    """``was`` with what one tab of the form says; ``home`` is the language of the business."""
    kept = {name: value for name, value in was.items() if name not in OWN[tab]}
    return kept | {
        name: value for name, value in _READ[tab](given, _Was(was, home)).items() if value not in (None, "", [], {})
    }


@dataclass(frozen=True, slots=True)
class _Was:
    """The entry before, and the language of the business."""

    entry: Mapping[str, Any]
    home: str

    def text(self, given: Given, field: str, before: Any) -> Any:
        return localised(given, field, before, self.home)


def localised(given: Given, field: str, was: Any, home: str) -> Any:
    """A text in the languages of the house: one string where only its own is written, else one per language. Languages that
    the form does not show stay."""
    kept = {locale: text for locale, text in was.items() if locale not in LOCALES} if isinstance(was, Mapping) else {}
    typed = {locale: given.get(f"{field}.{locale}", "")[:LONGEST] for locale in LOCALES}
    found = kept | {locale: text for locale, text in typed.items() if text.strip()}
    return found[home] if set(found) == {home} else found or None


def span(given: Given, field: str) -> Any:
    """Minutes of a number with its unit; what is no number as it was typed."""
    typed = given.get(field, "").strip()[:12]
    number, unit = whole(typed, digits=7), whole(given.get(f"{field}.unit", "1"), digits=4)
    return number * (unit or 1) if number is not None else typed


def parts(typed: str) -> list[str]:
    """What stands between commas."""
    return [each.strip() for each in _BETWEEN.split(typed[:LONGEST]) if each.strip()]


def _read(given: Given, was: _Was) -> dict[str, Any]:
    texts = {name: was.text(given, name, was.entry.get(name)) for name in OWN["read"][:4]}
    link = given.get("online_link", "")[:500].strip() if given.get("place") == "online" else ""
    plain = {name: given.get(name, "")[:20] for name in ("who", "place")}
    return {**texts, **plain, "online_link": link, "discreet": "discreet" in given}


def _time(given: Given, was: _Was) -> dict[str, Any]:
    lengths = [each for n in range(_rows(given, "length")) if (each := _length(given, f"length.{n}"))]
    by_hand = given.get("grid") == "starts"
    numbers = {
        name: span(given, name) for name in ("buffer_before", "buffer_after", "min_notice", "horizon_days", "seats")
    }
    return {
        **numbers,
        "duration": lengths[0] if len(lengths) == 1 else lengths,
        "overnight": "overnight" in given,
        "slot_step": was.entry.get("slot_step") if by_hand else span(given, "slot_step"),
        "starts": _week(given, "starts") if by_hand else None,
        "hours": _weeks(given, was.entry.get("hours")),
        "price": given.get("price", "")[:20].strip().replace(",", "."),
        "price_per": given.get("price_per", "")[:20],
    }


def _length(given: Given, field: str) -> Any:
    if given.get(f"{field}.unit") != "d":
        return span(given, field)
    typed = given.get(field, "").strip()[:12]
    return f"{typed}d" if typed else ""


def _rows(given: Given, field: str) -> int:
    """How many rows of a kind the form had."""
    return min(whole(given.get(f"{field}.rows", ""), digits=2) or 0, 60)


def _weeks(given: Given, was: Any) -> Any:
    """The hours of a week, or of several that hold for a time each, as they are typed for a place too."""
    return weeks_in("hours", weeks_sent(["hours"], given), was) if "hours-mon" in given else was


def _week(given: Given, field: str) -> dict[str, list[str]]:
    return {day: found for day in DAYS if (found := parts(given.get(f"{field}.{day}", "")))}


def _needs(given: Given, was: _Was) -> dict[str, Any]:
    dropped = given.get("do", "").removeprefix("drop-")
    needs = [_need(given, f"need.{n}") for n in given.getlist("need")[:30] if n.isdigit() and n != dropped]
    if given.get("do") == "add":
        needs.append({"kind": "room"})
    return {
        "locations": _places(given, was.entry.get("locations") or []),
        "needs": needs,
        "assign": given.get("assign", "")[:20],
    }


def _places(given: Given, was: list[str]) -> list[str]:
    """The places that are ticked; none for all of them, unless they were named one by one."""
    if "locations.rows" not in given:
        return was
    places = [each[:60] for each in given.getlist("locations")[:200]]
    everywhere = len(places) == _rows(given, "locations")
    return was if everywhere and set(was) == set(places) else [] if everywhere else places


def _need(given: Given, field: str) -> dict[str, Any]:
    by, count = given.get(f"{field}.by", ""), given.get(f"{field}.count", "").strip()[:9]
    found: dict[str, Any] = {
        "kind": given.get(f"{field}.kind", "")[:20],
        "any_of": [each[:60] for each in given.getlist(f"{field}.any_of")[:200]] if by == "any_of" else [],
        "skills": parts(given.get(f"{field}.skills", "")) if by == "skills" else [],
        "count": "" if count == "1" else count,
        "customer_may_choose": f"{field}.choose" in given,
    }
    return {name: value for name, value in found.items() if value}


def _rules(given: Given, _was: _Was) -> dict[str, Any]:
    limits = {name: given.get(f"limits.{name}", "").strip()[:9] for name in ("per_customer", "per_day")}
    asked = {name: given.get(f"ask.{name}", "")[:20] for name in ("phone", "email", "company")}
    usual = {"phone": "optional", "email": "optional", "company": "hidden"}
    return {
        "approval": _approval(given),
        **{name: _deadline(given, name) for name in ("cancel_until", "reschedule_until")},
        "limits": {name: value for name, value in limits.items() if value},
        **{name: _reminders(given, name) for name in ("reminders", "staff_reminders")},
        "ask": {name: value for name, value in asked.items() if value and value != usual[name]},
    }


def _approval(given: Given) -> Any:
    wanted = given.get("approval", "")[:20]
    if wanted != "by":
        return wanted
    within = span(given, "decide_within")
    return {"by": given.get("approval.by", "")[:20]} | ({"decide_within": within} if within else {})


def _deadline(given: Given, field: str) -> Any:
    mode = given.get(f"{field}.mode", "")
    if mode == "same_day":
        return {"days_before": 1}
    if mode == "by_day":
        rule = {"days_before": given.get(f"{field}.days", "").strip()[:9], "time": given.get(f"{field}.time", "")[:9]}
        return {name: value for name, value in rule.items() if value}
    return span(given, field) if mode == "before" else 0


def _reminders(given: Given, field: str) -> list[Any]:
    return [each for n in range(_rows(given, field)) if (each := span(given, f"{field}.{n}"))]


def _questions(given: Given, was: _Was) -> dict[str, Any]:
    return {"questions": questions_form.read(given, was.entry.get("questions") or [], partial(was.text, given))}


_READ = {"read": _read, "time": _time, "needs": _needs, "rules": _rules, "questions": _questions}


def untranslated(entry: Mapping[str, Any], home: str) -> list[tuple[str, str, str]]:
    """The texts that lack a language: (place, what is said there, the language)."""
    texts = [(name, entry.get(name)) for name in ("name", "group", "description", "before_visit")]
    for n, question in enumerate(entry.get("questions") or []):
        texts += [(f"questions[{n}].{part}", question.get(part)) for part in ("label", "help")]
        for m, option in enumerate(question.get("options") or []):
            texts.append((f"questions[{n}].options[{m}]", option.get("label")))
    return [
        (place, text if isinstance(text, str) else next(filter(None, text.values()), ""), locale)
        for place, text in texts
        if text
        for locale in LOCALES
        if not (text.get(locale) if isinstance(text, Mapping) else locale == home)
    ]
