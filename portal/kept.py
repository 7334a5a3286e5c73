"""Time pages that were made before: served again while nothing has changed and their minute is not over.

What belongs to one visitor alone, the form's token, is filled in afterwards; pages of visitors with a hold are never kept.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

# Stands where the token goes; nobody outside of this process can know it.
TOKEN = f"token-{secrets.token_hex(16)}"
_SIZE = 512


@dataclass(frozen=True, slots=True)
class Kept:
    """One rendered page with the version of what it shows."""

    html: str
    version: str
    stamp: tuple[int, int]
    good_until: datetime
    nothing: bool


_pages: OrderedDict[object, Kept] = OrderedDict()
_lock = Lock()


def find(key: object, stamp: tuple[int, int], now: datetime) -> Kept | None:
    """The page for this key, if it still tells the truth."""
    with _lock:
        found = _pages.get(key)
        if found is None or found.stamp != stamp or now >= found.good_until:
            return None
        _pages.move_to_end(key)
        return found


def keep(key: object, page: Kept) -> None:
    """Keeps a page for others."""
    with _lock:
        _pages[key] = page
        while len(_pages) > _SIZE:
            _pages.popitem(last=False)


def until(now: datetime, *ends: datetime) -> datetime:
    """The end of a page's life: the earliest of ``ends``, the next full minute at the latest (it says its time)."""
    minute = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return min(minute, *ends)


def forget() -> None:
    """Drops all, for tests that put another database in the same place."""
    _pages.clear()
