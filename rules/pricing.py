"""What a booking costs, in minor units of the currency."""

from __future__ import annotations

MINOR_DIGITS = {
    **dict.fromkeys("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split(), 0),
    **dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3),
}


def digits(currency: str) -> int:
    """Decimals of a currency (ISO 4217): 2 unless listed."""
    return MINOR_DIGITS.get(currency, 2)


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
