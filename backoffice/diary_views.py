"""Keeping a view of the diary under a name, and dropping it."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import saved_views
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.diary_address import parse
from models.base import db
from models.snapshot import catalogue
from rules.errors import Invalid
from web.locale import words


@desk.post("/diary/views")
@door("booking.see")
def do_keep_view() -> AnyResponse:
    """Keeps the address that was looked at, its day apart: a view is opened on the day on which one opens it."""
    now = clock.now()
    address = parse(request.form, catalogue(db.session()), now.date())
    query = urlencode([(name, value) for name, value in _flat(address.values()) if name != "day"])
    shared = request.form.get("shared") == "1"
    try:
        saved_views.keep(name=request.form.get("name", ""), query=query, shared=shared, by=access.viewer(), now=now)
        said = words().gettext("Kept. You find it under Views.")
    except Invalid as refusal:
        said = words().field(refusal.errors["name"])
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(address.to(), 303)


def _flat(values: dict[str, object]) -> list[tuple[str, object]]:
    return [(name, each) for name, value in values.items() for each in (value if isinstance(value, tuple) else [value])]


@desk.post("/diary/views/<int:id>/drop")
@door("booking.see")
def do_drop_view(id: int) -> AnyResponse:
    """Drops a view of one's own."""
    saved_views.drop(id=id, by=access.viewer(), now=clock.now())
    session["toast"] = {"said": words().gettext("Not kept any more."), "reference": "", "until": ""}
    return redirect(access.back_to(request.form.get("to") or url_for("desk.diary")), 303)
