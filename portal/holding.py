"""What a browser holds: its own id and the secrets of its holds, in the signed session cookie."""

from __future__ import annotations

import secrets
from typing import Any

from flask import session

from actions import hold
from actions.availability import Asked
from actions.hold import Held

DRAFT_BYTES = 2000


def visitor() -> str:
    """A random name for this browser, hashed as it is stored."""
    if "visitor" not in session:
        session["visitor"] = secrets.token_urlsafe(12)
        session.permanent = True
    return hold.hashed(session["visitor"])


def kept() -> list[str]:
    """The secrets of this browser's holds, latest last."""
    return [each for each in session.get("holds", []) if isinstance(each, str)]


def keep(secret: str, replaced: str | None = None) -> None:
    """Remembers a hold in place of another."""
    session["holds"] = [*[each for each in kept() if each not in (replaced, secret)][-3:], secret]
    session.permanent = True


def latest(slug: str, now: Any) -> Held | None:
    """The browser's last hold of a service, in whatever state."""
    for secret in reversed(kept()):
        found = hold.find_hold(secret=secret, now=now)
        if found is not None and found.service == slug:
            return found
    return None


def became(reference: str, now: Any) -> bool:
    """True where this booking came of one of the browser's holds."""
    return any(found.reference == reference for each in kept() if (found := hold.find_hold(secret=each, now=now)))


def open_holds(now: Any) -> list[Held]:
    """The browser's open holds of whatever service, earliest first."""
    found = [hold.find_hold(secret=secret, now=now) for secret in kept()]
    return [each for each in found if each is not None and each.state == "open"]


def open_hold(slug: str, now: Any) -> Held | None:
    """The browser's open hold of a service, or None."""
    found = latest(slug, now)
    return found if found is not None and found.state == "open" else None


def draft(slug: str) -> dict[str, Any]:
    """What was typed for a service and not yet sent."""
    found = session.get("draft", {})
    return dict(found.get("typed", {})) if found.get("slug") == slug else {}


def keep_draft(slug: str, given: dict[str, Any]) -> None:
    """Keeps what was typed; the longest values give way where a cookie could not carry all."""
    left = dict(given)
    while len(repr(left).encode()) > DRAFT_BYTES and left:
        left.pop(max(left, key=lambda name: len(repr(left[name]))))
    session["draft"] = {"slug": slug, "typed": left}


def drop_draft() -> None:
    """Forgets what was typed, once it is booked."""
    session.pop("draft", None)


def fits(held: Held, asked: Asked) -> bool:
    """True when a hold is what is asked for, but for its time and places."""
    chosen = [each.slug for each in asked.chosen]
    return (
        held.location == asked.location.slug
        and (held.terms["minutes"], held.terms["days"]) == (asked.length.minutes, asked.length.days)
        and (not chosen or chosen == held.terms.get("chosen"))
    )
