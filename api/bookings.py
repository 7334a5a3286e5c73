"""Holds and bookings of programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app, jsonify, request

import clock
from actions import cancel as cancelling
from actions import change, confirm, hold, idempotency
from actions import move as moving
from actions.availability import LINK
from actions.confirm import Booked
from api import api, keys, stamp
from api.reading import Fields, body, instant, key_of, length, mapping, names, text, whole
from models import consent
from models.base import db
from models.bookings import BookingView
from notifications import dispatch
from rules.consents import PURPOSES
from rules.errors import FieldError, KeyMissing
from web import limits
from web.linked import of_link
from web.locale import exists
from wire.links import calendar_url, manage_token, manage_url, signs
from wire.wording import LOCALES

_NEVER = datetime(1980, 1, 1, tzinfo=UTC)
SLOT = ("service", "start", "location", "duration", "resource", "seats")


@api.post("/holds")
@limits.limiter.limit(limits.API_WRITES)
def hold_time() -> tuple[Response, int]:
    """Takes a time out of the offer for some minutes."""
    given = body()
    fields = Fields(given, (*SLOT, "replaces"))
    slot = _slot(fields)
    replaces = fields.read("replaces", lambda value: text(value, 100))
    fields.done()
    settings = current_app.config["SETTINGS"]
    key = _key(given)
    # With a key the secret follows from it, so that the same key finds the same hold and nothing secret is stored.
    mine = signs(settings.secret_keys, "hold", key.scope, key.key, key.fingerprint) if key else ()
    held = hold.hold(
        **slot, replaces=replaces, who=LINK, minutes=settings.hold_minutes, key=key, given=mine, now=clock.now()
    )
    answer = jsonify(
        hold=held.secret,
        expires_at=stamp(held.expires_at, held.zone),
        start=stamp(held.start, held.zone),
        end=stamp(held.end, held.zone),
        resources=list(held.resources),
    )
    return replayed(answer, held.replayed), 201


@api.delete("/holds/<secret>")
@limits.limiter.limit(limits.API_WRITES)
def release_time(secret: str) -> tuple[str, int]:
    """Lets it go; again is the same."""
    hold.release(secret=secret, now=clock.now())
    return "", 204


@api.post("/bookings")
@limits.limiter.limit(limits.API_WRITES)
def book() -> tuple[Response, int]:
    """Makes a hold, or a free time, into a booking."""
    if request.headers.get("Idempotency-Key") is None:
        raise KeyMissing
    given = body()
    fields = Fields(given, (*SLOT, "hold", "customer", "answers", "consent", "locale", "timezone", "source"))
    secret = fields.read("hold", lambda value: text(value, 100))
    wish = None
    if secret is None and "hold" not in given:
        wish = confirm.Wish(**_slot(fields), who=LINK)
    else:
        for name in SLOT:
            if name in given:
                fields.wrong(name, "unknown_field")
    customer = fields.read("customer", mapping, required=True, default={})
    answers = fields.read("answers", mapping, default={})
    agreed = _agreed(fields)
    locale = fields.read(
        "locale", lambda value: value if value in LOCALES else FieldError("not_a_locale"), default="en"
    )
    zone = fields.read(
        "timezone", lambda value: value if isinstance(value, str) and exists(value) else FieldError("not_a_zone")
    )
    source = fields.read("source", lambda value: text(value, 40))
    fields.done()
    booked = confirm.confirm(
        hold=secret,
        wish=wish,
        customer=customer,
        answers=answers,
        locale=locale,
        timezone=zone,
        source=source,
        created_by=change.PROGRAM,
        key=_key(given),
        per_hour=limits.per_hour(limits.BOOKINGS_OF_A_CONTACT),
        consents=agreed,
        now=clock.now(),
    )
    dispatch.ring(booked.messages)
    return replayed(jsonify(shown(booked.booking, links=True)), booked.replayed), 201


@api.post("/bookings/<reference>/reschedule")
@limits.limiter.limit(limits.API_WRITES)
@limits.moves
def reschedule(reference: str) -> Response:
    """Moves it in one step."""
    found = of_token(reference)
    given = body()
    fields = Fields(given, ("start", "duration", "resource", "revision"))
    start = fields.read("start", instant, required=True)
    wanted = fields.read("duration", length)
    resources = fields.read("resource", names)
    revision = fields.read("revision", whole(0, 10**9))
    fields.done()
    done = moving.move(
        reference=found.reference,
        start=start,
        length=wanted,
        resources=resources,
        revision=revision,
        actor=change.PROGRAM,
        key=_key(given),
        now=clock.now(),
    )
    return _changed(done)


@api.post("/bookings/<reference>/cancel")
@limits.limiter.limit(limits.API_WRITES)
def cancel(reference: str) -> Response:
    """Cancels it; again is the same."""
    found = of_token(reference)
    given = body()
    fields = Fields(given, ("reason", "revision"))
    reason = fields.read("reason", lambda value: text(value, 200))
    revision = fields.read("revision", whole(0, 10**9))
    fields.done()
    done = cancelling.cancel(
        reference=found.reference,
        reason=reason,
        revision=revision,
        actor=change.PROGRAM,
        key=_key(given),
        now=clock.now(),
    )
    return _changed(done)


def _slot(fields: Fields) -> dict[str, Any]:
    return {
        "service": fields.read("service", lambda value: text(value, 60), required=True, default=""),
        "start": fields.read("start", instant, required=True, default=_NEVER),
        "location": fields.read("location", lambda value: text(value, 60)),
        "length": fields.read("duration", length),
        "resources": fields.read("resource", names, default=[]),
        "seats": fields.read("seats", whole(1, 1000), default=1),
    }


def _agreed(fields: Fields) -> dict[str, int]:
    """What the customer agrees to: purpose to the id of the text that was shown to her."""
    given = Fields(fields.read("consent", mapping, default={}), PURPOSES, "consent.")
    found = {purpose: given.read(purpose, whole(1, 2**62)) for purpose in given.values if purpose in PURPOSES}
    agreed = {purpose: id for purpose, id in found.items() if id is not None}
    shown_once = consent.of_their_purpose(db.session(), agreed) if agreed else {}
    for purpose in agreed:
        if purpose not in shown_once:
            given.wrong(purpose, "odd")
    fields.errors |= given.errors
    return shown_once


def _key(given: dict[str, Any]) -> idempotency.Key | None:
    key = key_of(request.headers.get("Idempotency-Key"))
    if key is None:
        return None
    mark = idempotency.fingerprint(request.method, request.path, given)
    # Not bound to an address: a program may try again from another one, and must not book twice. Whoever sends a key that
    # somebody else has used is refused, unless it is the very same body.
    return idempotency.Key(f"api {request.path}"[:200], key, mark)


def of_token(reference: str) -> BookingView:
    """The booking whose token the caller has; the same 404 for every other case."""
    return of_link(reference, keys.bearer(), now=clock.now())


def shown(view: BookingView, *, links: bool = False) -> dict[str, Any]:
    """A booking as programs read it."""
    settings = current_app.config["SETTINGS"]
    found: dict[str, Any] = {
        "reference": view.reference,
        "status": view.status,
        "revision": view.revision,
        "service": view.service,
        "location": view.location,
        "start": stamp(view.start, view.zone),
        "end": stamp(view.end, view.zone),
        "resources": list(view.resources),
        "seats": view.seats,
    }
    if links:
        found["manage_url"] = manage_url(settings.base_url, view, settings.secret_key)
        found["token"] = manage_token(view, settings.secret_key)
        found["calendar_url"] = calendar_url(settings.base_url, view, settings.secret_key)
    return found


def _changed(done: Booked) -> Response:
    dispatch.ring(done.messages)
    return replayed(jsonify(shown(done.booking, links=True)), done.replayed)


def replayed(answer: Response, again: bool) -> Response:
    """An answer that nobody keeps, marked when the same key was answered before."""
    if again and request.headers.get("Idempotency-Key"):
        answer.headers["Idempotent-Replayed"] = "true"
    answer.headers["Cache-Control"] = "no-store"
    return answer
