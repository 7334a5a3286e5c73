"""What Twilio tells us: receipts, and people who do not want texts any more."""

from __future__ import annotations

from flask import Response, abort, current_app, request
from twilio.request_validator import RequestValidator

import clock
from actions import receipts
from notifications import sms
from portal import portal
from wire.links import receipt_of

STOP = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
START = {"START", "YES", "UNSTOP"}


def _genuine() -> bool:
    settings = current_app.config["SETTINGS"]
    if not settings.twilio_auth_token:
        return False
    # The address is the configured one: what a request says of its own host is not believed.
    address = settings.base_url + request.full_path.rstrip("?")
    signature = request.headers.get("X-Twilio-Signature", "")
    try:
        return bool(RequestValidator(settings.twilio_auth_token).validate(address, request.form, signature))
    except (TypeError, ValueError):
        return False


@portal.post("/webhooks/twilio/status")
def receipt() -> Response:
    """Delivered or failed; a number that cannot be reached is not written to again."""
    if not _genuine():
        abort(403)
    sid, status = request.form.get("MessageSid", ""), request.form.get("MessageStatus", "")
    after = sms.ENDS.get(status)
    if after is not None:
        code = request.form.get("ErrorCode") or None
        keys = current_app.config["SETTINGS"].secret_keys
        tried = receipt_of(request.args.get("of", ""), request.args.get("key", ""), keys)
        receipts.note(
            provider_id=sid, tried=tried, state=after, code=code, suppress=sms.suppression(code), now=clock.now()
        )
    return Response(status=204)


@portal.post("/webhooks/twilio/inbound")
def inbound() -> Response:
    """STOP and START of a customer."""
    if not _genuine():
        abort(403)
    word = request.form.get("OptOutType", request.form.get("Body", "")).strip().upper()
    if word in STOP | START:
        receipts.may_be_texted(number=request.form.get("From", ""), yes=word in START)
    return Response("<Response/>", mimetype="text/xml")
