"""The form while a time is held, and the booking that comes of it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import clock
from actions import confirm, idempotency, visits
from actions.hold import Held
from actions.people import asked_of as asks_of
from models.base import db
from models.doors import source_id
from models.snapshot import catalogue
from notifications import dispatch
from portal import attached, consenting, holding, portal, posted
from portal.prices import said_price
from portal.times import lost
from portal.wishes import Wish, asked_of
from rules import errors, policies
from rules.facts import Catalogue, Location, Service
from scheduling.availability import Length
from web import limits, questions
from web.fields import labels
from web.locale import customer_zone, words
from web.markup import whole
from web.security import sent_from
from wire.booking import beside
from wire.links import manage_token
from wire.wording import Wording


@portal.get("/book/<slug>/details")
@limits.limiter.limit(limits.READS)
def details(slug: str) -> Response | str:
    """The form, while the time is held."""
    now = clock.now()
    held = holding.latest(slug, now)
    if held is None:
        return redirect(url_for("portal.times", slug=slug))
    if held.state == "used" and held.reference:
        return _to_booking(held.reference, slug)
    if held.state != "open":
        return _over(held, now)
    visits.count(
        "details",
        service_id=catalogue(db.session()).services[slug].id if slug in catalogue(db.session()).services else None,
        source_id=held.source_id,
        now=now,
    )
    return form(held, holding.draft(slug), {}, now)


@portal.post("/book/<slug>/details")
@limits.limiter.limit(limits.WRITES)
def book(slug: str) -> Response | str:
    """Confirms; what cannot be used comes back with everything that was typed."""
    now = clock.now()
    known = catalogue(db.session())
    service = known.services.get(slug)
    held = holding.latest(slug, now)
    typed = posted.typed(service, beside=of_the_time(held) if held else posted.WISH) | posted.consents()
    given = attached.taken(service, held) if held and held.state == "open" else {}
    if request.form.get("change"):
        holding.keep_draft(slug, typed)
        return redirect(_times_address(held, slug), 303)
    if held is None:
        holding.keep_draft(slug, typed)
        return redirect(url_for("portal.times", slug=slug), 303)
    key = posted.key()
    body = {name: typed.get(name) for name in sorted(typed)}
    mark = (
        idempotency.Key(f"portal book {holding.visitor()}", key, idempotency.fingerprint(slug, held.id, body))
        if key
        else None
    )
    try:
        booked = confirm.confirm(
            hold=held.secret,
            customer=person(typed),
            answers=answers(typed) | given,
            locale=words().locale,
            timezone=customer_zone(),
            created_by="customer",
            key=mark,
            per_hour=limits.per_hour(limits.BOOKINGS_OF_A_CONTACT),
            consents=consents(typed),
            now=now,
        )
    except errors.Invalid as refusal:
        return make_response(form(held, typed, refusal.errors, now), 422)
    except (errors.HoldUsed, errors.KeyReused) as refusal:
        # Sent once more from a page that was gone back to: it is booked, as it was sent first.
        return _to_booking(refusal.params.get("reference") or held.reference, slug)
    except (errors.HoldExpired, errors.SlotTaken, errors.ResourceGone):
        holding.keep_draft(slug, typed)
        return _over(held, now)
    except (errors.LimitReached, errors.RateLimited) as refusal:
        holding.keep_draft(slug, typed)
        answer = make_response(_refused(held, typed, refusal, now), refusal.status)
        if refusal.retry_after:
            answer.headers["Retry-After"] = str(refusal.retry_after)
        return answer
    holding.drop_draft()
    attached.settle(service, held, booked)
    dispatch.ring(booked.messages)
    source = source_id(db.session(), booked.booking.source)
    visits.count("booked", service_id=service.id if service else None, source_id=source, now=now)
    token = manage_token(booked.booking, current_app.config["SECRET_KEY"])
    return redirect(url_for("portal.confirmed", reference=booked.booking.reference, t=token), 303)


def of_the_time(held: Held) -> frozenset[str]:
    """The fields of the form that say which time is held."""
    return frozenset({"start", *_wish(held).fields()})


def person(typed: dict[str, Any]) -> dict[str, Any]:
    """Of everything typed into the form, what it says of the customer."""
    return {name: typed[name] for name in posted.CUSTOMER if name in typed}


def answers(typed: dict[str, Any]) -> dict[str, Any]:
    """The same for the answers, by the keys of their questions."""
    return {name[2:]: value for name, value in typed.items() if name.startswith("q_")}


def consents(typed: dict[str, Any]) -> dict[str, int]:
    """The same for what was ticked: purpose to the id of the text that was shown."""
    return {name[8:]: int(value) for name, value in typed.items() if name.startswith("consent_")}


def _refused(held: Held, typed: dict[str, Any], refusal: errors.Refusal, now: datetime) -> str:
    """The form with the sentence of a limit: at the contact where that was counted, else above all."""
    sentence = words().sentence(refusal, held.zone)
    if not isinstance(refusal, errors.RateLimited):
        return form(held, typed, {}, now, refused=sentence)
    field = "phone" if typed.get("phone") or not typed.get("email") else "email"
    return form(held, typed, {}, now, said={field: sentence})


def stopped(_error: object, status: int, _code: str | None) -> None:
    """Keeps what was typed into a form that was stopped before it was read: its page was open for too long, or too many
    came from one address. A form from elsewhere leaves nothing behind."""
    if request.endpoint == "portal.book" and status in (403, 429) and sent_from() == "here":
        slug = str((request.view_args or {})["slug"])
        holding.keep_draft(slug, posted.typed(catalogue(db.session()).services.get(slug), beside=posted.WISH))
        g.kept = True


def _to_booking(reference: str | None, slug: str) -> Response:
    from models import bookings

    found = bookings.by_reference(db.session(), reference) if reference else None
    if found is None:
        return redirect(url_for("portal.times", slug=slug), 303)
    token = manage_token(found, current_app.config["SECRET_KEY"])
    return redirect(url_for("portal.confirmed", reference=found.reference, t=token), 303)


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
    """The hold is over: what is near, the same time first when it is still free. Of what is offered no more nothing is near."""
    if held.service not in catalogue(db.session()).services:
        return _gone(errors.ResourceGone(start=held.start))
    wish = _wish(held)
    asked = asked_of(wish)
    refusal = errors.HoldExpired(start=held.start)
    return lost(asked, wish, held.start, refusal, now)


def _gone(refusal: errors.Refusal) -> Response:
    said = words().gettext("Nothing was booked and nobody was told.")
    page = render_template("web/error.html", title=words().sentence(refusal), text=said, again=None, kept=None)
    return make_response(page, refusal.status)


def form(
    held: Held,
    typed: dict[str, Any],
    wrong: dict[str, Any],
    now: datetime,
    *,
    refused: str | None = None,
    said: dict[str, str] | None = None,
    known: Catalogue | None = None,
) -> str:
    """The page of the form; ``known`` where it is not the catalogue that stands."""
    say, known = words(), known or catalogue(db.session())
    service = known.service_by_id[next(id for id, each in known.service_by_id.items() if each.slug == held.service)]
    location = next(each for each in known.location_by_id.values() if each.slug == held.location)
    kept = {f"q_{key}": each for key, each in attached.kept(service, held).items()}
    asked = [questions.asked(question, service, typed | kept, say) for question in service.questions]
    mend = sentences(wrong)
    named = labels(say, asked)
    named |= {name: say.gettext("Your consent") for name in mend if name.startswith("consent_")}
    return render_template(
        "portal/details.html",
        previewed=held.id == 0,
        page=_held_page(held, service, location, now, say, known),
        typed={name: typed.get(name, "") for name in posted.CUSTOMER},
        errors=mend | (said or {}),
        refused=refused,
        labels=named,
        questions=asked,
        consents=consenting.shown(typed),
        asks=asks_of(known, service),
        multipart=bool(attached.asked(service)),
    )


def sentences(wrong: Mapping[str, errors.FieldError]) -> dict[str, str]:
    """What is wrong, by the names of the form's fields."""
    return {_name(path): words().field(error) for path, error in wrong.items()}


