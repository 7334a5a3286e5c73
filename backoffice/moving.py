"""Moving a booking at the desk: another day, time or person, with what follows from it before it happens."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import move as moving
from actions.assign import reassign
from actions.confirm import Booked
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.booking import _remember
from backoffice.move_preview import Preview, preview
from backoffice.words import Card, card
from models.base import db
from models.bookings import BookingView
from models.snapshot import catalogue
from rules.diary import kept
from rules.errors import Invalid, NoSuchLocalTime, Refusal, SlotTaken
from scheduling import hours
from web.fields import whole
from web.locale import words

ANYONE = "anyone"


@desk.get("/b/<reference>/move")
@door("booking.change")
def move(reference: str) -> AnyResponse:
    """Asks for another time or person; once both are known, what follows from it and who will be told."""
    now = clock.now()
    shown = card(access.booking(reference, "booking.change"), now)
    whom, day, wrong = _whom(shown), _day(shown), ""
    try:
        start = _start(shown, day)
    except NoSuchLocalTime as refusal:
        start, wrong = None, words().sentence(refusal)
    try:
        found = preview(shown, whom=whom, day=day, start=start, now=now)
    except Refusal as refusal:
        return _page(shown, None, whom, day, wrong=words().sentence(refusal))
    # Dropped on another day a booking keeps its hour, where that is free.
    asks = start is None or (request.args.get("keep") == "1" and bool(found.broken))
    return _page(shown, found, whom, day, asks=asks, wrong=wrong)


@desk.post("/b/<reference>/move")
@door("booking.change")
def do_move(reference: str) -> AnyResponse:
    """Moves it. Whoever is told hears of it after two minutes, unless it is undone."""
    found, now = access.booking(reference, "booking.change"), clock.now()
    whom = [each for each in request.form.getlist("with") if each][:10]
    start = _instant(request.form.get("start", ""))
    if start is None:
        return redirect(url_for("desk.move", reference=found.reference), 303)
    try:
        done = _moved(found, start, whom, whole(request.form.get("revision", ""), digits=8))
    except Invalid as refusal:
        said = words().field(next(iter(refusal.errors.values())))
        return _again(card(access.booking(reference), now), whom, start, said, refusal.status)
    except Refusal as refusal:
        return _refused(card(access.booking(reference), now), whom, start, refusal, now)
    told = card(done.booking, now)
    if done.replayed:
        session["toast"] = {"said": words().gettext("That is where it is already."), "reference": "", "until": ""}
    elif done.booking.start == found.start:
        _remember(words().gettext("Given to %(who)s", who=told.who), found.reference, done)
    else:
        _remember(words().gettext("Moved to %(when)s.", when=told.told.short), found.reference, done)
    return redirect(access.back_to(request.form.get("to")), 303)


def _moved(found: BookingView, start: datetime, whom: list[str], revision: int | None) -> Booked:
    """Moves it; at its own time it is given to somebody else, with the others of its class."""
    common: dict[str, Any] = {
        "reference": found.reference,
        "revision": revision,
        "actor": access.viewer().actor,
        "tell": request.form.get("tell") == "1",
        "word": request.form.get("word", "")[:1000],
        "now": clock.now(),
    }
    new = [each for each in whom if each not in found.resources]
    if start == found.start and len(new) == 1:
        return reassign(to=new[0], **common)
    return moving.move(start=start, resources=whom, **common)


def _again(shown: Card, whom: list[str], start: datetime, said: str, status: int) -> AnyResponse:
    """The consequence once more, with what is wrong with the word that was typed."""
    day = start.astimezone(ZoneInfo(shown.view.zone)).date()
    found = preview(shown, whom=whom, day=day, start=start, now=shown.now)
    return _page(shown, found, whom, day, asks=False, wrong=said, status=status)


def _refused(shown: Card, whom: list[str], start: datetime, refusal: Refusal, now: datetime) -> AnyResponse:
    """What is in the way now, with the free times of that day."""
    day = start.astimezone(ZoneInfo(shown.view.zone)).date()
    said = words().gettext("This time was just taken.") if isinstance(refusal, SlotTaken) else words().sentence(refusal)
    try:
        found = preview(shown, whom=whom, day=day, start=None, now=now)
    except Refusal:
        found = None
    return _page(shown, found, whom, day, asks=True, wrong=said, status=refusal.status)


def _page(
    shown: Card,
    found: Preview | None,
    whom: Sequence[str],
    day: date,
    *,
    asks: bool = True,
    wrong: str = "",
    status: int = 200,
) -> AnyResponse:
    page = render_template(
        "backoffice/move_part.html" if request.headers.get("X-Part") else "backoffice/move.html",
        card=shown,
        found=found,
        asks=asks or found is None,
        day=day,
        heading=words().date(day, "long", today=shown.now.astimezone(ZoneInfo(shown.view.zone)).date()),
        whom=whom,
        anyone=ANYONE,
        wrong=wrong,
        word=request.form.get("word", "")[:1000],
        back=access.back_to(request.values.get("back") or url_for("desk.booking", reference=shown.view.reference)),
    )
    return make_response(page, status)


def _whom(shown: Card) -> list[str]:
    """Who shall have it: the one asked for, with the one beside whom a thing was changed; else who has it now."""
    known, wanted = catalogue(db.session()).resources, request.args.get("with", "")
    if wanted == ANYONE:
        return []
    if wanted not in known:
        return [each for each in shown.view.staff if each in known]
    beside = request.args.get("beside", "")
    kept = [beside] if beside in known and known[beside].kind != known[wanted].kind else []
    return [*kept, wanted]


def _day(shown: Card) -> date:
    zone = ZoneInfo(shown.view.zone)
    start = _instant(request.args.get("start", ""))
    if start is not None:
        return start.astimezone(zone).date()
    try:
        return kept(date.fromisoformat(request.args.get("day", "")[:10]))
    except ValueError:
        return shown.view.start.astimezone(zone).date()


def _start(shown: Card, day: date) -> datetime | None:
    """The start that was asked for: an instant, or a time of ``day``, or the present time with ``keep``; None for none.
    Raises NoSuchLocalTime."""
    given = _instant(request.args.get("start", ""))
    if given is not None:
        return given
    clock_ = request.args.get("time", "")
    if request.args.get("keep") == "1":
        clock_ = f"{shown.told.start:%H:%M}"
    try:
        wall = datetime.strptime(clock_, "%H:%M").time()  # noqa: DTZ007  the clock on the wall
    except ValueError:
        return None
    found = hours.readings(shown.view.zone, day, wall.hour * 60 + wall.minute)
    if not found:
        raise NoSuchLocalTime
    return datetime.fromtimestamp(found[0] * 60, UTC)


def _instant(typed: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(typed.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found.astimezone(UTC).replace(microsecond=0) if found.tzinfo and 1970 < found.year < 9000 else None
