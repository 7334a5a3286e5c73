"""The portal inside a frame of another site, where the browser gives it no cookies.

What a cookie would carry (the form token, the visitor, her holds, the language) travels as a signed part of the address
instead, ``/embed/~SIGNED/book/massage``: it stands where a program's mount point stands, so that every address that a page
makes carries it along. ``/embed/massage`` is the way in to a service, ``/embed/place/north`` to what a place offers and
``/embed/person/anna`` to somebody: to her services, or to the times of the only one. No other page may be framed, and only the configured sites may
frame these.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import quote

from flask import Flask, Response, redirect, request
from flask.sessions import SecureCookieSession, SessionMixin
from itsdangerous import BadSignature, URLSafeTimedSerializer
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

import config
from wire.wording import LOCALES

LASTS = 2 * 86400
# Says in what is carried that the list of what can be booked belongs to the frame.
LISTED = "listed"
# The same of the list of what one person can be chosen for: her slug.
WITH = "with"
_CARRIED = ("csrf_token", "visitor", "holds", "lang", LISTED, WITH)
_IN = re.compile(r"/embed/(?:(place|person)/)?([^/~]+)\Z")
_ON = re.compile(r"/embed/~([A-Za-z0-9_.-]{1,2000})(/.*)\Z")
_STATE, _SIGNED = "frontdesk.frame.state", "frontdesk.frame.signed"
# Where a visitor of a frame goes; whatever else she asks for opens outside of it.
ENDPOINTS = frozenset(
    f"portal.{name}"
    for name in (
        "with_person",
        "times",
        "take",
        "details",
        "check_details",
        "book",
        "confirmed",
        "calendar_file",
        "picture",
        "drawn",
        "brand",
        "favicon",
    )
)


def install(app: Flask, settings: config.Settings) -> None:
    """Lets the portal be framed by the configured sites."""
    # The oldest first, as itsdangerous has it: the last one signs.
    signer = URLSafeTimedSerializer(settings.secret_keys[::-1], salt="frame")
    app.wsgi_app = _Mount(app.wsgi_app, signer)  # type: ignore[method-assign]

    @app.before_request
    def _only_what_is_framed() -> AnyResponse | None:
        if not inside() or request.endpoint in ENDPOINTS or request.endpoint is None:
            return None
        if request.endpoint == "portal.services" and _listed():
            return None
        query = request.query_string.decode("ascii", "replace")
        return redirect(f"{request.path}?{query}" if query else request.path, 303)

    @app.after_request
    def _headers(answer: Response) -> Response:
        if inside():
            sites = " ".join(settings.embed_sites) or "'none'"
            policy = answer.headers.get("Content-Security-Policy", "")
            answer.headers["Content-Security-Policy"] = policy.replace(
                "frame-ancestors 'none'", f"frame-ancestors {sites}"
            )
            # A site that isolates itself frames only what says that it may be.
            answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            answer.headers["Referrer-Policy"] = "no-referrer"
            answer.headers["X-Robots-Tag"] = "noindex, nofollow"
            answer.headers["Cache-Control"] = "no-store"
        return answer

    app.context_processor(lambda: _shown(settings))


def _shown(settings: config.Settings) -> dict[str, Any]:
    """What templates ask: whether they stand in a frame, one with the list of services (``listed``), whose, and what a
    link needs that leads out of it."""
    if not inside():
        return {"framed": False, "listed": False, "sites": "", "beside": ""}
    return {
        "framed": True,
        "listed": _listed() or listed_for() is not None,
        "sites": " ".join(settings.embed_sites),
        "beside": Markup(' target="_blank"'),
    }


def _listed() -> bool:
    return bool(request.environ[_STATE].get(LISTED))


def listed_for() -> str | None:
    """Whose services the frame lists, by slug; None outside of a frame, and in one that is about something else."""
    return str(request.environ[_STATE].get(WITH) or "") or None if inside() else None


def inside() -> bool:
    """True for a request from inside a frame."""
    return _STATE in request.environ


def outside(address: str) -> str:
    """An address of ours without the frame's mount point: the same one for everybody."""
    return address.removeprefix(request.script_root) if inside() else address


def opened(environ: dict[str, Any]) -> SecureCookieSession | None:
    """The session that the address carries; None outside of a frame."""
    state = environ.get(_STATE)
    return SecureCookieSession(state) if state is not None else None


def language() -> str | None:
    """The language that the site around the frame speaks, or that was chosen in it."""
    return str(request.environ[_STATE].get("lang") or "") or None if inside() else None


def saved(answer: Response, session: SessionMixin) -> None:
    """Has the addresses of an answer carry what the request has changed. Nothing is set in the browser."""
    if not session.modified:
        return
    old, signer = request.environ[_SIGNED]
    new = signer.dumps({name: session[name] for name in _CARRIED if name in session})
    if to := answer.headers.get("Location"):
        answer.headers["Location"] = to.replace(f"/embed/~{old}/", f"/embed/~{new}/", 1)
    elif answer.mimetype == "text/html":
        answer.set_data(answer.get_data().replace(f"/embed/~{old}/".encode(), f"/embed/~{new}/".encode()))


class _Mount:
    """Takes the signed part out of the address before anybody else reads it."""

    def __init__(self, inner: Callable[..., Iterable[bytes]], signer: URLSafeTimedSerializer) -> None:
        self._inner, self._signer = inner, signer

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if entered := _IN.match(path):
            self._enter(environ, entered[1], entered[2])
        elif went_on := _ON.match(path):
            self._mount(environ, self._read(went_on[1]) or self._fresh(environ), went_on[2])
        return self._inner(environ, start_response)

    def _enter(self, environ: dict[str, Any], what: str | None, slug: str) -> None:
        """Lets a new visitor in to a service, a person, or the list of what a place offers, to which the pages lead back."""
        state = self._fresh(environ)
        if what != "place":
            self._mount(environ, state, f"/with/{slug}" if what else f"/book/{slug}")
            return
        asked = [environ.get("QUERY_STRING", ""), f"location={quote(slug, encoding='latin-1')}"]
        environ["QUERY_STRING"] = "&".join(filter(None, asked))
        self._mount(environ, state | {LISTED: True}, "/")

    def _mount(self, environ: dict[str, Any], state: dict[str, Any], path: str) -> None:
        signed = self._signer.dumps(state)
        environ[_STATE], environ[_SIGNED] = state, (signed, self._signer)
        environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/embed/~{signed}"
        environ["PATH_INFO"] = path
        # Whatever cookies come along belong to the pages outside.
        environ.pop("HTTP_COOKIE", None)

    def _read(self, signed: str) -> dict[str, Any] | None:
        try:
            found = self._signer.loads(signed, max_age=LASTS)
        except BadSignature:
            return None
        return dict(found) if isinstance(found, dict) else None

    def _fresh(self, environ: dict[str, Any]) -> dict[str, Any]:
        """A visitor who has just come; the site may say in which language it speaks."""
        state: dict[str, Any] = {"csrf_token": secrets.token_hex(20), "visitor": secrets.token_urlsafe(12)}
        asked = re.search(r"(?:^|&)lang=(\w+)", environ.get("QUERY_STRING", ""))
        return state | ({"lang": asked[1]} if asked and asked[1] in LOCALES else {})
