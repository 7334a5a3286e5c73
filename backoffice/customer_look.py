"""One customer as who is signed in may read her, and what happened with her in the order of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import clock
from actions.contacts import pretty
from actions.receipts import UNCONFIRMED
from backoffice import access
from backoffice.words import Card
from models import consent, customers, desk_queries, scope
from models.base import db
from models.bookings import BookingView
from models.consent import Given
from models.customer_queries import ways
from models.customers import Alike
from models.history import History
from models.outbox import Message
from models.people import Customer
from models.snapshot import catalogue
from rules import errors, rights
from rules.facts import Catalogue
from rules.workflow import LIVE
from web.locale import here, words
from wire import masking
from wire.desk import shown as shown_to
from wire.happened_words import DONE, FIELDS, PURPOSES
from wire.timeline import actor, timeline
from wire.wording import n_

MESSAGES = {
    "confirmation": n_("Confirmation"),
    "approved": n_("Confirmation"),
    "request_received": n_("Receipt of the request"),
    "declined": n_("Refusal of the request"),
    "expired": n_("Request not decided"),
    "moved": n_("News of the new time"),
    "proposal": n_("Proposal of another time"),
    "choose_time": n_("Please choose another time"),
    "reassigned": n_("News of who it is with"),
    "cancelled": n_("News of the cancellation"),
    "reminder": n_("Reminder"),
}
MESSAGE_STATES = {
    "ready": n_("waits"),
    "claimed": n_("is being sent"),
    "retry": n_("waits for another try"),
    "unknown": n_("may have left"),
    "sent": n_("sent"),
    UNCONFIRMED: n_("sent, arrival not confirmed"),
    "delivered": n_("delivered"),
    "failed": n_("did not arrive"),
    "expired": n_("too late"),
    "dropped": n_("not sent"),
}
CHANNELS = {
    "portal": n_("when booking online"),
    "link": n_("by the link of a booking"),
    "desk": n_("at the desk"),
    "telephone": n_("on the telephone"),
    "paper": n_("on paper"),
}


def got(public_id: str, action: str = "customer.see") -> Customer:
    """The customer, if the signed-in person may see her and ``action`` reaches her. Raises Missing for who is not there or not to
    be seen, NotAllowed for who may be seen only."""
    session, viewer = db.session(), access.viewer()
    found = customers.by_public_id(session, public_id)
    if found is None:
        raise errors.Missing
    if not customers.reaches(session, viewer, "customer.see", found.id):
        if found.merged_into is None and found.erased_at is None:
            access.denied(action)
        raise errors.Missing
    # What is done to the house's own list of people has no places.
    if action != "customer.see" and not _reaches(viewer, action, found.id):
        access.denied(action)
        raise errors.NotAllowed
    return found


def _reaches(viewer: rights.Viewer, action: str, id: int) -> bool:
    return viewer.may(action) and (
        action in ("customer.erase", "export") or customers.reaches(db.session(), viewer, action, id)
    )


@dataclass(frozen=True, slots=True)
class Way:
    """A phone or mailbox as she may read it; ``link`` where it is there in full."""

    kind: str
    said: str
    link: str


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that happened. ``about`` names its booking, by ``reference``."""

    at: datetime
    when: str
    what: str
    who: str
    why: str
    about: str
    reference: str


@dataclass(frozen=True, slots=True)
class Look:
    """A customer with all that her page shows."""

    customer: Customer
    levels: Mapping[str, str]
    ways: Sequence[Way]
    tags: Sequence[str]
    company: str
    whose: str
    ahead: Sequence[Card]
    past: Sequence[Card]
    items: Sequence[Item]
    alike: Sequence[Alike]
    given: Sequence[Mapping[str, str]]
    asked: Sequence[Mapping[str, str]]

    @property
    def plain(self) -> bool:
        """True when contacts are there in full."""
        return self.levels["phone"] in ("read", "write")


def look(customer: Customer, *, revealed: bool = False) -> Look:
    """Everything, in a fixed number of queries."""
    session, viewer, now = db.session(), access.viewer(), clock.now()
    levels = rights.fields(viewer, "own", shown=revealed)
    ids = customers.all_of(session, customer.id)
    known = catalogue(session)
    shown = _cards(customers.visits(session, viewer, customer.id), known, now)
    names = {each.id: each.name for each in desk_queries.staff_names(session)}
    ahead = [each for each in shown if each.view.end > now and each.view.status in (*LIVE, "requested")]
    given = consent.of_customers(session, ids)
    return Look(
        customer,
        levels,
        _ways(customer.id, plain=levels["phone"] in ("read", "write")),
        customers.tags_of(session, [customer.id])[customer.id],
        next((each.view.company for each in shown if each.view.company), ""),
        names.get(customer.owner_id or 0, ""),
        sorted(ahead, key=lambda each: each.view.start),
        [each for each in shown if each not in ahead],
        _Timeline(shown, ids, names, known).items(),
        customers.alike(session, viewer, customer.id),
        [_given(each) for each in given],
        _asked(given),
    )


def _cards(views: Sequence[BookingView], known: Catalogue, now: datetime) -> list[Card]:
    """The cards of many bookings, the catalogue asked for once."""
    seen = [shown_to(access.viewer(), view) for view in views]
    return [Card(each, each.describe(known, words(), now=now), now) for each in seen]