def _held_page(
    held: Held, service: Service, location: Location, now: datetime, say: Wording, known: Catalogue
) -> dict[str, Any]:
    """What is held, until when, and where its form goes."""
    zone = ZoneInfo(held.zone)
    start, end = held.start.astimezone(zone), held.end.astimezone(zone)
    until = say.time(held.expires_at.astimezone(zone))
    people = (say.text(known.resources[slug].name) for slug in held.resources if slug in known.resources)
    minor = held.terms["price_minor"]
    return {
        "slug": held.service,
        "name": say.text(service.name),
        "day": say.date(start.date(), today=now.astimezone(zone).date()),
        "span": say.span(start, end),
        "zones": _zones(held, say),
        "length": say.duration(Length(minutes=held.terms["minutes"], days=held.terms["days"])),
        "people": say.listed(people),
        "place": say.text(location.name),
        "price": "" if minor is None else said_price(minor, held.terms["currency"], say),
        "seats": say.ngettext("%(n)s place", "%(n)s places", held.seats) if service.seats > 1 else "",
        "clock": say.gettext("This time is yours until %(time)s", time=until),
        "soon": say.gettext("Please finish by %(time)s", time=until),
        "whole": current_app.config["SETTINGS"].hold_minutes * 60,
        "until": int(held.expires_at.timestamp()),
        "now": int(now.timestamp()),
        "back": _times_address(held, held.service),
        "take": url_for("portal.times", slug=held.service),
        "start": held.start.isoformat().replace("+00:00", "Z"),
        "wish": _wish(held).fields(),
        "action": url_for("portal.details", slug=held.service),
        "check": url_for("portal.check_details", slug=held.service),
        "key": posted.key() or secrets.token_urlsafe(16),
        "request": held.terms["approval"],
        "policy": _policy(held, now, say),
    }


def _name(path: str) -> str:
    door, _, name = path.partition(".")
    return f"{_FORM[door]}{name}" if door in _FORM else name


_FORM = {"answers": "q_", "consent": "consent_"}


def _zones(held: Held, say: Wording) -> str:
    return beside(say, held.start, held.end, held.zone, customer_zone())


def _policy(held: Held, now: datetime, say: Wording) -> str:
    """Until when the customer may change it herself, in one sentence."""
    if not held.terms["cancel_until"] and not held.terms["reschedule_until"]:
        return say.gettext("You can move or cancel it until it starts.")
    zone = ZoneInfo(held.zone)
    deadline = min(rule(held.start, held.terms) for rule in (policies.cancel_deadline, policies.move_deadline))
    if deadline <= now:
        return say.gettext("To move or cancel it at such short notice, please call us.")
    when = say.day_and_time(deadline.astimezone(zone), "medium", today=now.astimezone(zone).date())
    return whole(say.gettext("You can move or cancel it until %(when)s.", when=when), when)
