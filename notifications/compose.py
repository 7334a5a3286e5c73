"""What each message says, in its reader's language: a subject, a text and an HTML of the same order, and the short text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

import config
from models.bookings import BookingView
from models.outbox import Message
from rules.facts import Catalogue
from rules.text import without_addresses
from wire.booking import Described, describe
from wire.colour import tokens
from wire.ical import calendar
from wire.links import manage_url
from wire.wording import Wording, n_, wording

# kind -> subject, title, title of a discreet service has the same words: they name no service.
SUBJECTS = {
    "confirmation": n_("Confirmed: %(when)s, %(what)s"),
    "approved": n_("Confirmed: %(when)s, %(what)s"),
    "request_received": n_("Your request: %(when)s, %(what)s"),
    "declined": n_("Not possible: %(when)s, %(what)s"),
    "expired": n_("Not confirmed: %(when)s, %(what)s"),
    "moved": n_("Moved to %(when)s, %(what)s"),
    "cancelled": n_("Cancelled: %(when)s, %(what)s"),
    "reminder": n_("Reminder: %(when)s, %(what)s"),
    "staff_booked": n_("Booked: %(when)s, %(what)s"),
    "staff_request": n_("Request: %(when)s, %(what)s"),
    "staff_moved": n_("Moved: now %(when)s, %(what)s"),
    "staff_cancelled": n_("Free again: %(when)s, %(what)s"),
    "staff_reminder": n_("Reminder: %(when)s, %(what)s"),
}
TITLES = {
    "confirmation": n_("See you on %(when)s, %(name)s."),
    "approved": n_("Your request is confirmed: see you on %(when)s, %(name)s."),
    "request_received": n_("We have your request for %(when)s, %(name)s."),
    "declined": n_("We cannot offer %(when)s after all, %(name)s."),
    "expired": n_("Your request for %(when)s was not confirmed in time, %(name)s."),
    "moved": n_("Your booking is now on %(when)s, %(name)s."),
    "cancelled": n_("Your booking on %(when)s is cancelled, %(name)s."),
    "reminder": n_("We expect you on %(when)s, %(name)s."),
    "staff_booked": n_("New booking: %(when)s."),
    "staff_request": n_("New request: %(when)s."),
    "staff_moved": n_("A booking has moved to %(when)s."),
    "staff_cancelled": n_("The booking on %(when)s is not yours any more."),
    "staff_reminder": n_("Coming up: %(when)s."),
}
TEXTS = {
    "confirmation": n_("%(house)s: %(what)s %(when)s is booked. Change: %(link)s"),
    "approved": n_("%(house)s: %(what)s %(when)s is confirmed. Change: %(link)s"),
    "request_received": n_("%(house)s: we have your request, %(what)s %(when)s. See: %(link)s"),
    "declined": n_("%(house)s: %(what)s %(when)s is not possible. Another time: %(link)s"),
    "expired": n_("%(house)s: %(what)s %(when)s was not confirmed. Another time: %(link)s"),
    "moved": n_("%(house)s: %(what)s is now %(when)s. Change: %(link)s"),
    "cancelled": n_("%(house)s: %(what)s %(when)s is cancelled."),
    "reminder": n_("%(house)s: see you %(when)s, %(what)s. Change: %(link)s"),
}
LIVE = ("confirmation", "approved", "moved", "reminder", "request_received")


@dataclass(frozen=True, slots=True)
class Composed:
    """A message ready for its channel; mails carry the calendar file."""

    subject: str
    text: str
    html: str = ""
    calendar: bytes | None = None
    from_name: str = ""


def compose(
    message: Message, booking: BookingView, known: Catalogue, settings: config.Settings, *, now: datetime
) -> Composed:
    """The words of one message."""
    say = wording(message.locale, known.business.locale)
    told = describe(known, booking, say, now=now)
    link = manage_url(settings.base_url, booking, settings.secret_key)
    if message.channel == "sms":
        return Composed("", _short(message.kind, told, say, link), from_name=told.house)
    return _mail(message, told, say, link, settings)


def _short(kind: str, told: Described, say: Wording, link: str) -> str:
    what = "" if told.discreet else told.title
    text = say.gettext(TEXTS[kind], house=told.house, what=what, when=told.short, link=link)
    return " ".join(text.split())


def _mail(message: Message, told: Described, say: Wording, link: str, settings: config.Settings) -> Composed:
    staff = message.audience == "staff"
    facts = dict(message.facts or {})
    title = say.gettext(TITLES[message.kind], when=told.short, name=without_addresses(told.booking.name))
    subject = say.gettext(SUBJECTS[message.kind], when=told.short, what=told.outward)
    context = {
        "words": say,
        "told": told,
        "title": title,
        "link": link,
        "staff": staff,
        "live": message.kind in LIVE and told.booking.status in ("confirmed", "requested"),
        "again": f"{settings.base_url}/book/{told.booking.service}",
        "was": _was(facts.get("was"), told, say),
        "reason": facts.get("reason") or "",
        "customer": without_addresses(told.booking.name) if staff else "",
        "colour": tokens(told.business.colour)["light"],
        "_": say.gettext,
        "before_visit": "" if told.discreet else say.text(told.service.before_visit),
        "request": told.booking.status == "requested",
    }
    attached = None
    if not staff:
        note = say.gettext("Move or cancel: %(link)s", link=link)
        attached = calendar(told.house, [told.entry(description=note)])
    return Composed(
        subject=" ".join(subject.split()),
        text=_rendered("notifications/mail.txt", context),
        html=_rendered("notifications/mail.html", context),
        calendar=attached,
        from_name=told.house,
    )


def _rendered(template: str, context: dict[str, Any]) -> str:
    # Not render_template: what pages add to every template asks the request, and there is none here.
    return str(current_app.jinja_env.get_template(template).render(context))


def _was(value: Any, told: Described, say: Wording) -> str:
    if not value:
        return ""
    return say.day_and_time(datetime.fromisoformat(value).astimezone(ZoneInfo(told.booking.zone)))
