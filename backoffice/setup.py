"""What the house is and has, edited: the business, its places, its people and things."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import catalogue as offer
from actions.businessfile import pictures
from actions.catalogue_versions import versions
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.setup_hits import told, weekly_differs
from backoffice.setup_look import surroundings
from backoffice.setup_typed import Typed, entry_of, field_of, typed_in, typed_of
from models import desk_queries
from models.base import db
from models.snapshot import catalogue
from rules.errors import BookedAhead, EditedMeanwhile, FieldError, HitsBookings, Invalid, Missing, Refusal
from web.fields import whole
from web.locale import here, words
from web.uploading import read
from wire import edits
from wire.timeline import ACTORS
from wire.wording import n_


@dataclass(frozen=True, slots=True)
class Room:
    """One room of setting up."""

    kind: str
    title: str
    new: str


ROOMS: Mapping[str, Room] = {
    "business": Room("business", n_("The business"), ""),
    "places": Room("location", n_("Places"), n_("A new place")),
    "things": Room("resource", n_("People and things"), n_("Somebody or something new")),
}
ROOM = "<any(business, places, things):room>"


@desk.get(f"/setup/{ROOM}")
@door("business.write")
def setup(room: str) -> AnyResponse | str:
    """The business's own page, or the list of places or of people and things, those out of the offer last."""
    if room == "business":
        return _form(room, None)
    it = offer.everything(db.session(), ROOMS[room].kind)
    return render_template(
        "backoffice/setup_list.html",
        room=room,
        title=words().gettext(ROOMS[room].title),
        new=words().gettext(ROOMS[room].new),
        current=[each for each in it if not each.retired],
        retired=[each for each in it if each.retired],
        **surroundings(),
    )


@desk.get(f"/setup/{ROOM}/one")
@door("business.write")
def setup_one(room: str) -> AnyResponse:
    """The form of one place, person or thing (``slug``), or of a new one."""
    return _form(room, request.args.get("slug") or None)


@desk.post(f"/setup/{ROOM}/one")
@door("business.write")
def do_setup(room: str) -> AnyResponse:
    """Saves it: one version more."""
    known, kind, slug = catalogue(db.session()), ROOMS[room].kind, request.form.get("slug") or None
    current = offer.entry(db.session(), kind, slug) if slug or kind == "business" else {}
    typed = typed_in(kind, request.form, known.locations)
    try:
        wanted = entry_of(kind, typed, current, known.business.locale, known.locations)
        if typed.get("make_up"):
            wanted["works_as"] = offer.with_make_up_days(wanted, today=clock.now().date())
        files = _logo(wanted) if kind == "business" else {}
        saved = offer.save(
            kind,
            slug,
            wanted,
            by=access.viewer(),
            now=clock.now(),
            version=request.form.get("version") or None,
            keep=request.form.get("keep") == "1",
            files=files,
            pictures_dir=current_app.config["SETTINGS"].pictures,
        )
    except Invalid as refusal:
        wrong = {field_of(place): words().field(error) for place, error in reversed(refusal.errors.items())}
        return _form(room, slug, typed=typed, wrong=wrong, status=refusal.status)
    except (HitsBookings, BookedAhead, EditedMeanwhile) as refusal:
        return _form(room, slug, typed=typed, refusal=refusal, status=refusal.status)
    _toast(
        words().gettext("Saved. Customers see it at once.")
        if saved.changed
        else words().gettext("It was like that already.")
    )
    where = url_for("desk.setup", room=room)
    return redirect(where if kind == "business" else url_for("desk.setup_one", room=room, slug=saved.slug), 303)


@desk.post(f"/setup/{ROOM}/step")
@door("business.write")
def do_setup_step(room: str) -> AnyResponse:
    """Takes it out of the offer (``step=retire``), or offers it again."""
    kind, slug, by, now = ROOMS[room].kind, request.form.get("slug", ""), access.viewer(), clock.now()
    if kind == "business":
        raise Missing
    try:
        if request.form.get("step") == "retire":
            offer.retire(kind, slug, by=by, now=now)
            _toast(words().gettext("It is out of the offer. Its past stays."))
        else:
            offer.revive(kind, slug, by=by, now=now)
            _toast(words().gettext("It is offered again."))
    except Invalid as refusal:
        return _form(
            room, slug, wrong={"": words().field(refusal.errors[""])} if "" in refusal.errors else {}, status=422
        )
    except BookedAhead as refusal:
        return _form(room, slug, refusal=refusal, status=refusal.status)
    return redirect(url_for("desk.setup_one", room=room, slug=slug), 303)


@desk.get(f"/setup/{ROOM}/versions")
@door("business.write")
def setup_versions(room: str) -> AnyResponse:
    """Who changed what and when, latest first."""
    return _versions(room, request.args.get("slug") or None)


