"""The versions of a service: who saved it when, what was changed, and putting an earlier one back."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, session, url_for
from sqlalchemy.orm import Session as OrmSession
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import catalogue as editing
from actions.catalogue_versions import Version, versions
from backoffice import access, services_form
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.services_hits import told
from backoffice.services_list import KINDS, WHO
from backoffice.services_words import FIELDS, PLACES, PRICES, TABS, UNITS
from models import desk_queries
from models.base import db
from models.snapshot import catalogue, length
from rules.errors import Conflict, HitsBookings, Invalid
from web.locale import here, words
from wire import edits
from wire.timeline import ACTORS
from wire.wording import n_

DONE = {
    "added": n_("added"),
    "edited": n_("changed"),
    "retired": n_("taken out of the offer"),
    "revived": n_("offered again"),
}


@desk.get("/services/<slug>/versions")
@door("business.write")
def services_versions(slug: str) -> AnyResponse:
    """Who saved it when, from what to what."""
    return _page(slug)


@desk.post("/services/<slug>/versions/<int:id>")
@door("business.write")
def services_put_back(slug: str, id: int) -> AnyResponse:
    """Makes it again what it was before that version; this is a version, too."""
    before = next((each.earlier for each in versions(db.session(), "service", slug) if each.id == id), None)
    if before is None:
        return _page(slug, said=words().gettext("That version is not kept any more."), status=409)
    keep = "keep" in request.form
    try:
        editing.save("service", slug, before, by=access.viewer(), now=clock.now(), keep=keep)
    except Invalid as refusal:
        said = " ".join(words().field(each) for each in refusal.errors.values())
        return _page(slug, said=said, status=refusal.status)
    except HitsBookings as refusal:
        return _page(slug, ahead=told(refusal.params["bookings"]), again=id, status=refusal.status)
    except Conflict as refusal:
        return _page(slug, said=words().sentence(refusal), status=refusal.status)
    session["toast"] = {"said": words().gettext("It is as it was before."), "reference": "", "until": ""}
    return redirect(url_for("desk.services_versions", slug=slug), 303)


def _page(slug: str, *, said: str = "", ahead: Any = (), again: int = 0, status: int = 200) -> AnyResponse:
    say, known = words(), catalogue(db.session())
    entry = editing.entry(db.session(), "service", slug)
    found = versions(db.session(), "service", slug)
    names = _names()
    page = render_template(
        "backoffice/service_versions.html",
        slug=slug,
        tab="versions",
        tabs=[(each, say.gettext(name)) for each, name in TABS.items()],
        title=say.text(entry.get("name")) or slug,
        offered=slug in known.services,
        saved=_last(found),
        versions=[_told(each, names) for each in found],
        said=said,
        ahead=ahead,
        again=again,
    )
    return make_response(page, status)


def last_saved(orm: OrmSession, slug: str) -> dict[str, str] | None:
    """Who saved it last, and when."""
    return _last(versions(orm, "service", slug, limit=1))


def _last(found: list[Version]) -> dict[str, str] | None:
    return {"who": _who(found[0].actor, _names()), "when": _at(found[0].at)} if found else None


def _names() -> dict[str, str]:
    return {f"staff:{each.id}": each.name for each in desk_queries.staff_names(db.session())}


def _who(actor: str, names: Mapping[str, str]) -> str:
    if actor in ACTORS:
        return words().gettext(ACTORS[actor])
    return words().gettext("by %(name)s", name=names.get(actor, actor))


def _at(at: datetime) -> str:
    zone = ZoneInfo(here())
    return words().day_and_time(at.astimezone(zone), today=clock.now().astimezone(zone).date())


def _told(version: Version, names: Mapping[str, str]) -> dict[str, Any]:
    fields = [name for name in FIELDS if name in version.before or name in version.after]
    changes = [
        {
            "label": words().gettext(FIELDS[name]),
            "before": valued(name, version.before.get(name)),
            "after": valued(name, version.after.get(name)),
        }
        for name in fields
    ]
    return {
        "id": version.id,
        "who": _who(version.actor, names),
        "when": _at(version.at),
        "what": words().gettext(DONE[version.action]),
        "changes": changes if version.action == "edited" else [],
        "back": version.earlier is not None,
    }


def valued(name: str, value: Any) -> str:
    """A value of an entry in words; "" for none."""
    if value in (None, "", [], {}):
        return ""
    say = words()
    if isinstance(value, bool):
        return say.gettext("yes") if value else say.gettext("no")
    told_as = _AS.get(name)
    if told_as is not None:
        return told_as(value)
    if isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values()):
        return say.text(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _minutes(value: Any) -> str:
    number, unit = services_form.in_units(value)
    return f"{number} {words().gettext(UNITS[unit])}"


def _until(value: Any) -> str:
    say, mode = words(), services_form.mode_of(value)
    if mode == "same_day":
        return say.gettext("not on the same day")
    if mode == "by_day":
        days, time = value.get("days_before", 1), value.get("time") or "23:59"
        return say.gettext("until %(time)s, days before: %(days)s", time=time, days=days)
    return say.gettext("until %(span)s before", span=_minutes(value))


def _approval(value: Any) -> str:
    return words().gettext("Staff say yes to each request") if value != "none" else words().gettext("Booked at once")


def _labels(value: Any) -> str:
    return words().listed(words().text(each.get("label")) for each in value)


def _needs(value: Any) -> str:
    known, say = catalogue(db.session()).resources, words()
    found = []
    for need in value:
        who = [say.text(known[slug].name) for slug in need.get("any_of", []) if slug in known] or need.get("skills", [])
        called = KINDS[need["kind"]]
        kind = say.gettext(called)
        found.append(f"{kind} ({say.listed(who)})" if who else kind)
    return say.listed(found)


def _week(value: Any) -> str:
    return edits.value(words(), value)


def _places(value: Any) -> str:
    known = catalogue(db.session()).locations
    return words().listed(words().text(known[slug].name) for slug in value if slug in known)


def _lengths(value: Any) -> str:
    return words().listed(words().duration(length(each)) for each in (value if isinstance(value, list) else [value]))


def _called(names: Mapping[str, str]) -> Callable[[Any], str]:
    return lambda value: words().gettext(names.get(value, str(value)))


_AS: dict[str, Callable[[Any], str]] = {
    "who": _called(WHO),
    "place": _called(PLACES),
    "price_per": _called(PRICES),
    "duration": _lengths,
    **dict.fromkeys(("buffer_before", "buffer_after", "slot_step", "min_notice"), _minutes),
    **dict.fromkeys(("cancel_until", "reschedule_until"), _until),
    **dict.fromkeys(("reminders", "staff_reminders"), lambda value: words().listed(_minutes(each) for each in value)),
    "approval": _approval,
    "questions": _labels,
    "needs": _needs,
    "hours": _week,
    "starts": _week,
    "locations": _places,
    "horizon_days": str,
    "seats": str,
}
