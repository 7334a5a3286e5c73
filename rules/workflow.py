"""The states of a booking and the steps between them."""

from __future__ import annotations

from rules.errors import StateChanged

STATES = ("requested", "confirmed", "arrived", "completed", "no_show", "cancelled", "declined", "expired")
LIVE = frozenset({"requested", "confirmed", "arrived", "completed", "no_show"})

STEPS: dict[str, dict[str, str]] = {
    "approve": {"requested": "confirmed"},
    "decline": {"requested": "declined"},
    "expire": {"requested": "expired"},
    "cancel": {"requested": "cancelled", "confirmed": "cancelled"},
    "request_again": {"confirmed": "requested", "requested": "requested"},
    "move": {"confirmed": "confirmed", "requested": "requested"},
    "arrive": {"confirmed": "arrived", "no_show": "arrived", "completed": "arrived"},
    "complete": {"confirmed": "completed", "arrived": "completed"},
    "miss": {"confirmed": "no_show"},
    "not_arrived": {"arrived": "confirmed", "no_show": "confirmed"},
    "restore": {"cancelled": "confirmed"},
    # Taking a cancellation back decides nothing.
    "restore_request": {"cancelled": "requested"},
}
RESULT = {
    "approve": "confirmed",
    "decline": "declined",
    "expire": "expired",
    "cancel": "cancelled",
    "arrive": "arrived",
    "complete": "completed",
    "miss": "no_show",
    "not_arrived": "confirmed",
    "restore": "confirmed",
    "restore_request": "requested",
}


def step(status: str, move: str) -> str | None:
    """The status after ``move``; None when that step was taken already (an answer, not an error). Raises StateChanged
    when it is no longer possible."""
    after = STEPS[move].get(status)
    if after is not None:
        return after
    if RESULT.get(move) == status:
        return None
    raise StateChanged(status=status)
