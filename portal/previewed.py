"""The pages of one service for who shapes it at the desk, laid out from a catalogue that nobody has saved."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from flask import render_template

from actions import availability
from actions.availability import EVERYONE, Asked
from actions.hold import Held, terms_of
from models.base import db
from models.taken import versions
from portal import details, front, kept
from portal.time_page import TimePage
from portal.wishes import Wish, written
from rules.facts import Catalogue
from web.locale import words
from web.previews import page


@page("list")
def listed(known: Catalogue, slug: str, now: datetime) -> str:
    """The service among what can be booked."""
    asked = _asked(known, slug)
    one = front.card(asked, None, now, words(), versions(db.session()))
    group = {"name": words().text(asked.service.group), "cards": [one]}
    return render_template(
        "portal/services.html", previewed=True, groups=[group], locations=[], location=None, here="", src=None
    )


@page("times")
def times(known: Catalogue, slug: str, now: datetime) -> str:
    """Its times, those that are really free."""
    asked = _asked(known, slug)
    shown = TimePage(asked, _wish(asked), now)
    html = render_template("portal/times.html", previewed=True, page=shown, heading=words().gettext("Choose a time"))
    return html.replace(kept.TOKEN, "")


@page("details")
def form(known: Catalogue, slug: str, now: datetime) -> str:
    """The form after a time was tapped: the first that is free, else any."""
    asked = _asked(known, slug)
    first = availability.first_free(asked, now=now)
    start = first.start if first else (now + timedelta(days=1)).replace(minute=0, second=0, microsecond=0)
    stay = timedelta(minutes=asked.length.minutes, days=asked.length.days)
    held = Held(
        secret="",
        id=0,
        session_id=0,
        service=slug,
        location=asked.location.slug,
        start=start,
        end=first.end if first else start + stay,
        zone=asked.location.timezone,
        seats=1,
        resources=(),
        expires_at=now + timedelta(minutes=10),
        terms=terms_of(asked, start),
    )
    return details.form(held, {}, {}, now, known=known)


def _asked(known: Catalogue, slug: str) -> Asked:
    """The wish for it. Its plan is a copy: what is found by it is nobody else's, and must not be kept for others."""
    service = known.services[slug]
    place = next(known.location_by_id[id].slug for id in service.locations if (service.id, id) in known.plans)
    asked = availability.resolve(known, service=slug, location=place, who=EVERYONE, online=True)
    return replace(asked, plan=replace(asked.plan))


def _wish(asked: Asked) -> Wish:
    return Wish(asked.service.slug, asked.location.slug, written(asked.length), None, 1, None, None, None)
