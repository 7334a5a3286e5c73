"""Correcting what was noted with a booking: who it is for, how she is reached, what she answered, what it costs."""

from __future__ import annotations

from collections.abc import Mapping

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import correct as correcting
from backoffice import access, desk
from backoffice.access import door
from backoffice.correcting_form import Form
from backoffice.words import card
from models.bookings import BookingView
from rules import pricing
from rules.errors import FieldError, Invalid, NotAllowed, Stale
from web import checks
from web.fields import labels, whole
from web.locale import words


@desk.get("/b/<reference>/correct")
@door("booking.correct")
def correct(reference: str) -> AnyResponse:
    """The form, with what is written down."""
    return _page(Form(card(access.booking(reference, "booking.correct"), clock.now())))


def _page(form: Form, wrong: Mapping[str, str] | None = None, status: int = 200) -> AnyResponse:
    asked = form.questions()
    page = render_template(
        "backoffice/correct.html",
        card=form.card,
        form=form,
        labels=labels(words(), asked)
        | {"price": words().gettext("Price"), "reason": words().gettext("Reason, for colleagues")},
        questions=asked,
        wrong=wrong or {},
        errors=wrong or {},
        back=url_for("desk.booking", reference=form.card.view.reference),
    )
    return make_response(page, status)


@desk.post("/b/<reference>/correct")
@door("booking.correct")
def do_correct(reference: str) -> AnyResponse:
    """Writes down what is right. What she may not write stays, whatever the form says."""
    found, now = access.booking(reference, "booking.correct"), clock.now()
    form = Form(card(found, now), request.form)
    try:
        done = correcting.correct(
            reference=found.reference,
            fields=form.typed(),
            answers=form.answers(),
            revision=whole(request.form.get("revision", ""), digits=8),
            actor=access.viewer().actor,
            now=now,
        )
    except Invalid as refusal:
        return _page(form, _sentences(refusal.errors), refusal.status)
    except Stale as refusal:
        return _page(form, {"": words().sentence(refusal)}, refusal.status)
    return _done(found, done.replayed)


@desk.post("/b/<reference>/correct/check")
@door("booking.correct")
def check_correct(reference: str) -> AnyResponse:
    """What saving would say of the fields that are asked for. Nothing is written."""
    found = access.booking(reference, "booking.correct")
    form = Form(card(found, clock.now()), request.form)
    return checks.said(_sentences(correcting.wrong(found, fields=form.typed(), answers=form.answers())))


def _sentences(wrong: Mapping[str, FieldError]) -> dict[str, str]:
    return {_name(path): words().field(error) for path, error in wrong.items()}


@desk.post("/b/<reference>/price")
@door("booking.price")
def do_price(reference: str) -> AnyResponse:
    """Writes down another price, with its reason."""
    found, now = access.booking(reference, "booking.price"), clock.now()
    form = Form(card(found, now), priced=request.form)
    if not form.prices:
        raise NotAllowed
    amount = pricing.minor(form.price, form.currency) if form.price else None
    if amount is None and form.price:
        return _price_wrong(form, {"price": FieldError("not_a_number")})
    try:
        done = correcting.price(
            reference=found.reference,
            minor=amount,
            reason=request.form.get("reason", ""),
            actor=access.viewer().actor,
            now=now,
        )
    except Invalid as refusal:
        return _price_wrong(form, refusal.errors)
    return _done(found, done.replayed)


def _price_wrong(form: Form, errors: Mapping[str, FieldError]) -> AnyResponse:
    wrong = {name: words().field(error) for name, error in errors.items()}
    return _page(form, wrong, 422)


def _done(found: BookingView, replayed: bool) -> AnyResponse:
    said = words().gettext("Nothing was changed: it was so already.") if replayed else words().gettext("Corrected.")
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(url_for("desk.booking", reference=found.reference), 303)


def _name(path: str) -> str:
    part, _, name = path.rpartition(".")
    return f"q_{name}" if part == "answers" else name
