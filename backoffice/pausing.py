"""Pausing online booking of the house, a place, a service or a person, and opening it again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import make_response, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import pauses
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.diary_notes import may_pause, paused
from models.base import db
from models.snapshot import catalogue
from rules.errors import FieldError, Invalid, NotAllowed, Refusal
from scheduling import hours
from web.locale import here, words
from wire.wording import LOCALES

KINDS = ("business", "location", "service", "resource")


@desk.get("/diary/pause")
@door("pause.write")
def pause() -> AnyResponse:
    """What is paused, and the form for pausing more."""
    return _form({"subject": request.args.get("subject", "")})


def _form(
    typed: Mapping[str, str], *, wrong: Mapping[str, str] | None = None, said: str = "", status: int = 200
) -> AnyResponse:
    known, now = catalogue(db.session()), clock.now()
    page = render_template(
        f"backoffice/{'pause_part' if request.headers.get('X-Part') else 'pause'}.html",
        typed=typed,
        subjects=_subjects(),
        wrong=wrong or {},
        said=said,
        locales=[(locale, words().language(locale)) for locale in LOCALES],
        zone=words().zone(here()),
        pauses=paused(known, access.viewer(), now),
        back=_back(),
    )
    return make_response(page, status)


def _back() -> str:
    wanted = request.values.get("back") or request.values.get("to")
    return access.back_to(wanted or url_for("desk.diary"))


def _subjects() -> list[tuple[str, list[tuple[str, str]]]]:
    """What she may pause, by kind."""
    say, known, by = words(), catalogue(db.session()), access.viewer()
    found = [
        ("", [("business:", say.gettext("The whole house"))]),
        (say.gettext("Places"), [(f"location:{each.slug}", say.text(each.name)) for each in known.locations.values()]),
        (say.gettext("Services"), [(f"service:{each.slug}", say.text(each.name)) for each in known.services.values()]),
        (
            say.gettext("People, rooms and things"),
            [(f"resource:{each.slug}", say.text(each.name)) for each in known.resources.values()],
        ),
    ]
    able = [
        (title, [(subject, name) for subject, name in each if may_pause(known, by, *subject.split(":", 1))])
        for title, each in found
    ]
    return [(title, each) for title, each in able if each]


@desk.post("/diary/pause")
@door("pause.write")
def do_pause() -> AnyResponse:
    """Pauses it: customers are shown no times but the sentence."""
    typed = {
        name: request.form.get(name, "")[:400] for name in ("subject", "until", *(f"say-{each}" for each in LOCALES))
    }
    kind, slug = _subject(typed["subject"])
    try:
        pauses.pause(
            subject_kind=kind,
            slug=slug or None,
            sentence={locale: typed[f"say-{locale}"] for locale in LOCALES if typed[f"say-{locale}"].strip()} or None,
            until=_until(typed["until"]),
            actor=access.viewer().actor,
            now=clock.now(),
        )
    except Invalid as refusal:
        wrong = {field: words().field(error) for field, error in refusal.errors.items()}
        return _form(typed, wrong=wrong, status=refusal.status)
    except Refusal as refusal:
        return _form(typed, said=words().sentence(refusal), status=refusal.status)
    session["toast"] = {"said": words().gettext("Online booking is paused."), "reference": "", "until": ""}
    return redirect(_back(), 303)


def _until(typed: str) -> datetime | None:
    if not typed:
        return None
    try:
        local = datetime.strptime(typed[:16], "%Y-%m-%dT%H:%M")  # noqa: DTZ007  a clock on the wall
    except ValueError as error:
        raise Invalid(errors={"until": FieldError("not_a_time")}) from error
    return datetime.fromtimestamp(hours.local_edge(ZoneInfo(here()).key, local) * 60, UTC)


def _subject(typed: str) -> tuple[str, str]:
    """Kind and slug of what she may pause. Raises NotAllowed."""
    kind, _, slug = typed.partition(":")
    if kind not in KINDS or not may_pause(catalogue(db.session()), access.viewer(), kind, slug):
        raise NotAllowed
    return kind, slug


@desk.post("/diary/resume")
@door("pause.write")
def do_resume() -> AnyResponse:
    """Lets customers book it again."""
    kind, slug = _subject(request.form.get("subject", ""))
    pauses.resume(subject_kind=kind, slug=slug or None, actor=access.viewer().actor, now=clock.now())
    said = words().gettext("Customers can book online again.")
    session["toast"] = {"said": said, "reference": "", "until": ""}
    return redirect(_back(), 303)
