"""The programs' door, ``/api/v1``."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, Response, jsonify, request
from flask_wtf import CSRFProtect
from werkzeug.exceptions import HTTPException

from actions.availability import Offer
from rules.errors import Missing, RateLimited, Refusal
from web import errors, limits
from web.locale import here, offered
from wire.wording import Wording, wording

PREFIX = "/api/"
api = Blueprint("api", __name__, url_prefix="/api/v1")


def words() -> Wording:
    """The wording of the caller, by Accept-Language."""
    return wording(request.accept_languages.best_match(offered()) or "en")


def problem(error: Refusal | HTTPException | None, status: int, code: str | None) -> Response:
    """A problem document, RFC 9457."""
    say = words()
    refusal = error if isinstance(error, Refusal) else None
    named = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "unsupported"}
    short = refusal.code if refusal else named.get(status, "malformed" if status < 500 else "failed")
    shown = refusal or (Missing() if status == 404 else _Named(short))
    zone = refusal.params.get("zone") if refusal else None
    if isinstance(refusal, RateLimited):
        zone = here()
    sentence = say.sentence(shown, zone)
    found: dict[str, Any] = {
        "type": "about:blank",
        "title": sentence,
        "status": status,
        "code": short,
        "detail": sentence if code is None else f"{sentence} ({code})",
    }
    if refusal is not None:
        if refusal.errors:
            found["errors"] = {
                path: {"code": wrong.code, "detail": say.field(wrong)} for path, wrong in refusal.errors.items()
            }
        offers = [each for each in refusal.alternatives if isinstance(each, Offer)]
        if offers or short == "slot_taken":
            found["alternatives"] = [
                {"start": stamp(each.start, zone), "end": stamp(each.end, zone), "resources": list(each.resources)}
                for each in offers
            ]
        if "revision" in refusal.params:
            found["revision"] = refusal.params["revision"]
        if "booking" in refusal.params and refusal.code == "stale":
            from api.bookings import shown as shown_booking

            found["booking"] = shown_booking(refusal.params["booking"])
        if refusal.retry_after:
            found["retry_after"] = refusal.retry_after
    answer = jsonify(found)
    if status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    answer.mimetype = "application/problem+json"
    return answer


class _Named(Refusal):
    """A refusal of HTTP itself, by its code."""

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code = code  # type: ignore[misc]


def stamp(at: datetime, zone: str | None) -> str:
    """RFC 3339 with the location's offset."""
    return at.astimezone(ZoneInfo(zone)).isoformat() if zone else at.isoformat().replace("+00:00", "Z")


def install(app: Flask, csrf: CSRFProtect) -> None:
    """Hangs the programs' door on the application. No cookie is read there, so no CSRF token is asked."""
    from api import bookings, schema, slots, staff  # noqa: F401  they add their routes

    app.register_blueprint(api)
    csrf.exempt(api)
    limits.limiter.limit(limits.API)(api)
    errors.render_for(PREFIX, problem)
