"""Correcting what was noted with a booking: who it is for, how she is reached, what she answered, what it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions import change
from actions.confirm import Booked
from actions.customers import Person, contacts_of, customer_of
from actions.heard import revived
from actions.people import answered, corrected, without_files
from actions.record import record, remind
from actions.transaction import Again, run
from models import bookings
from models.base import db
from models.booking import Booking
from models.bookings import BookingView
from models.catalogue import Definition
from models.outbox import Message
from models.snapshot import catalogue
from rules import errors, text
from rules.attachments import is_attached
from rules.diff import diff
from rules.errors import FieldError
from rules.facts import Catalogue

QUIET = {"synchronize_session": False}
MOST = 10**12
WAYS = {"phone": "sms", "email": "mail"}


def correct(
    *,
    reference: str,
    fields: Mapping[str, Any],
    answers: Mapping[str, Any] | None = None,
    revision: int | None = None,
    actor: str,
    request_id: str | None = None,
    now: datetime,
) -> Booked:
    """Writes down what is right: any of name, phone, email, company, address, as typed, an empty one to take it out; and all
    ``answers``, to the questions that were asked when it was booked. ``replayed`` when it was so already.

    The booking belongs to the customer of that name and contact from then on, and what still waits to be sent goes to the
    right address. Raises Missing, Stale, and Invalid with ``customer.phone`` or ``answers.people``.
    """

    def work(session: OrmSession) -> Booked:
        seen = bookings.by_reference(session, reference)
        if seen is None:
            raise errors.Missing
        if revision is not None and revision != seen.revision:
            raise errors.Stale(revision=seen.revision, booking=seen)
        changes = _checked(session, catalogue(session), seen, fields, answers)
        if not changes:
            return Booked(seen, replayed=True)
        return _Correcting(session, seen, changes, actor, request_id, now).done()

    return run(work)


def wrong(
    seen: BookingView, *, fields: Mapping[str, Any], answers: Mapping[str, Any] | None = None
) -> Mapping[str, FieldError]:
    """What ``correct`` would find wrong with these, by their paths. Nothing is written."""
    session = db.session()
    try:
        _checked(session, catalogue(session), seen, fields, answers)
    except errors.Invalid as refusal:
        return refusal.errors
    return {}


def price(
    *, reference: str, minor: int | None, reason: str, actor: str, request_id: str | None = None, now: datetime
) -> Booked:
    """Writes down another price, in minor units, or that none is shown, and why. ``replayed`` when it was so already. Raises
    Missing, and Invalid for ``price`` or ``reason``."""
    said = text.line(reason, longest=200)
    wrong = {}
    if isinstance(said, FieldError) or not said:
        wrong["reason"] = said if isinstance(said, FieldError) else FieldError("required")
    if minor is not None and not 0 <= minor <= MOST:
        wrong["price"] = FieldError("too_small", {"min": 0}) if minor < 0 else FieldError("too_large", {"max": MOST})
    if wrong:
        raise errors.Invalid(errors=wrong)

    def work(session: OrmSession) -> Booked:
        before = change.locked(session, reference)
        if before.price_minor == minor:
            return Booked(before, replayed=True)
        currency = before.currency or catalogue(session).business.currency
        _update(session, before, {"price_minor": minor, "currency": currency, "changed_at": now})
        old, new = diff({"price_minor": before.price_minor}, {"price_minor": minor})
        record(
            session,
            at=now,
            actor=actor,
            object_kind="booking",
            object_id=before.id,
            action="priced",
            before=old,
            after=new,
            reason=str(said),
            request_id=request_id,
        )
        return Booked(replace(before, price_minor=minor, currency=currency, changed_at=now))

    return run(work)


def _checked(
    session: OrmSession,
    known: Catalogue,
    seen: BookingView,
    fields: Mapping[str, Any],
    answers: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """What differs from what is written down, cleaned. Raises Invalid."""
    location = next(each for each in known.location_by_id.values() if each.slug == seen.location)
    needed = ("name", "address") if seen.place == "customer" else ("name",)
    found, wrong = corrected(location, fields, needed=needed)
    problems = {f"customer.{name}": error for name, error in wrong.items()}
    changes: dict[str, Any] = {name: value for name, value in found.items() if value != getattr(seen, name)}
    if answers is not None:
        typed, wrong = answered(without_files(asked_then(session, seen)), location, answers)
        # A file stays: it is the customer's, and nobody types one.
        typed |= {key: value for key, value in seen.answers.items() if is_attached(value)}
        problems |= {f"answers.{key}": error for key, error in wrong.items()}
        said = {key: each.isoformat() if isinstance(each, date | time) else each for key, each in typed.items()}
        changes |= {"answers": said} if said != dict(seen.answers) else {}
    if problems:
        raise errors.Invalid(errors=problems)
    return changes


def asked_then(session: OrmSession, seen: BookingView) -> list[Mapping[str, Any]]:
    """The questions that were asked when it was booked, whatever is asked now."""
    if seen.definition_id is None:
        return []
    document = session.execute(select(Definition.document).where(Definition.id == seen.definition_id)).scalar()
    return list(document or ())


def _update(session: OrmSession, view: BookingView, values: Mapping[str, Any]) -> None:
    session.execute(update(Booking).where(Booking.id == view.id).values(**values).execution_options(**QUIET))


@dataclass(slots=True)
class _Correcting:
    """One correction on its way, in the one lock order: contacts, resources, session, booking."""

    session: OrmSession
    seen: BookingView
    changes: dict[str, Any]
    actor: str
    request_id: str | None
    now: datetime

    def done(self) -> Booked:
        changes, seen, now = self.changes, self.seen, self.now
        whose = self._whose() if changes.keys() & {"name", "phone", "email"} else {}
        before = change.locked(self.session, seen.reference)
        if (before.revision, before.changed_at) != (seen.revision, seen.changed_at):
            raise Again
        # Calendars show who comes, and where somebody is visited.
        shown = "name" in changes or (before.place == "customer" and "address" in changes)
        revision = before.revision + (1 if shown else 0)
        written = {**changes, **whose, "revision": revision, "changed_at": now}
        _update(self.session, before, written)
        after = replace(before, **written)
        self._record(before, after)
        if shown:
            revived(self.session, before.id, old=before.revision, new=revision, since=now)
        return Booked(after, messages=tuple(self._redirected(before, after)))

    def _whose(self) -> dict[str, Any]:
        """The customer with that name and one of those contacts, made where there is none."""
        known = {name: getattr(self.seen, name) for name in ("name", "phone", "email", "company", "address")}
        person = Person(**{**known, **{name: self.changes[name] for name in known if name in self.changes}})
        contacts = contacts_of(self.session, person, now=self.now)
        customer = customer_of(self.session, person, contacts, now=self.now)
        return {"customer_id": customer, "contact_id": contacts[0] if contacts else None}

    def _record(self, before: BookingView, after: BookingView) -> None:
        """Which fields, for everybody; their values beside it, where erasing a person takes them."""
        record(
            self.session,
            at=self.now,
            actor=self.actor,
            object_kind="booking",
            object_id=before.id,
            action="corrected",
            before={"revision": before.revision} if after.revision != before.revision else None,
            after={
                "fields": sorted(self.changes),
                **({"revision": after.revision} if after.revision != before.revision else {}),
            },
            personal_before={name: getattr(before, name) for name in self.changes},
            personal_after=dict(self.changes),
            request_id=self.request_id,
        )

    def _redirected(self, before: BookingView, after: BookingView) -> list[int]:
        """What waits for a number or mailbox that was wrong goes to the right one; a way that is new brings its reminders."""
        for name, channel in WAYS.items():
            old, new = getattr(before, name), getattr(after, name)
            if old is None or old == new:
                continue
            gone = {"state": "dropped", "why": "the address was taken out", "settled_at": self.now}
            self.session.execute(
                update(Message)
                .where(
                    Message.object_kind == "booking",
                    Message.object_id == before.id,
                    Message.audience == "customer",
                    Message.channel == channel,
                    Message.recipient == old,
                    Message.state.in_(("ready", "retry")),
                )
                .values(**({"recipient": new} if new else gone))
                .execution_options(**QUIET)
            )
        if after.status != "confirmed" or not {"phone", "email"} & self.changes.keys():
            return []
        return remind(self.session, after, known=catalogue(self.session), now=self.now)
