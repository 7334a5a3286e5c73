"""A time that went while its customer looked, or a hold that ran out: what happened, what is near, what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Response, make_response, render_template
from flask_wtf.csrf import generate_csrf

from actions.availability import Asked, Offer
from portal import holding
from rules import errors
from web.locale import words
from wire.wording import Wording

SHOWN = 4


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
    fields: Mapping[str, str | None],
    now: datetime,
    moving: bool = False,
) -> Response:
    """The page with the status of the refusal. ``action`` takes a time with ``fields``, ``every`` leads to all times."""
    say = words()
    title, lead = _told(asked, refusal, start, say, kept=moving)
    kept = [] if moving else _kept(asked.service.slug, say)
    if kept:
        lead = f"{lead} " + say.gettext("Everything you typed is kept: pick another time and you are done.")
    near = [_near(asked, offer, offers[0], start, fields, say, now) for offer in offers[:SHOWN]]
    html = render_template(
        "portal/lost.html",
        title=title,
        lead=lead,
        near=near,
        action=action,
        every=every,
        kept=kept,
        moving=moving,
        token="" if moving else generate_csrf(),
        zone=say.zone(asked.location.timezone),
    )
    return make_response(html, refusal.status)


def _told(asked: Asked, refusal: errors.Refusal, start: datetime, say: Wording, *, kept: bool) -> tuple[str, str]:
    time = say.time(start.astimezone(asked.zone))
    if isinstance(refusal, errors.HoldExpired):
        return say.gettext("The time kept for you is over"), ""
    if isinstance(refusal, errors.SlotTaken) and asked.service.seats == 1:
        old = " " + say.gettext("Your old time stays yours.") if kept else ""
        title = say.gettext("%(time)s has just been taken", time=time)
        return title, say.gettext("Somebody confirmed it a moment before you.") + old
    return say.sentence(refusal, asked.location.timezone), ""


def _near(
    asked: Asked,
    offer: Offer,
    first: Offer,
    start: datetime,
    fields: Mapping[str, str | None],
    say: Wording,
    now: datetime,
) -> Near:
    local, lost = offer.start.astimezone(asked.zone), start.astimezone(asked.zone)
    wished = [each.slug for each in asked.chosen]
    else_who = bool(wished) and not set(wished) & set(offer.resources)
    today = now.astimezone(asked.zone).date()
    day = say.date(local.date(), "medium", today=today)
    who = asked.catalogue.resources[offer.resources[0]] if len(offer.resources) == 1 else None
    given = {**fields, "with": None} if else_who else dict(fields)
    same = offer.start == start
    return Near(
        why=say.gettext("With somebody else") if else_who else _why(local, lost, offer is first, say),
        time=say.time(local),
        day=day,
        who=say.text(who.name) if who is not None else "",
        button=say.gettext("Hold it again") if same and not else_who else say.gettext("Take it"),
        label=say.gettext("Take %(when)s", when=f"{say.time(local)}, {say.date(local.date(), 'long', today=today)}"),
        start=offer.start.isoformat().replace("+00:00", "Z"),
        fields=tuple((name, value) for name, value in given.items() if value),
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


def _kept(slug: str, say: Wording) -> list[tuple[str, str]]:
    """What the customer had typed, for the fields that everybody knows."""
    typed = holding.draft(slug)
    names = {"name": say.gettext("Name"), "phone": say.gettext("Mobile number"), "email": say.gettext("E-mail")}
    return [(label, str(typed[name])) for name, label in names.items() if typed.get(name)]
