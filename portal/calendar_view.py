"""The time page's model: a month of days and one day of times, in words."""

from __future__ import annotations

from calendar import Calendar
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby, pairwise
from typing import Any
from zoneinfo import ZoneInfo

from actions.availability import Asked, Offer, View
from scheduling.hours import open_minutes, repeated
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


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks at a day: her words and her own zone, what she is told of times that are gone, until when hers is kept."""

    words: Wording
    now: datetime
    zone: str | None
    gone: Callable[[Offer], str]
    kept_until: str = ""


@dataclass(slots=True)
class Run:
    """Free times that follow each other, or refused ones with one reason."""

    at: datetime
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
    caption, spoken, state = _caption(asked, offers, day, today, words)
    return Day(
        number=words.number(day.day),
        caption=caption,
        label=f"{words.date(day, 'long')}{words.comma}{spoken}",
        state=state,
        href=href(day) if state in ("free", "few") else None,
        chosen=day == chosen,
        today=day == today,
    )


def _caption(asked: Asked, offers: list[Offer], day: date, today: date, words: Wording) -> tuple[str, str, str]:
    bookable = [offer for offer in offers if offer.free or offer.mine]
    if bookable:
        free = len(bookable)
        spoken = words.ngettext("%(n)s free time", "%(n)s free times", free)
        # Of a class the places decide: two lessons with eight places each are not "2 left". Of lessons that use one room
        # the places are not to be added up: the first that is booked ends the others.
        left = sum(offer.seats_left for offer in bookable) if asked.service.seats > 1 else free
        if left <= 3:
            return words.gettext("%(n)s left", n=left), spoken, "few"
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


def parts(asked: Asked, offers: Sequence[Offer], reader: Reader) -> list[Part]:
    """The day's times by part of the day; neighbours that are refused for one reason fold into one line."""
    words, zone = reader.words, asked.zone
    names = (words.gettext("Morning"), words.gettext("Afternoon"), words.gettext("Evening"))
    shown = [each for each in offers if each.free or each.mine or each.reason != "too_soon" or each.start > reader.now]
    pauses = _pauses(asked, shown)
    found = []
    for part, group in groupby(shown, key=lambda offer: _part(offer.start.astimezone(zone))):
        inside = list(group)
        free = [offer for offer in inside if offer.free or offer.mine]
        if not free and part == 2 and all(offer.reason == "closed" for offer in inside):
            continue
        runs = _runs(asked, inside, pauses, reader) + [
            _pause(*each, words) for each in pauses if _part(each[0]) == part
        ]
        runs.sort(key=lambda run: run.at)
        found.append(Part(names[part], words.gettext("%(n)s free", n=len(free)) if free else "", runs))
    return found


def _part(local: datetime) -> int:
    return 0 if local.hour < 12 else 1 if local.hour < 17 else 2


def _pauses(asked: Asked, offers: Sequence[Offer]) -> list[tuple[datetime, datetime]]:
    """When the place is closed between two openings of the offers' day, by its own clock. What goes on through the night
    goes on through these, too."""
    if not offers or asked.service.overnight:
        return []
    day = offers[0].start.astimezone(asked.zone).date()
    windows = open_minutes(asked.location.hours.timetable, asked.location.timezone, day, day)
    edges = [(_instant(one[1], asked.zone), _instant(other[0], asked.zone)) for one, other in pairwise(windows)]
    return [(end, start) for end, start in edges if start.date() == day]


def _instant(minute: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC).astimezone(zone)


def _pause(closes: datetime, opens: datetime, words: Wording) -> Run:
    lunch = closes.hour >= 11 and opens.hour <= 15
    reason = words.gettext("closed for lunch") if lunch else words.gettext("closed")
    return Run(closes, icon="cup" if lunch else "lock", span=words.span(closes, opens), reason=reason)


def _runs(
    asked: Asked, offers: Sequence[Offer], pauses: Sequence[tuple[datetime, datetime]], reader: Reader
) -> list[Run]:
    words, zone = reader.words, asked.zone
    runs = []
    for (free, reason, _who, _pauses_before), group in groupby(offers, key=lambda offer: _kind(offer, pauses)):
        inside = list(group)
        if free:
            runs.append(Run(inside[0].start, slots=[_slot(asked, offer, reader) for offer in inside]))
            continue
        first, last = inside[0].start.astimezone(zone), inside[-1].start.astimezone(zone)
        span = words.time(first) if first == last else words.span(first, last)
        icon = {"held": "hourglass", "closed": "away", "too_soon": "clock"}.get(reason or "", "lock")
        runs.append(Run(first, icon=icon, span=span, reason=reader.gone(inside[0])))
    return runs


def _kind(offer: Offer, pauses: Sequence[tuple[datetime, datetime]]) -> tuple[bool, str | None, str | None, int]:
    before = sum(1 for closes, _ in pauses if closes <= offer.start)
    bookable = offer.free or offer.mine
    return (True, None, None, before) if bookable else (False, offer.reason, offer.who, before)


def _slot(asked: Asked, offer: Offer, reader: Reader) -> dict[str, Any]:
    words, local = reader.words, offer.start.astimezone(asked.zone)
    under, spoken, far = "", "", False
    if repeated(local):
        under = spoken = words.offset(local)
    elif reader.zone and differs(offer.start, reader.zone, asked.location.timezone):
        there = offer.start.astimezone(ZoneInfo(reader.zone))
        under, far = words.time(there), there.date() != local.date()
        when = under
        if far:
            later = there.date() > local.date()
            under += " " + (words.gettext("+1 day") if later else words.gettext("−1 day"))
            when += " " + (words.gettext("next day") if later else words.gettext("day before"))
        spoken = words.gettext("%(when)s in %(place)s", when=when, place=words.place_of_zone(reader.zone))
    seats = words.ngettext("%(n)s place left", "%(n)s places left", offer.seats_left) if asked.service.seats > 1 else ""
    state = words.gettext("yours until %(time)s", time=reader.kept_until) if offer.mine else words.gettext("free")
    return {
        "value": offer.start.isoformat().replace("+00:00", "Z"),
        "text": words.time(local),
        "under": words.gettext("until %(time)s", time=reader.kept_until) if offer.mine else under,
        "far": far and not offer.mine,
        "label": words.comma.join(filter(None, [words.time(local), spoken, seats, state])),
        "mine": offer.mine,
        "seats": seats,
        **(_session(asked, offer, words, spoken) if seats else {}),
    }


def _session(asked: Asked, offer: Offer, words: Wording, elsewhere: str) -> dict[str, Any]:
    """What the card of a class adds: from when to when, with whom, and its places as dots (True is gone)."""
    local, end = offer.start.astimezone(asked.zone), offer.end.astimezone(asked.zone)
    only = asked.catalogue.resources.get(offer.resources[0]) if len(offer.resources) == 1 else None
    places = asked.service.seats
    return {
        "span": words.span(local, end),
        "about": " · ".join(filter(None, [words.text(only.name) if only else "", elsewhere])),
        "dots": [number < places - offer.seats_left for number in range(places)] if places <= 12 else [],
        "few": offer.seats_left <= 3,
    }
