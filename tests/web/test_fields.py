"""What counts as a number in a form."""

from __future__ import annotations

import pytest

from web.fields import whole


@pytest.mark.parametrize(("typed", "found"), [("0", 0), ("007", 7), ("99999999", 99_999_999)])
def test_figures_are_a_number(typed, found):
    assert whole(typed, digits=8) == found


@pytest.mark.parametrize("typed", ["", " 1", "-1", "+1", "1.0", "１", "²", "1_0", "9" * 9, "9" * 5000, "\x00"])
def test_nothing_else_is(typed):
    assert whole(typed, digits=8) is None
