"""The form that asks a customer for another time: what stands in it, and what it offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from werkzeug.datastructures import MultiDict

from actions import desk_booking, explain
from backoffice.offered import READ, instant, offered, spread
from backoffice.standing import tellable
from models.base import db
from models.bookings import BookingView
from models.snapshot import catalogue
from rules import wishes
from rules.errors import Refusal
from web.locale import words
from wire.explaining import broken as in_words

ANYONE, OTHER, CHOOSE = "anyone", "other", "choose"


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form, of the address while one looks, of the form once it is sent, about ``view``."""

    given: MultiDict[str, str]
    view: BookingView

    def text(self, name: str, longest: int = 200) -> str:
        """One field, cut to a sensible length."""
        return self.given.get(name, "")[:longest]

    @property
    def zone(self) -> ZoneInfo:
        """The zone whose clock the times are typed by."""
        return ZoneInfo(self.view.zone)

    @property
    def whom(self) -> list[str]:
        """Who shall have it: the one who was chosen, at first the one who has it now; nobody for whoever is free."""
        wanted = self.given.get("with")
        if wanted is None:
            return list(self.view.staff[:1])
        return [wanted[:80]] if wanted and wanted != ANYONE else []

    @property
    def start(self) -> datetime | None:
        """The chosen start, or the day and hour typed by hand."""
        chosen = self.text("start", 40)
        return self._read(f"{self.text('day', 10)}T{self.text('hour', 5)}" if chosen == OTHER else chosen)

    @property
    def deadline(self) -> datetime | None:
        """Until when she can answer, as typed; None for what cannot be read."""
        return self._read(self.text("deadline", 16))

    @property
    def chooses(self) -> bool:
        """True when she is to choose herself: of a booking only, a request is hers to move anyway."""
        return self.text("start") == CHOOSE and self.view.status == "confirmed"

    def _read(self, typed: str) -> datetime | None:
        return instant(typed, self.zone)


def times(typed: Typed, now: datetime) -> dict[str, Any]:
    """The next free times that fit the wish, without the one that she has already."""
    today = now.astimezone(typed.zone).date()
    wish, refused = wishes.parse(typed.text("wish"), today=today), ""
    try:
        who = typed.whom[0] if typed.whom else None
        offers = desk_booking.next_free(who=who, wish=wish, count=READ, now=now, **what(typed.view))
    except Refusal as refusal:
        refused, offers = words().sentence(refusal, typed.view.zone), []
    same = set(typed.whom) <= set(typed.view.resources)
    others = spread((each for each in offers if not same or each.start != typed.view.start), typed.zone)
    return {
        "times": [offered(each, typed.zone, today) for each in others],
        "unknown": wish.unknown,
        "refused": refused,
        "start": typed.text("start", 40),
        "day": typed.text("day", 10),
        "hour": typed.text("hour", 5),
    }


def people(view: BookingView) -> Sequence[tuple[str, str]]:
    """Those who can serve, people before rooms and things."""
    known = catalogue(db.session())
    service, location = known.services.get(view.service), known.locations.get(view.location)
    plan = known.plans.get((service.id, location.id)) if service and location else None
    ids = dict.fromkeys(id for need in plan.service.needs for id in need.candidates) if plan else {}
    found = sorted((known.resource_by_id[id] for id in ids), key=lambda each: (each.kind != "staff", each.position))
    return [(each.slug, words().text(each.name)) for each in found]


def why(typed: Typed, start: datetime | None, refusal: Refusal, now: datetime) -> str:
    """What stands in the way, by name; where nothing does any more, the sentence of the refusal."""
    say, found = words(), []
    if start is not None:
        try:
            found = explain.why_not(start=start, resources=typed.whom, now=now, **what(typed.view))
        except Refusal:
            found = []
    sentences = dict.fromkeys(in_words(say, each, zone=typed.view.zone) for each in tellable(found)[0])
    return say.sentences(*sentences) or say.sentence(refusal, typed.view.zone)


def what(view: BookingView) -> dict[str, Any]:
    """The service, place, length and places of a booking, for asking about another time."""
    days = view.terms.get("days")
    length = f"{days}d" if days else view.terms["minutes"]
    return {"service": view.service, "location": view.location, "length": length, "seats": view.seats}
