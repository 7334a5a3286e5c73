"""How it was: the customer says so by the link of the message; looking changes nothing."""

from __future__ import annotations

from collections.abc import Mapping

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import clock
from actions import feedback as acts
from models.base import db
from models.bookings import BookingView
from models.snapshot import catalogue
from portal import portal
from rules import errors
from web import limits
from web.linked import of_link
from web.locale import words
from wire.booking import describe
from wire.links import feedback_opens, feedback_token
from wire.wording import n_

STARS = {
    "5": n_("5 stars: very good"),
    "4": n_("4 stars: good"),
    "3": n_("3 stars: so-so"),
    "2": n_("2 stars: not good"),
    "1": n_("1 star: bad"),
}


def _got(reference: str) -> tuple[BookingView, str]:
    """The booking and the token of its link, or Missing: one answer for a wrong reference, a wrong token and an old one."""
    found = of_link(reference, request.values.get("t", ""), now=clock.now(), opens=feedback_opens)
    return found, feedback_token(found, current_app.config["SECRET_KEY"])


@portal.get("/f/<reference>")
@limits.limiter.limit(limits.READS)
def how_it_was(reference: str) -> Response:
    """The form, with what was said already."""
    found, token = _got(reference)
    said = acts.said(db.session(), found.id)
    typed = {"stars": str(said.stars), "words": said.words} if said else {}
    return _page(found, token, typed, done=request.args.get("done") == "1" and said is not None)


def _page(
    found: BookingView,
    token: str,
    typed: Mapping[str, str],
    *,
    wrong: Mapping[str, str] | None = None,
    done: bool = False,
    status: int = 200,
) -> Response:
    now, say = clock.now(), words()
    told = describe(catalogue(db.session()), found, say, now=now)
    said = acts.said(db.session(), found.id)
    page = render_template(
        "portal/feedback.html",
        told=told,
        title=say.gettext("your visit") if told.discreet else told.title,
        action=url_for("portal.do_how_it_was", reference=found.reference, t=token),
        stars=[(key, say.gettext(text)) for key, text in STARS.items()],
        typed=typed,
        wrong=wrong or {},
        done=done,
        open=found.status == "completed" and (said is None or now < said.until),
        said=say.gettext(STARS[str(said.stars)]) if said else "",
        longest=acts.LONGEST,
    )
    return make_response(page, status)


@portal.post("/f/<reference>")
@limits.limiter.limit(limits.WRITES)
def do_how_it_was(reference: str) -> Response:
    """Keeps it; a second tap changes nothing."""
    found, token = _got(reference)
    typed = {"stars": request.form.get("stars", ""), "words": request.form.get("words", "")[: 2 * acts.LONGEST]}
    try:
        acts.answer(reference=found.reference, **typed, now=clock.now())
    except errors.Invalid as refusal:
        wrong = {name: words().field(each) for name, each in refusal.errors.items()}
        return _page(found, token, typed, wrong=wrong, status=refusal.status)
    except (errors.NotAllowed, errors.StateChanged) as refusal:
        return _page(_got(reference)[0], token, typed, status=refusal.status)
    return redirect(url_for("portal.how_it_was", reference=found.reference, t=token, done=1), 303)