def _ways(id: int, *, plain: bool) -> list[Way]:
    found, known = [], ways(db.session(), [id])
    for kind, mask in (("phone", masking.phone), ("email", masking.contact)):
        for value in known[id, kind]:
            said = (pretty(value) if kind == "phone" else value) if plain else mask(value)
            scheme = "tel" if kind == "phone" else "mailto"
            found.append(Way(kind, said, f"{scheme}:{value}" if plain else ""))
    return found


def when(at: datetime) -> str:
    """By the house's clock."""
    zone = ZoneInfo(here())
    return words().day_and_time(at.astimezone(zone), today=clock.now().astimezone(zone).date())


def _given(each: Given) -> dict[str, str]:
    say = words()
    return {
        "purpose": each.purpose,
        "name": say.gettext(PURPOSES[each.purpose]),
        "version": str(each.version),
        "text": say.text(dict(each.text)),
        "how": say.gettext(CHANNELS[each.channel]),
        "since": when(each.given_at),
        "until": when(each.withdrawn_at) if each.withdrawn_at else "",
    }


def _asked(given: Sequence[Given]) -> list[dict[str, str]]:
    """What she may still be asked: every purpose that has words and that she does not agree to."""
    holds = {each.purpose for each in given if each.withdrawn_at is None}
    return [
        {"purpose": each.purpose, "name": words().gettext(PURPOSES[each.purpose]), "text": words().text(each.text)}
        for each in consent.purposes(db.session())
        if each.id and each.purpose not in holds
    ]


class _Timeline:
    """Steps, messages, notes and answers, latest first."""

    def __init__(self, shown: Sequence[Card], ids: Sequence[int], names: Mapping[int, str], known: Catalogue) -> None:
        self.say, self.shown, self.ids = words(), {each.view.id: each for each in shown}, ids
        self.staff = {f"staff:{id}": name for id, name in names.items()}
        self.known = known
        self.called = {each.slug: self.say.text(each.name) for each in known.resource_by_id.values()}

    def items(self) -> list[Item]:
        session, bookings = db.session(), list(self.shown)
        readable = [
            id
            for id, each in self.shown.items()
            if scope.reaches(access.viewer(), "history.see", each.view, self.known)
        ]
        found = [self._step(each) for each in customers.steps(session, readable, self.ids) if each.action != "noted"]
        noted = [id for id, each in self.shown.items() if each.shown.reads("notes")]
        for note in customers.notes(session, noted, self.ids):
            card = self.shown.get(note.object_id) if note.object_kind == "booking" else None
            who = actor(self.say, f"staff:{note.staff_id}", self.staff) if note.staff_id else ""
            found.append(self._item(note.at, self.say.gettext("Note: %(text)s", text=note.text), who, "", card))
        found += [self._message(each) for each in customers.messages(session, bookings)]
        for card in self.shown.values():
            found += self._answers(card)
        return sorted(found, key=lambda each: each.at, reverse=True)[: customers.MOST]

    def _item(self, at: datetime, what: str, who: str, why: str, card: Card | None) -> Item:
        about, reference = (card.told.short, card.view.reference) if card else ("", "")
        return Item(at, when(at), what, who, why, about, reference)

    def _step(self, step: History) -> Item:
        if step.object_kind == "booking":
            card = self.shown[step.object_id]
            entry = timeline([step], card.told, self.staff | self.called)[0]
            why = entry.why if card.shown.levels["reason"] != "hidden" else ""
            return self._item(step.at, entry.what, entry.who, why, card)
        what = self.say.gettext(DONE.get(step.action, step.action))
        return self._item(step.at, what, actor(self.say, step.actor, self.staff), self._details(step), None)

    def _details(self, step: History) -> str:
        """Which fields were changed, which purposes it is about, by which way; never their values."""
        after = step.after or {}
        parts = [self.say.gettext(FIELDS.get(each, each)) for each in after.get("fields") or ()]
        parts += [self.say.gettext(PURPOSES[each]) for each in after.get("purposes") or () if each in PURPOSES]
        how = CHANNELS.get(after.get("channel", ""))
        if how:
            parts.append(self.say.gettext(how))
        return self.say.listed(parts)

    def _message(self, message: Message) -> Item:
        kind = self.say.gettext(MESSAGES.get(message.kind, message.kind))
        channel = self.say.gettext("by text message") if message.channel == "sms" else self.say.gettext("by e-mail")
        said = UNCONFIRMED if message.why == UNCONFIRMED else message.state
        state = self.say.gettext(MESSAGE_STATES[said])
        what = self.say.gettext("%(what)s, %(how)s: %(state)s", what=kind, how=channel, state=state)
        return self._item(message.settled_at or message.due_at, what, "", "", self.shown[message.object_id])

    def _answers(self, card: Card) -> list[Item]:
        if not card.shown.reads("answers") or not card.view.answers:
            return []
        told = card.told.answers()
        said = self.say.listed(f"{question}{self.say.colon}{answer}" for question, answer in told)
        at = card.view.created_at
        return [self._item(at, self.say.gettext("Answered: %(what)s", what=said), "", "", card)] if said else []
