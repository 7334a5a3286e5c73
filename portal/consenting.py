"""What customers are asked to agree to beside a booking: unticked in the form, and to be taken back by the link."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from models import consent
from models.base import db
from models.bookings import BookingView
from web.locale import words
from wire.booking import Described


def shown(typed: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The boxes of the form: what is ticked is what she ticked herself."""
    return [
        {
            "name": f"consent_{each.purpose}",
            "id": each.id,
            "text": words().text(dict(each.text or {})),
            "needed": each.needed,
            "ticked": typed.get(f"consent_{each.purpose}") == str(each.id),
        }
        for each in consent.asked(db.session())
    ]


def of_booking(found: BookingView, told: Described) -> list[dict[str, Any]]:
    """What the customer of a booking agrees to, in the words of then, and what else she is asked for, in those of now."""
    say, session, zone = words(), db.session(), ZoneInfo(found.zone)
    today = told.now.astimezone(zone).date()
    given = [each for each in consent.of_customers(session, [found.customer_id]) if each.withdrawn_at is None]
    lines = [
        {
            "purpose": each.purpose,
            "id": 0,
            "text": say.text(dict(each.text)),
            "since": say.gettext(
                "You agreed on %(day)s.", day=say.date(each.given_at.astimezone(zone).date(), today=today)
            ),
        }
        for each in given
    ]
    open_ = {each.purpose for each in given}
    return lines + [
        {"purpose": each.purpose, "id": each.id, "text": say.text(dict(each.text or {})), "since": ""}
        for each in consent.asked(session)
        if each.purpose not in open_
    ]
