"""Finding a booking without its link: the reference, and the phone or e-mail that was given."""

from __future__ import annotations

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import contacts
from models import bookings
from models.base import db
from models.bookings import BookingView
from models.snapshot import catalogue
from portal import portal
from rules import reference as references
from rules import text
from rules.errors import FieldError
from web import checks, limits
from web.locale import here, words
from wire.links import LIVES_AFTER_VISIT, manage_token


@portal.get("/find")
@limits.limiter.limit(limits.READS)
def find() -> str:
    """The form."""
    return render_template("portal/find.html", typed={}, missed=None, wrong={})


def _missed(answer: AnyResponse) -> bool:
    return answer.status_code == 404


def _stopped(_limit: object) -> Response:
    """The form as it was typed, and until when it waits."""
    refusal = limits.refusal()
    answer = _again(words().sentence(refusal, here()), refusal.status)
    answer.headers["Retry-After"] = str(refusal.retry_after)
    return answer


@portal.post("/find")
@limits.limiter.limit(limits.WRONG_BY_ADDRESS, deduct_when=_missed, on_breach=_stopped)
@limits.limiter.limit(limits.WRONG_BY_VISITOR, key_func=limits.by_visitor, deduct_when=_missed, on_breach=_stopped)
@limits.limiter.limit(
    limits.WRONG_BY_BOOKING,
    key_func=limits.by_reference,
    exempt_when=lambda: not limits.by_reference(),
    on_breach=_stopped,
)
def do_find() -> AnyResponse:
    """Leads to the booking; every wrong pair gets one and the same sentence."""
    found = _found(**_typed())
    if found is None:
        return _again(words().gettext("No booking fits this reference and contact. Check both, or call us."), 404)
    limits.right()
    token = manage_token(found, current_app.config["SECRET_KEY"])
    return redirect(url_for("portal.manage", reference=found.reference, t=token), 303)


def _typed() -> dict[str, str]:
    return {"reference": request.form.get("reference", "")[:40], "contact": request.form.get("contact", "")[:254]}


def _again(sentence: str, status: int) -> Response:
    page = render_template("portal/find.html", typed=_typed(), missed=sentence, wrong=_wrong(**_typed()))
    return make_response(page, status)


@portal.post("/find/check")
@limits.limiter.limit(limits.READS)
def check_find() -> Response:
    """What cannot be a reference or a contact, whatever is booked: nothing is looked for, and so nothing is guessed."""
    return checks.said(_wrong(**_typed()))


def _wrong(reference: str, contact: str) -> dict[str, str]:
    """The sentence for each field that cannot be right as it is typed."""
    found = {
        "reference": FieldError("required" if text.blank(reference) else "reference_odd")
        if references.parse(reference) is None
        else None,
        "contact": FieldError("required") if text.blank(contact) else _no_contact(contact),
    }
    return {name: words().field(error) for name, error in found.items() if error is not None}


def _no_contact(typed: str) -> FieldError | None:
    """Why it is neither a mailbox nor a number of any country that the house is in; None where it may be one."""
    if "@" in typed:
        mailbox = contacts.email(typed)
        return mailbox if isinstance(mailbox, FieldError) else None
    countries = dict.fromkeys(each.country for each in catalogue(db.session()).location_by_id.values())
    read = [contacts.phone(typed, region=country) for country in countries]
    wrong = [each for each in read if isinstance(each, FieldError)]
    if len(wrong) < len(read):
        return None
    return next((each for each in wrong if each.code != "phone_odd"), FieldError("contact_required"))


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
