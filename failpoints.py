"""Named steps at which a test can make a process pause, fail or die. Nothing happens unless a test armed them; production
refuses to start with any."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Mapping
from pathlib import Path

_armed: dict[str, str] = {}


class Failed(Exception):
    """Raised by a failpoint that was told to raise."""


def arm(actions: Mapping[str, str]) -> None:
    """Sets what happens at which step: ``sleep:SECONDS``, ``raise``, ``exit``, ``kill`` (SIGKILL), or ``on`` for a switch.

    ``kill@FILE`` (any of them) happens once, to the first process that takes FILE away: a running server can be armed from outside.
    """
    _armed.clear()
    _armed.update(actions)


def enabled(name: str) -> bool:
    """True when a switch is on (``guard_off`` for the controls of the races)."""
    return bool(_armed) and name in _armed


def failpoint(name: str) -> None:
    """Does at this step what a test has armed; otherwise nothing."""
    if not _armed:
        return
    action, _, once = _armed.get(name, "").partition("@")
    if not action or (once and not _taken_away(Path(once))):
        return
    verb, _, argument = action.partition(":")
    if verb == "sleep":
        time.sleep(float(argument))
    elif verb == "exit":
        os._exit(70)
    elif verb == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif verb == "raise":
        raise Failed(name)


def _taken_away(file: Path) -> bool:
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    return True
