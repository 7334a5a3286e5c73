"""What each message says, in its reader's language: a subject, a text and an HTML of the same order, and the short text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app

import config
from actions import change
from actions.contacts import pretty
from models.bookings import BookingView
from models.outbox import Message
from notifications.readers import read_by
from rules import messages
from rules.facts import Catalogue
from rules.text import without_addresses
from wire.booking import Described, describe
from wire.colour import tokens
from wire.desk import Shown
from wire.ical import calendar
from wire.links import calendar_url, desk_url, feedback_url, manage_url
from wire.wording import Wording, n_, wording

# kind -> subject, title, title of a discreet service has the same words: they name no service.
SUBJECTS = {
    "confirmation": n_("Confirmed: %(when)s, %(what)s"),
    "approved": n_("Confirmed: %(when)s, %(what)s"),
    "request_received": n_("Your request: %(when)s, %(what)s"),
    "declined": n_("Not possible: %(when)s, %(what)s"),
    "expired": n_("Not confirmed: %(when)s, %(what)s"),
    "moved": n_("Moved to %(when)s, %(what)s"),
    "proposal": n_("Another time: %(new)s, %(what)s"),
    "choose_time": n_("Please choose another time: %(what)s"),
    "reassigned": n_("With somebody else: %(when)s, %(what)s"),
    "cancelled": n_("Cancelled: %(when)s, %(what)s"),
    "reminder": n_("Reminder: %(when)s, %(what)s"),
    "staff_booked": n_("Booked: %(when)s, %(what)s"),
    "staff_request": n_("Request: %(when)s, %(what)s"),
    "request_reminder": n_("Still to decide: %(when)s, %(what)s"),
    "request_escalated": n_("Not decided in time: %(when)s, %(what)s"),
    "staff_moved": n_("Moved: now %(when)s, %(what)s"),
    "staff_cancelled": n_("Free again: %(when)s, %(what)s"),
    "staff_reminder": n_("Reminder: %(when)s, %(what)s"),
    "proposal_accepted": n_("Accepted: now %(when)s, %(what)s"),
    "proposal_declined": n_("It stays at %(when)s, %(what)s"),
    "proposal_unanswered": n_("No answer: %(when)s, %(what)s"),
    "feedback": n_("How was it? %(when)s, %(what)s"),
    "low_mark": n_("%(stars)s of 5 stars: %(when)s, %(what)s"),
}
TITLES = {
    "confirmation": n_("See you on %(when)s, %(name)s."),
    "approved": n_("Your request is confirmed: see you on %(when)s, %(name)s."),
    "request_received": n_("We have your request for %(when)s, %(name)s."),
    "declined": n_("We cannot offer %(when)s after all, %(name)s."),
    "expired": n_("Your request for %(when)s was not confirmed in time, %(name)s."),
    "moved": n_("Your booking is now on %(when)s, %(name)s."),
    "proposal": n_("Could you come on %(new)s instead, %(name)s?"),
    "choose_time": n_("We cannot keep %(when)s, %(name)s. Please choose another time."),
    "reassigned": n_("Somebody else sees you on %(when)s, %(name)s."),
    "cancelled": n_("Your booking on %(when)s is cancelled, %(name)s."),
    "reminder": n_("We expect you on %(when)s, %(name)s."),
    "staff_booked": n_("New booking: %(when)s."),
    "staff_request": n_("New request: %(when)s."),
    "request_reminder": n_("Half the time is over: the request for %(when)s waits for an answer."),
    "request_escalated": n_("Nobody has decided the request for %(when)s. Its time stays kept."),
    "staff_moved": n_("A booking has moved to %(when)s."),
    "staff_cancelled": n_("The booking on %(when)s is not yours any more."),
    "staff_reminder": n_("Coming up: %(when)s."),
    "proposal_accepted": n_("The customer takes the time that you proposed: %(when)s."),
    "proposal_declined": n_("The customer keeps the old time: %(when)s."),
    "proposal_unanswered": n_("The customer has not answered your question about %(when)s in time."),
    "feedback": n_("How was it on %(when)s, %(name)s?"),
    "low_mark": n_("A customer gave %(stars)s of 5 stars for %(when)s."),
}
TEXTS = {
    "confirmation": n_("%(house)s: %(what)s %(when)s is booked. Change: %(link)s"),
    "approved": n_("%(house)s: %(what)s %(when)s is confirmed. Change: %(link)s"),
    "request_received": n_("%(house)s: we have your request, %(what)s %(when)s. See: %(link)s"),
    "declined": n_("%(house)s: %(what)s %(when)s is not possible. Another time: %(link)s"),
    "expired": n_("%(house)s: %(what)s %(when)s was not confirmed. Another time: %(link)s"),
    "moved": n_("%(house)s: %(what)s is now %(when)s. Change: %(link)s"),
    "proposal": n_("%(house)s: could you come %(new)s instead of %(when)s? Answer by %(until)s: %(link)s"),
    "choose_time": n_("%(house)s: we cannot keep %(when)s. Choose another time by %(until)s: %(link)s"),
    "reassigned": n_("%(house)s: %(what)s %(when)s is with somebody else now. See: %(link)s"),
    "cancelled": n_("%(house)s: %(what)s %(when)s is cancelled."),
    "reminder": n_("%(house)s: see you %(when)s, %(what)s. Change: %(link)s"),
    "feedback": n_("%(house)s: how was %(what)s %(when)s? Tell us: %(link)s"),
}
# The same once the customer cannot change it herself any more.
TEXTS_TOO_LATE = {
    "confirmation": n_("%(house)s: %(what)s %(when)s is booked. See: %(link)s"),
    "approved": n_("%(house)s: %(what)s %(when)s is confirmed. See: %(link)s"),
    "moved": n_("%(house)s: %(what)s is now %(when)s. See: %(link)s"),
    "reminder": n_("%(house)s: see you %(when)s, %(what)s. See: %(link)s"),
}
LIVE = ("confirmation", "approved", "moved", "reassigned", "reminder", "request_received")


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
    seen = read_by(message, booking)
    told = describe(known, _as_it_was(message, seen.view if seen else booking), say, now=now)
    # A request is answered within a time from when it was made, whatever became of the booking since.
    told = replace(told, asked=message.created_at)
    link = manage_url(settings.base_url, booking, settings.secret_key)
    if message.kind == messages.FEEDBACK:
        link = feedback_url(settings.base_url, booking, settings.secret_key)
    if message.audience == "staff":
        link = desk_url(settings.base_url, booking, asked=message.kind in messages.REQUESTS)
    if message.channel == "sms":
        return Composed("", _short(message, told, say, link), from_name=told.house)
    return _mail(message, told, say, link, settings, seen)


def _as_it_was(message: Message, booking: BookingView) -> BookingView:
    """For who has it no more the booking that she had, wherever it has gone since."""
    lost = (message.facts or {}).get("lost")
    if not lost:
        return booking
    start = datetime.fromisoformat(lost)
    return replace(booking, start=start, end=start + (booking.end - booking.start))


def _short(message: Message, told: Described, say: Wording, link: str) -> str:
    what = say.gettext("your visit") if told.discreet else told.title
    texts = TEXTS if told.may_change else TEXTS | TEXTS_TOO_LATE
    asked = _asked(message, told)
    text = say.gettext(texts[message.kind], house=told.house, what=what, when=told.texted, link=link, **asked)
    return " ".join(text.split())


def _mail(
    message: Message, told: Described, say: Wording, link: str, settings: config.Settings, seen: Shown | None
) -> Composed:
    staff = message.audience == "staff"
    facts = dict(message.facts or {})
    asked = _asked(message, told)
    stars = say.number(facts.get("stars", 0))
    title = say.gettext(TITLES[message.kind], when=told.short, name=told.called, stars=stars, **asked)
    subject = say.gettext(SUBJECTS[message.kind], when=told.short, what=told.outward, stars=stars, **asked)
    context = {
        "words": say,
        "told": told,
        "title": title,
        "link": link,
        "calendar": calendar_url(settings.base_url, told.booking, settings.secret_key),
        "staff": staff,
        "led": seen is not None,
        "decides": message.kind in messages.REQUESTS,
        "proposed": _was(facts.get("proposed"), told, say),
        "question": message.kind if asked else "",
        "rate": message.kind == messages.FEEDBACK,
        **asked,
        "live": message.kind in LIVE and told.booking.status in ("confirmed", "requested"),
        "again": f"{settings.base_url}/book/{told.booking.service}",
        "was": "" if "lost" in facts else _was(facts.get("was"), told, say),
        "reason": _reason(facts) if seen is None or seen.reads("reason") else "",
        "word": "" if staff else str(facts.get("word") or ""),
        "customer": without_addresses(told.booking.name) if staff else "",
        "phone": _phone(told, seen) if staff and not told.discreet else "",
        "where": told.place if seen is None or seen.reads("address") else _elsewhere(told),
        "answers": _answers(told) if staff and not told.discreet else [],
        "colour": tokens(told.business.colour)["light"],
        "privacy": told.business.privacy_url,
        "_": say.gettext,
        "before_visit": "" if told.discreet else say.text(told.service.before_visit),
        "request": told.booking.status == "requested",
    }
    attached = None
    if not staff and message.kind != messages.FEEDBACK:
        attached = calendar(told.house, [told.entry(link=link)])
    return Composed(
        subject=" ".join(subject.split()),
        text=_rendered("notifications/mail.txt", context),
        html=_rendered("notifications/mail.html", context),
        calendar=attached,
        from_name=told.house,
    )


def _phone(told: Described, seen: Shown | None) -> str:
    """The number, without its middle for who does not read it at the desk."""
    phone = told.booking.phone or ""
    return pretty(phone) if phone and (seen is None or seen.reads("phone")) else phone


def _elsewhere(told: Described) -> str:
    return told.words.gettext("At the customer's address") if told.booking.place == "customer" else told.place


def _asked(message: Message, told: Described) -> dict[str, str]:
    """What a question asks: the ``new`` time, empty where she chooses, and ``until`` when. Empty for news."""
    facts = dict(message.facts or {})
    if "deadline" not in facts:
        return {}
    return {"new": _was(facts.get("start"), told, told.words), "until": _was(facts["deadline"], told, told.words)}


def _answers(told: Described) -> list[tuple[str, str]]:
    """What the customer answered, for those who prepare the visit; nothing of it becomes a link in a mail of ours."""
    return [(question, without_addresses(answer)) for question, answer in told.answers()]


def _rendered(template: str, context: dict[str, Any]) -> str:
    # Not render_template: what pages add to every template asks the request, and there is none here.
    return str(current_app.jinja_env.get_template(template).render(context))


def _reason(facts: Mapping[str, Any]) -> str:
    """The reason as it goes out: what the house says may lead somewhere, what a customer says may not."""
    said = str(facts.get("reason") or "")
    return without_addresses(said) if facts.get("by") in (change.CUSTOMER, change.PROGRAM) else said


def _was(value: Any, told: Described, say: Wording) -> str:
    if not value:
        return ""
    return say.day_and_time(datetime.fromisoformat(value).astimezone(ZoneInfo(told.booking.zone)))
