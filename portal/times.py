"""Choosing a time, and holding it."""

from __future__ import annotations

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup, escape
from sqlalchemy import select
from werkzeug.wrappers import Response

import clock
from actions import availability, hold, visits
from actions.availability import LINK, Asked, Offer
from models.base import db
from models.doors import Source
from models.snapshot import catalogue
from portal import holding, kept, portal
from portal.calendar_view import Day, Part, free_days, month, parts
from portal.lost import lost_page
from rules import errors, pricing
from rules.facts import Catalogue
from scheduling.availability import Length
from web import limits
from web.locale import customer_zone, words
from wire.booking import differs
from wire.wording import Wording


@dataclass(slots=True)
class Wish:
    """What the address asks for."""

    slug: str
    location: str | None
    length: str | None
    resource: str | None
    seats: int
    day: date | None
    month: date | None
    source: str | None

    def query(self, **other: Any) -> str:
        """The same wish as an address, some of it replaced."""
        values = {
            "location": self.location,
            "length": self.length,
            "with": self.resource,
            "seats": self.seats if self.seats > 1 else None,
            "src": self.source,
            **other,
        }
        return urlencode({name: value for name, value in values.items() if value})


def wish_of(slug: str, values: Mapping[str, str]) -> Wish:
    """Reads a wish; what cannot be read counts as not said."""
    return Wish(
        slug=slug,
        location=values.get("location") or None,
        length=values.get("length") or None,
        resource=values.get("with") or None,
        seats=int(values["seats"]) if values.get("seats", "").isascii() and values.get("seats", "").isdigit() else 1,
        day=_date(values.get("day")),
        month=_date(f"{values['month']}-01") if values.get("month") else None,
        source=(values.get("src") or "")[:40] or None,
    )


def _date(value: str | None) -> date | None:
    try:
        found = date.fromisoformat(value) if value and len(value) == 10 else None
    except ValueError:
        return None
    return found if found and 2000 < found.year < 2200 else None


def asked_of(wish: Wish, known: Catalogue | None = None) -> Asked:
    """The facts of a wish. A place that was not chosen is the first; a choice that went is left out."""
    known = known or catalogue(db.session())
    service = known.services.get(wish.slug)
    if service is None or service.who not in LINK:
        raise errors.UnknownService(service=wish.slug)
    places = [known.location_by_id[id].slug for id in service.locations if (service.id, id) in known.plans]
    if not places:
        raise errors.UnknownService(service=wish.slug)
    if wish.location not in places:
        wish.location = places[0]
    wish.seats = max(1, min(wish.seats, service.seats))
    common: dict[str, Any] = {"service": wish.slug, "location": wish.location, "seats": wish.seats, "who": LINK}
    try:
        return availability.resolve(known, length=wish.length, resources=_several(wish.resource), **common)
    except errors.UnknownResource:
        wish.resource = None
        return availability.resolve(known, length=wish.length, **common)
    except errors.BadDuration:
        wish.length = None
        return availability.resolve(known, resources=_several(wish.resource), **common)


def _several(resource: str | None) -> Sequence[str]:
    return [resource] if resource else []


@portal.get("/book/<slug>")
@limits.limiter.limit(limits.READS)
def times(slug: str) -> Response | str:
    """The time page; with ``X-Part: times`` only its month and day."""
    now = clock.now()
    wish = wish_of(slug, request.args)
    asked, stamp = availability.stamped(lambda known: asked_of(wish, known))
    held = holding.open_hold(slug, now) if holding.kept() else None
    part = request.headers.get("X-Part") == "times"
    given = frozenset((name, value) for name, value in request.args.items() if name != "v")
    key = (str(db.engine.url), slug, given, part, words().locale, customer_zone())
    found = kept.find(key, stamp, now) if held is None else None
    if found is None:
        found = _made(asked, wish, now, held, stamp, part)
        if held is None:
            kept.keep(key, found)
    if part:
        if request.args.get("v") == found.version:
            return Response(status=204)
        answer = make_response(found.html.replace(kept.TOKEN, generate_csrf()))
        answer.headers["X-Version"] = found.version
        return answer
    visits.count("times", service_id=asked.service.id, source_id=source_id(wish.source), now=now)
    if found.nothing:
        visits.count("search_empty", service_id=asked.service.id, source_id=source_id(wish.source), now=now)
    return found.html.replace(kept.TOKEN, generate_csrf())


def _made(
    asked: Asked, wish: Wish, now: datetime, held: hold.Held | None, stamp: tuple[int, int], part: bool
) -> kept.Kept:
    page = TimePage(asked, wish, now, held=held, stamp=stamp)
    template = "portal/_part.html" if part else "portal/times.html"
    html = render_template(template, page=page, heading=words().gettext("Choose a time"))
    return kept.Kept(html, page.version, stamp, page.good_until, page.nothing)


