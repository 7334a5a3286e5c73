"""The versions of a service: who saved it when, what was changed, and putting an earlier one back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, session, url_for
from sqlalchemy.orm import Session as OrmSession
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import catalogue as editing
from actions.catalogue_versions import Version, versions
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.services_hits import told
from backoffice.services_words import TABS
from models import desk_queries
from models.base import db
from models.snapshot import catalogue
from rules.errors import Conflict, HitsBookings, Invalid
from web.locale import here, words
from wire.service_edits import changes
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
    names, things = _names(), _things()
    page = render_template(
        "backoffice/service_versions.html",
        slug=slug,
        tab="versions",
        tabs=[(each, say.gettext(name)) for each, name in TABS.items()],
        title=say.text(entry.get("name")) or slug,
        offered=slug in known.services,
        saved=_last(found),
        versions=[_told(each, names, things) for each in found],
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


def _told(version: Version, names: Mapping[str, str], things: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": version.id,
        "who": _who(version.actor, names),
        "when": _at(version.at),
        "what": words().gettext(DONE[version.action]),
        "changes": changes(words(), version.before, version.after, things) if version.action == "edited" else [],
        "back": version.earlier is not None,
    }


def _things() -> dict[str, str]:
    """What places, people and rooms are called, by their slugs."""
    known = catalogue(db.session())
    return {each.slug: words().text(each.name) for rows in (known.locations, known.resources) for each in rows.values()}
