"""What Twilio tells us: receipts, and people who do not want texts any more."""

from __future__ import annotations

from flask import Response, abort, current_app, request
from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession
from twilio.request_validator import RequestValidator

import clock
from actions.transaction import run
from models.outbox import Message
from models.people import Contact
from portal import portal

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
    """A receipt only raises what is known: sent becomes delivered or failed, and the first final word stays."""
    if not _genuine():
        abort(403)
    sid, status = request.form.get("MessageSid", ""), request.form.get("MessageStatus", "")
    after = {"delivered": "delivered", "undelivered": "failed", "failed": "failed"}.get(status)
    if after is not None:

        def work(session: OrmSession) -> None:
            code = request.form.get("ErrorCode") or None
            session.execute(
                update(Message)
                .where(Message.provider_id == sid, Message.state == "sent")
                .values(state=after, why=code, settled_at=clock.now())
                .execution_options(synchronize_session=False)
            )

        run(work)
    return Response(status=204)


@portal.post("/webhooks/twilio/inbound")
def inbound() -> Response:
    """STOP and START of a customer."""
    if not _genuine():
        abort(403)
    word = request.form.get("OptOutType", request.form.get("Body", "")).strip().upper()
    number = request.form.get("From", "")
    if word in STOP | START:

        def work(session: OrmSession) -> None:
            known = session.execute(select(Contact.id).where(Contact.kind == "phone", Contact.value == number)).scalar()
            if known is not None:
                state = "opted_out" if word in STOP else "good"
                session.execute(
                    update(Contact)
                    .where(Contact.id == known)
                    .values(state=state)
                    .execution_options(synchronize_session=False)
                )

        run(work)
    return Response("<Response/>", mimetype="text/xml")
