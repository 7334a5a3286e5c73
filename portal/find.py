"""Finding a booking without its link: the reference, and the phone or e-mail that was given."""

from __future__ import annotations

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import clock
from actions import contacts
from models import bookings
from models.base import db
from models.bookings import BookingView
from models.snapshot import catalogue
from portal import portal
from rules import reference as references
from web import limits
from web.locale import words
from wire.links import LIVES_AFTER_VISIT, manage_token


@portal.get("/find")
@limits.limiter.limit(limits.READS)
def find() -> str:
    """The form."""
    return render_template("portal/find.html", typed={}, missed=None)


@portal.post("/find")
@limits.limiter.limit("60/hour")
@limits.limiter.limit("5/hour", key_func=limits.by_reference, deduct_when=lambda response: response.status_code == 404)
def do_find() -> Response:
    """Leads to the booking; every wrong pair gets one and the same sentence."""
    typed = {"reference": request.form.get("reference", "")[:40], "contact": request.form.get("contact", "")[:254]}
    found = _found(typed["reference"], typed["contact"])
    if found is None:
        missed = words().gettext("No booking fits this reference and contact. Check both, or call us.")
        return make_response(render_template("portal/find.html", typed=typed, missed=missed), 404)
    token = manage_token(found, current_app.config["SECRET_KEY"])
    return redirect(url_for("portal.manage", reference=found.reference, t=token), 303)


def _found(reference: str, contact: str) -> BookingView | None:
    code = references.parse(reference)
    found = bookings.by_reference(db.session(), code) if code else None
    if found is None or clock.now() >= found.end + LIVES_AFTER_VISIT:
        return None
    if "@" in contact:
        return found if found.email and found.email.casefold() == contact.strip().casefold() else None
    known = catalogue(db.session())
    country = next(each.country for each in known.location_by_id.values() if each.slug == found.location)
    number = contacts.phone(contact, region=country)
    return found if found.phone and number == found.phone else None
