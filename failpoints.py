"""Named steps at which a test can make a process pause, fail or die. Nothing happens unless a test armed them; production
refuses to start with any."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping

_armed: dict[str, str] = {}


class Failed(Exception):
    """Raised by a failpoint that was told to raise."""


def arm(actions: Mapping[str, str]) -> None:
    """Sets what happens at which step: ``sleep:SECONDS``, ``raise``, ``exit``, or ``on`` for a switch."""
    _armed.clear()
    _armed.update(actions)


def enabled(name: str) -> bool:
    """True when a switch is on (``guard_off`` for the controls of the races)."""
    return bool(_armed) and name in _armed


def failpoint(name: str) -> None:
    """Does at this step what a test has armed; otherwise nothing."""
    if not _armed:
        return
    action = _armed.get(name)
    if action is None:
        return
    verb, _, argument = action.partition(":")
    if verb == "sleep":
        time.sleep(float(argument))
    elif verb == "exit":
        os._exit(70)
    elif verb == "raise":
        raise Failed(name)
