"""The desk's two questions about a time that was typed by hand: why is it not offered, and who would get it?"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from actions import explain
from actions.explain import Candidate
from backoffice.standing import tellable
from models.base import db
from models.snapshot import catalogue
from rules.errors import Refusal
from web.locale import words
from wire.explaining import broken as in_words
from wire.explaining import reason

# How many of those who could serve one need are named.
MOST = 12


@dataclass(frozen=True, slots=True)
class Could:
    """One who could serve: ``said`` is why she would get it (``gets``), that she is free, or what keeps her."""

    name: str
    said: str
    free: bool
    gets: bool


@dataclass(frozen=True, slots=True)
class Why:
    """Both answers about the time ``when``: the rules in the way, none where it is offered, and who could serve, need by need;
    ``left`` are those of each need who are not named."""

    when: str
    broken: tuple[str, ...]
    needs: tuple[tuple[tuple[Could, ...], int], ...]


def why(*, start: datetime, zone: str, now: datetime, **asked: Any) -> Why | None:
    """Both answers for a wish of the desk (``actions.explain``); None for a wish that cannot be read."""
    say, tz = words(), ZoneInfo(zone)
    try:
        found = explain.why_not(start=start, now=now, **asked)
        could = explain.who_gets(start=start, now=now, **asked)
    except Refusal:
        return None
    needs: dict[int, list[Candidate]] = {}
    found, *kept = tellable(found, *(each.broken for each in could))
    for each in (replace(one, broken=tuple(broken)) for one, broken in zip(could, kept, strict=True)):
        needs.setdefault(each.need, []).append(each)
    return Why(
        say.day_and_time(start.astimezone(tz), "medium", today=now.astimezone(tz).date()),
        tuple(dict.fromkeys(in_words(say, each, zone=zone) for each in found)),
        tuple((tuple(_could(each, zone) for each in of[:MOST]), max(0, len(of) - MOST)) for of in _people_first(needs)),
    )


def _people_first(needs: dict[int, list[Candidate]]) -> list[list[Candidate]]:
    known = catalogue(db.session()).resources
    return sorted(needs.values(), key=lambda of: known[of[0].resource].kind != "staff")


def _could(each: Candidate, zone: str) -> Could:
    say = words()
    name = say.text(catalogue(db.session()).resources[each.resource].name)
    if each.reason is not None:
        return Could(name, reason(say, each.reason), free=True, gets=True)
    if each.free:
        return Could(name, say.gettext("free"), free=True, gets=False)
    return Could(name, say.sentences(*(in_words(say, one, zone=zone) for one in each.broken)), free=False, gets=False)
