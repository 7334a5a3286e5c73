"""What a booking costs, in minor units of the currency."""

from __future__ import annotations

import re

_AMOUNT = re.compile(r"([0-9]{1,10})(?:[.,]([0-9]{1,3}))?\Z")
MINOR_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


def digits(currency: str) -> int:
    """Decimals of a currency (ISO 4217): 2 unless listed."""
    return MINOR_DIGITS.get(currency, 2)


def minor(typed: str, currency: str) -> int | None:
    """The minor units of an amount as people type it: ``65``, ``65.00``, ``65,5``. None for what is no amount, or finer than
    the currency."""
    found = _AMOUNT.match(typed.strip())
    if found is None or len(found[2] or "") > digits(currency):
        return None
    return int(found[1]) * 10 ** digits(currency) + int((found[2] or "").ljust(digits(currency), "0") or 0)


def typed(amount: int, currency: str) -> str:
    """An amount in minor units as it is typed: ``65.00``."""
    whole, rest = divmod(amount, 10 ** digits(currency))
    return f"{whole}.{rest:0{digits(currency)}}" if digits(currency) else str(whole)


def price(unit: int | None, per: str, *, minutes: int, days: int, seats: int) -> int | None:
    """The price in minor units, or None where none is shown.

    Per hour it is proportional to the minutes, half a unit rounded up, a day being 24 hours; per day every started 24
    hours count as one, and ``"2d"`` as two.
    """
    if unit is None:
        return None
    if per == "seat":
        return unit * seats
    total = minutes + days * 1440
    if per == "hour":
        return (unit * total * 2 + 60) // 120
    if per == "day":
        return unit * max(1, -(-total // 1440))
    return unit
