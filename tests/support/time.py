"""A clock that stands still until a test moves it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

# A Monday morning, ten o'clock in Berlin.
NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)


def instant(text: str) -> datetime:
    """``2026-11-30T09:00Z`` or any RFC 3339 instant, as aware UTC."""
    found = datetime.fromisoformat(text)
    assert found.tzinfo is not None, "an instant needs its offset"
    return found.astimezone(UTC)


class Clock:
    """Stands at ``now``; ``tick`` and ``set`` move it."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def set(self, text: str | datetime) -> datetime:
        """Moves it to an instant and gives that back."""
        self.now = instant(text) if isinstance(text, str) else text
        return self.now

    def tick(self, **length: float) -> datetime:
        """Moves it by ``minutes=5`` or ``seconds=1`` and gives the new instant back."""
        self.now += timedelta(**length)
        return self.now
