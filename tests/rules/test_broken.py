"""Which rules may be set aside, and what is kept of it."""

from __future__ import annotations

import pytest

from rules.broken import Broken, set_aside


@pytest.mark.parametrize("rule", ["grid", "open", "buffers", "notice", "horizon", "limits"])
def test_staff_may_set_these_aside(rule: str) -> None:
    assert Broken(rule, "any").overrulable


@pytest.mark.parametrize("rule", ["free", "needs", "seats"])
def test_nobody_sets_these_aside(rule: str) -> None:
    assert not Broken(rule, "any").overrulable


def test_each_rule_is_kept_once_with_the_one_reason() -> None:
    broken = [Broken("open", "house"), Broken("grid", "step"), Broken("open", "away")]
    assert set_aside(broken, "regular guest") == {"rules": ["open", "grid"], "reason": "regular guest"}