def _versions(
    room: str,
    slug: str | None,
    said: str = "",
    status: int = 200,
    against: Mapping[str, Any] | None = None,
    again: int = 0,
) -> AnyResponse:
    kind, say = ROOMS[room].kind, words()
    entry = offer.entry(db.session(), kind, slug)
    names = {f"staff:{each.id}": each.name for each in desk_queries.staff_names(db.session())}
    around = surroundings()
    page = render_template(
        "backoffice/setup_versions.html",
        room=room,
        slug=slug,
        name=say.text(entry["name"]),
        version=offer.version_of(entry),
        said=said,
        again=again,
        **(against or told(None, kind, slug, weekly=False)),
        zone=ZoneInfo(here()),
        today=clock.now().astimezone(ZoneInfo(here())).date(),
        found=[
            (
                each,
                say.gettext(ACTORS[each.actor]) if each.actor in ACTORS else names.get(each.actor, each.actor),
                edits.changes(say, each.before, each.after, around["place_names"]),
            )
            for each in versions(db.session(), kind, slug)
        ],
        **around,
    )
    return make_response(page, status)


@desk.post(f"/setup/{ROOM}/versions")
@door("business.write")
def do_setup_back(room: str) -> AnyResponse:
    """Puts back what stood before an edit (``id``): a version more."""
    kind, slug = ROOMS[room].kind, request.form.get("slug") or None
    id = whole(request.form.get("id", ""), digits=17)
    earlier = next((each.earlier for each in versions(db.session(), kind, slug) if each.id == id), None)
    if earlier is None:
        return redirect(url_for("desk.setup", room=room), 303)
    try:
        offer.save(
            kind,
            slug,
            earlier,
            by=access.viewer(),
            now=clock.now(),
            version=request.form.get("version") or None,
            keep=request.form.get("keep") == "1",
        )
    except Invalid as refusal:
        said = [
            f"{edits.label(words(), field_of(place))}{words().colon}{words().field(error)}"
            if place
            else words().field(error)
            for place, error in refusal.errors.items()
        ]
        return _versions(room, slug, words().sentences(*said), refusal.status)
    except Refusal as refusal:
        weekly = weekly_differs(offer.entry(db.session(), kind, slug), earlier)
        against = told(refusal, kind, slug, weekly=weekly)
        return _versions(room, slug, words().sentence(refusal), refusal.status, against, again=id or 0)
    _toast(words().gettext("It is as it was before."))
    return redirect(url_for("desk.setup_versions", room=room, slug=slug), 303)


def _form(
    room: str,
    slug: str | None,
    *,
    typed: Typed | None = None,
    wrong: Mapping[str, str] | None = None,
    refusal: Refusal | None = None,
    status: int = 200,
) -> AnyResponse:
    kind, say, known = ROOMS[room].kind, words(), catalogue(db.session())
    new = slug is None and kind != "business"
    entry: dict[str, Any] = {} if new else offer.entry(db.session(), kind, slug)
    fresh = {
        "kind": "staff",
        "places": list(known.locations)[:1],
        "capacity": "1",
        "weight": "1",
        "timezone": known.business.timezone,
    }
    shown = typed if typed is not None else {**typed_of(kind, entry, known.business.locale), **(fresh if new else {})}
    weekly = weekly_differs(typed_of(kind, entry, known.business.locale), shown) if entry else False
    page = render_template(
        f"backoffice/setup_{kind}.html",
        room=room,
        slug=slug,
        new=new,
        title=say.text(entry["name"]) if entry else say.gettext(ROOMS[room].new),
        rooms_title=say.gettext(ROOMS[room].title),
        typed=shown,
        wrong=wrong or {},
        said=say.sentence(refusal) if refusal is not None else (wrong or {}).get("", ""),
        **told(refusal, kind, slug, weekly=weekly),
        version=request.form.get("version")
        if typed is not None and not isinstance(refusal, EditedMeanwhile)
        else offer.version_of(entry)
        if entry
        else "",
        retired=not new and kind != "business" and offer.is_retired(db.session(), kind, slug or ""),
        **surroundings(kind, shown),
    )
    return make_response(page, status)


def _logo(wanted: dict[str, Any]) -> dict[str, bytes]:
    """The logo that was sent, made safe, under a name of its own. Raises Invalid."""
    if request.form.get("no_logo"):
        wanted["logo"] = None
    sent = request.files.get("logo")
    if sent is None or not sent.filename:
        return {}
    data = read(sent, pictures.MAX_BYTES)
    ending = sent.filename.lower().rpartition(".")[2]
    if len(data) > pictures.MAX_BYTES:
        raise Invalid(errors={"logo": FieldError("picture_too_large", {"most": pictures.MAX_BYTES // 1_000_000})})
    if ending not in ("svg", "png", "jpg", "jpeg", "webp"):
        raise Invalid(errors={"logo": FieldError("picture_odd")})
    try:
        name, kept = pictures.named("logo", ending, data)
    except ValueError as error:
        raise Invalid(errors={"logo": FieldError("picture_odd")}) from error
    wanted["logo"] = name
    return {name: kept}


def _toast(said: str) -> None:
    session["toast"] = {"said": said, "reference": "", "until": ""}
