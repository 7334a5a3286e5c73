"""What many stars say together."""

from __future__ import annotations

from dataclasses import dataclass

# Fewer answers than that are no average yet.
ENOUGH = 5


@dataclass(frozen=True, slots=True)
class Marks:
    """How many answers, the sum of their stars, and how many of them were low (one or two stars)."""

    answers: int = 0
    stars: int = 0
    low: int = 0

    @property
    def average(self) -> float | None:
        """The stars on the average, to a tenth; None while there are too few to say."""
        return round(self.stars / self.answers, 1) if self.answers >= ENOUGH else None
