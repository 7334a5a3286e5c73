"""Who or what is out, and how long: what may be chosen, and what was typed, read with care."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

import clock
from backoffice import access
from models.base import db
from models.snapshot import catalogue
from rules import diary
from rules.errors import FieldError, NotAllowed
from scheduling import hours
from web.locale import words

KINDS = ("staff", "room", "equipment", "vehicle")


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is out and how long, as it was typed; ``end`` None is for good. ``wrong`` has a sentence per field."""

    slug: str
    is_place: bool
    start: datetime | None
    end: datetime | None
    wrong: dict[str, str]

    @property
    def who(self) -> dict[str, Any]:
        """The subject for the actions."""
        return {"location": self.slug} if self.is_place else {"resources": [self.slug]}


def quick(today: date) -> list[tuple[str, str]]:
    """The ends that are chosen most, each one tap."""
    say = words()
    sunday = today + timedelta(days=6 - today.weekday())
    found = [(today, say.gettext("Today")), (today + timedelta(days=1), say.gettext("Until tomorrow"))]
    found += [(sunday, say.gettext("This week")), (sunday + timedelta(days=7), say.gettext("Next week, too"))]
    return [(day.isoformat(), text) for day, text in found]


def subjects() -> list[tuple[str, list[tuple[str, str]]]]:
    """What she may take out, by kind."""
    say, known, by = words(), catalogue(db.session()), access.viewer()
    names = {
        "staff": say.gettext("People"),
        "room": say.gettext("Rooms"),
        "equipment": say.gettext("Things"),
        "vehicle": say.gettext("Vehicles"),
    }
    found = [
        (
            names[kind],
            [
                (f"resource:{each.slug}", say.text(each.name))
                for each in known.resources.values()
                if each.kind == kind
                and any(by.reaches("outage.handle", location=place, resources={each.id}) for place in each.at)
            ],
        )
        for kind in KINDS
    ]
    places = [
        (f"location:{each.slug}", say.text(each.name))
        for each in known.locations.values()
        if by.reaches("outage.handle", location=each.id, resources=())
    ]
    return [(title, each) for title, each in [*found, (say.gettext("Whole places"), places)] if each]


def asked_in(given: MultiDict[str, str]) -> Asked:
    """What was typed, in instants by the clock of the place. Raises NotAllowed for whom she may not take out."""
    kind, _, slug = given.get("who", "").partition(":")
    able = {subject for _, each in subjects() for subject, _ in each}
    if f"{kind}:{slug}" not in able:
        raise NotAllowed
    known, say = catalogue(db.session()), words()
    if kind == "location":
        zone = ZoneInfo(known.locations[slug].timezone)
    else:
        zone = ZoneInfo(known.location_by_id[next(iter(known.resources[slug].at))].timezone)
    wrong: dict[str, str] = {}
    start = _instant(given.get("from", ""), given.get("from_time", ""), time(), zone)
    if start is None:
        wrong["from"] = say.field(FieldError("not_a_date"))
    if given.get("for_good") == "1":
        return Asked(slug, kind == "location", start, None, wrong)
    end = _instant(given.get("until", ""), given.get("until_time", ""), None, zone)
    if end is None:
        wrong["until"] = say.field(FieldError("not_a_date"))
    elif start is not None and end <= start:
        wrong["until"] = say.field(FieldError("before_from"))
    return Asked(slug, kind == "location", start, end, wrong)


def _instant(day: str, hour: str, default: time | None, zone: ZoneInfo) -> datetime | None:
    """The instant of a day and an hour; without an hour ``default``, or (None) the end of the day."""
    try:
        date_ = date.fromisoformat(day[:10])
        at = time.fromisoformat(hour[:5]) if hour else default
    except ValueError:
        return None
    date_ = diary.kept(date_)
    if at is None:
        date_, at = date_ + timedelta(days=1), time()
    minute = hours.local_edge(str(zone), datetime.combine(date_, at), last=not hour and default is None)
    return datetime.fromtimestamp(minute * 60, zone)


def name_of(asked: Asked) -> str:
    known = catalogue(db.session())
    found: Any = known.locations[asked.slug] if asked.is_place else known.resources[asked.slug]
    return words().text(found.name)


def until_of(asked: Asked) -> str:
    say = words()
    assert asked.start is not None
    zone = asked.start.tzinfo
    assert isinstance(zone, ZoneInfo)
    today = clock.now().astimezone(zone).date()
    first = asked.start.astimezone(zone)
    whole = first.time() == time()
    since = say.date(first.date(), today=today) if whole else say.day_and_time(first, "medium", today=today)
    if asked.end is None:
        return say.gettext("from %(since)s, for good", since=since)
    # The midnight that ends a day is told as that day.
    last = asked.end.astimezone(zone)
    if last.time() == time():
        until = say.date(last.date() - timedelta(days=1), today=today)
    else:
        until = say.day_and_time(last, "medium", today=today)
    if whole and until == since:
        return since
    return say.gettext("from %(since)s until %(until)s", since=since, until=until)
