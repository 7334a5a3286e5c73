"""One booking at the desk: its facts within one's rights, its steps, its history, its notes."""

from __future__ import annotations

from typing import Any

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import cancel as cancelling
from actions import notes, revealing, steps, undo
from backoffice import access, desk
from backoffice.access import door
from backoffice.question import ending, open_question
from backoffice.sending import unsent
from backoffice.words import Card, card, often
from models import customers, desk_queries
from models.base import db
from models.snapshot import catalogue
from rules.errors import Invalid, Missing, Refusal, StateChanged
from web import attachments, limits
from web.fields import whole
from web.locale import words
from wire.explaining import reason as reason_of
from wire.timeline import timeline
from wire.wording import n_

# The step, what its button says, what is said once it is done.
STEPS = {
    "arrive": (n_("Arrived"), n_("%(name)s is here")),
    "complete": (n_("Complete"), n_("Completed: %(name)s")),
    "miss": (n_("Did not come"), n_("%(name)s did not come")),
    "not_arrived": (n_("Not here after all"), n_("%(name)s is not here yet")),
    "restore": (n_("Take the cancellation back"), n_("Booked again: %(name)s")),
}
WAITS = n_("To be decided again: %(name)s")
NEXT = {
    "confirmed": ("arrive", ("complete", "miss")),
    "arrived": ("complete", ("not_arrived",)),
    "completed": (None, ("arrive",)),
    "no_show": (None, ("arrive", "not_arrived")),
    "cancelled": (None, ("restore",)),
}
REASONS = {
    "call": n_("to call"),
    "write": n_("to write"),
    "check": n_("to check who it is"),
    "visit": n_("for the visit"),
}


@desk.get("/b/<reference>")
@door("booking.see")
def booking(reference: str) -> AnyResponse:
    """The page of one booking; in the diary the same, as a panel."""
    return _page(card(access.booking(reference), clock.now()))


def _page(shown: Card, *, wrong: dict[str, str] | None = None, revealed: str = "", status: int = 200) -> AnyResponse:
    now, view, known = clock.now(), shown.view, catalogue(db.session())
    count, last = desk_queries.visits_before(db.session(), [view]).get(view.id, (0, None))
    first, others = NEXT.get(view.status, (None, ()))
    told = shown.told
    names = {f"staff:{each.id}": each.name for each in desk_queries.staff_names(db.session())}
    called = {each.slug: words().text(each.name) for each in known.resource_by_id.values()}
    page = render_template(
        "backoffice/booking_part.html" if request.headers.get("X-Part") else "backoffice/booking.html",
        card=shown,
        told=told,
        often=often(count, last, view.zone, now) if shown.shown.reads("name") else "",
        customer=customers.page_of(db.session(), access.viewer(), view.customer_id)
        if shown.shown.reads("name")
        else None,
        next=first,
        others=others,
        steps={step: words().gettext(text) for step, (text, _) in STEPS.items()},
        why=[reason_of(words(), each) for each in desk_queries.reasons(db.session(), [view]).get(view.id, []) if each],
        answers=told.answers_and_files() if shown.shown.reads("answers") else [],
        timeline=timeline(desk_queries.history_of(db.session(), view.id), told, names | called)
        if access.reaches("history.see", view)
        else [],
        notes=desk_queries.notes_of(db.session(), view.id) if shown.shown.reads("notes") else [],
        names=names,
        reasons={key: words().gettext(text) for key, text in REASONS.items()},
        cancel_reasons=[words().text(each) for each in known.business.cancel_reasons],
        revealed=revealed,
        wrong=wrong or {},
        question=open_question(shown),
        unsent=unsent(view, now) if access.reaches("message.send", view) else None,
        url=url_for("desk.booking", reference=view.reference),
    )
    return make_response(page, status)


@desk.get("/b/<reference>/file/<key>")
@door("booking.see")
def answer_file(reference: str, key: str) -> AnyResponse:
    """The file that a customer gave, for those who read the answers."""
    found = access.booking(reference)
    if not card(found, clock.now()).shown.reads("answers"):
        raise Missing
    return attachments.sent(found, key)


@desk.post("/b/<reference>/step")
@door("booking.change")
def do_step(reference: str) -> AnyResponse:
    """Takes a step: one tap, with two minutes to take it back."""
    found, step = access.booking(reference, "booking.change"), request.form.get("step", "")
    if step not in STEPS:
        return redirect(url_for("desk.booking", reference=found.reference), 303)
    now = clock.now()
    shown = card(found, now)
    try:
        done = steps.take_step(reference=found.reference, step=step, actor=access.viewer().actor, now=now)
    except Refusal as refusal:
        return _page(shown, wrong={"step": _said(refusal)}, status=refusal.status)
    text = WAITS if done.booking.status == "requested" else STEPS[step][1]
    said = words().gettext(text, name=shown.name)
    _remember(said if not done.replayed else _already(said), found.reference, done)
    return redirect(access.back_to(request.form.get("to")), 303)


