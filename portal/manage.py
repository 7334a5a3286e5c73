"""The customer's own booking: seen, moved and cancelled by its link."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from flask import current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

import clock
from actions import cancel as cancelling
from actions import idempotency
from actions import move as moving
from actions.confirm import Booked
from actions.contacts import pretty
from models import bookings
from models.base import db
from models.bookings import BookingView
from models.history import steps_of
from models.snapshot import catalogue
from notifications import dispatch
from portal import portal
from portal.lost import lost_page
from portal.times import TimePage, instant, wish_of
from rules import errors
from rules import reference as references
from web import limits
from web.locale import words
from wire.booking import Described, describe, masked
from wire.ical import calendar as calendar_of
from wire.links import manage_token, manage_url, opens
from wire.story import story


def got(reference: str, now: datetime) -> tuple[BookingView, str]:
    """The booking and its token, or Missing: the same answer for a wrong reference, a wrong token and an old one."""
    token = request.values.get("t", "")
    code = references.parse(reference)
    found = bookings.by_reference(db.session(), code) if code else None
    if found is None or not opens(token, found, current_app.config["SECRET_KEY"], now=now):
        raise errors.Missing
    return found, token


def told_of(found: BookingView, now: datetime) -> Described:
    """The booking in the reader's words."""
    return describe(catalogue(db.session()), found, words(), now=now)


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
    name = found.name if say.locale == "zh" else found.name.split()[0] if found.name.split() else found.name
    weekday = say.date(told.start.date(), "weekday")
    if found.status == "requested":
        title = say.gettext("We have your request, %(name)s", name=name)
    elif (found.start - now).days < 6:
        title = say.gettext("See you on %(day)s, %(name)s", day=weekday, name=name)
    else:
        title = say.gettext("See you on %(day)s, %(name)s", day=told.day, name=name)
    ahead = [offset for offset in told.service.reminders if (found.start - now).total_seconds() > offset * 60]
    reminders = say.gettext(" and ").join(say.notice(offset) for offset in ahead[:2])
    return render_template(
        "portal/confirmed.html",
        told=told,
        title=title,
        pretty=pretty,
        reminders=reminders if found.status == "confirmed" else "",
        **_links(found, token),
    )


def _links(found: BookingView, token: str) -> dict[str, str]:
    given: dict[str, Any] = {"reference": found.reference, "t": token}
    return {
        "manage": url_for("portal.manage", **given),
        "calendar": url_for("portal.calendar_file", **given),
        "move": url_for("portal.move_times", **given),
        "cancel": url_for("portal.cancel", **given),
    }


@portal.get("/b/<reference>")
@limits.limiter.limit(limits.READS)
def manage(reference: str) -> str:
    """The booking as it is; looking changes nothing."""
    now = clock.now()
    found, token = got(reference, now)
    told = told_of(found, now)
    said = {"moved": words().gettext("Moved to %(when)s.", when=told.short), "cancelled": words().gettext("Cancelled.")}
    say = words()
    details = [
        (say.gettext("Name"), found.name),
        (say.gettext("Mobile number"), masked(found.phone)),
        (say.gettext("E-mail"), masked(found.email)),
    ]
    questions = _questions(found)
    return render_template(
        "portal/manage.html",
        told=told,
        said=said.get(request.args.get("done", "")),
        details=details,
        happened=story(steps_of(db.session(), "booking", found.id), told),
        answers=told.answers(questions),
        again=url_for("portal.times", slug=found.service, location=found.location),
        **_links(found, token),
    )


def _questions(found: BookingView) -> tuple[Any, ...]:
    from models.catalogue import Definition

    row = db.session.get(Definition, found.definition_id) if found.definition_id else None
    return tuple(row.document) if row else ()


@portal.get("/b/<reference>/calendar.ics")
@limits.limiter.limit(limits.READS)
def calendar_file(reference: str) -> Response:
    """The calendar entry of one booking."""
    now = clock.now()
    found, _ = got(reference, now)
    told = told_of(found, now)
    settings = current_app.config["SETTINGS"]
    link = manage_url(settings.base_url, found, settings.secret_key)
    text = words().gettext("Move or cancel: %(link)s", link=link)
    body = calendar_of(told.house, [told.entry(description=text)])
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


def _cancel_page(found: BookingView, token: str, now: datetime, refused: str | None = None) -> Response | str:
    told = told_of(found, now)
    if not told.may_cancel and refused is None:
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
    except (errors.TooLate, errors.Stale, errors.StateChanged, errors.Invalid) as refusal:
        current, _ = got(reference, now)
        page = _cancel_page(current, token, now, words().sentence(refusal, found.zone))
        return make_response(page, refusal.status)
    return _done(done, "cancelled")


def _revision() -> int | None:
    value = request.form.get("revision", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None


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
    resources = None if "with" not in request.values else [wish.resource] if wish.resource else []
    asked = moving.wish(found, length=wish.length, resources=resources)
    if resources is None and asked.chosen:
        wish.resource = asked.chosen[0].slug
    return TimePage(
        asked,
        wish,
        now,
        without={found.session_id: found.seats},
        moving=told.short,
        address=url_for("portal.move_times", reference=found.reference),
        extra={"t": token},
    )


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
    say = words()
    to = say.day_and_time(start.astimezone(told.start.tzinfo), "medium", today=now.astimezone(told.start.tzinfo).date())
    kept = [(name, request.args[name]) for name in ("length", "with") if request.args.get(name)]
    return render_template(
        "portal/move.html",
        told=told,
        to=to,
        start=start.isoformat(),
        kept=kept,
        key=secrets.token_urlsafe(16),
        action=url_for("portal.do_move", reference=found.reference, t=token),
        back=url_for("portal.move_times", reference=found.reference, t=token),
    )


@portal.post("/b/<reference>/move")
@limits.limiter.limit(limits.WRITES)
def do_move(reference: str) -> Response | str:
    """Moves in one step; when the new time is gone, the old one stays."""
    now = clock.now()
    found, token = got(reference, now)
    start = instant(request.form.get("start"))
    if start is None:
        return redirect(url_for("portal.move_times", reference=found.reference, t=token), 303)
    key = request.form.get("key", "")[:64]
    resource = request.form.get("with")
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
            resources=[resource] if resource else None,
            revision=None if mark else _revision(),
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
            refusal.alternatives,
            start=start,
            action=page.hold_action,
            every=every,
            fields={"t": token, "length": page.wish.length, "with": page.wish.resource},
            now=now,
            moving=True,
        )
    return _done(done, "moved")
