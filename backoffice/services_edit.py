"""One service in tabs: what customers read, its time, who and what it needs, its rules, its questions."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from flask import current_app, make_response, redirect, render_template, request, session, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import catalogue as editing
from actions import imagined
from actions.businessfile.dumping import Dump
from actions.catalogue_entries import checked, stripped, version_of
from backoffice import access, questions_form, services_form
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.frame import ROLES
from backoffice.services_hits import told
from backoffice.services_versions import last_saved
from backoffice.services_words import OPERATORS, TABS, TYPES
from backoffice.setup_typed import DAYS, field_of, spell_name, spells_of, weeks_typed
from models.base import db
from models.snapshot import catalogue
from rules import attachments, conditions
from rules.errors import EditedMeanwhile, HitsBookings, Invalid
from rules.facts import Catalogue
from web import security
from web.locale import words
from wire.service_edits import (
    ASSIGN,
    CONTACTS,
    FIELDS,
    GIVEN,
    KINDS,
    LIMITS,
    PLACES,
    PRICES,
    UNITS,
    WHO,
    in_units,
    mode_of,
)
from wire.wording import LOCALES, n_

TAB = "<any(read, time, needs, rules, questions):tab>"
# The page beside the form is one that the script lays out itself: nothing is framed that has an address.
FRAMES = f"{security.POLICY}; frame-src 'self'"
# Which page of the portal shows best what a tab changes.
SHOWS = {"read": "list", "time": "times", "needs": "times", "rules": "details", "questions": "details"}
# Buttons that change rows: the form comes back, and nothing is saved.
_ROWS = ("add", "drop", "up", "down")


@desk.get("/services/<slug>")
@door("business.write")
def services_first(slug: str) -> AnyResponse:
    """The first tab."""
    return redirect(url_for("desk.services_one", slug=slug, tab="read"), 303)


@desk.get(f"/services/<slug>/{TAB}")
@door("business.write")
def services_one(slug: str, tab: str) -> AnyResponse:
    """One tab of a service, as it is saved."""
    entry = editing.entry(db.session(), "service", slug)
    return _page(slug, tab, entry, version_of(entry))


@desk.post(f"/services/<slug>/{TAB}")
@door("business.write")
def services_save(slug: str, tab: str) -> AnyResponse:
    """Saves a tab as a version; what cannot be used, or would hit bookings, comes back with everything that was typed."""
    entry, version = typed(slug, tab), request.form.get("version", "")[:40]
    if request.form.get("do", "").partition("-")[0] in _ROWS:
        return _page(slug, tab, entry, version, unsaved=True)
    keep = "keep" in request.form
    try:
        saved = editing.save("service", slug, entry, by=access.viewer(), now=clock.now(), version=version, keep=keep)
    except Invalid as refusal:
        wrong = {place: words().field(error) for place, error in refusal.errors.items()}
        return _page(slug, tab, entry, version, wrong=wrong, status=refusal.status)
    except HitsBookings as refusal:
        return _page(slug, tab, entry, version, ahead=told(refusal.params["bookings"]), status=refusal.status)
    except EditedMeanwhile as refusal:
        return _page(slug, tab, entry, version, said=words().sentence(refusal), status=refusal.status)
    said = words().gettext("Saved. It is like that on the portal now.")
    if not saved.changed:
        said = words().gettext("It is like that already; nothing was saved.")
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(url_for("desk.services_one", slug=slug, tab=tab), 303)


def typed(slug: str, tab: str) -> dict[str, Any]:
    """The entry as the form has it. Raises UnknownService."""
    home = catalogue(db.session()).business.locale
    was = editing.entry(db.session(), "service", slug)
    return services_form.entry_of(tab, request.form, was, home=home)


def wanted(entry: Mapping[str, Any]) -> Catalogue:
    """The catalogue as it would be. Raises Invalid."""
    it, slug = Dump(db.session()), entry["slug"]
    found, _notes = checked(it, named=("service", slug, stripped(entry)), today=clock.now().date())
    return imagined.with_service(db.session(), next(each for each in found["services"] if each["slug"] == slug))


def _page(
    slug: str,
    tab: str,
    entry: Mapping[str, Any],
    version: str,
    *,
    wrong: Mapping[str, str] | None = None,
    ahead: Any = (),
    said: str = "",
    unsaved: bool = False,
    status: int = 200,
) -> AnyResponse:
    known, say = catalogue(db.session()), words()
    page = render_template(
        "backoffice/service.html",
        slug=slug,
        tab=tab,
        tabs=[(each, say.gettext(name)) for each, name in TABS.items()],
        entry=entry,
        version=version,
        title=say.text(entry.get("name")) or slug,
        offered=slug in known.services,
        saved=last_saved(db.session(), slug),
        wrong=wrong or {},
        labels={place: _label(place, entry) for place in wrong or {}},
        at=_Said(wrong or {}),
        at_hours={field_of(place): said_ for place, said_ in (wrong or {}).items() if place.startswith("hours")},
        ahead=ahead,
        said=said,
        unsaved=unsaved or bool(wrong) or bool(ahead),
        missing=_missing(entry, known, tab),
        locales=[(locale, say.language(locale)) for locale in LOCALES],
        sentence=sentence,
        n_=n_,
        **_choices(known, entry),
        **(_asked(entry) if tab == "questions" else {}),
    )
    answer = make_response(page, status)
    answer.headers["Content-Security-Policy"] = FRAMES
    return answer


def _label(place: str, entry: Mapping[str, Any]) -> str:
    """What the form calls a place like ``questions[2].label``: for a question its own words, or its number."""
    say, question = words(), re.match(r"questions\[(\d+)\]", place)
    if question is None:
        name = re.split(r"[.\[]", place)[0]
        return say.gettext(FIELDS[name]) if name in FIELDS else ""
    asked, n = entry.get("questions") or [], int(question[1])
    label = asked[n].get("label") if n < len(asked) else None
    return (label and say.text(label)) or say.gettext("Question %(n)s", n=n + 1)


class _Said:
    """What is wrong at a place of the entry or within it, for the template."""

    def __init__(self, wrong: Mapping[str, str]) -> None:
        self.wrong = wrong

    def __call__(self, place: str) -> str:
        for where, sentence_ in self.wrong.items():
            if where == place or where.startswith((f"{place}.", f"{place}[")):
                return sentence_
        return ""


def sentence(text: str, **fields: str) -> Markup:
    """A sentence with fields inside it, in the reader's language."""
    said = str(escape(words().gettext(text, **{name: f"\0{name}\0" for name in fields})))
    for name, field in fields.items():
        said = said.replace(f"\0{name}\0", str(field))
    return Markup(said)  # noqa: S704  escaped above, the fields are macros


