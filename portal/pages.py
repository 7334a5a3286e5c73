"""Services, details, confirmation, and the small pages."""

from __future__ import annotations

import json
import secrets
from datetime import date, datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, current_app, make_response, redirect, render_template, request, send_from_directory, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

import clock
from actions import availability, confirm, idempotency, visits
from actions.hold import Held
from actions.people import asked_of as asks_of
from models.base import db
from models.snapshot import catalogue
from notifications import dispatch
from portal import holding, portal
from portal.opening import state_of
from portal.times import Wish, asked_of, lost, price_of, source_id
from rules import conditions, errors
from rules.facts import Catalogue, Service
from scheduling.availability import Length
from web import limits
from web.drawings import drawing
from web.locale import COOKIE, ZONE_COOKIE, customer_zone, exists, words, zones
from wire.booking import differs
from wire.colour import stylesheet
from wire.links import manage_token
from wire.wording import LOCALES, Wording


@portal.after_request
def _remember_language(response: Response) -> Response:
    """A language chosen by hand stays; the link itself changes nothing else."""
    wish = request.args.get("lang")
    if wish in LOCALES:
        settings = current_app.config["SETTINGS"]
        response.set_cookie(COOKIE, wish, max_age=31536000, samesite="Lax", secure=settings.production, httponly=True)
    return response


@portal.get("/")
@limits.limiter.limit(limits.READS)
def services() -> Response | str:
    """What can be booked, in groups; one service alone leads straight to its times."""
    now = clock.now()
    known = catalogue(db.session())
    source = (request.args.get("src") or "")[:40] or None
    visits.count("visit", source_id=source_id(source), now=now)
    offered = known.public_services()
    if len(offered) == 1 and len(known.locations) == 1:
        return redirect(url_for("portal.times", slug=offered[0].slug, src=source))
    location = request.args.get("location")
    if location not in known.locations:
        location = next(iter(known.locations), None)
    here = [service for service in offered if location and known.locations[location].id in service.locations]
    say = words()
    groups = [
        {"name": name, "cards": [_card(known, service, location, source, now, say) for service in inside]}
        for name, inside in (
            (name, list(each)) for name, each in groupby(here, key=lambda service: say.text(service.group))
        )
    ]
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


def _other_zone(known: Catalogue, zone: str, say: Wording, now: datetime) -> str:
    return say.zone(zone) if differs(now, zone, known.business.timezone) else ""


def _card(
    known: Catalogue, service: Service, location: str | None, source: str | None, now: datetime, say: Wording
) -> dict[str, Any]:
    asked = availability.resolve(known, service=service.slug, location=location)
    first = availability.first_free(asked, now=now)
    today = now.astimezone(asked.zone).date()
    lengths = service.lengths
    span = say.duration(lengths[0])
    if len(lengths) > 1:
        span = f"{span} – {say.duration(lengths[-1])}"
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
        "price": price,
        "note": note,
        "note_icon": icon,
        "picture": url_for("portal.picture", name=service.picture) if service.picture else drawn_at("light"),
        "dark": None if service.picture else drawn_at("dark"),
        "next": _next(first.start.astimezone(asked.zone), today, say) if first else None,
        "href": url_for("portal.times", slug=service.slug, location=location, src=source),
    }


def _next(local: datetime, today: date, say: Wording) -> str:
    """``today, 16:15``; a date where it is another day."""
    if local.date() == today:
        return say.gettext("today, %(time)s", time=say.time(local))
    return say.day_and_time(local, "short", today=today)


@portal.get("/book/<slug>/details")
@limits.limiter.limit(limits.READS)
def details(slug: str) -> Response | str:
    """The form, while the time is held."""
    now = clock.now()
    held = holding.latest(slug, now)
    if held is None:
        return redirect(url_for("portal.times", slug=slug))
    if held.state == "used" and held.reference:
        return redirect(url_for("portal.times", slug=slug))
    if held.state != "open":
        return _over(held, now)
    visits.count(
        "details",
        service_id=catalogue(db.session()).services[slug].id if slug in catalogue(db.session()).services else 0,
        now=now,
    )
    return _form(held, holding.draft(slug), {}, now)


