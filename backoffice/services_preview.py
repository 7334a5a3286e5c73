"""The portal's own page of a service as a form has it, before anything is saved."""

from __future__ import annotations

from flask import make_response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

import clock
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.services_edit import SHOWS, TAB, typed, wanted
from models.base import db
from models.snapshot import catalogue
from rules.errors import Invalid, Refusal
from web import previews
from web.locale import speaking, words
from wire.wording import LOCALES


@desk.post(f"/services/<slug>/{TAB}/preview")
@door("business.write")
def services_preview(slug: str, tab: str) -> AnyResponse:
    """The page in the language that is asked for. What cannot be shown yet (422) says why; ``as_saved`` wants the page as it is
    saved instead, where there is one."""
    entry = typed(slug, tab)
    language = request.form.get("shown_in", "")
    with speaking(language if language in LOCALES else words().locale):
        try:
            html, status = previews.shown(SHOWS[tab], wanted(entry), slug, clock.now()), 200
        except (Invalid, Refusal) as refusal:
            saved = _as_saved(slug, tab) if "as_saved" in request.form else ""
            html, status = saved or _not_yet(refusal), 422
    return make_response(html, status)


def _as_saved(slug: str, tab: str) -> str:
    """The page without what is typed, or "" for what is not offered."""
    known = catalogue(db.session())
    try:
        return previews.shown(SHOWS[tab], known, slug, clock.now()) if slug in known.services else ""
    except Refusal:
        return ""


def _not_yet(refusal: Refusal) -> str:
    """Why there is nothing to be shown."""
    errors = getattr(refusal, "errors", None) or {}
    said = words().field(next(iter(errors.values()))) if errors else words().sentence(refusal)
    return render_template("backoffice/service_not_yet.html", said=said)
