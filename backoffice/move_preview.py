"""What follows from moving a booking: what is free that day, which rules stand in the way, who will be told and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from actions import availability, explain
from actions import move as moving
from actions.availability import Asked
from backoffice import access
from backoffice.question import ending
from backoffice.standing import tellable
from backoffice.words import Card
from models.base import db
from models.snapshot import catalogue
from rules import desk, policies
from rules.broken import Broken
from rules.facts import Resource
from web.locale import words
from wire import explaining


@dataclass(frozen=True, slots=True)
class Preview:
    """``times`` are the free starts of the day (instant and words), ``people`` those who can serve (slug and name).

    With a start: ``to`` and ``who`` say the new time and people, ``broken`` why it cannot be had, ``same`` that nothing would
    change, ``late`` the customer's deadline if it is over, ``told`` who hears of it how, ``leaves`` when; ``mailed`` that a
    word to the customer reaches her; ``question`` what becomes of an open question to her.
    """

    times: list[tuple[str, str]]
    people: list[tuple[str, str]]
    start: str = ""
    to: str = ""
    who: str = ""
    broken: tuple[str, ...] = ()
    same: bool = False
    late: str = ""
    told: tuple[tuple[str, str], ...] = ()
    mailed: bool = False
    question: str = ""
    leaves: str = ""


def preview(shown: Card, *, whom: Sequence[str], day: date, start: datetime | None, now: datetime) -> Preview:
    """Looks at the day, and at ``start`` if one is asked for. Raises ResourceGone, UnknownResource, RangeTooLong."""
    view, zone = shown.view, ZoneInfo(shown.view.zone)
    asked = moving.wish(view, resources=whom, chosen_by="staff", online=False)
    offers = availability.view(asked, first=day, last=day, now=now, without={view.session_id: view.seats}).offers
    free = {each.start: each for each in offers if each.free and each.start != view.start}
    times = [(start_.isoformat(), words().time(start_.astimezone(zone))) for start_ in free]
    found = Preview(times, _people(asked))
    if start is None:
        return found
    local, same = start.astimezone(zone), start == view.start and set(whom) <= set(view.resources)
    open_ = start in free or any(each.start == start and each.free for each in offers)
    broken = () if open_ or same else _broken(shown, asked, start, now)
    leaves = desk.told_at(access.viewer().actor, (view.start, start), now)
    deadline = policies.move_deadline(view.start, view.terms)
    return replace(
        found,
        start=start.isoformat(),
        to=words().day_and_time(local, today=now.astimezone(zone).date()),
        who=words().listed(words().text(each.name) for each in asked.chosen) or words().gettext("whoever is free"),
        broken=broken,
        same=same,
        late=words().day_and_time(deadline.astimezone(zone)) if now > deadline else "",
        told=_told(shown, asked),
        mailed=bool(view.email),
        question=ending(shown, now),
        leaves=words().gettext("At once, because the visit is within the hour.")
        if leaves == now
        else words().gettext("After two minutes, so that you can take it back."),
    )


def _people(asked: Asked) -> list[tuple[str, str]]:
    """Those who can serve, people before rooms and things."""
    ids = dict.fromkeys(id for need in asked.plan.service.needs for id in need.candidates)
    found = [asked.catalogue.resource_by_id[id] for id in ids]
    found.sort(key=lambda each: (each.kind != "staff", each.position))
    return [(each.slug, words().text(each.name)) for each in found]


def _broken(shown: Card, asked: Asked, start: datetime, now: datetime) -> tuple[str, ...]:
    """Why it cannot be had, in sentences. What only the booking's own time breaks is left out: it is let go."""
    view, length = shown.view, asked.length
    found = explain.why_not(
        service=view.service,
        location=view.location,
        start=start,
        length=f"{length.days}d" if length.days else length.minutes,
        resources=[each.slug for each in asked.chosen],
        seats=view.seats,
        now=now,
    )
    others = [each for each in found if each.rule != "paused" and not _own(each, view.reference)]
    said = tuple(explaining.broken(words(), each, zone=view.zone) for each in tellable(others)[0])
    return tuple(dict.fromkeys(said)) or (words().gettext("This time cannot be had."),)


def _own(broken: Broken, reference: str) -> bool:
    return list(broken.params.get("references") or ()) == [reference]


def _told(shown: Card, asked: Asked) -> tuple[tuple[str, str], ...]:
    say, view = words(), shown.view
    ways = [say.gettext("by e-mail")] if view.email else []
    # A masked number says no more than that there is one.
    ways += [say.gettext("by SMS")] if view.phone else []
    told = []
    if ways:
        how = say.gettext("%(ways)s, in %(language)s", ways=_and(ways), language=say.language(view.locale))
        told.append((shown.name, how))
    known = catalogue(db.session())
    had = [known.resource_by_id[id] for id in view.resource_ids]
    people: dict[int, Resource] = {
        each.id: each for each in [*had, *asked.chosen] if each.kind == "staff" and each.email
    }
    return (*told, *((say.text(each.name), say.gettext("by e-mail")) for each in people.values()))


def _and(ways: Sequence[str]) -> str:
    if len(ways) < 2:
        return "".join(ways)
    return words().gettext("%(one)s and %(other)s", one=ways[0], other=ways[1])