def _missing(entry: Mapping[str, Any], known: Catalogue, tab: str) -> list[dict[str, str]]:
    """The texts of this tab that lack a language."""
    say = words()
    return [
        {"place": place.partition(".")[0], "text": text, "language": say.language(locale)}
        for place, text, locale in services_form.untranslated(entry, known.business.locale)
        if place.startswith("questions") == (tab == "questions") and tab in ("read", "questions")
    ]


def _choices(known: Catalogue, entry: Mapping[str, Any]) -> dict[str, Any]:
    say = words()
    duration = entry.get("duration") or [""]
    return {
        "whos": [(each, say.gettext(name)) for each, name in WHO.items()],
        "kinds": [(each, say.gettext(name)) for each, name in KINDS.items()],
        "venues": [(each, say.gettext(name)) for each, name in PLACES.items()],
        "prices": [(each, say.gettext(name)) for each, name in PRICES.items()],
        "assigns": [(each, say.gettext(name)) for each, name in ASSIGN.items()],
        "limits": {each: say.gettext(name) for each, name in LIMITS.items()},
        "contacts": [
            (each, say.gettext(name), "hidden" if each == "company" else "optional") for each, name in CONTACTS.items()
        ],
        "given": [(each, say.gettext(name)) for each, name in GIVEN.items()],
        "units": [(unit, say.gettext(name)) for unit, name in UNITS.items()],
        "currency": known.business.currency,
        "lengths": [_length(each) for each in (duration if isinstance(duration, list) else [duration])],
        "span_of": in_units,
        "mode_of": mode_of,
        "days": list(zip(DAYS, say.weekdays(), strict=True)),
        "typed": weeks_typed("hours", entry.get("hours") or {}),
        "spells_of": spells_of,
        "spell_name": spell_name,
        "places": [(each.slug, say.text(each.name)) for each in known.locations.values()],
        "things": [(each.slug, each.kind, say.text(each.name)) for each in known.resources.values()],
        "skills": sorted({skill for each in known.resources.values() for skill in each.skills}),
        "roles": [(role, say.gettext(ROLES[role])) for role in ("owner", "manager", "front_desk", "staff")],
        "groups": sorted({say.text(each.group) for each in known.services.values() if each.group}),
        "picture": entry.get("picture"),
    }


def _length(value: Any) -> tuple[str, str]:
    if isinstance(value, str) and value.endswith("d"):
        return value[:-1], "d"
    number, unit = in_units(value)
    return (str(value), "1") if unit == 1440 else (number, str(unit))


def _asked(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The rows of the questions editor."""
    say, questions = words(), entry.get("questions") or []
    types = [(each, say.gettext(name)) for each, name in TYPES.items()]
    rows = []
    for n, question in enumerate(questions):
        above = questions_form.asked_above(questions, n)
        simple = questions_form.leaves(question.get("show_if"))
        rows.append(
            {
                "n": n,
                "asks": question,
                "title": say.text(question.get("label")) or say.gettext("New question"),
                "above": [(each["key"], say.text(each["label"]) or each["key"]) for each in above],
                "join": simple[0] if simple else "all",
                "leaves": [*simple[1], {"field": "", "op": "", "value": ""}] if simple else [],
                "kept": "" if simple else json.dumps(question["show_if"], ensure_ascii=False),
            }
        )
    return {
        "rows": rows,
        "types": types,
        "operators": [(each, say.gettext(name)) for each, name in OPERATORS.items()],
        "fitting": json.dumps({kind: questions_form.operators(kind) for kind in conditions.KIND}),
        "with_options": questions_form.WITH_OPTIONS,
        "with_bounds": questions_form.WITH_BOUNDS,
        "with_length": questions_form.WITH_LENGTH,
        "file_kinds": list(attachments.KINDS),
    }


def pictures_dir() -> Any:
    """Where pictures are kept."""
    return current_app.config["SETTINGS"].pictures
