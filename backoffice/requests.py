"""Requests: deciding one or several, and what was decided meanwhile."""

from __future__ import annotations

from datetime import timedelta

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from backoffice import access, desk
from backoffice.access import door
from backoffice.booking import _remember
from backoffice.decided import Decided
from backoffice.deciding import REASONS, Outcome, decide
from backoffice.waiting import by_deadline, waiting
from backoffice.words import cards
from models import desk_queries
from models.base import db
from rules import reference as references
from web.locale import words

REMEMBERED = timedelta(days=7)


@desk.get("/requests")
@door("booking.decide")
def requests() -> AnyResponse:
    """Those that wait, the most urgent open; or those that were decided."""
    if request.args.get("show") == "decided":
        now, viewer = clock.now(), access.viewer()
        views = desk_queries.decided(db.session(), viewer, since=now - REMEMBERED)
        page = render_template(
            "backoffice/requests_decided.html",
            cards=cards(views, now),
            waiting=desk_queries.waiting(db.session(), viewer, now),
        )
        return make_response(page)
    return _page(Outcome(told=session.pop("told", {})))


def _page(outcome: Outcome) -> AnyResponse:
    now = clock.now()
    views = desk_queries.requests(db.session(), access.viewer(), now)
    gone = {each.card.view.id: each for each in outcome.late.values()}
    still = [each for each in views if each.id not in gone]
    rows = by_deadline(waiting(still, now), list(gone.values()))
    wanted = references.parse(request.args.get("open", "")) or next(iter(outcome.told), None)
    here = [each.card.view.reference for each in rows if not isinstance(each, Decided)]
    page = render_template(
        "backoffice/requests.html",
        rows=rows,
        waiting=len(still),
        told=outcome.told,
        open=wanted if wanted in here else next(iter(here), ""),
        several=request.args.get("several") == "1",
        reasons=[(each, words().gettext(each)) for each in REASONS],
    )
    return make_response(page, outcome.status)


@desk.get("/r/<reference>")
@door("booking.see")
def asked(reference: str) -> AnyResponse:
    """Where a message leads: to the request among the others, for who decides it; else to the booking."""
    found = access.booking(reference)
    if found.status != "requested" or not access.reaches("booking.decide", found):
        return redirect(url_for("desk.booking", reference=found.reference), 303)
    return redirect(url_for("desk.requests", open=found.reference, _anchor=found.reference), 303)


@desk.post("/requests")
@door("booking.decide")
def do_decide() -> AnyResponse:
    """Approves or declines those that are ticked; each is a decision of its own, and says how it went."""
    step, reason = request.form.get("step", ""), request.form.get("reason", "").strip() or None
    reason = request.form.get("other", "").strip() or reason
    wanted = list(dict.fromkeys(request.form.getlist("reference")))[:100]
    if step not in ("approve", "decline") or not wanted:
        return redirect(url_for("desk.requests"), 303)
    # All of them are got before the first is decided: one that is not hers decides none.
    found = [access.booking(code, "booking.decide") for code in wanted]
    outcome = Outcome()
    for view in found:
        decide(view, step, reason, outcome, clock.now())
    if outcome.late or outcome.status != 200:
        return _page(outcome)
    if len(found) == 1:
        _remember(outcome.told[found[0].reference], found[0].reference, outcome.done)
    else:
        session["told"] = outcome.told
    to = request.form.get("to")
    return redirect(access.back_to(to) if to else url_for("desk.requests"), 303)
