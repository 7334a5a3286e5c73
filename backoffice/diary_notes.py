"""What stands around the diary: pauses of online booking on top of it, and the views that are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import url_for

from models import diary as reading
from models.base import db
from rules.facts import Catalogue, Location, Pause, Resource, Service
from rules.rights import Viewer
from web.locale import here, words


@dataclass(frozen=True, slots=True)
class Paused:
    """A pause in words; ``subject`` as its form names it (``service:yoga``), ``may`` when she may end it."""

    subject: str
    said: str
    sentence: str
    may: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A view of the diary that is kept; ``own`` when it is hers."""

    id: int
    name: str
    href: str
    own: bool
    shared: bool


def paused(known: Catalogue, viewer: Viewer, now: datetime) -> list[Paused]:
    """What customers cannot book online at the moment."""
    return [_paused(known, viewer, each, now) for each in known.pauses if each.holds(now)]


def _paused(known: Catalogue, viewer: Viewer, each: Pause, now: datetime) -> Paused:
    say, zone = words(), ZoneInfo(here())
    slug, name = subject_of(known, each)
    said = say.gettext("Online booking is paused: %(what)s.", what=name or say.gettext("everything"))
    if each.until is not None:
        until = say.day_and_time(each.until.astimezone(zone), today=now.astimezone(zone).date())
        said = say.gettext(
            "Online booking is paused until %(when)s: %(what)s.", when=until, what=name or say.gettext("everything")
        )
    return Paused(f"{each.kind}:{slug}", said, say.text(each.sentence), may_pause(known, viewer, each.kind, slug))


def subject_of(known: Catalogue, each: Pause) -> tuple[str, str]:
    """Slug and name of what is paused; empty for the whole house."""
    if each.subject is None:
        return "", ""
    named: Mapping[int, Location | Service | Resource] = {
        "location": known.location_by_id,
        "service": known.service_by_id,
        "resource": known.resource_by_id,
    }[each.kind]  # type: ignore[assignment]
    found = named[each.subject]
    return found.slug, words().text(found.name)


def may_pause(known: Catalogue, viewer: Viewer, kind: str, slug: str) -> bool:
    """True when pausing and resuming reach that: whoever looks after some places pauses what is theirs alone."""
    scope = viewer.scope("pause.write")
    if scope == "all" or (scope == "location" and not viewer.locations):
        return True
    if scope != "location" or kind == "business":
        return False
    if kind == "location":
        return slug in known.locations and known.locations[slug].id in viewer.locations
    if kind == "service":
        return slug in known.services and viewer.locations.issuperset(known.services[slug].locations)
    return slug in known.resources and viewer.locations.issuperset(known.resources[slug].at)


def saved(viewer: Viewer) -> list[Kept]:
    """Her own views and those that others share."""
    base = url_for("desk.diary")
    return [
        Kept(each.id, each.name, f"{base}?{each.query}", each.staff_id == viewer.id, each.shared)
        for each in reading.saved_views(db.session(), viewer.id)
    ]