@portal.post("/book/<slug>/details")
@limits.limiter.limit(limits.WRITES)
def book(slug: str) -> Response | str:
    """Confirms; what cannot be used comes back with everything that was typed."""
    now = clock.now()
    typed = _typed(request.form)
    held = holding.latest(slug, now)
    if request.form.get("change"):
        holding.keep_draft(slug, typed)
        return redirect(_times_address(held, slug), 303)
    if held is None:
        holding.keep_draft(slug, typed)
        return redirect(url_for("portal.times", slug=slug), 303)
    known = catalogue(db.session())
    service = known.services.get(slug)
    questions = {question["key"] for question in service.questions} if service else set()
    key = (request.form.get("key") or "")[:64]
    body = {name: typed.get(name) for name in sorted(typed)}
    mark = (
        idempotency.Key(f"portal book {holding.visitor()}", key, idempotency.fingerprint(slug, held.id, body))
        if key
        else None
    )
    try:
        booked = confirm.confirm(
            hold=held.secret,
            customer={name: typed.get(name, "") for name in ("name", "phone", "email", "company") if name in typed},
            answers={name: typed[f"q_{name}"] for name in questions if f"q_{name}" in typed},
            locale=words().locale,
            timezone=customer_zone(),
            created_by="customer",
            key=mark,
            now=now,
        )
    except errors.Invalid as refusal:
        return make_response(_form(held, typed, refusal.errors, now), 422)
    except errors.HoldUsed as refusal:
        return _to_booking(refusal.params.get("reference"), slug)
    except (errors.HoldExpired, errors.SlotTaken, errors.ResourceGone):
        holding.keep_draft(slug, typed)
        return _over(held, now)
    except errors.LimitReached as refusal:
        holding.keep_draft(slug, typed)
        return make_response(_form(held, typed, {"name": None}, now, refused=words().sentence(refusal)), 409)
    holding.drop_draft()
    dispatch.ring(booked.messages)
    visits.count("booked", service_id=service.id if service else 0, source_id=source_id(booked.booking.source), now=now)
    token = manage_token(booked.booking, current_app.config["SECRET_KEY"])
    return redirect(url_for("portal.confirmed", reference=booked.booking.reference, t=token), 303)


def _to_booking(reference: str | None, slug: str) -> Response:
    from models import bookings

    found = bookings.by_reference(db.session(), reference) if reference else None
    if found is None:
        return redirect(url_for("portal.times", slug=slug), 303)
    token = manage_token(found, current_app.config["SECRET_KEY"])
    return redirect(url_for("portal.confirmed", reference=found.reference, t=token), 303)


def _typed(form: MultiDict[str, str]) -> dict[str, Any]:
    """Everything typed, as it was; several ticks of one question as a list."""
    skip = {"csrf_token", "key", "change"}
    return {
        name: values if name.startswith("q_") and len(values) > 1 else values[-1]
        for name, values in form.lists()
        if name not in skip
    }


def _times_address(held: Held | None, slug: str) -> str:
    if held is None:
        return url_for("portal.times", slug=slug)
    wish = _wish(held)
    day = held.start.astimezone(ZoneInfo(held.zone)).date().isoformat()
    return f"{url_for('portal.times', slug=slug)}?{wish.query(day=day)}"


def _wish(held: Held) -> Wish:
    length = f"{held.terms['days']}d" if held.terms.get("days") else str(held.terms["minutes"])
    chosen = held.terms.get("chosen") or [None]
    return Wish(held.service, held.location, length, chosen[0], held.seats, None, None, None)


def _over(held: Held, now: datetime) -> Response:
    """The hold is over: what is near, the same time first when it is still free."""
    wish = _wish(held)
    asked = asked_of(wish)
    near = availability.alternatives(asked, near=held.start, now=now)
    day = held.start.astimezone(asked.zone).date()
    if held.start > now:
        same = [
            offer
            for offer in availability.view(asked, first=day, last=day, now=now).offers
            if offer.start == held.start and offer.free
        ]
        near = (same + near)[:3]
    refusal = errors.HoldExpired(alternatives=near, start=held.start)
    return lost(asked, wish, held.start, refusal, now)


