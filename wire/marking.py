"""Texts that are translated where they are used."""

from __future__ import annotations


def n_(msgid: str) -> str:
    """Marks a text for translation where it stands."""
    return msgid
