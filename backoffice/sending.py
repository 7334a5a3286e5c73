"""Messages that wait or did not arrive: letting them leave now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import redirect, request, session
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import heard
from backoffice import access, desk
from backoffice.access import door
from models import message_queries
from models.base import db
from models.bookings import BookingView
from notifications import dispatch
from web.locale import words


@dataclass(frozen=True, slots=True)
class Unsent:
    """What is still to leave of the last step: a sentence for what waits, and one for what is tried again; "" for nothing."""

    waits: str = ""
    failed: str = ""


def unsent(view: BookingView, now: datetime) -> Unsent:
    """What of the messages about a booking a tap would send."""
    say, zone = words(), ZoneInfo(view.zone)
    count, first = message_queries.waiting_news(db.session(), view.id, view.revision, now)
    failed = len(message_queries.to_send_again(db.session(), [view.id], now))
    waits = ""
    if first is not None:
        when = say.time(first.astimezone(zone))
        waits = say.ngettext(
            "%(n)s message leaves at %(when)s.", "%(n)s messages leave from %(when)s on.", count, when=when
        )
    return Unsent(
        waits, say.ngettext("%(n)s message did not arrive.", "%(n)s messages did not arrive.", failed) if failed else ""
    )


@desk.post("/b/<reference>/send")
@door("message.send")
def do_send(reference: str) -> AnyResponse:
    """Sends what waits at once, and what did not arrive once more."""
    found, say = access.booking(reference, "message.send"), words()
    sent = heard.send_now(reference=found.reference, actor=access.viewer().actor, now=clock.now())
    dispatch.ring(sent)
    said = say.gettext("Nothing waits to be sent any more.")
    if sent:
        said = say.ngettext("%(n)s message is on its way.", "%(n)s messages are on their way.", len(sent))
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(access.back_to(request.form.get("to")), 303)
