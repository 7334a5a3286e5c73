"""Fields of forms and addresses, read with care."""

from __future__ import annotations


def whole(typed: str, *, digits: int) -> int | None:
    """A whole number of at most so many figures, 0 to 9 only; None for anything else. What is longer is no number of ours,
    and Python itself refuses thousands of figures."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= digits else None
