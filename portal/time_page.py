"""The page on which a time is chosen: a month, a day, and everything that is said beside them."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import url_for
from markupsafe import Markup, escape

from actions import availability, hold
from actions.availability import Asked
from portal import holding, kept
from portal.calendar_view import Day, Part, Reader, free_days, month, parts
from portal.choices import lengths, parties, people, places
from portal.clocks import shifted
from portal.prices import price_of
from portal.why import why_not
from portal.wishes import Wish
from rules import errors
from rules.facts import Resource
from web import frames
from web.locale import customer_zone, words
from wire.booking import differs


class TimePage:
    """Everything that the time page shows, also while moving a booking."""

    def __init__(
        self,
        asked: Asked,
        wish: Wish,
        now: datetime,
        *,
        held: hold.Held | None = None,
        without: Mapping[int, int] | None = None,
        moving: str | None = None,
        moved_from: datetime | None = None,
        address: str | None = None,
        extra: Mapping[str, str] | None = None,
        stamp: tuple[int, int] | None = None,
    ) -> None:
        self.asked, self.wish, self.now, self.say = asked, wish, now, words()
        self.moving, self._moved_from = moving, moved_from
        self._held = held
        self.asks_again = bool(moving) and asked.service.approval
        self.address = address or url_for("portal.times", slug=wish.slug)
        self.hold_action = self.address if not moving else f"{self.address}/confirm"
        self.extra = dict(extra or {})
        self._without = dict(without or {})
        self._mine: dict[datetime, int] = {}
        if held is not None:
            self._without[held.session_id] = held.seats
            if holding.fits(held, asked):
                self._mine[held.start] = held.seats
        self.today: date = now.astimezone(asked.zone).date()
        self._stamp = stamp
        self._first = availability.first_free(asked, now=now, without=self._without, stamp=stamp)
        self._choose_day(held)
        self._read()

    def _choose_day(self, held: hold.Held | None) -> None:
        zone = self.asked.zone
        wanted = self.wish.day or (held.start.astimezone(zone).date() if held and not self.wish.month else None)
        first_day = self._first.start.astimezone(zone).date() if self._first else None
        wanted = wanted or self._day_moved_from()
        shown = self.wish.month or wanted or first_day or self.today
        self.first_of_month = max(shown.replace(day=1), self.today.replace(day=1))
        if self.wish.month and not self.wish.day:
            wanted = None
        self.chosen = wanted if wanted and wanted >= self.today else None
        if self.chosen is None and not self.wish.month:
            self.chosen = first_day

    def _day_moved_from(self) -> date | None:
        """The day of what is moved, where another time of it can be had."""
        if self._moved_from is None or self.wish.month:
            return None
        day = self._moved_from.astimezone(self.asked.zone).date()
        if day < self.today:
            return None
        view = availability.view(
            self.asked, first=day, last=day, now=self.now, without=self._without, stamp=self._stamp
        )
        return day if any(offer.free and offer.start != self._moved_from for offer in view.offers) else None

    def _read(self) -> None:
        asked, say = self.asked, self.say
        last = self.first_of_month.replace(
            day=calendar.monthrange(self.first_of_month.year, self.first_of_month.month)[1]
        )
        view = availability.view(
            asked,
            first=max(self.first_of_month, self.today),
            last=last,
            now=self.now,
            include_taken=True,
            without=self._without,
            stamp=self._stamp,
            mine=self._mine,
        )
        self.version = f"{view.version}-{say.locale}"
        self.paused = say.sentence(errors.Paused(said=view.paused.sentence)) if view.paused else ""
        notice = timedelta(minutes=asked.service.min_notice)
        self.good_until = kept.until(self.now, view.good_until, *([self._first.start - notice] if self._first else []))
        days = free_days(view, asked.zone)
        if self.chosen is None or (self.chosen.year, self.chosen.month) != (last.year, last.month):
            bookable = [day for day, offers in days.items() if any(offer.free or offer.mine for offer in offers)]
            self.chosen = min(bookable, default=None)
        self.weeks: list[list[Day | None]] = month(
            asked,
            days,
            first=self.first_of_month,
            chosen=self.chosen,
            today=self.today,
            words=say,
            href=lambda day: self._address(day=day.isoformat()),
        )
        offers = days.get(self.chosen, []) if self.chosen else []
        zone = customer_zone()
        reader = Reader(say, self.now, zone, partial(why_not, asked, say), self._kept_until)
        self.parts: list[Part] = parts(asked, offers, reader)
        free = sum(1 for offer in offers if offer.free or offer.mine)
        self.count = say.ngettext("%(n)s free time", "%(n)s free times", free)
        self.others = self._with_others() if asked.chosen and self.chosen and not free else None
        self._own = (
            zone if zone and any(differs(offer.start, zone, asked.location.timezone) for offer in offers[:1]) else None
        )

    def _with_others(self) -> dict[str, str] | None:
        """What the day has with somebody else, where the chosen one has nothing."""
        assert self.chosen is not None
        anyone = replace(self.asked, chosen=())
        view = availability.view(
            anyone, first=self.chosen, last=self.chosen, now=self.now, without=self._without, stamp=self._stamp
        )
        free = sum(1 for offer in view.offers if offer.free)
        if not free:
            return None
        say = self.say
        text = say.ngettext(
            "One time is free on this day with somebody else.",
            "%(n)s times are free on this day with somebody else.",
            free,
        )
        query = replace(self.wish, resource=None).query(**self.extra, day=self.chosen.isoformat())
        # A move keeps its person unless it is told that nobody is wished for.
        return {"text": text, "href": f"{self.address}?{query}" + ("&with=" if self.moving else "")}

    def _address(self, **other: Any) -> str:
        query = self.wish.query(**self.extra, **other)
        return f"{self.address}?{query}" if query else self.address

    @property
    def _kept_until(self) -> str:
        return self.say.time(self._held.expires_at.astimezone(self.asked.zone)) if self._held else ""

    @property
    def held(self) -> dict[str, str] | None:
        """What is kept for the visitor meanwhile, and the way back to it."""
        if self._held is None:
            return None
        when = self.say.day_and_time(self._held.start.astimezone(ZoneInfo(self._held.zone)), today=self.today)
        text = self.say.gettext("%(when)s is yours until %(time)s.", when=when, time=self._kept_until)
        return {"when": when, "text": text, "href": url_for("portal.details", slug=self.wish.slug)}

    @property
    def several_places(self) -> bool:
        """True where the place has to be said."""
        return len(self.asked.catalogue.locations) > 1

    @property
    def nothing(self) -> bool:
        """True when the whole horizon has nothing."""
        return self._first is None

    @property
    def seats(self) -> int:
        return self.asked.service.seats

    @property
    def name(self) -> str:
        return self.say.text(self.asked.service.name)

    @property
    def description(self) -> str:
        return self.say.text(self.asked.service.description)

    @property
    def length(self) -> str:
        return self.say.duration(self.asked.length)

    @property
    def place(self) -> str:
        return self.say.text(self.asked.location.name)

    @property
    def price(self) -> str:
        return price_of(
            self.asked.length, self.asked.service, self.asked.seats, self.say, self.asked.catalogue.business.currency
        )

    @property
    def action(self) -> str:
        return self.address

    @property
    def back(self) -> str:
        if self.moving:
            return self.address.removesuffix("/move") + "?" + urlencode(self.extra)
        if hers := self._framed_for:
            return url_for("portal.with_person", slug=hers.slug, src=self.wish.source)
        if self.only:
            return ""
        return url_for("portal.services", location=self.wish.location, src=self.wish.source)

    @property
    def only(self) -> bool:
        """True where there is nothing else to choose: the list of services would lead straight back here."""
        known = self.asked.catalogue
        return len(known.public_services()) == 1 and len(known.locations) == 1

    @property
    def back_text(self) -> str:
        if self.moving:
            return self.say.gettext("Back to the booking")
        if hers := self._framed_for:
            return self.say.gettext("Services with %(name)s", name=self.say.text(hers.name))
        return self.say.gettext("All services")

    @property
    def _framed_for(self) -> Resource | None:
        """Whose services the frame lists, which leads back to them and to no others."""
        return self.asked.catalogue.resources.get(frames.listed_for() or "")

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a form of choices carries along."""
        fields = [*self.extra.items()]
        if self.wish.source:
            fields.append(("src", self.wish.source))
        if self.chosen and self.wish.day:
            fields.append(("day", self.chosen.isoformat()))
        return fields

    def hidden(self) -> Markup:
        """The hidden fields of the form of times."""
        values = {**self.extra, **self.wish.fields()}
        if self.moving:
            # Nobody chosen is a choice, too: without the field the person of before would count.
            values.setdefault("with", "")
        else:
            values["csrf_token"] = kept.TOKEN
        return Markup("").join(
            Markup('<input type="hidden" name="{}" value="{}">').format(escape(name), escape(value))
            for name, value in values.items()
        )

    @property
    def choices(self) -> list[dict[str, Any]]:
        """The choices that there are: place, length, places wanted, person. A move keeps its place and its party."""
        found = [lengths(self.asked, self.say), people(self.asked, self.wish.resource, self.say)]
        if not self.moving:
            found = [places(self.asked, self.say), found[0], parties(self.asked, self.say), found[1]]
        return [each for each in found if each is not None]

    @property
    def zone(self) -> str:
        return self.say.zone(self.asked.location.timezone)

    @property
    def own_zone(self) -> str:
        """How the customer's own zone stands to the venue's, or just the end of the sentence."""
        if not self._own or self.chosen is None:
            return self.say.gettext(".")
        shift = shifted(self.say, self.chosen, self.asked.zone, ZoneInfo(self._own))
        return self.say.gettext(
            ", with %(place)s below it, %(shift)s.", place=self.say.place_of_zone(self._own), shift=shift
        )

    @property
    def here(self) -> str:
        return self._address(day=self.chosen.isoformat() if self.chosen else None)

    @property
    def live(self) -> str:
        return self.here

    @property
    def first_free(self) -> dict[str, str] | None:
        if self._first is None:
            return None
        local = self._first.start.astimezone(self.asked.zone)
        text = self.say.day_and_time(local, "short", today=self.today)
        return {"text": text, "href": self._address(day=local.date().isoformat())}

    @property
    def month(self) -> str:
        return self.say.date(self.first_of_month, "month")

    @property
    def previous(self) -> str | None:
        if self.first_of_month <= self.today.replace(day=1):
            return None
        return self._address(month=(self.first_of_month - timedelta(days=1)).strftime("%Y-%m"))

    @property
    def next(self) -> str | None:
        following = (self.first_of_month + timedelta(days=31)).replace(day=1)
        if (following - self.today).days > self.asked.service.horizon_days:
            return None
        return self._address(month=following.strftime("%Y-%m"))

    @property
    def weekdays(self) -> list[tuple[str, str]]:
        return self.say.weekdays()

    @property
    def day(self) -> str | None:
        return self.say.date(self.chosen, "long", today=self.today) if self.chosen else None

    @property
    def as_of(self) -> str:
        return self.say.time(self.now.astimezone(self.asked.zone))
