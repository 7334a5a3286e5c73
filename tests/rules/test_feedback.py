"""What many stars say together."""

from __future__ import annotations

from rules.feedback import ENOUGH, Marks


def test_few_answers_are_no_average():
    assert Marks().average is None
    assert Marks(ENOUGH - 1, 20, 0).average is None
    assert Marks(ENOUGH, 23, 0).average == 4.6
