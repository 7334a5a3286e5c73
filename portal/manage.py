"""The customer's own booking: seen, moved and cancelled by its link."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import clock
from actions import availability, idempotency, proposals, proposed
from actions import cancel as cancelling
from actions import consenting as consents
from actions import move as moving
from actions.availability import Asked, Offer
from actions.confirm import Booked
from actions.contacts import pretty
from actions.proposed import Question
from models.base import db
from models.bookings import BookingView
from models.history import asked_at, steps_of
from models.snapshot import catalogue
from notifications import dispatch
from portal import consenting, holding, portal, posted
from portal.choices import whom
from portal.lost import lost_page
from portal.time_page import TimePage
from portal.wishes import instant, wish_of
from rules import errors
from scheduling.availability import end_of
from web import attachments, limits
from web.fields import whole
from web.inside import app_around
from web.linked import of_link
from web.locale import customer_zone, words
from wire import masking
from wire.booking import Described, beside, describe
from wire.ical import calendar as calendar_of
from wire.links import manage_token, manage_url
from wire.story import story

JUST_BOOKED = timedelta(hours=1)


def got(reference: str, now: datetime) -> tuple[BookingView, str]:
    """The booking and the token of its links, or Missing: the same answer for a wrong reference, a wrong token and an old
    one."""
    found = of_link(reference, request.values.get("t", ""), now=now)
    # Made anew: who came with the signature of an earlier key goes on with that of today's.
    return found, manage_token(found, current_app.config["SECRET_KEY"])


def told_of(found: BookingView, now: datetime) -> Described:
    """The booking in the reader's words."""
    told = describe(catalogue(db.session()), found, words(), now=now)
    asked = asked_at(db.session(), [found.id]).get(found.id) if found.status == "requested" else None
    return replace(told, waived=proposed.choosing(db.session(), found.id, now), asked=asked)


@portal.get("/b/<reference>/confirmed")
@limits.limiter.limit(limits.READS)
def confirmed(reference: str) -> Response | str:
    """What was booked; reloading is harmless."""
    now = clock.now()
    found, token = got(reference, now)
    if found.status not in ("confirmed", "requested"):
        return redirect(url_for("portal.manage", reference=found.reference, t=token))
    told = told_of(found, now)
    say = words()
    name = told.called
    weekday = say.date(told.start.date(), "weekday")
    if found.status == "requested":
        title = say.gettext("We have your request, %(name)s", name=name)
    elif (found.start - now).days < 6:
        title = say.gettext("See you on %(day)s, %(name)s", day=weekday, name=name)
    else:
        title = say.gettext("See you on %(day)s, %(name)s", day=told.day, name=name)
    mailbox, number = _told_at(told, now)
    ahead = [offset for offset in told.service.reminders if (found.start - now).total_seconds() > offset * 60]
    reminders = say.gettext(" and ").join(say.notice(offset) for offset in ahead[:2])
    return render_template(
        "portal/confirmed.html",
        told=told,
        title=title,
        reminders=reminders if found.status == "confirmed" else "",
        mailbox=mailbox,
        number=number,
        **_links(found, token),
    )


def _told_at(told: Described, now: datetime) -> tuple[str, str]:
    """The mailbox and the number that are written to: whole for the browser that has just booked, where a slip of the
    finger can still be seen, masked for everybody else who has the link."""
    booking, mailbox, number = told.booking, told.mailed_to, told.texted_to
    if now - booking.created_at >= JUST_BOOKED or not holding.became(booking.reference, now):
        return mailbox, number
    return booking.email or "", pretty(booking.phone) if booking.phone and number else ""


def _links(found: BookingView, token: str) -> dict[str, str | None]:
    settings = current_app.config["SETTINGS"]
    given: dict[str, Any] = {"reference": found.reference, "t": token}
    return {
        "manage": url_for("portal.manage", **given),
        "calendar": url_for("portal.calendar_file", **given),
        "move": url_for("portal.move_times", **given),
        "cancel": url_for("portal.cancel", **given),
        "inside": app_around(),
        "link": manage_url(settings.base_url, found, settings.secret_key),
    }


