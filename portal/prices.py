"""What something costs, in words."""

from __future__ import annotations

from typing import Any

from rules import pricing
from scheduling.availability import Length
from wire.wording import Wording


def price_of(asked_or_length: Length, service: Any, seats: int, say: Wording, currency: str) -> str:
    """What one booking costs, in words; empty where no price is shown."""
    minor = pricing.price(
        service.price_minor, service.price_per, minutes=asked_or_length.minutes, days=asked_or_length.days, seats=seats
    )
    return "" if minor is None else said_price(minor, currency, say)


def said_price(minor: int, currency: str, say: Wording) -> str:
    """A price, or that there is none to pay."""
    return say.money(minor, currency) if minor else say.gettext("Free of charge")
