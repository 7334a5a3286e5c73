"""Deadlines of a booking: they count from its start, in elapsed time, by the terms that it was booked under."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from rules.errors import TooLate


def cancel_deadline(start: datetime, terms: Mapping[str, Any]) -> datetime:
    """Until when the customer may cancel."""
    return start - timedelta(minutes=terms.get("cancel_until") or 0)


def move_deadline(start: datetime, terms: Mapping[str, Any]) -> datetime:
    """Until when the customer may move it."""
    return start - timedelta(minutes=terms.get("reschedule_until") or 0)


def refuse_late(deadline: datetime, now: datetime) -> None:
    """Raises TooLate once the deadline has passed; at the deadline itself it is not too late."""
    if now > deadline:
        raise TooLate(deadline=deadline)


def decide_by(start: datetime, asked_at: datetime, terms: Mapping[str, Any]) -> datetime:
    """Until when a request is decided: within the time that the service names, at its start at the latest."""
    within = terms.get("decide_within")
    return min(start, asked_at + timedelta(minutes=within)) if within else start
