"""What can be done with a visit that is hit: in words, and as the value of a field."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import clock
from actions.outage_facts import Choice
from actions.outage_hits import Hit
from models.base import db
from models.snapshot import catalogue
from rules import outages
from web.locale import words


def choices_of(hit: Hit, now: datetime) -> list[tuple[str, str]]:
    """The proposal first, then what else can be done."""
    say, until = words(), outages.choose_until(hit.booking.start, now)
    found = [(_written(hit.choice), _said(hit.choice, hit))]
    if until is not None and hit.choice.kind != "choose":
        other = Choice("choose", deadline=until)
        found.append((_written(other), _said(other, hit)))
    if hit.choice.kind != "call":
        found.append((_written(Choice("call")), _said(Choice("call"), hit)))
    return [*found, ("", say.gettext("Leave it as it is"))]


def _written(choice: Choice) -> str:
    """A choice as the value of a field; ``read`` reads it again."""
    gives = ",".join(f"{old}:{new}" for old, new in choice.gives.items())
    at = choice.start or choice.deadline
    return "|".join((choice.kind, gives, at.isoformat() if at else "", ",".join(choice.resources)))


def read(value: str) -> Choice | None:
    """The choice of a field, None for what is none."""
    kind, _, rest = value.partition("|")
    if kind not in outages.KINDS or rest.count("|") != 2:
        return None
    gives, at, resources = rest.split("|")
    try:
        instant = datetime.fromisoformat(at) if at else None
    except ValueError:
        return None
    if (kind in ("other_time", "choose")) != (instant is not None) or (instant is not None and instant.tzinfo is None):
        return None
    return Choice(
        kind,
        gives=dict(each.split(":", 1) for each in gives.split(",") if ":" in each),
        start=instant if kind == "other_time" else None,
        resources=tuple(each for each in resources.split(",") if each),
        deadline=instant if kind == "choose" else None,
    )


def _said(choice: Choice, hit: Hit) -> str:
    say, known = words(), catalogue(db.session())
    zone = ZoneInfo(hit.booking.zone)
    today = clock.now().astimezone(zone).date()

    def names(slugs: Any) -> str:
        return say.listed(say.text(known.resources[slug].name) for slug in slugs if slug in known.resources)

    if choice.kind == "colleague":
        return say.gettext("%(who)s, at the same time", who=names(choice.gives.values()))
    if choice.kind == "other_time":
        assert choice.start is not None
        when = say.day_and_time(choice.start.astimezone(zone), "medium", today=today)
        who = names(slug for slug in choice.resources if known.resources[slug].kind == "staff")
        return say.gettext("%(when)s, with %(who)s", when=when, who=who) if who else when
    if choice.kind == "choose":
        assert choice.deadline is not None
        until = say.day_and_time(choice.deadline.astimezone(zone), "medium", today=today)
        return say.gettext("The customer chooses by link, until %(until)s", until=until)
    return say.gettext("Call the customer")