@portal.post("/book/<slug>")
@limits.limiter.limit(limits.HOLDS)
def take(slug: str) -> Response:
    """A tap on a time holds it and leads to the details; lost ones come back with the nearest others."""
    now = clock.now()
    wish = wish_of(slug, request.form)
    start = instant(request.form.get("start"))
    asked = asked_of(wish)
    if start is None:
        return redirect(url_for("portal.times", slug=slug) + f"?{wish.query()}", 303)
    old = holding.open_hold(slug, now)
    settings = current_app.config["SETTINGS"]
    if old is not None and old.start == start and old.location == asked.location.slug and old.seats == asked.seats:
        return redirect(url_for("portal.details", slug=slug), 303)
    try:
        held = hold.hold(
            service=slug,
            start=start,
            location=asked.location.slug,
            length=wish.length,
            resources=_several(wish.resource),
            seats=wish.seats,
            replaces=old.secret if old else None,
            visitor=holding.visitor(),
            source=wish.source,
            who=LINK,
            minutes=settings.hold_minutes,
            now=now,
        )
    except (errors.SlotTaken, errors.Unfit, errors.LimitReached, errors.ResourceGone) as refusal:
        return lost(asked, wish, start, refusal, now)
    holding.keep(held.secret, old.secret if old else None)
    visits.count("held", service_id=asked.service.id, source_id=source_id(wish.source), now=now)
    return redirect(url_for("portal.details", slug=slug), 303)


def lost(asked: Asked, wish: Wish, start: datetime, refusal: errors.Refusal, now: datetime) -> Response:
    """What happened to a wish, with the nearest free times."""
    offers = list(refusal.alternatives) or availability.alternatives(asked, near=start, now=now)
    return lost_page(
        asked,
        refusal,
        offers,
        start=start,
        action=url_for("portal.times", slug=wish.slug),
        every=f"{url_for('portal.times', slug=wish.slug)}?{wish.query()}",
        fields={
            "location": wish.location,
            "length": wish.length,
            "with": wish.resource,
            "seats": str(wish.seats),
            "src": wish.source,
        },
        now=now,
    )


def instant(value: str | None) -> datetime | None:
    """The instant of a button: UTC, whole minutes."""
    try:
        found = datetime.fromisoformat(value) if value and len(value) <= 32 else None
    except ValueError:
        return None
    if found is None or found.tzinfo is None or not 2000 < found.year < 2200:
        return None
    return found.astimezone(UTC)


def source_id(code: str | None) -> int:
    """The id of a source, 0 for none."""
    if not code:
        return 0
    return db.session.execute(select(Source.id).where(Source.code == code)).scalar() or 0


