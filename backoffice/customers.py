"""Customers: found as one types, and the page of one."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import consenting, notes, revealing
from actions.contacts import pretty
from backoffice import access, desk
from backoffice.access import door
from backoffice.booking import REASONS
from backoffice.customer_look import CHANNELS, got, look
from models import customers as reading
from models.base import db
from models.customers import Line, Wanted
from models.scope import reachable
from rules import errors, reference, rights
from rules.errors import Invalid
from rules.rights import Viewer
from web import limits
from web.fields import whole
from web.locale import words
from wire import masking
from wire.happened_words import LIKE, PURPOSES


@desk.get("/customers")
@door("customer.see")
def customers() -> AnyResponse:
    """The list, or with ``X-Part`` the part that what was typed has changed."""
    asked = {name: request.args.get(name, "").replace("\0", "").strip()[:100] for name in ("q", "tag", "level")}
    skip = min(whole(request.args.get("from", ""), digits=6) or 0, 100_000)
    wanted = Wanted(asked["q"], asked["tag"], asked["level"], reference.parse(asked["q"]))
    found, more = reading.page(db.session(), access.viewer(), wanted, skip=skip)
    given = {name: value for name, value in asked.items() if value}
    view: dict[str, Any] = {
        "found": [line_of(each) for each in found],
        "asked": asked,
        "any": bool(given),
        "older": _page_at(given, skip + reading.PAGE) if more else "",
        "newer": _page_at(given, max(0, skip - reading.PAGE)) if skip else "",
    }
    if request.headers.get("X-Part") == "list":
        return make_response(render_template("backoffice/customers_list.html", **view))
    tags, levels = (
        reading.choices(db.session()) if access.viewer().scope("customer.see") in ("all", "location") else ([], [])
    )
    may = {action: access.viewer().may(action) for action in ("customer.merge", "consent.write", "retention.write")}
    page = render_template("backoffice/customers.html", **view, tags=_named(tags), levels=_named(levels), may=may)
    return make_response(page)


def _named(values: list[str]) -> list[tuple[str, str]]:
    return [(each, each) for each in values]


def _page_at(given: dict[str, str], skip: int) -> str:
    return f"{url_for('desk.customers')}?{urlencode({**given, 'from': skip})}"


def line_of(each: Line) -> dict[str, Any]:
    """A customer of a list, her contacts as who is signed in may read them."""
    viewer = access.viewer()
    plain = rights.fields(viewer, "own")["phone"] in ("read", "write") and reachable(viewer)
    ways = [pretty(value) if plain else masking.phone(value) for value in each.phones[:1]]
    ways += [value if plain else masking.contact(value) for value in each.emails[:1]]
    return {"line": each, "ways": " · ".join(filter(None, ways)), "plain": plain}


@desk.get("/customers/<public_id>")
@door("customer.see")
def customers_one(public_id: str) -> AnyResponse:
    """One customer; whoever was merged leads to the other."""
    found = reading.by_public_id(db.session(), public_id)
    if found is not None and found.merged_into is not None:
        other = db.session.get(reading.Customer, found.merged_into)
        if other is not None and reading.reaches(db.session(), access.viewer(), "customer.see", other.id):
            return redirect(url_for("desk.customers_one", public_id=other.public_id), 303)
    return page_of(public_id)


def page_of(
    public_id: str, *, revealed: str = "", wrong: dict[str, str] | None = None, status: int = 200
) -> AnyResponse:
    """The page; ``wrong`` has a sentence per form."""
    found = got(public_id)
    viewer = access.viewer()
    shown = look(found, revealed=bool(revealed))
    page = render_template(
        "backoffice/customer.html",
        customer=found,
        look=shown,
        may=may_of(viewer, found.id),
        alike=[(line_of(each.customer), words().gettext(LIKE[each.why])) for each in shown.alike],
        reasons={key: words().gettext(text) for key, text in REASONS.items()},
        channels=[(key, words().gettext(CHANNELS[key])) for key in ("desk", "telephone", "paper")],
        wrong=wrong or {},
        typed=request.form,
    )
    return make_response(page, status)


def may_of(viewer: Viewer, id: int) -> dict[str, bool]:
    """Which actions reach this customer."""
    found = {name: reading.reaches(db.session(), viewer, f"customer.{name}", id) for name in ("write", "merge")}
    found |= {"erase": viewer.may("customer.erase"), "export": viewer.may("export")}
    return found | {"reveal": viewer.may("contact.reveal"), "note": viewer.may("note.write")}


def _per_person() -> str:
    return f"reveals:{access.viewer().id}"


@desk.post("/customers/<public_id>/reveal")
@door("customer.see")
@limits.limiter.limit(limits.REVEALS, key_func=_per_person)
def do_customer_reveal(public_id: str) -> AnyResponse:
    """Shows the contacts for a reason, which is logged."""
    found, why = got(public_id), request.form.get("why", "")
    if not access.viewer().may("contact.reveal"):
        raise errors.NotAllowed
    if why not in REASONS:
        return page_of(public_id, wrong={"why": words().gettext("Say what you need it for.")}, status=422)
    revealing.reveal_customer(customer_id=found.id, why=why, by=access.viewer(), now=clock.now())
    return page_of(public_id, revealed=why)


@desk.post("/customers/<public_id>/notes")
@door("customer.see")
def do_customer_note(public_id: str) -> AnyResponse:
    """Writes a note that no customer ever sees."""
    found, viewer = got(public_id), access.viewer()
    if not viewer.may("note.write"):
        raise errors.NotAllowed
    try:
        text = request.form.get("text", "")
        notes.about_customer(customer_id=found.id, text=text, actor=viewer.actor, now=clock.now())
    except Invalid as refusal:
        return page_of(public_id, wrong={"note": words().field(refusal.errors["text"])}, status=refusal.status)
    return redirect(url_for("desk.customers_one", public_id=public_id) + "#story", 303)


@desk.post("/customers/<public_id>/consent")
@door("customer.write")
def do_customer_consent(public_id: str) -> AnyResponse:
    """Writes down what she agrees to, or that she does not any more."""
    found, viewer, now = got(public_id, "customer.write"), access.viewer(), clock.now()
    channel, purpose = request.form.get("channel", "desk"), request.form.get("purpose", "")
    if channel not in ("desk", "telephone", "paper") or purpose not in PURPOSES:
        raise errors.Missing
    common: dict[str, Any] = {"customer_id": found.id, "purpose": purpose, "channel": channel, "actor": viewer.actor}
    if request.form.get("do") == "withdraw":
        consenting.withdraw(**common, now=now)
        said = words().gettext("Withdrawn.")
    else:
        consenting.give(**common, locale=words().locale, now=now)
        said = words().gettext("Written down.")
    toast(said)
    return redirect(url_for("desk.customers_one", public_id=public_id) + "#consents", 303)


def toast(said: str) -> None:
    """What the next page says at the bottom."""
    session["toast"] = {"said": said, "reference": "", "until": ""}
