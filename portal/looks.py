"""The business's colour, its mark, and drawings where it has no pictures."""

from __future__ import annotations

from flask import abort, current_app, make_response, redirect, send_from_directory, url_for
from werkzeug.wrappers import Response

from models.base import db
from models.snapshot import NoBusiness, catalogue
from portal import portal
from web.drawings import drawing, numbers
from wire.colour import stylesheet


@portal.get("/brand/<digest>.css")
def brand(digest: str) -> Response:
    """The business's own colour as a style sheet."""
    try:
        colour = catalogue(db.session()).business.colour
    except NoBusiness:
        colour = None
    text, current = stylesheet(colour)
    answer = make_response(text)
    answer.mimetype = "text/css"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if digest == current else "no-cache"
    return answer


@portal.get("/favicon.svg")
def favicon() -> Response:
    """A tile in the business's colour."""
    try:
        colour = catalogue(db.session()).business.colour
    except NoBusiness:
        colour = None
    answer = make_response(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" '
        f'fill="{colour or "#0f6470"}"/><circle cx="16" cy="16" r="6" fill="#fff"/></svg>'
    )
    answer.mimetype = "image/svg+xml"
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


@portal.get("/favicon.ico")
def old_favicon() -> Response:
    """Where browsers look by themselves."""
    return redirect(url_for("portal.favicon"), 301)


@portal.get("/drawing/<any(light, dark):mode>/<slug>.svg")
def drawn(mode: str, slug: str) -> Response:
    """The drawing of a service that has no picture."""
    known = catalogue(db.session())
    if slug not in known.services:
        abort(404)
    number = numbers(known.services)[slug]
    answer = make_response(drawing(number, known.business.colour, dark=mode == "dark"))
    answer.mimetype = "image/svg+xml"
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


@portal.get("/picture/<name>")
def picture(name: str) -> Response:
    """A picture of the business, if its file names it."""
    known = catalogue(db.session())
    if name != known.business.logo and all(name != service.picture for service in known.services.values()):
        abort(404)
    answer = send_from_directory(current_app.config["SETTINGS"].pictures, name)
    answer.headers["Cache-Control"] = "public, max-age=3600"
    # A drawing is shown as a picture only: what it might carry must not run when it is opened by itself.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