@portal.get("/b/<reference>")
@limits.limiter.limit(limits.READS)
def manage(reference: str) -> str:
    """The booking as it is; looking changes nothing."""
    now = clock.now()
    found, token = got(reference, now)
    told = told_of(found, now)
    question = proposed.open_of(db.session(), found.id, now) if told.open else None
    said = {
        "kept": words().gettext("It stays as it is."),
        "moved": words().gettext("Moved to %(when)s.", when=told.short),
        "cancelled": words().gettext("Cancelled. The time is free for others again."),
        "agreed": words().gettext("Thank you. You can withdraw it here at any time."),
        "withdrawn": words().gettext("Withdrawn. Your booking stays as it is."),
    }
    say = words()
    details = [
        (say.gettext("Name"), found.name),
        (say.gettext("Mobile number"), masking.contact(found.phone)),
        (say.gettext("E-mail"), masking.contact(found.email)),
    ]
    return render_template(
        "portal/manage.html",
        told=told,
        said=said.get(request.args.get("done", "")),
        details=details,
        happened=story(steps_of(db.session(), "booking", found.id), told),
        answers=told.answers_and_files(),
        token=token,
        question=_asked(question, told) if question else None,
        again=url_for("portal.times", slug=found.service, location=found.location),
        consents=consenting.of_booking(found, told),
        agree=url_for("portal.do_agree", reference=found.reference, t=token),
        **_links(found, token),
    )


def _asked(question: Question, told: Described) -> dict[str, str]:
    """What the house asks, in words; ``action`` where she can answer it here."""
    say, zone = words(), ZoneInfo(told.booking.zone)
    today = told.now.astimezone(zone).date()
    until = say.day_and_time(question.deadline.astimezone(zone), "medium", today=today)
    if question.start is None or question.end is None:
        return {"until": until, "reason": question.reason or ""}
    span = say.day_and_span(question.start.astimezone(zone), question.end.astimezone(zone), today=today)
    known = catalogue(db.session()).resources
    people = [
        say.text(known[slug].name) for slug in question.resources if slug in known and known[slug].kind == "staff"
    ]
    token = manage_token(told.booking, current_app.config["SECRET_KEY"])
    action = url_for("portal.answer", reference=told.booking.reference, t=token)
    return {
        "until": until,
        "reason": question.reason or "",
        "new": span,
        "people": say.listed(people),
        "action": action,
        "key": secrets.token_urlsafe(16),
    }


@portal.post("/b/<reference>/answer")
@limits.limiter.limit(limits.WRITES)
def answer(reference: str) -> Response:
    """Takes the time that the house proposes, or keeps the old one; a second tap is told the same."""
    now = clock.now()
    found, _ = got(reference, now)
    if request.form.get("answer") == "accept":
        return _done(proposals.accept(reference=found.reference, now=now), "moved")
    return _done(proposals.decline(reference=found.reference, now=now), "kept")


@portal.post("/b/<reference>/consent")
@limits.limiter.limit(limits.WRITES)
def do_agree(reference: str) -> Response:
    """Agrees to what is asked beside the booking, or takes it back: as easy as each other."""
    now = clock.now()
    found, token = got(reference, now)
    purpose, text = request.form.get("purpose", ""), whole(request.form.get("text", ""), digits=15)
    given: dict[str, Any] = {"customer_id": found.customer_id, "purpose": purpose, "channel": "link"}
    if request.form.get("do") == "withdraw":
        consents.withdraw(**given, actor="customer", now=now)
        done = "withdrawn"
    else:
        more: dict[str, Any] = {"text_id": text, "booking_id": found.id, "locale": words().locale}
        consents.give(**given, **more, actor="customer", now=now)
        done = "agreed"
    back = url_for("portal.manage", reference=found.reference, t=token, done=done)
    return redirect(f"{back}#consents", 303)