def _form(
    held: Held, typed: dict[str, Any], wrong: dict[str, Any], now: datetime, *, refused: str | None = None
) -> str:
    say, known = words(), catalogue(db.session())
    service = known.service_by_id[next(id for id, each in known.service_by_id.items() if each.slug == held.service)]
    location = next(each for each in known.location_by_id.values() if each.slug == held.location)
    zone = ZoneInfo(held.zone)
    start, end = held.start.astimezone(zone), held.end.astimezone(zone)
    questions = [_question(question, service, typed, say) for question in service.questions]
    sentences = {_name(path): say.field(error) for path, error in wrong.items() if error is not None}
    if refused:
        sentences = {"name": refused}
    labels = {
        "name": say.gettext("Name"),
        "phone": say.gettext("Mobile number"),
        "email": say.gettext("E-mail"),
        "company": say.gettext("Company"),
    }
    labels |= {question["name"]: question["label"] for question in questions}
    today = now.astimezone(zone).date()
    until = held.expires_at.astimezone(zone)
    length = Length(minutes=held.terms["minutes"], days=held.terms["days"])
    minor = held.terms["price_minor"]
    page = {
        "slug": held.service,
        "name": say.text(service.name),
        "day": say.date(start.date(), today=today),
        "span": say.span(start, end),
        "zones": _zones(held, say),
        "length": say.duration(length),
        "people": ", ".join(say.text(known.resources[slug].name) for slug in held.resources if slug in known.resources),
        "place": say.text(location.name),
        "price": ""
        if minor is None
        else say.money(minor, held.terms["currency"])
        if minor
        else say.gettext("Free of charge"),
        "seats": say.ngettext("%(n)s place", "%(n)s places", held.seats) if service.seats > 1 else "",
        "clock": say.gettext("This time is yours until %(time)s", time=say.time(until)),
        "soon": say.gettext("Please finish by %(time)s", time=say.time(until)),
        "whole": current_app.config["SETTINGS"].hold_minutes * 60,
        "until": int(held.expires_at.timestamp()),
        "now": int(now.timestamp()),
        "over": False,
        "back": _times_address(held, held.service),
        "action": url_for("portal.details", slug=held.service),
        "key": typed.get("key") or secrets.token_urlsafe(16),
        "request": held.terms["approval"],
        "policy": _policy(held, say),
    }
    blank = {name: typed.get(name, "") for name in ("name", "phone", "email", "company")}
    return render_template(
        "portal/details.html",
        page=page,
        typed=blank,
        errors=sentences,
        labels=labels,
        questions=questions,
        asks=asks_of(known, service),
    )


def _name(path: str) -> str:
    door, _, name = path.partition(".")
    return f"q_{name}" if door == "answers" else name


def _question(question: Any, service: Service, typed: dict[str, Any], say: Wording) -> dict[str, Any]:
    kind = question["type"]
    condition = question.get("show_if")
    value = typed.get(f"q_{question['key']}", [] if kind == "choices" else "")
    only_if = ""
    if condition is not None:
        by_key = {each["key"]: say.text(each["label"]) for each in service.questions}
        names = ", ".join(by_key[field] for field in sorted(conditions.fields_of(condition)))
        only_if = say.gettext("Only if it applies, depending on: %(names)s", names=names)
    types = {each["key"]: each["type"] for each in service.questions}
    return {
        "name": f"q_{question['key']}",
        "type": kind,
        "input": {
            "integer": "text",
            "number": "text",
            "date": "date",
            "time": "time",
            "phone": "tel",
            "email": "email",
        }.get(kind, "text"),
        "inputmode": {"integer": "numeric", "number": "decimal", "phone": "tel", "email": "email"}.get(kind),
        "label": say.text(question["label"]),
        "help": say.text(question.get("help")) or None,
        "required": bool(question.get("required")),
        "options": [(option["value"], say.text(option["label"])) for option in question.get("options", [])],
        "value": value if kind != "choices" or isinstance(value, list) else [value],
        "maxlength": question.get("max_length") or (2000 if kind == "long_text" else 200),
        "condition": json.dumps({"if": condition, "types": types}) if condition is not None else None,
        "only_if": only_if,
    }


