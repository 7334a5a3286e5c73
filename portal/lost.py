"""A time that went while its customer looked, or a hold that ran out: what happened, what is near, what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Response, make_response, render_template, url_for
from flask_wtf.csrf import generate_csrf

from actions.availability import Asked, Offer
from models.base import db
from models.snapshot import catalogue
from portal import holding
from rules import errors
from web import frames
from web.locale import words
from wire.wording import Wording


@dataclass(frozen=True, slots=True)
class Near:
    """One free time nearby: why it is near, when it is, with whom, and the hidden fields that take it."""

    why: str
    time: str
    day: str
    who: str
    button: str
    label: str
    start: str
    fields: tuple[tuple[str, str], ...]


def lost_page(
    asked: Asked,
    refusal: errors.Refusal,
    offers: Sequence[Offer],
    *,
    start: datetime,
    action: str,
    every: str,
    fields: Mapping[str, str],
    now: datetime,
    moving: bool = False,
) -> Response:
    """The page with the status of the refusal. ``action`` takes a time with ``fields``, ``every`` leads to all times."""
    say = words()
    free = any(each.start == start for each in offers)
    title, lead = _told(asked, refusal, start, say, free=free, moving=moving)
    kept = [] if moving else _kept(asked.service.slug, say)
    if kept:
        more = say.gettext("Everything you typed is kept: pick another time and you are done.")
        lead = say.sentences(lead, say.gettext("Your details are kept.") if free else more)
    # Who has as many times kept as may be is led to those; another one would be refused again.
    waiting = _waiting(say, now) if refusal.params.get("which") == "open_holds" else []
    if waiting:
        offers = []
    near = [_near(asked, offer, offers[0], start, fields, say, now) for offer in offers]
    html = render_template(
        "portal/lost.html",
        title=title,
        lead=lead,
        near=near,
        waiting=waiting,
        action=action,
        every=every,
        kept=kept,
        # Inside a frame nothing else carries it.
        carried=_carried(asked.service.slug) if frames.inside() and not moving else (),
        moving=moving,
        token="" if moving else generate_csrf(),
        zone=say.gettext("%(zone)s throughout.", zone=say.zone(asked.location.timezone)),
    )
    return make_response(html, refusal.status)


def _told(
    asked: Asked, refusal: errors.Refusal, start: datetime, say: Wording, *, free: bool, moving: bool
) -> tuple[str, str]:
    """A title and what follows it. ``free``: the time itself could still be had."""
    time = say.time(start.astimezone(asked.zone))
    old = say.gettext("Your old time stays yours.") if moving else ""
    if isinstance(refusal, errors.HoldExpired):
        return say.gettext("The time kept for you is over"), say.gettext(
            "%(time)s is still free.", time=time
        ) if free else ""
    if not isinstance(refusal, errors.SlotTaken):
        return say.sentence(refusal, asked.location.timezone), old
    left = refusal.params.get("seats_left") or 0
    if left:
        title = say.ngettext("%(n)s place is left at %(time)s", "%(n)s places are left at %(time)s", left, time=time)
        return title, say.sentences(say.gettext("You asked for %(n)s.", n=asked.seats), old)
    title = say.gettext("%(time)s has just been taken", time=time)
    return title, say.sentences(say.gettext("Somebody confirmed it a moment before you."), old)


def _near(
    asked: Asked,
    offer: Offer,
    first: Offer,
    start: datetime,
    fields: Mapping[str, str],
    say: Wording,
    now: datetime,
) -> Near:
    local, lost = offer.start.astimezone(asked.zone), start.astimezone(asked.zone)
    wished = [each.slug for each in asked.chosen]
    else_who = bool(wished) and not set(wished) & set(offer.resources)
    today = now.astimezone(asked.zone).date()
    day = say.date(local.date(), "medium", today=today)
    who = asked.catalogue.resources[offer.resources[0]] if len(offer.resources) == 1 else None
    given = {name: value for name, value in fields.items() if name != "with" or not else_who}
    same = offer.start == start
    return Near(
        why=say.gettext("With somebody else") if else_who else _why(local, lost, offer is first, say),
        time=say.time(local),
        day=day,
        who=say.text(who.name) if who is not None else "",
        button=say.gettext("Hold it again") if same and not else_who else say.gettext("Take it"),
        label=say.gettext("Take %(when)s", when=f"{say.time(local)}, {say.date(local.date(), 'long', today=today)}"),
        start=offer.start.isoformat().replace("+00:00", "Z"),
        fields=tuple(given.items()),
    )


def _why(local: datetime, lost: datetime, closest: bool, say: Wording) -> str:
    days = (local.date() - lost.date()).days
    if local == lost:
        return say.gettext("Still free")
    if days == 0:
        return say.gettext("Closest, same day") if closest else say.gettext("Same day")
    if days < 0:
        return say.ngettext("A day earlier", "%(n)s days earlier", -days)
    if (local.hour, local.minute) == (lost.hour, lost.minute):
        return say.ngettext("Same hour, a day later", "Same hour, %(n)s days later", days)
    return say.ngettext("A day later", "%(n)s days later", days)


def _waiting(say: Wording, now: datetime) -> list[dict[str, str]]:
    """The times that are kept for this browser already, with the way to each."""
    known = {service.slug: service for service in catalogue(db.session()).service_by_id.values()}
    found = []
    for held in holding.open_holds(now):
        local = held.start.astimezone(ZoneInfo(held.zone))
        found.append(
            {
                "name": say.text(known[held.service].name),
                "time": say.time(local),
                "day": say.date(local.date(), today=now.astimezone(ZoneInfo(held.zone)).date()),
                "href": url_for("portal.details", slug=held.service),
            }
        )
    return found


def _carried(slug: str) -> tuple[tuple[str, str], ...]:
    """All that was typed, as fields."""
    fields = ((name, value if isinstance(value, list) else [value]) for name, value in holding.draft(slug).items())
    return tuple((name, str(each)) for name, values in fields for each in values if each)


def _kept(slug: str, say: Wording) -> list[tuple[str, str]]:
    """What the customer had typed, for the fields that everybody knows."""
    typed = holding.draft(slug)
    names = {"name": say.gettext("Name"), "phone": say.gettext("Mobile number"), "email": say.gettext("E-mail")}
    return [(label, str(typed[name])) for name, label in names.items() if typed.get(name)]
