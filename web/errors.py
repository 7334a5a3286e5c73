"""Refusals and failures as answers: a page for people, a problem document for programs, decided by the path."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from flask import Flask, Response, g, make_response, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError, TooManyRequests

from models.base import db
from models.snapshot import NoBusiness
from rules.errors import Busy, Malformed, RateLimited, Refusal, Uncertain
from web import limits
from web.locale import here, words
from wire.wording import n_

log = logging.getLogger("frontdesk")
Renderer = Callable[[Refusal | HTTPException | None, int, str | None], Response | None]
_renderers: dict[str, Renderer] = {}

TITLES = {
    400: n_("This request cannot be read"),
    403: n_("Open the page again"),
    404: n_("There is nothing here"),
    405: n_("This address cannot be used in that way"),
    413: n_("This is too large"),
    429: n_("Just a moment"),
    500: n_("This went wrong on our side"),
    503: n_("Just a moment"),
}
TEXTS = {
    400: n_("Go back and try it once more. Nothing was changed."),
    403: n_("The page was open for too long. Nothing was changed: open it again and send it once more."),
    404: n_("The address may be mistyped, or its link is not valid any more."),
    405: n_("Go back to the start and choose from there."),
    413: n_(
        "Nothing was changed. Go back in your browser and shorten what you typed, or choose a smaller file. Code too_large."
    ),
    500: n_("Nothing was changed. Try again; if it stays, tell us the code %(code)s."),
    503: n_("Many people are booking at this moment. Nothing was changed; try again in a moment."),
}

PLAIN = "Nothing was changed; try again."


def render_for(prefix: str, renderer: Renderer) -> None:
    """Lets a door answer errors below ``prefix`` in its own way; None leaves it at the page for all."""
    _renderers[prefix] = renderer


def handle(app: Flask) -> None:
    """Registers the one place where errors become answers."""
    app.register_error_handler(Refusal, lambda error: _answer(error, error.status))
    app.register_error_handler(CSRFError, lambda error: _answer(error, 403))
    app.register_error_handler(SecurityError, _foreign)
    app.register_error_handler(HTTPException, lambda error: _answer(error, error.code or 500))
    app.register_error_handler(NoBusiness, _nothing_set_up)
    app.register_error_handler(PoolTimeout, lambda _error: _answer(Busy(retry_after=2), 503))
    app.register_error_handler(Exception, _failed)


def _foreign(_error: SecurityError) -> Response:
    """For a name that is not ours: no page, since nothing on it could have an address."""
    log.warning("not a name of ours: %.100s", request.headers.get("Host", ""))
    return make_response("<!doctype html><title>Frontdesk</title><p>There is nothing here under this name.", 400)


def _nothing_set_up(_error: NoBusiness) -> Response:
    g.nothing_set_up = True
    return _answer(None, 503)


def _failed(error: Exception) -> Response:
    if isinstance(error, DBAPIError) and (error.connection_invalidated or _away(error)):
        log.warning("database away: %s", type(error.orig).__name__)
        return _answer(Busy(retry_after=5), 503)
    if isinstance(error, DataError):
        # The last net: a value that the database cannot hold is a mistake of the request.
        log.warning("unfit for the database: %s on %s", error.orig, request.path)
        return _answer(Malformed(), 400)
    code = f"F-{secrets.token_hex(3).upper()}"
    log.exception("failure %s on %s %s", code, request.method, request.path)
    return _answer(None, 500, code)


def _away(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or ""
    words_ = str(error.orig)
    # 57014: a look that takes longer than the database lets it.
    return state.startswith(("08", "57P", "57014")) or "connection" in words_ or "database is locked" in words_


def _answer(error: Refusal | HTTPException | None, status: int, code: str | None = None) -> Response:
    try:
        db.session.rollback()
    except Exception:
        log.debug("no session to roll back")
    if isinstance(error, HTTPException) and error.response is not None:
        return make_response(error.response)
    if isinstance(error, TooManyRequests):
        error = limits.refusal()
    response = None
    for prefix, renderer in _renderers.items():
        if request.path.startswith(prefix):
            response = renderer(error, status, code)
    if response is None:
        response = make_response(_page(error, status, code), status)
    response.status_code = status
    retry = getattr(error, "retry_after", None) or (5 if status == 503 else None)
    if isinstance(retry, int):
        response.headers["Retry-After"] = str(retry)
    if status == 405 and isinstance(error, HTTPException):
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
    return response


def _again(status: int) -> str | None:
    """The page of a form that was stopped and can be sent again."""
    if request.method == "POST" and status in (403, 413, 429) and request.path.startswith(("/book/", "/b/", "/find")):
        return request.script_root + request.full_path.rstrip("?")
    return None


def said(status: int, code: str | None) -> tuple[str, str]:
    """Title and text of a status, in the reader's words."""
    say, known = words(), status if status in TITLES else 400 if status < 500 else 500
    return say.gettext(TITLES[known]), say.gettext(TEXTS.get(known, TEXTS[500]), code=code or "")


def _page(error: Refusal | HTTPException | None, status: int, code: str | None) -> str:
    g.setdefault("error", True)
    try:
        say = words()
        title, text = said(status, code)
        if g.get("nothing_set_up"):
            title = say.gettext("Nothing can be booked here yet")
            text = say.gettext(
                "This house has not opened its booking yet. Come back a little later, or ask there directly."
            )
        elif isinstance(error, RateLimited):
            text = say.sentence(error, here())
        elif isinstance(error, Uncertain) or (isinstance(error, Refusal) and status not in (404, 503)):
            text = say.sentence(error)
        # Whoever is to set it up finds her way in; whoever is signed in is there already.
        owner = url_for("desk.sign_in") if g.get("nothing_set_up") and not g.get("viewer") else None
        around = {"again": _again(status), "kept": g.get("kept"), "owner": owner}
        return render_template("web/error.html", title=title, text=text, **around)
    except Exception:
        # The page itself needs the database; without it a plain sentence has to do.
        log.exception("error page failed")
        plain = "It may have been saved: send it once more." if isinstance(error, Uncertain) else PLAIN
        return f"<!doctype html><title>Frontdesk</title><p>Just a moment. {plain}"
