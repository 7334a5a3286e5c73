"""How often: generous by address (a fair sits behind one), strict by visitor, by contact and by secret.

What one visitor or one contact may do within an hour is counted with the holds and bookings themselves (``actions``); here
are the figures, and the counts by address and secret: in Redis, or in this process while it is away.
"""

from __future__ import annotations

from contextlib import suppress

from flask import Flask, current_app, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

import clock
import config
from rules import policies
from rules import reference as references
from rules.errors import RateLimited

# A page must not fail because a count could not be kept.
limiter = Limiter(key_func=get_remote_address, headers_enabled=False, strategy="moving-window", swallow_errors=True)

# By address, against floods only: a hundred customers of one fair look every five seconds, hold, lose and hold again.
READS = "6000/minute"
HOLDS = "1000/hour;240/minute"
WRITES = "1000/hour;240/minute"
API = "1200/minute"
API_WRITES = "600/minute"
WRONG_BY_ADDRESS = "60/hour"
# By visitor, booking and token.
WRONG_BY_VISITOR = "10/hour"
WRONG_BY_BOOKING = "5/hour"
FEED = "60/hour"
# Signing in: strict for an account at one address, so that whoever guesses locks out nobody but herself.
PASSWORDS_BY_ACCOUNT = "5/minute;10/15 minutes"
# From wherever they come; whoever signs in on a device of her own is not held up by it.
PASSWORDS_FROM_ANYWHERE = "30/15 minutes"
PASSWORDS_BY_ADDRESS = "50/15 minutes"
CODES = "10/15 minutes"
RESETS = "30/hour"
RESETS_OF_ACCOUNT = "5/hour"
# Contacts that one person may have shown to her within an hour.
REVEALS = "30/hour"
# Files that one person may take out of the house.
EXPORTS = "5/hour"
DESK = "3000/minute"
# Counted by the actions, per hour.
HOLDS_OF_A_VISITOR = 10
BOOKINGS_OF_A_CONTACT = 5


def limit(app: Flask, settings: config.Settings) -> None:
    """Connects the limits to Redis, with an in-process count while it is away."""
    url = settings.redis_url or "memory://"
    # Flask-Limiter wants redis+unix:// where redis-py says unix://.
    storage = url.replace("unix://", "redis+unix://", 1) if url.startswith("unix://") else url
    app.config.update(
        RATELIMIT_STORAGE_URI=storage,
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=settings.redis_url is not None,
        RATELIMIT_STORAGE_OPTIONS={"socket_connect_timeout": 1, "socket_timeout": 1} if settings.redis_url else {},
        RATELIMIT_KEY_PREFIX="frontdesk",
    )
    limiter.init_app(app)


@limiter.request_filter
def _off() -> bool:
    return not current_app.config["SETTINGS"].rate_limits


def per_hour(figure: int) -> int | None:
    """The figure for an action to count by, or None where limits are off."""
    return None if _off() else figure


def by_visitor() -> str:
    """The browser, by the session that its form came with; a caller without one counts by address."""
    return f"visitor:{session.get('csrf_token') or get_remote_address()}"


def by_reference() -> str:
    """The booking that is looked for, in whatever way its reference is typed. Empty for what cannot be one."""
    return references.parse(request.form.get("reference", "")[:40]) or ""


def by_booking() -> str:
    """The booking of the address, however it is spelled."""
    return f"booking:{references.parse(str((request.view_args or {}).get('reference', '')))}"


# Each move tells everybody, so that a booking cannot be moved without end; pages and programs count together.
moves = limiter.shared_limit(
    "20/hour", scope="moves", key_func=by_booking, deduct_when=lambda answer: answer.status_code in (200, 303)
)


def right() -> None:
    """Forgets the tries at this booking: whoever made them has just shown that it is hers."""
    with suppress(Exception):  # Redis may be away
        for each in limiter.current_limits:
            if by_reference() in each.request_args:
                limiter.limiter.clear(each.limit, *each.request_args)


def refusal() -> RateLimited:
    """What the limit that this request has hit says: until when, as its own counter knows."""
    wait = policies.MINUTE
    with suppress(Exception):  # as above
        if limiter.current_limit is not None:
            wait = clock.until(limiter.current_limit.reset_at)
    now = clock.now()
    return policies.too_often(now + wait, now)
