"""Imports every table, for whoever needs the whole metadata (migrations, tests)."""

from models import (
    booking,
    business,
    catalogue,
    consent,
    daily,
    desk,
    doors,
    feedback,
    history,
    imports,
    outbox,
    people,
)

__all__ = [
    "booking",
    "business",
    "catalogue",
    "consent",
    "daily",
    "desk",
    "doors",
    "feedback",
    "history",
    "imports",
    "outbox",
    "people",
]
