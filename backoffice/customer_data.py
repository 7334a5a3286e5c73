"""What somebody may ask for about her own data: a copy of it, and that it goes."""

from __future__ import annotations

import io
import json
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from flask import Response, current_app, make_response, render_template, request, url_for
from flask import redirect as to
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import attachments, copying, erasing
from backoffice import access, desk
from backoffice.access import door
from backoffice.customer_look import CHANNELS, MESSAGE_STATES, MESSAGES, got, when
from backoffice.customers import toast
from backoffice.words import cards
from models.base import db
from models.people import Customer
from models.snapshot import catalogue
from reports import person
from rules.errors import Invalid, OnHold, StillBooked
from rules.facts import Catalogue
from web import limits
from web.locale import words
from wire.happened_words import PROOFS
from wire.own_copy import OwnCopy
from wire.wording import n_

SECTIONS = {
    "bookings": n_("Bookings"),
    "messages": n_("Messages"),
    "notes": n_("Notes of staff"),
    "consents": n_("What you agreed to"),
    "history": n_("What was done with your data"),
}

# By which way a message goes.
BY = {"email": n_("by e-mail"), "sms": n_("by text message")}


def _own() -> str:
    return f"export:{access.viewer().id}"


@desk.get("/customers/<public_id>/copy")
@door("export")
def customers_copy(public_id: str) -> AnyResponse:
    """Asks how the person was identified, and says what the copy holds."""
    return _copy_page(got(public_id, "export"))


def _copy_page(found: Customer, wrong: str = "", status: int = 200) -> AnyResponse:
    proofs = [(key, words().gettext(text)) for key, text in PROOFS.items()]
    page = render_template("backoffice/customer_copy.html", customer=found, proofs=proofs, wrong=wrong)
    return make_response(page, status)


@desk.post("/customers/<public_id>/copy")
@door("export")
@limits.limiter.limit(limits.EXPORTS, key_func=_own)
def do_customer_copy(public_id: str) -> AnyResponse:
    """The copy: one file for programs and one to read. Written down first: what cannot be is not handed over."""
    found, how = got(public_id, "export"), request.form.get("how", "")
    if how not in PROOFS:
        return _copy_page(found, words().gettext("Say how you know that it is this person."), 422)
    data = person.collected(db.session(), found.id)
    copying.copied(customer_id=found.id, how=how, by=access.viewer(), now=clock.now())
    packed = io.BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=2))
        archive.writestr("data.html", _readable(data))
    answer = Response(packed.getvalue(), content_type="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="copy-{found.public_id}.zip"'
    return answer


def _readable(data: dict[str, Any]) -> str:
    known, say = catalogue(db.session()), words()
    codes = {"kind": MESSAGES, "state": MESSAGE_STATES, "channel": {**CHANNELS, **BY}}
    copy = OwnCopy(say, known.business.timezone, codes, _names(known), _questions(known))
    sections = [(say.gettext(title), [copy.lines(each) for each in data[name]]) for name, title in SECTIONS.items()]
    return render_template(
        "backoffice/customer_copy_file.html",
        house=say.text(known.business.name),
        at=when(clock.now()),
        zone=say.zone(known.business.timezone),
        person=copy.lines(data["person"]),
        sections=sections,
    )


def _names(known: Catalogue) -> dict[str, str]:
    """What the house calls what it offers, by the codes."""
    rows = (known.resources, known.locations, known.services)
    return {each.slug: words().text(each.name) for every in rows for each in every.values()}


def _questions(known: Catalogue) -> dict[str, str]:
    """What it asks, by the keys."""
    asked = [each for service in known.services.values() for each in service.questions]
    return {each["key"]: words().text(each["label"]) for each in asked}


@desk.get("/customers/<public_id>/erase")
@door("customer.erase", proof=True)
def customers_erase(public_id: str) -> AnyResponse:
    """What goes, what stays, and what stands against it."""
    return _erase_page(got(public_id, "customer.erase"))


def _erase_page(found: Customer, wrong: dict[str, str] | None = None, status: int = 200) -> AnyResponse:
    say, now = words(), clock.now()
    about = erasing.about(db.session(), found.id, now=now)
    goes = [
        (say.ngettext("%(n)s contact", "%(n)s contacts", about.counts["contacts"])),
        (say.ngettext("%(n)s note", "%(n)s notes", about.counts["notes"])),
        (say.ngettext("%(n)s message, what it says and to whom", "%(n)s messages, what they say and to whom", about.counts["messages"])),
    ]  # fmt: skip
    page = render_template(
        "backoffice/customer_erase.html",
        customer=found,
        goes=goes,
        bookings=about.counts["bookings"],
        ahead=cards([each for each in about.ahead if access.reaches("booking.see", each)], now),
        still=len(about.ahead),
        wrong=wrong or {},
        typed=request.form,
    )
    return make_response(page, status)


@desk.post("/customers/<public_id>/erase")
@door("customer.erase", proof=True)
def do_customer_erase(public_id: str) -> AnyResponse:
    """Erases her. It cannot be taken back, so it asks for a tick."""
    found = got(public_id, "customer.erase")
    if request.form.get("sure") != "1":
        return _erase_page(found, {"sure": words().gettext("Tick this first: it cannot be taken back.")}, 422)
    try:
        erasing.erase(id=found.id, actor=access.viewer().actor, now=clock.now())
    except (OnHold, StillBooked) as refusal:
        return _erase_page(found, {"": words().sentence(refusal)}, refusal.status)
    attachments.tidy(db.session(), current_app.config["SETTINGS"].answers)
    erasing.write_down(db.session(), current_app.config["SETTINGS"].erased)
    toast(words().gettext("Erased. What was counted stays."))
    return to(url_for("desk.customers"), 303)


@desk.post("/customers/<public_id>/hold")
@door("customer.erase", proof=True)
def do_customer_hold(public_id: str) -> AnyResponse:
    """Keeps her data from being erased, for a reason; or lets go of them."""
    found, lift = got(public_id, "customer.erase"), request.form.get("do") == "lift"
    try:
        reason = None if lift else request.form.get("hold", "")
        erasing.hold(id=found.id, reason=reason, actor=access.viewer().actor, now=clock.now())
    except Invalid as refusal:
        return _erase_page(found, {"hold": words().field(refusal.errors["hold"])}, refusal.status)
    toast(
        words().gettext("The hold is lifted.")
        if lift
        else words().gettext("The data are kept until you lift the hold.")
    )
    return to(url_for("desk.customers_erase", public_id=public_id), 303)
