"""The customers' door."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, g, request, url_for

from models.base import db
from models.snapshot import NoBusiness, catalogue
from web import errors, frames
from web.assets import asset
from web.locale import words
from web.markup import strong, tongue, whole
from wire.colour import stylesheet
from wire.wording import LOCALES

portal = Blueprint("portal", __name__, template_folder="templates")


def context() -> dict[str, Any]:
    """What the layout shows on every page."""
    say = words()
    try:
        known = catalogue(db.session())
        business, places = known.business, list(known.locations.values())
    except NoBusiness:
        business, places = None, []
    _, digest = stylesheet(business.colour if business else None)
    # An error page echoes nothing of what was asked: every wrong link gets one and the same.
    asked = [] if g.get("error") else request.args.lists()
    given = {name: values[-1] for name, values in asked if name not in ("lang", "src")}
    here = (
        request.script_root + request.path
        if request.method in ("GET", "HEAD") and not g.get("error")
        else url_for("portal.services")
    )
    languages = [
        (locale, f"{here}?{urlencode({**given, 'lang': locale})}") for locale in LOCALES if locale != say.locale
    ]
    return {
        "business": business,
        "address": say.text(places[0].address) if len(places) == 1 else "",
        "words": say,
        "languages": languages,
        "brand_css": frames.outside(url_for("portal.brand", digest=digest)),
        "favicon": frames.outside(url_for("portal.favicon")),
        "outside": frames.outside,
        "noindex": request.path.startswith(("/b/", "/f/", "/find", "/zone")),
    }


def install(app: Any) -> None:
    """Hangs the customers' door on the application."""
    from portal import (  # noqa: F401  they add their routes
        checking,
        details,
        embedding,
        feed,
        feedback,
        find,
        front,
        links,
        looks,
        manage,
        pages,
        previewed,
        times,
        webhooks,
    )

    app.register_blueprint(portal)
    errors.render_for("/book/", details.stopped)
    app.context_processor(context)
    app.jinja_env.globals.update(
        _=lambda msgid, **params: words().gettext(msgid, **params),
        ngettext=lambda one, many, n, **params: words().ngettext(one, many, n, **params),
        gap=lambda: words().gap,
        asset=asset,
    )
    app.jinja_env.filters.update(whole=whole, strong=strong, tongue=lambda text: tongue(text, words()))
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
