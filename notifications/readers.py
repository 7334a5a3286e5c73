"""What of a booking a mail to staff may tell: what its reader reads at the desk."""

from __future__ import annotations

from models import staff_queries
from models.base import db
from models.bookings import BookingView
from models.outbox import Message
from wire.desk import Shown, shown


def read_by(message: Message, booking: BookingView) -> Shown | None:
    """The booking within the rights of the account whose mailbox this is; None for customers, and for a mailbox without an
    account: whose visits these are is told of them in full."""
    if message.audience != "staff":
        return None
    staff = staff_queries.by_email(db.session(), message.recipient)
    if staff is None or staff.disabled_at is not None:
        return None
    return shown(staff_queries.viewer_of(db.session(), staff), booking)
