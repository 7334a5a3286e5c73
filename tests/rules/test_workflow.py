"""The states of a booking, every step from every state."""

from __future__ import annotations

import pytest

from rules import workflow
from rules.errors import StateChanged

STATES = workflow.STATES

# Every step that is possible; what is not listed is refused, or was taken already.
POSSIBLE = {
    ("requested", "approve"): "confirmed",
    ("requested", "decline"): "declined",
    ("requested", "expire"): "expired",
    ("requested", "cancel"): "cancelled",
    ("confirmed", "cancel"): "cancelled",
    ("requested", "move"): "requested",
    ("confirmed", "move"): "confirmed",
    ("requested", "request_again"): "requested",
    ("confirmed", "request_again"): "requested",
    ("confirmed", "arrive"): "arrived",
    ("no_show", "arrive"): "arrived",
    ("completed", "arrive"): "arrived",
    ("confirmed", "complete"): "completed",
    ("arrived", "complete"): "completed",
    ("confirmed", "miss"): "no_show",
    ("arrived", "not_arrived"): "confirmed",
    ("no_show", "not_arrived"): "confirmed",
    ("cancelled", "restore"): "confirmed",
    ("cancelled", "restore_request"): "requested",
}
TAKEN = {
    ("confirmed", "approve"),
    ("declined", "decline"),
    ("expired", "expire"),
    ("cancelled", "cancel"),
    ("arrived", "arrive"),
    ("completed", "complete"),
    ("no_show", "miss"),
    ("confirmed", "not_arrived"),
    ("confirmed", "restore"),
    ("requested", "restore_request"),
}
ALL = [(status, move) for status in STATES for move in workflow.STEPS]


@pytest.mark.parametrize(("status", "move"), ALL)
def test_every_step_from_every_state(status: str, move: str) -> None:
    if (status, move) in POSSIBLE:
        assert workflow.step(status, move) == POSSIBLE[status, move]
    elif (status, move) in TAKEN:
        assert workflow.step(status, move) is None
    else:
        with pytest.raises(StateChanged) as refused:
            workflow.step(status, move)
        assert refused.value.params == {"status": status}


def test_the_tables_of_this_test_name_steps_that_exist() -> None:
    assert {*POSSIBLE, *TAKEN} <= set(ALL)


def test_what_takes_time_is_live() -> None:
    assert set(STATES) - workflow.LIVE == {"declined", "expired", "cancelled"}
