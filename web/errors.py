"""Refusals and failures as answers: a page for people, a problem document for programs, decided by the path."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable

from flask import Flask, Response, g, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, TooManyRequests

from models.base import db
from models.snapshot import NoBusiness
from rules.errors import Busy, RateLimited, Refusal
from web.locale import words
from wire.wording import n_

log = logging.getLogger("frontdesk")
Renderer = Callable[[Refusal | HTTPException | None, int, str | None], Response]
_renderers: dict[str, Renderer] = {}

TITLES = {
    400: n_("This request cannot be read"),
    403: n_("Open the page again"),
    404: n_("There is nothing here"),
    405: n_("This address cannot be used in that way"),
    413: n_("This is too large"),
    429: n_("That was too often"),
    500: n_("This went wrong on our side"),
    503: n_("Just a moment"),
}
TEXTS = {
    400: n_("Go back and try it once more. Nothing was changed."),
    403: n_("The page was open for too long. Go back, reload it, and send it again: nothing was changed."),
    404: n_("The address may be mistyped, or its link is not valid any more."),
    405: n_("Go back to the start and choose from there."),
    413: n_("Shorten what you typed and send it again. Nothing was changed."),
    429: n_("Try again in a few minutes."),
    500: n_("Nothing was changed. Try again; if it stays, tell us the code %(code)s."),
    503: n_("Many people are booking at this moment. Nothing was changed; try again in a moment."),
}


def render_for(prefix: str, renderer: Renderer) -> None:
    """Lets a door answer errors below ``prefix`` in its own way."""
    _renderers[prefix] = renderer


def handle(app: Flask) -> None:
    """Registers the one place where errors become answers."""
    app.register_error_handler(Refusal, lambda error: _answer(error, error.status))
    app.register_error_handler(CSRFError, lambda error: _answer(error, 403))
    app.register_error_handler(HTTPException, lambda error: _answer(error, error.code or 500))
    app.register_error_handler(NoBusiness, lambda _error: _answer(None, 503))
    app.register_error_handler(PoolTimeout, lambda _error: _answer(Busy(retry_after=2), 503))
    app.register_error_handler(Exception, _failed)


def _failed(error: Exception) -> Response:
    if isinstance(error, DBAPIError) and (error.connection_invalidated or _away(error)):
        log.warning("database away: %s", type(error.orig).__name__)
        return _answer(Busy(retry_after=5), 503)
    code = f"F-{secrets.token_hex(3).upper()}"
    log.exception("failure %s on %s %s", code, request.method, request.path)
    return _answer(None, 500, code)


def _away(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None) or ""
    words_ = str(error.orig)
    return state.startswith(("08", "57P")) or "connection" in words_ or "database is locked" in words_


def _answer(error: Refusal | HTTPException | None, status: int, code: str | None = None) -> Response:
    try:
        db.session.rollback()
    except Exception:
        log.debug("no session to roll back")
    if isinstance(error, HTTPException) and error.response is not None:
        return make_response(error.response)
    if isinstance(error, TooManyRequests):
        error = RateLimited(retry_after=60)
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


def _page(error: Refusal | HTTPException | None, status: int, code: str | None) -> str:
    g.setdefault("error", True)
    try:
        say = words()
        title = say.gettext(TITLES.get(status, TITLES[400 if status < 500 else 500]))
        text = say.gettext(TEXTS.get(status, TEXTS[400 if status < 500 else 500]), code=code or "")
        if isinstance(error, Refusal) and status not in (404, 429, 503):
            text = say.sentence(error)
        return render_template("web/error.html", title=title, text=text, status=status)
    except Exception:
        # The page itself needs the database; without it a plain sentence has to do.
        log.exception("error page failed")
        return "<!doctype html><title>Frontdesk</title><p>Just a moment. Nothing was changed; try again."
