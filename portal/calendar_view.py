"""The time page's model: a month of days and one day of times, in words."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from actions.availability import Asked, Offer, View
from wire.booking import differs
from wire.wording import Wording


@dataclass(slots=True)
class Day:
    """One cell of the month."""

    number: str
    caption: str
    label: str
    state: str
    href: str | None = None
    chosen: bool = False
    today: bool = False


@dataclass(slots=True)
class Run:
    """Free times that follow each other, or refused ones with one reason."""

    slots: list[dict[str, Any]] = field(default_factory=list)
    icon: str = "lock"
    span: str = ""
    reason: str = ""


@dataclass(slots=True)
class Part:
    """Morning, afternoon or evening."""

    name: str
    count: str
    runs: list[Run]


def free_days(view: View, zone: ZoneInfo) -> dict[date, list[Offer]]:
    """The offers of a view by local date."""
    days: dict[date, list[Offer]] = {}
    for offer in view.offers:
        days.setdefault(offer.start.astimezone(zone).date(), []).append(offer)
    return days


def month(
    asked: Asked,
    days: dict[date, list[Offer]],
    *,
    first: date,
    chosen: date | None,
    today: date,
    words: Wording,
    href: Callable[[date], str],
) -> list[list[Day | None]]:
    """The weeks of a month, Monday first; None for days of its neighbours."""
    # Weeks that are over are not walked through.
    weeks = [week for week in Calendar().monthdatescalendar(first.year, first.month) if week[-1] >= today]
    return [
        [
            _day(asked, days.get(day, []), day, chosen=chosen, today=today, words=words, href=href)
            if day.month == first.month
            else None
            for day in week
        ]
        for week in weeks
    ]


def _day(
    asked: Asked,
    offers: list[Offer],
    day: date,
    *,
    chosen: date | None,
    today: date,
    words: Wording,
    href: Callable[[date], str],
) -> Day:
    free = sum(1 for offer in offers if offer.free or offer.mine)
    caption, spoken, state = _caption(asked, offers, day, free, today, words)
    return Day(
        number=words.number(day.day),
        caption=caption,
        label=f"{words.date(day, 'long')}, {spoken}",
        state=state,
        href=href(day) if free else None,
        chosen=day == chosen,
        today=day == today,
    )


def _caption(
    asked: Asked, offers: list[Offer], day: date, free: int, today: date, words: Wording
) -> tuple[str, str, str]:
    if free:
        spoken = words.ngettext("%(n)s free time", "%(n)s free times", free)
        if free <= 3:
            return words.gettext("%(n)s left", n=free), spoken, "few"
        return words.gettext("%(n)s free", n=free), spoken, "free"
    if day < today:
        return "", words.gettext("past"), "past"
    if (day - today).days > asked.service.horizon_days:
        return words.gettext("not yet"), words.gettext("not open yet"), "closed"
    reasons = {offer.reason for offer in offers}
    if reasons & {"taken", "held", "full", "limit"}:
        return words.gettext("full"), words.gettext("full"), "full"
    if reasons & {"closed"}:
        return words.gettext("not in"), words.gettext("not in"), "closed"
    if reasons & {"too_soon"}:
        return words.gettext("too soon"), words.gettext("too soon"), "full"
    timetable = asked.location.hours.timetable
    if day in timetable.holidays and day not in timetable.closed:
        name = words.text(asked.location.day_names.get(day)) or words.gettext("holiday")
        return words.gettext("holiday"), name, "closed"
    if day in timetable.closed:
        return words.gettext("closed"), words.gettext("closed"), "closed"
    return "–", words.gettext("closed"), "closed"


def parts(
    asked: Asked,
    offers: Sequence[Offer],
    *,
    words: Wording,
    zone: ZoneInfo,
    own: str | None,
    gone: Callable[[Offer], str],
) -> list[Part]:
    """The day's times by part of the day; neighbours that are refused for one reason fold into one line."""
    names = (words.gettext("Morning"), words.gettext("Afternoon"), words.gettext("Evening"))
    shown = [offer for offer in offers if offer.free or offer.mine or offer.reason != "too_soon"]
    found = []
    for part, group in groupby(shown, key=lambda offer: _part(offer.start.astimezone(zone))):
        inside = list(group)
        free = sum(1 for offer in inside if offer.free or offer.mine)
        if not free and part == 2 and all(offer.reason == "closed" for offer in inside):
            continue
        count = words.gettext("%(n)s free", n=free) if free else ""
        found.append(Part(names[part], count, _runs(asked, inside, words, zone, own, gone)))
    return found


