"""Somebody is sick, a room or van is out, a place closes, a person leaves: one flow, from "until when" to the call list."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions.outage import Outcome, carry_out
from actions.outage_hits import Hit, hits
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.outage_choices import choices_of, read
from backoffice.outage_form import Asked, asked_in, name_of, quick, subjects, until_of
from backoffice.words import Card, card, cards
from models import bookings
from models.base import db
from rules import reference
from rules.errors import Invalid, Refusal
from web.locale import here, words


@desk.get("/out")
@door("outage.handle")
def out() -> AnyResponse:
    """Asks who and until when; then shows every booking that is hit, each with a proposal."""
    if not request.args.get("who"):
        return _form({}, {})
    asked = asked_in(request.args)
    if asked.wrong:
        return _form(request.args, asked.wrong, 422)
    return _proposals(asked, request.args)


def _form(typed: Any, wrong: dict[str, str], status: int = 200) -> AnyResponse:
    now = clock.now()
    groups = subjects()
    today = now.astimezone(ZoneInfo(here())).date()
    page = render_template(
        "backoffice/out.html",
        typed=typed,
        wrong=wrong,
        groups=groups,
        today=today.isoformat(),
        quick=quick(today),
    )
    return make_response(page, status)


def _proposals(asked: Asked, typed: Any, status: int = 200, said: str = "") -> AnyResponse:
    now = clock.now()
    assert asked.start is not None
    found = hits(**asked.who, start=asked.start, end=asked.end, now=now)
    seen = [each for each in found if access.reaches("booking.see", each.booking)]
    page = render_template(
        "backoffice/out_hits.html",
        typed=typed,
        said=said,
        who=name_of(asked),
        until=until_of(asked),
        rows=[_row(each, now, typed) for each in seen],
        elsewhere=len(found) - len(seen),
        back=url_for("desk.out"),
    )
    return make_response(page, status)


def _row(hit: Hit, now: datetime, typed: Any) -> dict[str, Any]:
    shown = card(hit.booking, now)
    reaches = access.reaches("booking.change", hit.booking) or access.reaches("outage.handle", hit.booking)
    choices = [] if hit.waits else choices_of(hit, now)
    chosen = typed.get(f"do-{hit.reference}") or (choices[0][0] if choices else "")
    return {"card": shown, "waits": hit.waits, "choices": choices if reaches else [], "chosen": chosen}


@desk.post("/out")
@door("outage.handle")
def do_out() -> AnyResponse:
    """Does all of it in one step, and says what could not be done and who is to be called."""
    asked = asked_in(request.form)
    if asked.wrong:
        return _form(request.form, asked.wrong, 422)
    assert asked.start is not None
    choices = {
        name[3:]: choice
        for name, value in request.form.items()
        if name.startswith("do-") and (choice := read(value)) is not None
    }
    _refuse_others(asked, choices)
    try:
        done = carry_out(
            **asked.who,
            start=asked.start,
            end=asked.end,
            reason=request.form.get("reason", "")[:400],
            choices=choices,
            actor=access.viewer().actor,
            now=clock.now(),
        )
    except Invalid as refusal:
        sentence = " ".join(words().field(each) for each in refusal.errors.values())
        return _proposals(asked, request.form, refusal.status, sentence)
    except Refusal as refusal:
        return _proposals(asked, request.form, refusal.status, words().sentence(refusal))
    return make_response(
        render_template("backoffice/out_done.html", who=name_of(asked), until=until_of(asked), **_told(done))
    )


def _refuse_others(asked: Asked, choices: Iterable[str]) -> None:
    """What the page offers no choice for is not hers to decide here either. What is not hit any more, because a first tap has
    given it away, is passed over: nothing is done with it. Raises Missing, NotAllowed."""
    for code in choices:
        found = bookings.by_reference(db.session(), reference.parse(code) or "")
        if found is None or asked.is_place or asked.slug in found.resources:
            access.booking(code, "outage.handle")


def _told(done: Outcome) -> dict[str, Any]:
    now = clock.now()
    left = [each for each in done.left if access.reaches("booking.see", each)]
    failed: list[tuple[Card, str]] = [
        (card(each.booking, now), words().sentence(each.refusal, each.booking.zone)) for each in done.failed
    ]
    return {
        "done": cards(done.done, now),
        "failed": failed,
        "left": cards(left, now),
        "elsewhere": len(done.left) - len(left),
        "calls": cards(done.calls, now),
        "replayed": done.replayed,
    }
