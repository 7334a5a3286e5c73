"""Headers on every answer, and what of a request is believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from web import frames
from web.uploading import MOST_SENT, Uploading, let_go

# No inline script or style anywhere, nothing from another host.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_PERSONAL = ("/b/", "/f/", "/find", "/feeds/", "/desk", "/api/v1/bookings", "/api/v1/holds")
# What may send more than a form: files, which are never held in memory whole.
LARGE = frozenset({"desk.do_receive", "desk.do_setup", "desk.services_picture"})
# Forms whose room depends on what they ask for: a function from the parts of the address, True where they may send files.
_ROOMS: dict[str, Callable[[Mapping[str, Any]], bool]] = {}
_READING = ("GET", "HEAD", "OPTIONS")


def secure(app: Flask, settings: config.Settings) -> None:
    """Sets cookies, trusted hosts, body limits, and the headers of every answer."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-session" if settings.production else "session",
        SESSION_COOKIE_SECURE=settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        PERMANENT_SESSION_LIFETIME=86400 * 2,
        MAX_CONTENT_LENGTH=1_000_000,
        MAX_FORM_MEMORY_SIZE=500_000,
        MAX_FORM_PARTS=200,
        TRUSTED_HOSTS=_hosts(settings),
        # The oldest first, as itsdangerous has it: the last one signs.
        WTF_CSRF_SECRET_KEY=settings.secret_keys[::-1],
        WTF_CSRF_TIME_LIMIT=None,
        # Pages behind a secret send no referrer, not even to us: the token has to do.
        WTF_CSRF_SSL_STRICT=False,
    )
    app.request_class = Uploading
    app.teardown_request(let_go)
    app.session_interface = _Sessions()
    frames.install(app, settings)
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )

    @app.before_request
    def _room_for_files() -> None:
        roomy_ = request.endpoint in LARGE or (
            request.endpoint in _ROOMS
            and request.method not in _READING
            and _ROOMS[request.endpoint](request.view_args or {})
        )
        if roomy_:
            request.max_content_length = MOST_SENT

    @app.before_request
    def _refuse_foreign_forms() -> None:
        # The programs' door reads no cookie and no form.
        if request.method not in _READING and not request.path.startswith("/api/") and sent_from() == "elsewhere":
            abort(403)

    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
        if settings.production:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if request.path.startswith(_PERSONAL):
            headers["Referrer-Policy"] = "no-referrer"
            headers["X-Robots-Tag"] = "noindex, nofollow"
            headers.setdefault("Cache-Control", "no-store")
        else:
            headers["Referrer-Policy"] = "strict-origin-when-cross-origin"
            headers.setdefault("Cache-Control", "no-store" if response.mimetype == "text/html" else "no-cache")
        return response


def roomy(
    endpoint: str,
) -> Callable[[Callable[[Mapping[str, Any]], bool]], Callable[[Mapping[str, Any]], bool]]:
    """Makes a function say whether the form of an endpoint may send files."""

    def _note(room: Callable[[Mapping[str, Any]], bool]) -> Callable[[Mapping[str, Any]], bool]:
        _ROOMS[endpoint] = room
        return room

    return _note


class _Sessions(SecureCookieSessionInterface):
    """Flask's own, without the making of keys where there is no cookie to open: no program has one."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """An empty session, or the one of the cookie; inside a frame the one of the address."""
        if (carried := frames.opened(request.environ)) is not None:
            return carried
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Not for what a page asks beside what somebody does: its answer may come late, and would bring back the cookie as it
        was before that."""
        return session.modified if g.get("asked_beside") else super().should_set_cookie(app, session)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Into the cookie, or inside a frame into the address."""
        if frames.inside():
            frames.saved(response, session)
            return
        super().save_session(app, session, response)


def sent_from() -> str:
    """Where the browser says that a form was sent from: ``here``, ``elsewhere``, or ``""`` when it does not say.

    A page that sends no referrer names its origin ``null`` even to itself: that says nothing.
    """
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin", "null")
    if site is not None:
        return {"same-origin": "here", "none": ""}.get(site, "elsewhere")
    if origin == "null":
        return ""
    own = {request.host, urlsplit(current_app.config["SETTINGS"].base_url).netloc}
    return "here" if origin.partition("://")[2] in own else "elsewhere"


def _hosts(settings: config.Settings) -> list[str] | None:
    """The names that this installation answers to. A trial on 0.0.0.0 is opened from phones by whatever address they see."""
    own = urlsplit(settings.base_url).hostname or "localhost"
    if settings.production:
        return [own]
    if settings.host in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        return None
    return [own, settings.host, "localhost", "127.0.0.1", "[::1]"]