def _part(local: datetime) -> int:
    return 0 if local.hour < 12 else 1 if local.hour < 17 else 2


def _runs(
    asked: Asked, offers: Sequence[Offer], words: Wording, zone: ZoneInfo, own: str | None, gone: Callable[[Offer], str]
) -> list[Run]:
    repeated = _repeated(offers, zone)
    runs = []
    for (free, reason, _who), group in groupby(offers, key=lambda offer: _kind(offer)):
        inside = list(group)
        if free:
            runs.append(Run(slots=[_slot(asked, offer, words, zone, own, repeated) for offer in inside]))
            continue
        first, last = inside[0].start.astimezone(zone), inside[-1].start.astimezone(zone)
        span = words.time(first) if first == last else words.span(first, last)
        runs.append(
            Run(
                icon={"held": "hourglass", "closed": "away"}.get(reason or "", "lock"),
                span=span,
                reason=gone(inside[0]),
            )
        )
    return runs


def _kind(offer: Offer) -> tuple[bool, str | None, str | None]:
    bookable = offer.free or offer.mine
    return (True, None, None) if bookable else (False, offer.reason, offer.who)


def _repeated(offers: Sequence[Offer], zone: ZoneInfo) -> set[datetime]:
    """Wall-clock times that this day has twice."""
    seen: set[datetime] = set()
    twice: set[datetime] = set()
    for offer in offers:
        wall = offer.start.astimezone(zone).replace(tzinfo=None)
        (twice if wall in seen else seen).add(wall)
    return twice


def _slot(
    asked: Asked, offer: Offer, words: Wording, zone: ZoneInfo, own: str | None, repeated: set[datetime]
) -> dict[str, Any]:
    local = offer.start.astimezone(zone)
    under, spoken = "", ""
    if local.replace(tzinfo=None) in repeated:
        under = words.offset(local)
    elif own and differs(offer.start, own, asked.location.timezone):
        there = offer.start.astimezone(ZoneInfo(own))
        under = words.time(there)
        if there.date() > local.date():
            under += " " + words.gettext("next day")
        elif there.date() < local.date():
            under += " " + words.gettext("day before")
        spoken = words.gettext("%(when)s in %(place)s", when=under, place=words.place_of_zone(own))
    seats = words.ngettext("%(n)s place left", "%(n)s places left", offer.seats_left) if asked.service.seats > 1 else ""
    state = words.gettext("yours") if offer.mine else words.gettext("free")
    label = ", ".join(filter(None, [words.time(local), spoken or under, seats, state]))
    return {
        "value": offer.start.isoformat().replace("+00:00", "Z"),
        "text": words.time(local),
        "under": words.gettext("yours") if offer.mine else under,
        "label": label,
        "mine": offer.mine,
        "seats": seats,
        **(_session(asked, offer, words, zone, spoken or under) if seats else {}),
    }


def _session(asked: Asked, offer: Offer, words: Wording, zone: ZoneInfo, elsewhere: str) -> dict[str, Any]:
    """What the card of a class adds: from when to when, with whom, and its places as dots (True is gone)."""
    local, end = offer.start.astimezone(zone), offer.end.astimezone(zone)
    only = asked.catalogue.resources.get(offer.resources[0]) if len(offer.resources) == 1 else None
    places = asked.service.seats
    return {
        "span": words.span(local, end),
        "about": " · ".join(filter(None, [words.text(only.name) if only else "", elsewhere])),
        "dots": [number < places - offer.seats_left for number in range(places)] if places <= 12 else [],
        "few": offer.seats_left <= 3,
    }
