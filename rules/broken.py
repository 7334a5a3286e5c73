"""Which rule of a start does not hold, with the figures of its sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# What staff with that right may set aside. Nobody sets aside needs, seats, or the time that another booking itself takes.
OVERRULABLE = frozenset({"grid", "open", "buffers", "notice", "horizon", "limits"})


@dataclass(frozen=True, slots=True)
class Broken:
    """One rule that does not hold: ``rule`` is grid, open, free, buffers, needs, notice, horizon, seats, limits or paused,
    ``why`` tells its cases apart, ``params`` names who or what stands in the way (wire/explaining.py says it)."""

    rule: str
    why: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def overrulable(self) -> bool:
        """True when staff with that right may set it aside."""
        return self.rule in OVERRULABLE


def set_aside(broken: Iterable[Broken], reason: str) -> dict[str, Any]:
    """What stays on the booking: each rule once, in the order named, and the one reason."""
    return {"rules": list(dict.fromkeys(each.rule for each in broken)), "reason": reason}