def price_of(asked_or_length: Length, service: Any, seats: int, say: Wording, currency: str) -> str:
    """What one booking costs, in words; empty where no price is shown."""
    minor = pricing.price(
        service.price_minor, service.price_per, minutes=asked_or_length.minutes, days=asked_or_length.days, seats=seats
    )
    if minor is None:
        return ""
    return say.gettext("Free of charge") if minor == 0 else say.money(minor, currency)


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
        address: str | None = None,
        extra: Mapping[str, str] | None = None,
        stamp: tuple[int, int] | None = None,
    ) -> None:
        self.asked, self.wish, self.now, self.say = asked, wish, now, words()
        self.moving = moving
        self.asks_again = bool(moving) and asked.service.approval
        self.address = address or url_for("portal.times", slug=wish.slug)
        self.hold_action = self.address if not moving else f"{self.address}/confirm"
        self.extra = dict(extra or {})
        self._without = dict(without or {})
        self._mine: dict[datetime, int] = {}
        if held is not None:
            self._without[held.session_id] = held.seats
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
        shown = self.wish.month or wanted or first_day or self.today
        self.first_of_month = max(shown.replace(day=1), self.today.replace(day=1))
        if self.wish.month and not self.wish.day:
            wanted = None
        self.chosen = wanted if wanted and wanted >= self.today else None
        if self.chosen is None and not self.wish.month:
            self.chosen = first_day

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
        self.parts: list[Part] = parts(asked, offers, words=say, zone=asked.zone, own=zone, gone=self._reason)
        self._count = sum(1 for offer in offers if offer.free or offer.mine)
        self._own = (
            zone if zone and any(differs(offer.start, zone, asked.location.timezone) for offer in offers[:1]) else None
        )

    def _reason(self, offer: Offer) -> str:
        say, known = self.say, self.asked.catalogue
        thing = known.resources.get(offer.who or "")
        who = say.text(thing.name) if thing else None
        if offer.reason == "held":
            return say.gettext("someone is booking these now")
        if offer.reason == "closed":
            return (
                say.gettext("%(name)s is not in", name=who)
                if thing and thing.kind == "staff"
                else say.gettext("not available")
            )
        if offer.reason == "full":
            return say.gettext("full")
        if offer.reason == "limit":
            return say.gettext("no more on this day")
        if offer.reason == "too_far":
            return say.gettext("not open yet")
        if thing and thing.kind != "staff":
            return say.gettext("%(name)s is in use", name=who)
        return say.gettext("taken")

    def _address(self, **other: Any) -> str:
        query = self.wish.query(**self.extra, **other)
        return f"{self.address}?{query}" if query else self.address

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
        return self.say.gettext("Back to the booking") if self.moving else self.say.gettext("All services")

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
        values = {**self.extra, "location": self.wish.location, "length": self.wish.length, "with": self.wish.resource}
        values |= {"seats": str(self.wish.seats), "src": self.wish.source}
        if not self.moving:
            values["csrf_token"] = kept.TOKEN
        return Markup("").join(
            Markup('<input type="hidden" name="{}" value="{}">').format(escape(name), escape(value))
            for name, value in values.items()
            if value
        )

    @property
    def choices(self) -> list[dict[str, Any]]:
        """The choices that there are: place, length, places wanted, person."""
        asked, say = self.asked, self.say
        found: list[dict[str, Any]] = []
        known = asked.catalogue
        places = [known.location_by_id[id] for id in asked.service.locations if (asked.service.id, id) in known.plans]
        if len(places) > 1 and not self.moving:
            options = [{"value": place.slug, "text": say.text(place.name)} for place in places]
            found.append(
                {"name": "location", "label": say.gettext("Place"), "value": asked.location.slug, "options": options}
            )
        if len(asked.service.lengths) > 1:
            options = [{"value": written(each), "text": say.duration(each)} for each in asked.service.lengths]
            found.append(
                {"name": "length", "label": say.gettext("How long"), "value": written(asked.length), "options": options}
            )
        if asked.service.seats > 1 and not self.moving:
            options = [{"value": str(n), "text": say.number(n)} for n in range(1, min(asked.service.seats, 8) + 1)]
            found.append(
                {
                    "name": "seats",
                    "label": say.gettext("How many places"),
                    "value": str(asked.seats),
                    "options": options,
                }
            )
        ids = [id for need in asked.plan.service.needs if need.choosable for id in need.candidates]
        people = [known.resource_by_id[id] for id in dict.fromkeys(ids)]
        if len(people) > 1:
            options = [{"value": "", "text": say.gettext("Anyone"), "initials": ""}]
            options += [
                {"value": each.slug, "text": say.text(each.name), "initials": initials(say.text(each.name))}
                for each in people
            ]
            found.append(
                {
                    "name": "with",
                    "label": say.gettext("With whom"),
                    "value": self.wish.resource or "",
                    "options": options,
                }
            )
        return found

    @property
    def zone(self) -> str:
        return self.say.zone(self.asked.location.timezone)

    @property
    def own_zone(self) -> str:
        """How the customer's own zone stands to the venue's, or just the end of the sentence."""
        say, at = self.say, datetime(self.today.year, self.today.month, self.today.day, 12, tzinfo=UTC)
        if not self._own or self.chosen is None:
            return say.gettext(".")
        at = at.replace(year=self.chosen.year, month=self.chosen.month, day=self.chosen.day)
        ours, theirs = (at.astimezone(zone).utcoffset() for zone in (self.asked.zone, ZoneInfo(self._own)))
        hours = ((theirs or timedelta()) - (ours or timedelta())) / timedelta(hours=1)
        shift = self._shift(abs(hours), hours < 0)
        return say.gettext(", with %(place)s below it, %(shift)s.", place=say.place_of_zone(self._own), shift=shift)

    def _shift(self, hours: float, earlier: bool) -> str:
        say, figure = self.say, self.say.number(hours)
        if earlier:
            return say.ngettext("one hour earlier", "%(hours)s hours earlier", 1 if hours == 1 else 2, hours=figure)
        return say.ngettext("one hour later", "%(hours)s hours later", 1 if hours == 1 else 2, hours=figure)

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
    def count(self) -> str:
        return self.say.ngettext("%(n)s free time", "%(n)s free times", self._count)

    @property
    def as_of(self) -> str:
        return self.say.time(self.now.astimezone(self.asked.zone))


def written(length: Length) -> str:
    """A length as in addresses: ``45`` or ``2d``."""
    return f"{length.days}d" if length.days else str(length.minutes)


def initials(name: str) -> str:
    """One or two letters for a person's disc; titles are passed over, Chinese names show their family name."""
    parts_ = [part for part in name.replace(".", " ").split() if part.lower() not in ("dr", "prof", "mr", "ms", "mrs")]
    if not parts_:
        return name[:1]
    if len(parts_) == 1:
        return parts_[0][:1]
    return (parts_[0][0] + parts_[-1][0]).upper()