@portal.get("/b/<reference>/file/<key>")
@limits.limiter.limit(limits.READS)
def answer_file(reference: str, key: str) -> Response:
    """The file that she gave with the booking."""
    found, _ = got(reference, clock.now())
    return attachments.sent(found, key)


@portal.get("/b/<reference>/calendar.ics")
@limits.limiter.limit(limits.READS)
def calendar_file(reference: str) -> Response:
    """The calendar entry of one booking."""
    now = clock.now()
    found, _ = got(reference, now)
    told = told_of(found, now)
    settings = current_app.config["SETTINGS"]
    link = manage_url(settings.base_url, found, settings.secret_key)
    body = calendar_of(told.house, [told.entry(link=link)])
    answer = make_response(body)
    answer.mimetype = "text/calendar"
    answer.headers["Content-Disposition"] = f'attachment; filename="{found.reference}.ics"'
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    return answer.make_conditional(request)


@portal.get("/b/<reference>/cancel")
@limits.limiter.limit(limits.READS)
def cancel(reference: str) -> Response | str:
    """Asks once more before cancelling."""
    now = clock.now()
    found, token = got(reference, now)
    return _cancel_page(found, token, now)


def _cancel_page(
    found: BookingView, token: str, now: datetime, refused: str | None = None, wrong: str | None = None
) -> Response | str:
    told = told_of(found, now)
    if not told.may_cancel and refused is None and wrong is None:
        return redirect(url_for("portal.manage", reference=found.reference, t=token))
    say = words()
    reasons = [(say.text(reason), say.text(reason)) for reason in catalogue(db.session()).business.cancel_reasons]
    action = url_for("portal.cancel", reference=found.reference, t=token)
    back = url_for("portal.manage", reference=found.reference, t=token)
    return render_template(
        "portal/cancel.html",
        told=told,
        reasons=reasons,
        action=action,
        back=back,
        refused=refused,
        typed=request.form.get("reason", ""),
        error=wrong,
        key=secrets.token_urlsafe(16),
    )


@portal.post("/b/<reference>/cancel")
@limits.limiter.limit(limits.WRITES)
def do_cancel(reference: str) -> Response | str:
    """Cancels; a second tap is told the same."""
    now = clock.now()
    found, token = got(reference, now)
    try:
        done = cancelling.cancel(
            reference=found.reference, reason=request.form.get("reason"), revision=_revision(), now=now
        )
    except errors.Invalid as refusal:
        page = _cancel_page(found, token, now, wrong=words().field(refusal.errors["reason"]))
        return make_response(page, refusal.status)
    except (errors.TooLate, errors.Stale, errors.StateChanged) as refusal:
        current, _ = got(reference, now)
        page = _cancel_page(current, token, now, words().sentence(refusal, found.zone))
        return make_response(page, refusal.status)
    return _done(done, "cancelled")


def _revision() -> int | None:
    return whole(request.form.get("revision", ""), digits=9)


def _done(done: Booked, what: str) -> Response:
    dispatch.ring(done.messages)
    token = manage_token(done.booking, current_app.config["SECRET_KEY"])
    return redirect(url_for("portal.manage", reference=done.booking.reference, t=token, done=what), 303)


@portal.get("/b/<reference>/move")
@limits.limiter.limit(limits.READS)
def move_times(reference: str) -> Response | str:
    """The time page with the old time on top."""
    now = clock.now()
    found, token = got(reference, now)
    told = told_of(found, now)
    if not told.may_move:
        return redirect(url_for("portal.manage", reference=found.reference, t=token))
    page = _move_page(found, token, told, now)
    if request.headers.get("X-Part") == "times":
        if request.args.get("v") == page.version:
            return Response(status=204)
        answer = make_response(render_template("portal/_part.html", page=page))
        answer.headers["X-Version"] = page.version
        return answer
    return render_template("portal/times.html", page=page, heading=words().gettext("Move to another time"))


