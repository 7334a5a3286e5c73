"""Blocking time of people, rooms and things, and making it free again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import blocks
from actions.blocks import Block
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.words import Card, cards
from models import desk_queries
from models.base import db
from models.snapshot import catalogue
from rules.errors import FieldError, InTheWay, Invalid, Missing, NotAllowed, Refusal
from rules.facts import Resource
from scheduling import hours
from web.locale import words

FIELDS = ("day", "begins", "last", "ends", "title")


@desk.get("/diary/block")
@door("block.write")
def block() -> AnyResponse:
    """The form; who and which day may be said by the address."""
    day = request.args.get("day", "")[:10]
    typed = {"day": day, "begins": request.args.get("begins", "")[:5], "last": day}
    return _form(typed, [request.args.get("with", "")])


def _form(
    typed: Mapping[str, str],
    whom: Sequence[str],
    *,
    wrong: Mapping[str, str] | None = None,
    said: str = "",
    standing: Sequence[Card] = (),
    status: int = 200,
) -> AnyResponse:
    able = [(each.slug, words().text(each.name)) for each in catalogue(db.session()).resources.values() if _may(each)]
    page = render_template(
        f"backoffice/{'block_part' if request.headers.get('X-Part') else 'block'}.html",
        typed=typed,
        whom=whom,
        able=able,
        wrong=wrong or {},
        said=said,
        standing=standing,
        back=_back(),
    )
    return make_response(page, status)


def _back() -> str:
    wanted = request.values.get("back") or request.values.get("to")
    return access.back_to(wanted or url_for("desk.diary"))


def _may(resource: Resource) -> bool:
    by = access.viewer()
    return any(by.reaches("block.write", location=place, resources=[resource.id]) for place in resource.at)


@desk.post("/diary/block")
@door("block.write")
def do_block() -> AnyResponse:
    """Blocks the time, or shows who is booked in it."""
    now, known = clock.now(), catalogue(db.session())
    typed = {name: request.form.get(name, "")[:200] for name in FIELDS}
    whom = list(dict.fromkeys(request.form.getlist("with")))[:200]
    chosen = [known.resources[each] for each in whom if each in known.resources]
    if not all(_may(each) for each in chosen):
        raise NotAllowed
    zone = known.location_by_id[next(iter(chosen[0].at))].timezone if chosen else known.business.timezone
    try:
        start, end = _read(typed, "day", "begins", zone), _read(typed, "last", "ends", zone)
        if not chosen:
            raise Invalid(errors={"resources": FieldError("required")})
        made = blocks.block(
            resources=[each.slug for each in chosen],
            start=start,
            end=end,
            title=typed["title"],
            actor=access.viewer().actor,
            now=now,
        )
    except Invalid as refusal:
        wrong = {field: words().field(error) for field, error in refusal.errors.items()}
        return _form(typed, whom, wrong=wrong, status=refusal.status)
    except InTheWay as refusal:
        mine = [each for each in refusal.params["bookings"] if access.reaches("booking.see", each)]
        said = words().sentence(refusal)
        return _form(typed, whom, said=said, standing=cards(mine, now), status=refusal.status)
    except Refusal as refusal:
        return _form(typed, whom, said=words().sentence(refusal), status=refusal.status)
    said = words().gettext("Blocked: %(who)s, %(when)s", who=_names(made), when=_when(made, now))
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(_back(), 303)


def _read(typed: Mapping[str, str], day: str, clock_: str, zone: str) -> datetime:
    """The instant of two fields, by the clock of the place."""
    try:
        local = datetime.strptime(f"{typed[day]} {typed[clock_]}", "%Y-%m-%d %H:%M")  # noqa: DTZ007  a clock on the wall
    except ValueError as error:
        field, code = ("start" if day == "day" else "end"), "not_a_time"
        raise Invalid(errors={field: FieldError(code)}) from error
    minute = hours.local_edge(zone, local, last=day == "last")
    return datetime.fromtimestamp(minute * 60, UTC)


def _names(each: Block) -> str:
    known = catalogue(db.session()).resource_by_id.values()
    return words().listed(words().text(one.name) for one in known if one.slug in each.resources)


def _when(each: Block, now: datetime) -> str:
    place = next(one for one in catalogue(db.session()).location_by_id.values() if one.slug == each.location)
    zone = ZoneInfo(place.timezone)
    return words().day_and_span(
        each.start.astimezone(zone), each.end.astimezone(zone), "short", today=now.astimezone(zone).date()
    )


def _found(id: int) -> Block:
    """A block of whom she may block. Raises Missing, NotAllowed."""
    found = blocks.find(db.session(), id)
    if found is None:
        raise Missing
    known = catalogue(db.session()).resource_by_id.values()
    if not all(_may(each) for each in known if each.slug in found.resources):
        raise NotAllowed
    return found


@desk.get("/diary/block/<int:id>")
@door("block.write")
def blocked(id: int) -> AnyResponse:
    """One block: what, who, when, by whom; and the button that lifts it."""
    found, now = _found(id), clock.now()
    by = {f"staff:{each.id}": each.name for each in desk_queries.staff_names(db.session())}
    values: dict[str, Any] = {
        "id": id,
        "block": found,
        "names": _names(found),
        "when": _when(found, now),
        "back": _back(),
    }
    part = "blocked_part" if request.headers.get("X-Part") else "blocked"
    return make_response(render_template(f"backoffice/{part}.html", by=by.get(found.made_by, ""), **values))


@desk.post("/diary/block/<int:id>/lift")
@door("block.write")
def do_lift(id: int) -> AnyResponse:
    """Makes the time free again."""
    _found(id)
    done = blocks.lift(session_id=id, actor=access.viewer().actor, now=clock.now())
    said = words().gettext("Free again: %(who)s, %(when)s", who=_names(done), when=_when(done, clock.now()))
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(_back(), 303)
