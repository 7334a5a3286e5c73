"""How long personal data stay, and what would go today."""

from __future__ import annotations

from collections.abc import Mapping

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import retention as keeping
from backoffice import access, desk
from backoffice.access import door
from backoffice.customers import toast
from models.base import db
from rules import retention as terms
from rules.errors import Invalid
from web.fields import whole
from web.locale import words
from wire.wording import n_

TITLES = {
    "bookings": n_("Bookings name their customer for, in months"),
    "messages": n_("What messages said stays for, in days"),
    "sign_ins": n_("Sign-ins of staff stay for, in months"),
}
GOES = {
    "customers": n_("Customers who have not come since, with all that is about them"),
    "bookings": n_("Bookings of other customers: name, contacts, answers, notes"),
    "messages": n_("What messages said"),
    "sign_ins": n_("Sign-ins of staff"),
}


@desk.get("/retention")
@door("retention.write")
def retention() -> AnyResponse:
    """The figures, and what goes by them today: nothing goes by looking."""
    return _page({name: str(value) for name, value in keeping.figures_of(db.session()).items()}, {})


def _page(typed: Mapping[str, str], wrong: Mapping[str, str], status: int = 200) -> AnyResponse:
    due = keeping.due(now=clock.now())
    page = render_template(
        "backoffice/retention.html",
        figures=[(name, words().gettext(title), typed[name], wrong.get(name)) for name, title in TITLES.items()],
        due=[(words().gettext(text), due[name]) for name, text in GOES.items()],
        always=keeping.ALWAYS,
    )
    return make_response(page, status)


@desk.post("/retention")
@door("retention.write", proof=True)
def do_retention() -> AnyResponse:
    """Writes the figures down; the worker goes by them once a day."""
    typed = {name: request.form.get(name, "")[:10] for name in terms.TERMS}
    try:
        figures = {name: whole(value, digits=6) for name, value in typed.items()}
        changed = keeping.set_figures(figures, actor=access.viewer().actor, now=clock.now())
    except Invalid as refusal:
        return _page(typed, {name: words().field(error) for name, error in refusal.errors.items()}, refusal.status)
    toast(words().gettext("Saved.") if changed else words().gettext("Nothing was changed: it was so already."))
    return redirect(url_for("desk.retention"), 303)