def _already(said: str) -> str:
    return words().gettext("Done already: %(what)s", what=said)


def _said(refusal: Refusal) -> str:
    return words().sentence(refusal)


def _remember(said: str, reference: str, done: Any) -> None:
    """What the next page says at the bottom, with the button that takes it back."""
    until = getattr(done, "undo_until", None)
    session["toast"] = {
        "said": said,
        "reference": reference if until and not done.replayed else "",
        "until": until.isoformat() if until else "",
        "waits": reference if until and unsent(done.booking, clock.now()).waits else "",
    }


@desk.post("/b/<reference>/undo")
@door("booking.change")
def do_undo(reference: str) -> AnyResponse:
    """Takes the last step back."""
    found, now = access.booking(reference, "booking.change"), clock.now()
    if undo.is_decision(db.session(), found.id):
        found = access.booking(reference, "booking.decide")
    try:
        undo.undo(reference=found.reference, actor=access.viewer().actor, now=now)
    except Refusal as refusal:
        return _page(card(found, now), wrong={"step": _said(refusal)}, status=refusal.status)
    session["toast"] = {"said": words().gettext("Taken back."), "reference": "", "until": ""}
    return redirect(access.back_to(request.form.get("to")), 303)


@desk.get("/b/<reference>/cancel")
@door("booking.change")
def cancel(reference: str) -> AnyResponse:
    """Asks for the reason, and says who will be told."""
    return _cancel_page(card(access.booking(reference, "booking.change"), clock.now()))


def _cancel_page(shown: Card, wrong: str | None = None, status: int = 200) -> AnyResponse:
    known = catalogue(db.session())
    page = render_template(
        "backoffice/cancel.html",
        card=shown,
        reasons=[words().text(each) for each in known.business.cancel_reasons],
        wrong=wrong,
        question=ending(shown, shown.now),
        back=access.back_to(request.values.get("to")),
    )
    return make_response(page, status)


@desk.post("/b/<reference>/cancel")
@door("booking.change")
def do_cancel(reference: str) -> AnyResponse:
    """Cancels; the customer is told after two minutes, unless it is taken back or she is not to be told."""
    found, now = access.booking(reference, "booking.change"), clock.now()
    shown = card(found, now)
    try:
        done = cancelling.cancel(
            reference=found.reference,
            reason=request.form.get("other", "").strip() or request.form.get("reason"),
            revision=_revision(),
            actor=access.viewer().actor,
            tell=request.form.get("tell") == "1",
            now=now,
        )
    except Invalid as refusal:
        return _cancel_page(shown, words().field(refusal.errors["reason"]), refusal.status)
    except StateChanged as refusal:
        return _page(card(access.booking(reference), now), wrong={"step": _said(refusal)}, status=refusal.status)
    except Refusal as refusal:
        return _cancel_page(card(access.booking(reference), now), _said(refusal), refusal.status)
    _remember(words().gettext("Cancelled: %(name)s", name=shown.name), found.reference, done)
    return redirect(access.back_to(request.form.get("to")), 303)


def _revision() -> int | None:
    return whole(request.form.get("revision", ""), digits=8)


def _per_person() -> str:
    return f"reveals:{access.viewer().id}"


@desk.post("/b/<reference>/reveal")
@door("contact.reveal")
@limits.limiter.limit(limits.REVEALS, key_func=_per_person)
def do_reveal(reference: str) -> AnyResponse:
    """Shows the contacts for a reason, which is logged; calling and writing are reasons of their own."""
    found, why = access.booking(reference, "contact.reveal"), request.form.get("why", "")
    if why not in REASONS:
        shown = card(found, clock.now())
        return _page(shown, wrong={"why": words().gettext("Say what you need it for.")}, status=422)
    revealing.reveal(booking_id=found.id, why=why, by=access.viewer(), now=clock.now())
    return _page(card(found, clock.now(), revealed=True), revealed=why)


@desk.post("/b/<reference>/notes")
@door("note.write")
def do_note(reference: str) -> AnyResponse:
    """Writes a note that no customer ever sees."""
    found, now = access.booking(reference, "note.write"), clock.now()
    try:
        notes.add(booking_id=found.id, text=request.form.get("text", ""), actor=access.viewer().actor, now=now)
    except Invalid as refusal:
        wrong = {"note": words().field(refusal.errors["text"])}
        return _page(card(found, now), wrong=wrong, status=refusal.status)
    return redirect(url_for("desk.booking", reference=found.reference) + "#notes", 303)
