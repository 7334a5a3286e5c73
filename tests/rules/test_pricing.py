"""What a booking costs, to the last minor unit."""

from __future__ import annotations

import pytest

from rules.pricing import digits, minor, price, typed


@pytest.mark.parametrize(
    ("unit", "per", "minutes", "days", "seats", "total"),
    [
        (8000, "booking", 45, 0, 1, 8000),
        (8000, "booking", 0, 2, 3, 8000),
        (0, "booking", 45, 0, 1, 0),
        (1500, "seat", 60, 0, 3, 4500),
        (6000, "hour", 60, 0, 1, 6000),
        (6000, "hour", 45, 0, 1, 4500),
        (6000, "hour", 90, 0, 4, 9000),
        (1000, "hour", 20, 0, 1, 333),
        (1000, "hour", 40, 0, 1, 667),
        (1, "hour", 30, 0, 1, 1),
        (1, "hour", 29, 0, 1, 0),
        (100, "hour", 0, 1, 1, 2400),
        (2500, "day", 0, 1, 1, 2500),
        (2500, "day", 0, 3, 1, 7500),
        (2500, "day", 30, 0, 1, 2500),
        (2500, "day", 1440, 0, 1, 2500),
        (2500, "day", 1441, 0, 1, 5000),
    ],
)
def test_prices(unit: int, per: str, minutes: int, days: int, seats: int, total: int) -> None:
    assert price(unit, per, minutes=minutes, days=days, seats=seats) == total


@pytest.mark.parametrize("per", ["booking", "seat", "hour", "day"])
def test_where_none_is_named_none_is_shown(per: str) -> None:
    assert price(None, per, minutes=60, days=0, seats=2) is None


def test_currencies_have_their_decimals() -> None:
    assert [digits(currency) for currency in ("EUR", "CNY", "JPY", "KWD")] == [2, 2, 0, 3]


@pytest.mark.parametrize(
    ("said", "currency", "amount"),
    [
        ("65", "EUR", 6500),
        (" 65.00 ", "EUR", 6500),
        ("65,5", "EUR", 6550),
        ("0", "EUR", 0),
        ("1200", "JPY", 1200),
        ("1.125", "KWD", 1125),
        ("65.005", "EUR", None),
        ("1200.0", "JPY", None),
        ("-5", "EUR", None),
        ("free", "EUR", None),
        ("1,200.00", "EUR", None),
        ("", "EUR", None),
        ("１２", "EUR", None),
    ],
)
def test_an_amount_is_read_as_people_type_it_and_never_guessed(said: str, currency: str, amount: int | None) -> None:
    assert minor(said, currency) == amount


@pytest.mark.parametrize(("amount", "currency", "said"), [(6550, "EUR", "65.50"), (5, "EUR", "0.05"), (7, "JPY", "7")])
def test_an_amount_is_typed_as_it_is_read(amount: int, currency: str, said: str) -> None:
    assert typed(amount, currency) == said
    assert minor(said, currency) == amount
