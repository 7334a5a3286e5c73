"""Headers on every answer, and what of a request is believed."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Flask, Response, request
from werkzeug.middleware.proxy_fix import ProxyFix

import config

# No inline script or style anywhere, nothing from another host.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_PERSONAL = ("/b/", "/find", "/feeds/")


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
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=settings.production,
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies
        )

    @app.after_request
    def _headers(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", POLICY)
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
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


def _hosts(settings: config.Settings) -> list[str] | None:
    """The names that this installation answers to. A trial on 0.0.0.0 is opened from phones by whatever address they see."""
    own = urlsplit(settings.base_url).hostname or "localhost"
    if settings.production:
        return [own]
    if settings.host in ("0.0.0.0", "::"):  # noqa: S104  compared, not bound
        return None
    return [own, settings.host, "localhost", "127.0.0.1", "[::1]"]
