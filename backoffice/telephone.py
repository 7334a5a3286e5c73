"""At the telephone: from the ring to booked on one page, by keyboard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import desk_booking, idempotency
from actions.people import checked
from backoffice import access, desk
from backoffice.access import door
from backoffice.standing import tellable
from backoffice.telephone_callers import callers
from backoffice.telephone_form import Typed, several, typed_in
from backoffice.telephone_page import all_of, customers, near, times, why_of
from backoffice.words import Card, card
from rules.broken import Broken
from rules.errors import (
    BadDuration,
    Invalid,
    MustOverrule,
    NeedsApproval,
    NotAllowed,
    NotHersToApprove,
    OwnRequest,
    Refusal,
    SlotTaken,
    TooManySeats,
)
from web import checks
from web.locale import words
from wire.explaining import broken as in_words


@desk.get("/book")
@door("booking.create")
def telephone() -> AnyResponse:
    """The page, or with ``X-Part`` the part that what was typed has changed."""
    typed = typed_in(request.args)
    part = request.headers.get("X-Part")
    if part == "customers":
        return make_response(render_template("backoffice/telephone_customers.html", **customers(typed)))
    if part == "times":
        return make_response(render_template("backoffice/telephone_times.html", **times(typed)))
    if part == "why":
        return make_response(render_template("backoffice/telephone_why.html", why=why_of(typed)))
    if part in ("service", "questions"):
        return make_response(render_template(f"backoffice/telephone_{part}.html", **all_of(typed, {})))
    return _page(typed)


def _page(typed: Typed, wrong: Mapping[str, str] | None = None, status: int = 200, **more: Any) -> AnyResponse:
    page = render_template("backoffice/telephone.html", **all_of(typed, wrong or {}), **more)
    return make_response(page, status)


@desk.post("/book")
@door("booking.create")
def do_telephone() -> AnyResponse:
    """Books. Rules that stand against it are named, and one reason sets them aside for whoever may do that."""
    typed, viewer, now = typed_in(request.form), access.viewer(), clock.now()
    start = typed.start
    if start is None:
        return _page(typed, {"start": words().gettext("Choose a time, or type a day and an hour.")}, 422)
    if not viewer.reaches("booking.create", location=typed.location.id, resources=()):
        raise NotAllowed
    may = viewer.reaches("booking.overrule", location=typed.location.id, resources=_asked_for(typed))
    key, person = typed.text("key", 64), _person(typed)
    try:
        done = desk_booking.book(
            service=typed.service.slug,
            location=typed.location.slug,
            start=start,
            minutes=typed.length if isinstance(typed.length, int) else None,
            length=typed.length if isinstance(typed.length, str) else None,
            resources=[typed.text("with", 80)] if typed.text("with", 80) else [],
            seats=typed.seats,
            customer=person,
            answers=_answers(typed),
            locale=typed.text("locale", 5) if typed.text("locale", 5) in ("en", "zh") else typed.known.business.locale,
            overrule=typed.text("overrule").strip() or None,
            may_overrule=may,
            approving=viewer if typed.text("approve") == "1" else None,
            tell=typed.text("tell") == "1",
            consents=typed.consents,
            channel=typed.consented_by,
            actor=viewer.actor,
            key=_key(key, viewer.actor),
            now=now,
        )
    except MustOverrule as refusal:
        return _overruling(typed, refusal, may)
    except Invalid as refusal:
        return _page(typed, _sentences(refusal), refusal.status)
    except SlotTaken as refusal:
        sentence = words().sentence(refusal, typed.location.timezone)
        return _page(typed, {"start": sentence}, refusal.status, near=near(refusal, typed))
    except NotAllowed:
        raise
    except (NotHersToApprove, NeedsApproval, OwnRequest) as refusal:
        return _page(typed, {"approve": words().sentence(refusal)}, refusal.status)
    except Refusal as refusal:
        field = _ABOUT.get(type(refusal), "start")
        return _page(typed, {field: words().sentence(refusal, typed.location.timezone)}, refusal.status)
    _toast(card(done.booking, now))
    return redirect(url_for("desk.booking", reference=done.booking.reference), 303)


# Refusals that are about another field than the time.
_ABOUT: dict[type[Refusal], str] = {BadDuration: "length", TooManySeats: "seats"}


@desk.post("/book/check")
@door("booking.create")
def check_telephone() -> AnyResponse:
    """What booking would say of the fields that are asked for: of the customer and her answers. Nothing is written."""
    typed = typed_in(request.form)
    try:
        checked(typed.known, typed.service, typed.location, _person(typed), _answers(typed), name_only=True)
    except Invalid as refusal:
        return checks.said(_sentences(refusal))
    return checks.said({})


def _sentences(refusal: Invalid) -> dict[str, str]:
    return {_name(path): words().field(each) for path, each in refusal.errors.items()}


def _key(typed: str, actor: str) -> idempotency.Key | None:
    """A second tap on the same page books nothing twice; a changed form is another booking."""
    if not typed:
        return None
    body = {name: values for name, values in request.form.lists() if name not in ("csrf_token", "key")}
    mark = idempotency.fingerprint(typed, body)
    return idempotency.Key(f"desk book {actor}", mark, mark)


def _toast(booked: Card) -> None:
    said = words().gettext("Booked: %(name)s, %(when)s", name=booked.name, when=booked.told.short)
    if booked.view.status == "requested":
        said = words().gettext(
            "%(name)s, %(when)s: waits for somebody to approve it.", name=booked.name, when=booked.told.short
        )
    session["toast"] = {"said": said, "reference": "", "until": ""}


def _asked_for(typed: Typed) -> set[int]:
    """The one who was chosen; whoever is free may be anybody."""
    found = typed.known.resources.get(typed.text("with", 80))
    return {found.id} if found else set()


def _person(typed: Typed) -> dict[str, str]:
    """Who it is for: as typed, or name and contacts of the customer who was found, where they are not to be read."""
    person = {
        name: typed.text(name, 300) for name in ("name", "phone", "email", "company", "address") if typed.text(name)
    }
    found = callers(typed.text("who", 100).strip(), typed)
    same = next((each for each in found if each.id == typed.text("customer", 40)), None)
    if same is not None and not same.plain:
        known = same.customer
        person |= {"phone": next(iter(known.phones), ""), "email": next(iter(known.emails), "")}
        person.setdefault("name", known.name)
    return {"name": "", **person}


def _answers(typed: Typed) -> dict[str, Any]:
    return {
        name[2:]: typed.given.getlist(name) if several(typed.service, name) else typed.text(name, 2000)
        for name in typed.given
        if name.startswith("q_")
    }


def _overruling(typed: Typed, refusal: MustOverrule, may: bool) -> AnyResponse:
    found: list[Broken] = tellable(refusal.params["broken"])[0]
    sentences = [in_words(words(), each, zone=typed.location.timezone) for each in found]
    if not may:
        return _page(typed, {"start": " ".join(sentences)}, 409)
    return _page(typed, {}, 409, stands=sentences)


def _name(path: str) -> str:
    door_, _, name = path.rpartition(".")
    return f"q_{name}" if door_ == "answers" else name
