"""The staff's door: parse, may you, do, answer."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Flask, g, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from backoffice import access
from backoffice.blueprint import desk
from rules.errors import LastOwner, NotAllowed, OwnRequest, Refusal, SignInNeeded
from web import errors, limits
from web.locale import words as reader

__all__ = ["desk", "install"]

limits.limiter.limit(limits.DESK)(desk)


# They add their routes.
ROOMS = (
    "account",
    "blocking",
    "booking",
    "consents",
    "correcting",
    "customer_data",
    "customer_editing",
    "customers",
    "diary",
    "diary_views",
    "exports",
    "feedback",
    "figures",
    "figures_files",
    "first_hour",
    "frame",
    "guide",
    "history",
    "importing",
    "importing_files",
    "keys",
    "login",
    "moving",
    "outage",
    "pausing",
    "people",
    "proposing",
    "requests",
    "retention",
    "rights",
    "sending",
    "services_edit",
    "services_list",
    "services_picture",
    "services_preview",
    "services_versions",
    "setup",
    "signs",
    "telephone",
    "today",
)


def install(app: Flask) -> None:
    """Hangs the staff's door on the application."""
    for room in ROOMS:
        import_module(f"backoffice.{room}")

    app.register_blueprint(desk)
    app.context_processor(_context)
    errors.render_for("/desk", _refused)
    access.guard(app)


def _context() -> dict[str, Any]:
    """What the desk's layout shows on every page."""
    if not request.path.startswith("/desk"):
        return {}
    from backoffice.frame import frame

    return frame()


def _refused(error: Refusal | HTTPException | None, status: int, code: str | None) -> Any:
    """A refusal in the desk's frame, where somebody is signed in."""
    if status >= 500:
        return None
    if isinstance(error, SignInNeeded):
        page = render_template("backoffice/signed_out.html", to=access.back_to(request.full_path))
        return make_response(page, status)
    if "viewer" not in g:
        return None
    if isinstance(error, NotAllowed | OwnRequest | LastOwner):
        access.denied(access.ENTRIES.get(request.endpoint or "", ""))
    # ``words`` is a room of this package, once it has been entered.
    sentence = reader().sentence(error) if isinstance(error, Refusal) else ""
    title, text = errors.said(status, code)
    if sentence and status == 403:
        title = reader().gettext("This cannot be done here")
    return make_response(render_template("backoffice/refused.html", title=title, text=sentence or text), status)