def _zones(held: Held, say: Wording) -> str:
    own = customer_zone()
    venue = say.zone(held.zone)
    if not own or not differs(held.start, own, held.zone):
        return venue
    there = held.start.astimezone(ZoneInfo(own))
    when = say.day_and_time(there)
    return f"{venue} · " + say.gettext("%(when)s in %(place)s", when=when, place=say.place_of_zone(own))


def _policy(held: Held, say: Wording) -> str:
    minutes = max(held.terms["cancel_until"], held.terms["reschedule_until"])
    if minutes == 0:
        return say.gettext("You can move or cancel it until it starts.")
    return say.gettext("You can move or cancel it until %(span)s before.", span=say.notice(minutes))


@portal.get("/accessibility")
def accessibility() -> str:
    """How this portal can be used, and by whom one is helped."""
    say = words()
    return render_template(
        "portal/plain.html",
        title=say.gettext("Accessibility"),
        paragraphs=[
            say.gettext(
                "Every step works with the keyboard alone, with a screen reader, at twice the text size, and without scripts."
            ),
            say.gettext("Days say how many times are free, and errors are said aloud where they stand."),
            say.gettext("If something stands in your way, call or write to us: we book for you and mend it."),
        ],
    )


@portal.get("/zone")
def zone() -> Response | str:
    """The customer's own zone, chosen by hand."""
    back = _own_path(request.args.get("back"))
    wish = request.args.get("tz")
    if wish and exists(wish):
        answer = redirect(back)
        answer.set_cookie(
            ZONE_COOKIE, wish, max_age=31536000, samesite="Lax", secure=current_app.config["SETTINGS"].production
        )
        return answer
    title = words().gettext("My zone")
    return render_template(
        "portal/plain.html", title=title, paragraphs=[], zones=zones(), chosen=customer_zone() or "", back=back
    )


def _own_path(value: str | None) -> str:
    """A path of the portal, or the start: never another host, whatever its spelling."""
    plain = (value or "").split("#")[0]
    odd = any(each in plain for each in ("\\", "\r", "\n", "\t", "//"))
    if plain.startswith(("/book/", "/b/")) and not odd:
        return plain
    return url_for("portal.services")


@portal.get("/brand/<digest>.css")
def brand(digest: str) -> Response:
    """The business's own colour as a style sheet."""
    text, current = stylesheet(catalogue(db.session()).business.colour)
    answer = make_response(text)
    answer.mimetype = "text/css"
    answer.headers["Cache-Control"] = "public, max-age=31536000, immutable" if digest == current else "no-cache"
    return answer


@portal.get("/favicon.svg")
def favicon() -> Response:
    """A tile in the business's colour."""
    known = catalogue(db.session())
    answer = make_response(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" '
        f'fill="{known.business.colour or "#0f6470"}"/><circle cx="16" cy="16" r="6" fill="#fff"/></svg>'
    )
    answer.mimetype = "image/svg+xml"
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


@portal.get("/favicon.ico")
def old_favicon() -> Response:
    """Where browsers look by themselves."""
    return redirect(url_for("portal.favicon"), 301)


@portal.get("/drawing/<any(light, dark):mode>/<slug>.svg")
def drawn(mode: str, slug: str) -> Response:
    """The drawing of a service that has no picture."""
    known = catalogue(db.session())
    if slug not in known.services:
        abort(404)
    answer = make_response(drawing(slug, known.business.colour, dark=mode == "dark"))
    answer.mimetype = "image/svg+xml"
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer


@portal.get("/picture/<name>")
def picture(name: str) -> Response:
    """A picture of the business, if its file names it."""
    known = catalogue(db.session())
    if name != known.business.logo and all(name != service.picture for service in known.services.values()):
        abort(404)
    answer = send_from_directory(current_app.config["SETTINGS"].pictures, name)
    answer.headers["Cache-Control"] = "public, max-age=3600"
    # A drawing is shown as a picture only: what it might carry must not run when it is opened by itself.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
