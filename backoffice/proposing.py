"""Asking a customer for another time: one that is kept for her, or one that she chooses herself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import proposals
from actions.confirm import Booked
from backoffice import access, desk
from backoffice.access import door
from backoffice.offered import offered
from backoffice.proposing_form import ANYONE, Typed, people, times, why
from backoffice.question import open_question
from backoffice.words import card
from models.bookings import FUTURE, BookingView
from rules import outages
from rules.errors import FieldError, Invalid, OwnRequest, Refusal, SlotTaken, StateChanged, Unfit
from web.locale import words


def _got(reference: str) -> BookingView:
    """The booking, for who may change it; a request, for who may decide it."""
    found = access.booking(reference)
    return access.booking(reference, "booking.decide" if found.status == "requested" else "booking.change")


@desk.get("/b/<reference>/propose")
@door("booking.change")
def propose(reference: str) -> AnyResponse:
    """Asks for the time to propose: the next free ones of the same service and person, or any other."""
    found = _got(reference)
    return _page(Typed(request.args, found))


@desk.post("/b/<reference>/propose")
@door("booking.change")
def do_propose(reference: str) -> AnyResponse:
    """Asks the customer. The old time stays hers until she answers."""
    typed, now = Typed(request.form, _got(reference)), clock.now()
    start = typed.start
    if _gone(typed.view, now):
        return _page(typed)
    if start is None and not typed.chooses:
        return _page(typed, {"start": words().gettext("Choose a time, or type a day and an hour.")}, 422)
    deadline = _deadline(typed, start, now)
    if deadline is None:
        return _page(typed, {"deadline": words().field(FieldError("deadline_odd"))}, 422)
    try:
        _asked(typed, start, deadline, now)
    except Invalid as refusal:
        return _page(typed, {name: words().field(each) for name, each in refusal.errors.items()}, refusal.status)
    except SlotTaken as refusal:
        near = [offered(each, typed.zone, now.astimezone(typed.zone).date()) for each in refusal.alternatives]
        return _page(typed, {"start": why(typed, start, refusal, now)}, refusal.status, near=near)
    except Unfit as refusal:
        return _page(typed, {"start": why(typed, start, refusal, now)}, refusal.status)
    except OwnRequest:
        raise
    except Refusal as refusal:
        return _page(typed, {"start": words().sentence(refusal, typed.view.zone)}, refusal.status)
    said = words().gettext(
        "%(name)s is asked, until %(when)s", name=card(typed.view, now).name, when=_told(typed, deadline)
    )
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(access.back_to(request.form.get("to")), 303)


def _deadline(typed: Typed, start: datetime | None, now: datetime) -> datetime | None:
    """As typed; without one, what is usual before the sooner of the two times. None where there is no time to answer."""
    if typed.text("deadline"):
        return typed.deadline
    return outages.choose_until(min(typed.view.start, start or typed.view.start), now)


def _asked(typed: Typed, start: datetime | None, deadline: datetime, now: datetime) -> Booked:
    common: dict[str, Any] = {
        "reference": typed.view.reference,
        "deadline": deadline,
        "reason": typed.text("reason") or None,
        "actor": access.viewer().actor,
        "now": now,
    }
    if typed.chooses or start is None:
        return proposals.let_choose(**common)
    return proposals.propose_time(start=start, resources=typed.whom, **common)


def _told(typed: Typed, deadline: datetime) -> str:
    return words().day_and_time(deadline.astimezone(typed.zone))


def _page(typed: Typed, wrong: Mapping[str, str] | None = None, status: int = 200, **more: Any) -> AnyResponse:
    now, view = clock.now(), typed.view
    shown = card(view, now)
    back = access.back_to(request.values.get("to") or url_for("desk.booking", reference=view.reference))
    gone = _gone(view, now)
    if gone:
        return make_response(render_template("backoffice/propose.html", card=shown, gone=gone, back=back), 409)
    page = render_template(
        "backoffice/propose.html",
        card=shown,
        question=open_question(shown),
        typed=typed.given,
        wrong=wrong or {},
        whom=typed.whom[0] if typed.whom else ANYONE,
        people=people(view),
        may_choose=view.status == "confirmed",
        back=back,
        **{**times(typed, now), **more},
    )
    return make_response(page, status)


def _gone(view: BookingView, now: datetime) -> str:
    """Why nothing can be asked about this booking, or ""."""
    if view.status not in FUTURE or view.start <= now:
        return words().sentence(StateChanged(status=view.status))
    if not view.phone and not view.email:
        return words().gettext("There is neither a number nor an address to write to. Call, and move it.")
    return ""


@desk.post("/b/<reference>/withdraw")
@door("booking.change")
def do_withdraw(reference: str) -> AnyResponse:
    """Takes the open question back; the booking stays as it is."""
    found, now = _got(reference), clock.now()
    try:
        proposals.withdraw(reference=found.reference, actor=access.viewer().actor, now=now)
        said = words().gettext("Withdrawn. The booking stays as it is.")
    except StateChanged:
        said = words().gettext("Nothing is open any more: look at what has happened.")
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(url_for("desk.booking", reference=found.reference), 303)
