"""Addresses that carry a secret, and the public ones.

A manage link is the reference and a keyed signature over purpose, booking and token version: nothing secret is stored, and
raising the version ends all links of a booking.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from urllib.parse import quote

from models.bookings import BookingView

LIVES_AFTER_VISIT = timedelta(days=30)


def sign(secret_key: str, purpose: str, *parts: object) -> str:
    """HMAC-SHA256 over purpose and parts, as 43 characters for an address."""
    message = "\x1f".join([purpose, *map(str, parts)]).encode("utf-8", "surrogatepass")
    digest = hmac.new(secret_key.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def manage_token(booking: BookingView, secret_key: str) -> str:
    """The secret of one booking's manage link."""
    return sign(secret_key, "manage", booking.uid, booking.token_version)


def opens(token: str, booking: BookingView, secret_key: str, *, now: datetime) -> bool:
    """True when ``token`` is the booking's and the visit is at most 30 days past."""
    right = hmac.compare_digest(token.encode("utf-8", "surrogatepass"), manage_token(booking, secret_key).encode())
    return right and now < booking.end + LIVES_AFTER_VISIT


def manage_url(base_url: str, booking: BookingView, secret_key: str) -> str:
    """Where the customer sees, moves and cancels her booking."""
    return f"{base_url}/b/{booking.reference}?t={manage_token(booking, secret_key)}"


def calendar_url(base_url: str, booking: BookingView, secret_key: str) -> str:
    """The calendar file of one booking."""
    return f"{base_url}/b/{booking.reference}/calendar.ics?t={manage_token(booking, secret_key)}"


def service_url(
    base_url: str, slug: str, *, location: str | None = None, resource: str | None = None, source: str | None = None
) -> str:
    """The public link of a service, with what is chosen beforehand."""
    given = [("location", location), ("with", resource), ("src", source)]
    query = "&".join(f"{name}={quote(value)}" for name, value in given if value)
    return f"{base_url}/book/{quote(slug)}" + (f"?{query}" if query else "")
