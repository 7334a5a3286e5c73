"""What can be booked: the front page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import clock
from actions import availability, visits
from actions.availability import Asked
from models.base import db
from models.doors import source_id
from models.snapshot import catalogue
from models.taken import Versions, versions
from portal import portal, posted
from portal.opening import state_of
from portal.prices import price_of
from rules import errors
from rules.facts import Catalogue, Resource, Service
from web import limits
from web.locale import words
from wire.booking import differs
from wire.colour import stylesheet
from wire.wording import Wording


@portal.get("/")
@limits.limiter.limit(limits.READS)
def services() -> Response | str:
    """What can be booked, in groups; one service alone leads straight to its times."""
    now = clock.now()
    known = catalogue(db.session())
    source = posted.source(request.args.get("src"))
    visits.count("visit", source_id=source_id(db.session(), source), now=now)
    offered = known.public_services()
    if len(offered) == 1 and len(known.locations) == 1:
        return redirect(url_for("portal.times", slug=offered[0].slug, src=source))
    location = request.args.get("location")
    if location not in known.locations:
        location = next(iter(known.locations), None)
    here = [service for service in offered if location and known.locations[location].id in service.locations]
    say = words()
    groups = _groups([_asked(known, service, location) for service in here], source, now, say)
    places = [
        {
            "slug": place.slug,
            "name": say.text(place.name),
            "address": say.text(place.address),
            "state": state_of(place, now, say),
            "zone": _other_zone(known, place.timezone, say, now),
        }
        for place in known.locations.values()
    ]
    name = say.text(known.locations[location].name) if location else ""
    return render_template(
        "portal/services.html", groups=groups, locations=places, location=location, here=name, src=source
    )


def of_one(resource: Resource, offered: Sequence[tuple[str, str]], source: str | None, now: datetime) -> str:
    """The page of what somebody (or something) can be chosen for: ``offered`` are slugs of services and places."""
    known, say = catalogue(db.session()), words()
    visits.count("visit", source_id=source_id(db.session(), source), now=now)
    asked = [
        availability.resolve(known, service=service, location=place, resources=[resource.slug])
        for service, place in offered
    ]
    groups = _groups(asked, source, now, say)
    return render_template("portal/services.html", groups=groups, locations=[], src=source, one=say.text(resource.name))


def _groups(asked: Sequence[Asked], source: str | None, now: datetime, say: Wording) -> list[dict[str, Any]]:
    read = versions(db.session())
    by_group = groupby(asked, key=lambda each: say.text(each.service.group))
    return [{"name": name, "cards": [card(each, source, now, say, read) for each in found]} for name, found in by_group]


def _other_zone(known: Catalogue, zone: str, say: Wording, now: datetime) -> str:
    return say.zone(zone) if differs(now, zone, known.business.timezone) else ""


def _asked(known: Catalogue, service: Service, location: str | None) -> Asked:
    return availability.resolve(known, service=service.slug, location=location)


def card(asked: Asked, source: str | None, now: datetime, say: Wording, read: Versions) -> dict[str, Any]:
    """One service of the list, with the first time that is free."""
    known, service, location = asked.catalogue, asked.service, asked.location.slug
    chosen: dict[str, Any] = {"with": asked.chosen[0].slug} if asked.chosen else {}
    first = availability.first_free(asked, now=now, stamp=read.of(asked.candidates()))
    off = availability.paused(asked, now)
    today = now.astimezone(asked.zone).date()
    lengths = service.lengths
    span = say.durations(lengths[0], lengths[-1])
    version = stylesheet(known.business.colour)[1]

    def drawn_at(mode: str) -> str:
        return url_for("portal.drawn", mode=mode, slug=service.slug, v=version)

    note, icon = "", "info"
    if service.approval:
        note, icon = say.gettext("on request"), "hand"
    elif service.seats > 1:
        note, icon = say.ngettext("%(n)s place", "%(n)s places", service.seats), "ticket"
    price = price_of(lengths[0], service, 1, say, known.business.currency)
    if price and len(lengths) > 1 and service.price_per in ("hour", "day"):
        price = say.gettext("from %(price)s", price=price)
    elif price and service.price_per == "seat":
        price = say.gettext("%(price)s each", price=price)
    return {
        "name": say.text(service.name),
        "description": say.text(service.description),
        "length": span,
        "place": say.text(asked.location.name) if chosen and len(known.locations) > 1 else "",
        "price": price,
        "note": note,
        "note_icon": icon,
        "picture": url_for("portal.picture", name=service.picture) if service.picture else drawn_at("light"),
        "dark": None if service.picture else drawn_at("dark"),
        "paused": say.sentence(errors.Paused(said=off.sentence)) if off else "",
        "next": _next(first.start.astimezone(asked.zone), today, say) if first else None,
        "href": url_for("portal.times", slug=service.slug, location=location, src=source, **chosen),
    }


def _next(local: datetime, today: date, say: Wording) -> str:
    """``today, 16:15``; a date where it is another day."""
    if local.date() == today:
        return say.gettext("today, %(time)s", time=say.time(local))
    return say.day_and_time(local, "short", today=today)
