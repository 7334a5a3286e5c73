"""References: speakable, unguessable, and read however people type them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from rules import reference


def given(*chunks: bytes) -> Callable[[int], bytes]:
    left = list(chunks)
    return lambda size: left.pop(0)


def test_eight_of_the_31_symbols() -> None:
    assert len(reference.SYMBOLS) == len(set(reference.SYMBOLS)) == 31
    assert not set("01OIL") & set(reference.SYMBOLS)
    assert reference.make(lambda size: bytes(range(size))) == reference.SYMBOLS[:8]


def test_no_symbol_is_likelier_than_another() -> None:
    drawn: Counter[str] = Counter()
    for byte in range(256):
        # A thrown away byte asks for more; the zeros after it are not counted.
        made = reference.make(given(bytes([byte]), bytes(8)))
        drawn[made[0] if byte < 248 else "thrown"] += 1
    assert drawn.pop("thrown") == 8
    assert set(drawn.values()) == {8}
    assert len(drawn) == 31


def test_bytes_beyond_the_last_whole_round_are_thrown_away() -> None:
    assert reference.make(given(bytes([248, 255, 30]), bytes([30] * 16))) == "Z" * 8


@pytest.mark.parametrize(
    "typed", ["K7WQ2MXA", "k7wq2mxa", " K7WQ 2MXA ", "k7wq-2mxa", "#K7WQ.2MXA", "Ｋ７ＷＱ２ＭＸＡ", "k7wq\u00a02mxa"]
)
def test_it_is_read_however_it_is_typed(typed: str) -> None:
    assert reference.parse(typed) == "K7WQ2MXA"


@pytest.mark.parametrize(
    "typed", ["", "K7WQ2MX", "K7WQ2MXAA", "K7WQ2MX0", "K7WQ2MXO", "K7WQ2MXI", "Ж7WQ2MXA", "\x00" * 8]
)
def test_anything_else_is_none(typed: str) -> None:
    assert reference.parse(typed) is None


def test_what_is_shown_can_be_read_again() -> None:
    assert reference.spaced("K7WQ2MXA") == "K7WQ 2MXA"
    assert reference.parse(reference.spaced("K7WQ2MXA")) == "K7WQ2MXA"
