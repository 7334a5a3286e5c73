"""What is offered, as a list: the order on the portal, taking out, offering again, copying, adding."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from flask import make_response, redirect, render_template, request, session, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import catalogue as editing
from actions import offers
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.services_form import localised
from backoffice.services_hits import told
from models.base import db
from models.catalogue import Service as ServiceRow
from models.snapshot import catalogue
from rules.errors import BookedAhead, Invalid
from rules.facts import Catalogue, Service
from web.fields import whole
from web.locale import words
from wire.service_edits import KINDS, WHO
from wire.wording import LOCALES


@desk.get("/services")
@door("business.write")
def services() -> str:
    """Every service in the order of the portal, and what was taken out."""
    return _page()


def _page(said: str = "", ahead: Any = ()) -> str:
    known, say = catalogue(db.session()), words()
    offered = [_line(known, each) for each in known.services.values()]
    gone = (
        select(ServiceRow.slug, ServiceRow.name).where(ServiceRow.retired_at.is_not(None)).order_by(ServiceRow.position)
    )
    return render_template(
        "backoffice/services.html",
        groups=[(name, list(each)) for name, each in groupby(offered, key=lambda line: line["group"])],
        retired=[(slug, say.text(name)) for slug, name in db.session.execute(gone)],
        said=said,
        ahead=ahead,
        zone=known.business.timezone,
    )


def _line(known: Catalogue, service: Service) -> dict[str, Any]:
    say = words()
    price = None if service.price_minor is None else say.money(service.price_minor, known.business.currency)
    return {
        "slug": service.slug,
        "name": say.text(service.name),
        "group": say.text(service.group),
        "length": say.durations(service.lengths[0], service.lengths[-1]),
        "price": price or "",
        "who": say.gettext(WHO[service.who]),
        "open": service.who == "public",
        "questions": len(service.questions),
    }


@desk.post("/services/order")
@door("business.write")
def services_order() -> AnyResponse:
    """Puts them into the order of the form, or one of them a place up or down."""
    slugs = [each[:60] for each in request.form.getlist("slug")[:1000]]
    what, _, slug = request.form.get("move", "")[:80].partition(" ")
    if slug in slugs and what in ("up", "down"):
        at = slugs.index(slug)
        to = max(0, min(len(slugs) - 1, at + (-1 if what == "up" else 1)))
        slugs[at], slugs[to] = slugs[to], slugs[at]
    offers.order(slugs, by=access.viewer(), now=clock.now())
    if request.headers.get("X-Part"):
        return make_response("", 204)
    return redirect(url_for("desk.services") + (f"#{slug}" if slug else ""), 303)


@desk.post("/services/<slug>/<any(retire, revive, copy):way>")
@door("business.write")
def services_step(slug: str, way: str) -> AnyResponse:
    """Takes a service out, offers it again, or makes another one like it, which only the desk sees at first."""
    by, now, say = access.viewer(), clock.now(), words()
    try:
        if way == "retire":
            editing.retire("service", slug, by=by, now=now)
            said = say.gettext("It is out of the offer. Its past stays, and it can be offered again.")
        elif way == "revive":
            editing.revive("service", slug, by=by, now=now)
            said = say.gettext("It is offered again.")
        else:
            like = editing.entry(db.session(), "service", slug)
            name = like["name"]
            copied = {**like, "name": _copied(name), "who": "staff"}
            slug = editing.save("service", None, copied, by=by, now=now).slug
            said = say.gettext("This is the copy. Only the desk sees it, until you say who may book it.")
    except BookedAhead as refusal:
        return make_response(_page(words().sentence(refusal), told(refusal.params.get("bookings", ()))), refusal.status)
    except Invalid as refusal:
        return make_response(_page(" ".join(say.field(each) for each in refusal.errors.values())), refusal.status)
    session["toast"] = {"said": said, "reference": "", "until": ""}
    where = url_for("desk.services_one", slug=slug, tab="read") if way == "copy" else url_for("desk.services")
    return redirect(where, 303)


def _copied(name: Any) -> Any:
    if isinstance(name, str):
        return words().gettext("%(name)s (copy)", name=name)[:100]
    return {locale: words().gettext("%(name)s (copy)", name=text)[:100] for locale, text in name.items()}


@desk.get("/services/new")
@door("business.write")
def services_new() -> AnyResponse:
    """What is asked of a new one: its name, its length, who or what it needs."""
    return _new({}, {})


@desk.post("/services/new")
@door("business.write")
def services_add() -> AnyResponse:
    """Adds it, seen by the desk only until somebody says who may book it."""
    home = catalogue(db.session()).business.locale
    name = localised(request.form, "name", None, home)
    minutes = request.form.get("duration", "").strip()[:9]
    kind = request.form.get("kind", "")[:20]
    entry = {"name": name, "who": "staff", "duration": whole(minutes, digits=5) or minutes, "needs": [{"kind": kind}]}
    try:
        saved = editing.save("service", None, entry, by=access.viewer(), now=clock.now())
    except Invalid as refusal:
        return _new(
            request.form, {place: words().field(each) for place, each in refusal.errors.items()}, refusal.status
        )
    session["toast"] = {
        "said": words().gettext("It is there. Only the desk sees it, until you say who may book it."),
        "reference": "",
        "until": "",
    }
    return redirect(url_for("desk.services_one", slug=saved.slug, tab="read"), 303)


def _new(typed: Any, wrong: dict[str, str], status: int = 200) -> AnyResponse:
    page = render_template(
        "backoffice/service_new.html",
        typed=typed,
        wrong=wrong,
        locales=[(locale, words().language(locale)) for locale in LOCALES],
        kinds=[(kind, words().gettext(name)) for kind, name in KINDS.items()],
    )
    return make_response(page, status)
