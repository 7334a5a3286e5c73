"""How a try to send ended, whoever carried it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sent:
    """Accepted by the carrier."""

    provider_id: str | None = None


class Temporary(Exception):
    """Worth another try, ``after`` seconds at the earliest (None: the schedule of the channel)."""

    def __init__(self, code: str, why: str, after: int | None = None) -> None:
        super().__init__(f"{code} {why}")
        self.code, self.why, self.after = code, why, after


class Unknown(Temporary):
    """Perhaps accepted: look it up before sending it again."""


class Permanent(Exception):
    """This recipient cannot be reached this way. ``suppress`` is the state its contact gets, or None."""

    def __init__(self, code: str, why: str, suppress: str | None = None) -> None:
        super().__init__(f"{code} {why}")
        self.code, self.why, self.suppress = code, why, suppress


class Misconfigured(Temporary):
    """Our own account or settings are wrong: kept and tried again later, shown by doctor and the failure board."""
