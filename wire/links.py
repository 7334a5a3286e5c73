"""Addresses that carry a secret, and the public ones.

A manage link is the reference and a keyed signature over purpose, booking and token version: nothing secret is stored, and
raising the version ends all links of a booking.

Links are made with the one ``secret_key``; they open with any of the ``secret_keys``, which are that one and those before it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta

from models.bookings import BookingView, Linked

LIVES_AFTER_VISIT = timedelta(days=30)


def sign(secret_key: str, purpose: str, *parts: object) -> str:
    """HMAC-SHA256 over purpose and parts, as 43 characters for an address."""
    message = "\x1f".join([purpose, *map(str, parts)]).encode("utf-8", "surrogatepass")
    digest = hmac.new(secret_key.encode(), message, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def signs(secret_keys: tuple[str, ...], purpose: str, *parts: object) -> tuple[str, ...]:
    """The same signature by each key: the first for what is made now, any for what may have been made before."""
    return tuple(sign(each, purpose, *parts) for each in secret_keys)


def fits(given: str, secret_keys: tuple[str, ...], made: Callable[[str], str]) -> bool:
    """True when ``given`` is what ``made`` makes of one of the keys. All are compared, whichever fits: time tells nothing."""
    typed = given.encode("utf-8", "surrogatepass")
    compared = [hmac.compare_digest(typed, made(each).encode()) for each in secret_keys]
    return any(compared)


def manage_token(booking: BookingView | Linked, secret_key: str) -> str:
    """The secret of one booking's manage link: 132 bits of the signature, so that a text message holds it in one part."""
    return sign(secret_key, "manage", booking.uid, booking.token_version)[:22]


def opens(token: str, booking: BookingView | Linked, secret_keys: tuple[str, ...], *, now: datetime) -> bool:
    """True when ``token`` is the booking's and the visit is at most 30 days past."""
    right = fits(token, secret_keys, lambda key: manage_token(booking, key))
    return right and now < booking.end + LIVES_AFTER_VISIT


def manage_url(base_url: str, booking: BookingView, secret_key: str) -> str:
    """Where the customer sees, moves and cancels her booking."""
    return f"{base_url}/b/{booking.reference}?t={manage_token(booking, secret_key)}"


def feedback_token(booking: BookingView | Linked, secret_key: str) -> str:
    """The secret of one booking's link for saying how it was. It opens nothing else."""
    return sign(secret_key, "feedback", booking.uid, booking.token_version)[:22]


def feedback_opens(token: str, booking: BookingView | Linked, secret_keys: tuple[str, ...], *, now: datetime) -> bool:
    """True when ``token`` is the booking's and the visit is at most 30 days past."""
    right = fits(token, secret_keys, lambda key: feedback_token(booking, key))
    return right and now < booking.end + LIVES_AFTER_VISIT


def feedback_url(base_url: str, booking: BookingView, secret_key: str) -> str:
    """Where the customer says how it was."""
    return f"{base_url}/f/{booking.reference}?t={feedback_token(booking, secret_key)}"


def desk_url(base_url: str, booking: BookingView, *, asked: bool = False) -> str:
    """Where staff see a booking, once they are signed in: the link itself opens nothing and decides nothing. ``asked``: among
    the requests, for who decides it."""
    return f"{base_url}/desk/{'r' if asked else 'b'}/{booking.reference}"


def calendar_url(base_url: str, booking: BookingView, secret_key: str) -> str:
    """The calendar file of one booking."""
    return f"{base_url}/b/{booking.reference}/calendar.ics?t={manage_token(booking, secret_key)}"


def receipt_url(base_url: str, message_id: int, attempt: int, secret_key: str) -> str:
    """Where a carrier sends the receipts of one try of one message: what it says may come before it has answered us."""
    tried = f"{message_id}-{attempt}"
    return f"{base_url}/webhooks/twilio/status?of={tried}&key={_receipt_token(tried, secret_key)}"


def receipt_of(tried: str, token: str, secret_keys: tuple[str, ...]) -> tuple[int, int] | None:
    """The message and the try that such an address names, or None for one that is not ours."""
    if not fits(token, secret_keys, lambda key: _receipt_token(tried, key)):
        return None
    message_id, _, attempt = tried.partition("-")
    return int(message_id), int(attempt)


def _receipt_token(tried: str, secret_key: str) -> str:
    return sign(secret_key, "receipt", tried)[:22]


def account_url(base_url: str, id: int, password_hash: str | None, until: datetime, secret_key: str) -> str:
    """Where somebody chooses a new password, until ``until``. The old password is part of the signature: once there is
    a new one, the link is dead."""
    stamp = int(until.timestamp())
    return f"{base_url}/desk/password/{id}/{stamp}/{_account_token(id, password_hash, stamp, secret_key)}"


def account_opens(
    token: str, id: int, password_hash: str | None, until: int, secret_keys: tuple[str, ...], *, now: datetime
) -> bool:
    """True when ``token`` is the one of an account's link and its time is not over."""
    right = fits(token, secret_keys, lambda key: _account_token(id, password_hash, until, key))
    return right and now.timestamp() < until


def _account_token(id: int, password_hash: str | None, until: int, secret_key: str) -> str:
    return sign(secret_key, "account", id, password_hash or "", until)