def _move_page(found: BookingView, token: str, told: Described, now: datetime) -> TimePage:
    wish = wish_of(found.service, request.values)
    wish.location, wish.seats = found.location, found.seats
    resources = _people(request.values)
    asked = moving.wish(found, length=wish.length, resources=resources)
    if resources is None and asked.chosen:
        wish.resource = asked.chosen[0].slug
    return TimePage(
        asked,
        wish,
        now,
        without={found.session_id: found.seats},
        moving=told.short,
        moved_from=found.start,
        address=url_for("portal.move_times", reference=found.reference),
        extra={"t": token},
    )


def _people(values: Mapping[str, str]) -> list[str] | None:
    """Whom the customer wants at the new time: None as before, nobody named for anyone."""
    if "with" not in values:
        return None
    return [values["with"]] if values["with"] else []


@portal.get("/b/<reference>/move/confirm")
@limits.limiter.limit(limits.READS)
def move_confirm(reference: str) -> Response | str:
    """From, to, and one press."""
    now = clock.now()
    found, token = got(reference, now)
    start = instant(request.args.get("start"))
    told = told_of(found, now)
    if start is None or not told.may_move:
        return redirect(url_for("portal.move_times", reference=found.reference, t=token))
    asked = moving.wish(found, length=request.args.get("length") or None, resources=_people(request.args))
    begins = start.astimezone(asked.zone)
    minute = end_of(asked.location.hours, asked.length, int(start.timestamp()) // 60)
    ends = datetime.fromtimestamp(minute * 60, asked.zone)
    kept = [(name, request.args[name]) for name in ("length", "with") if name in request.args]
    say, today = words(), now.astimezone(asked.zone).date()
    return render_template(
        "portal/move.html",
        told=told,
        day=say.date(begins.date(), today=today),
        span=say.span(begins, ends),
        before=say.listed(told.people),
        after=whom(asked, _offered(asked, start, found, now), say),
        zones=beside(say, start, ends, found.zone, customer_zone()),
        start=start.isoformat(),
        kept=kept,
        key=secrets.token_urlsafe(16),
        action=url_for("portal.do_move", reference=found.reference, t=token),
        back=url_for("portal.move_times", reference=found.reference, t=token),
    )


def _offered(asked: Asked, start: datetime, found: BookingView, now: datetime) -> Offer | None:
    """The time that a booking may move to, as it is offered; None for one that is not."""
    day = start.astimezone(asked.zone).date()
    if day < now.astimezone(asked.zone).date():
        return None
    without = {found.session_id: found.seats}
    offers = availability.view(asked, first=day, last=day, now=now, without=without).offers
    return next((each for each in offers if each.free and each.start == start), None)


@portal.post("/b/<reference>/move")
@limits.limiter.limit(limits.WRITES)
@limits.moves
def do_move(reference: str) -> Response | str:
    """Moves in one step; when the new time is gone, the old one stays."""
    now = clock.now()
    found, token = got(reference, now)
    start = instant(request.form.get("start"))
    if start is None:
        return redirect(url_for("portal.move_times", reference=found.reference, t=token), 303)
    key = posted.key()
    mark = (
        idempotency.Key(f"portal move {found.reference}", key, idempotency.fingerprint(start.isoformat()))
        if key
        else None
    )
    try:
        done = moving.move(
            reference=found.reference,
            start=start,
            length=request.form.get("length") or None,
            resources=_people(request.form),
            revision=_revision(),
            key=mark,
            now=now,
        )
    except (errors.Conflict, errors.Unfit) as refusal:
        current, _ = got(reference, now)
        page = _move_page(current, token, told_of(current, now), now)
        every = url_for("portal.move_times", reference=found.reference, t=token)
        return lost_page(
            page.asked,
            refusal,
            availability.nearby(page.asked, near=start, now=now, without={current.session_id: current.seats}),
            start=start,
            action=page.hold_action,
            every=every,
            fields={"t": token, **page.wish.fields()},
            now=now,
            moving=True,
        )
    return _done(done, "moved")
