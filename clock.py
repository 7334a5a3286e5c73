"""The only reader of the system clock. Doors, workers and the shell ask it; everything inside gets ``now`` as an argument."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

_offset_file: Path | None = None


def now() -> datetime:
    """The present instant, aware UTC; shifted by the seconds in the offset file where tests have set one."""
    present = datetime.now(UTC)
    if _offset_file is None:
        return present
    try:
        return present + timedelta(seconds=float(_offset_file.read_text()))
    except (OSError, ValueError):
        return present


def until(epoch: float) -> timedelta:
    """How long until an instant of the system's own clock, as others that read it themselves give it."""
    return datetime.fromtimestamp(epoch, UTC) - datetime.now(UTC)


def use_offset_file(path: Path | None) -> None:
    """Shifts the clock by the seconds written in ``path``, for tests that run several processes. None: no shift."""
    global _offset_file
    _offset_file = path
