"""Choosing a time, and holding it."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from flask import current_app, make_response, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

import clock
from actions import attachments, availability, hold, idempotency, visits
from actions.availability import LINK, Asked
from models.base import db
from models.doors import source_id
from portal import holding, kept, portal, posted
from portal.lost import lost_page
from portal.time_page import TimePage
from portal.wishes import Wish, asked_of, instant, several, wish_of
from rules import errors
from web import attachments as files
from web import frames, limits
from web.locale import customer_zone, words
from wire.links import signs


@portal.get("/book/<slug>")
@limits.limiter.limit(limits.READS)
def times(slug: str) -> Response | str:
    """The time page; with ``X-Part: times`` only its month and day."""
    now = clock.now()
    wish = wish_of(slug, request.args)
    asked, stamp = availability.stamped(lambda known: asked_of(wish, known))
    held = holding.open_hold(slug, now) if holding.kept() else None
    part = request.headers.get("X-Part") == "times"
    given = frozenset((name, value) for name, value in request.args.items() if name != "v")
    key = (str(db.engine.url), slug, given, part, words().locale, customer_zone())
    # Inside a frame every address carries its visitor.
    everybody = held is None and not frames.inside()
    found = kept.find(key, stamp, now) if everybody else None
    if found is None:
        found = _made(asked, wish, now, held, stamp, part)
        if everybody:
            kept.keep(key, found)
    if part:
        if request.args.get("v") == found.version:
            return Response(status=204)
        answer = make_response(found.html.replace(kept.TOKEN, generate_csrf()))
        answer.headers["X-Version"] = found.version
        return answer
    visits.count("times", service_id=asked.service.id, source_id=source_id(db.session(), wish.source), now=now)
    if found.nothing:
        visits.count(
            "search_empty", service_id=asked.service.id, source_id=source_id(db.session(), wish.source), now=now
        )
    return found.html.replace(kept.TOKEN, generate_csrf())


def _made(
    asked: Asked, wish: Wish, now: datetime, held: hold.Held | None, stamp: tuple[int, int], part: bool
) -> kept.Kept:
    page = TimePage(asked, wish, now, held=held, stamp=stamp)
    template = "portal/_part.html" if part else "portal/times.html"
    html = render_template(template, page=page, heading=words().gettext("Choose a time"))
    return kept.Kept(html, page.version, stamp, page.good_until, page.nothing)


@portal.post("/book/<slug>")
@limits.limiter.limit(limits.HOLDS)
def take(slug: str) -> Response:
    """A tap on a time holds it and leads to the details; lost ones come back with the nearest others."""
    now = clock.now()
    wish = wish_of(slug, request.form)
    start = instant(request.form.get("start"))
    asked = asked_of(wish)
    if start is None:
        return redirect(url_for("portal.times", slug=slug) + f"?{wish.query()}", 303)
    typed = posted.typed(asked.service, beside=posted.WISH)
    if typed:
        holding.keep_draft(slug, typed)
    before = holding.latest(slug, now)
    old = before if before is not None and before.state == "open" else None
    settings = current_app.config["SETTINGS"]
    if old is not None and old.start == start and old.seats == asked.seats and holding.fits(old, asked):
        return redirect(url_for("portal.details", slug=slug), 303)
    take_it = partial(
        hold.hold,
        service=slug,
        start=start,
        location=asked.location.slug,
        length=wish.length,
        resources=several(wish.resource),
        seats=wish.seats,
        replaces=old.secret if old else None,
        visitor=holding.visitor(),
        source=wish.source,
        who=LINK,
        minutes=settings.hold_minutes,
        per_hour=limits.per_hour(limits.HOLDS_OF_A_VISITOR),
        now=now,
    )
    key = _tap(wish, start)
    try:
        held = take_it(key=key, given=signs(settings.secret_keys, "hold", key.scope, key.key) if key else ())
        if held.replayed and held.state != "open":
            # The same button of the same page, pressed again after its hold had ended.
            held = take_it()
    except (errors.SlotTaken, errors.Unfit, errors.LimitReached, errors.ResourceGone, errors.Paused) as refusal:
        return lost(asked, wish, start, refusal, now)
    holding.keep(held.secret, old.secret if old else None)
    if before is not None and before.state != "used":
        attachments.carry(files.folder(), before, held)
    visits.count("held", service_id=asked.service.id, source_id=source_id(db.session(), wish.source), now=now)
    if typed and frames.inside():
        # What was typed is in no address: the page after it is answered at once.
        answered: Response = make_response(current_app.view_functions["portal.details"](slug=slug))
        return answered
    return redirect(url_for("portal.details", slug=slug), 303)


def _tap(wish: Wish, start: datetime) -> idempotency.Key | None:
    """One button of one page as it was sent to one browser: its token is another one each time. A second tap finds the hold
    of the first, also where the browser has no cookie of it yet."""
    token = request.form.get("csrf_token", "")
    if not token:
        return None
    mark = idempotency.fingerprint(wish.slug, start.isoformat(), wish.fields())
    return idempotency.Key(f"portal hold {hold.hashed(token)}", mark, mark)


def lost(asked: Asked, wish: Wish, start: datetime, refusal: errors.Refusal, now: datetime) -> Response:
    """What happened to a wish, with the nearest free times."""
    return lost_page(
        asked,
        refusal,
        availability.nearby(asked, near=start, now=now),
        start=start,
        action=url_for("portal.times", slug=wish.slug),
        every=f"{url_for('portal.times', slug=wish.slug)}?{wish.query()}",
        fields=wish.fields(),
        now=now,
    )
