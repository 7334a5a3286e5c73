"""Making a hold, or a free time, into a booking: one transaction for the booking, its history and its messages."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import availability, consenting, idempotency
from actions.availability import Asked
from actions.customers import Person, contacts_of, owner
from actions.hold import hashed, terms_of, with_alternatives
from actions.people import checked
from actions.record import news, step_of
from actions.taking import Seat, claim
from actions.transaction import Again, run
from failpoints import enabled, failpoint
from models import bookings, taken
from models.base import Base, db, rows_changed
from models.booking import Allocation, Booking, Hold, Session
from models.bookings import FUTURE, BookingView
from models.catalogue import Resource
from models.chains import Rows, write
from models.doors import Source, source_id
from models.history import History
from models.outbox import Message
from models.people import Customer
from models.snapshot import catalogue, latest
from rules import errors, reference
from rules.facts import Catalogue, Location, Service


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking as it now stands; ``messages`` are ids of rows to send.

    ``replayed`` when the same key had made it before or the step was taken already, then ``by`` whom (an actor) and ``at``
    what time, where known. ``undo_until`` when the step can be undone, and people hear of it no sooner.
    """

    booking: BookingView
    replayed: bool = False
    messages: tuple[int, ...] = ()
    by: str | None = None
    at: datetime | None = None
    undo_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A time to book without a hold."""

    service: str
    start: datetime
    location: str | None = None
    length: int | str | None = None
    resources: Sequence[str] = ()
    seats: int = 1
    who: Collection[str] = availability.PUBLIC


def confirm(
    *,
    hold: str | None = None,
    wish: Wish | None = None,
    customer: Mapping[str, Any],
    answers: Mapping[str, Any],
    locale: str,
    timezone: str | None = None,
    source: str | None = None,
    created_by: str = "customer",
    key: idempotency.Key | None = None,
    request_id: str | None = None,
    per_hour: int | None = None,
    consents: Mapping[str, int] | None = None,
    now: datetime,
) -> Booked:
    """Books what ``hold`` (a secret) holds, or the time of ``wish``, for ``customer`` with ``answers`` as they were typed.

    ``consents`` are what she agreed to beside it, where she was asked: purpose to the id of the text that was shown.

    Raises Invalid with an error per field (``customer.phone``, ``answers.people``, ``consent.minor``), UnknownHold, HoldExpired, HoldUsed,
    ResourceGone, LimitReached, RateLimited where a contact had its ``per_hour`` bookings of this hour, SlotTaken with
    alternatives, and what ``hold`` raises.
    """
    assert (hold is None) != (wish is None)

    def work(session: OrmSession) -> Booked:
        # A hold's terms stand; a wish is checked against the catalogue's version under the locks of its resources.
        known = latest(session) if hold is None else catalogue(session)
        code = reference.make(secrets.token_bytes)
        if key is not None:
            first = idempotency.begin(session, key, now=now, answer={"reference": code})
            if first is not None:
                return Booked(_again(session, first["reference"]), replayed=True)
        made = Making(
            session, known, code, customer, answers, locale, timezone, source, created_by, request_id, per_hour, now
        )
        made.consents = consents
        return made.from_hold(hold) if hold is not None else made.from_wish(wish)  # type: ignore[arg-type]

    try:
        return run(work)
    except errors.SlotTaken as refusal:
        if wish is None:
            raise
        asked = _asked(catalogue(db.session()), wish)
        raise with_alternatives(refusal, asked, wish.start, now) from refusal


def _asked(known: Catalogue, wish: Wish) -> Asked:
    return availability.resolve(
        known,
        service=wish.service,
        location=wish.location,
        length=wish.length,
        resources=wish.resources,
        seats=wish.seats,
        who=wish.who,
    )


def _again(session: OrmSession, code: str) -> BookingView:
    view = bookings.by_reference(session, code)
    assert view is not None
    return view


@dataclass(slots=True)
class Making:
    """One booking on its way, step by step in the one lock order."""

    session: OrmSession
    known: Catalogue
    code: str
    customer: Mapping[str, Any]
    answers: Mapping[str, Any]
    locale: str
    timezone: str | None
    source: str | None
    created_by: str
    request_id: str | None
    per_hour: int | None
    now: datetime
    # What only the desk says: who is told and when, that nobody has to approve it, and the rules that were set aside.
    customer_is_told: bool = True
    leaves: datetime | None = None
    firm: bool = False
    overruled: Mapping[str, Any] | None = None
    # What she was asked beside it and agreed to; None where she was not asked.
    consents: Mapping[str, int] | None = None
    # By which way she agreed.
    channel: str = "portal"

    def from_wish(self, wish: Wish) -> Booked:
        asked = _asked(self.known, wish)
        person, answers = self._checked(asked.service, asked.location)
        contacts = self._within_limit(asked.service, person)
        seat = claim(self.session, asked, wish.start, now=self.now, held_until=None)
        source, terms = source_id(self.session, self.source), terms_of(asked, seat.start)
        return self.write(
            asked.service, asked.location, person, answers, contacts, seat, terms, asked.seats, None, source
        )

    def _checked(self, service: Service, location: Location) -> tuple[Person, dict[str, Any]]:
        """Who books, and her answers; refused without what she has to agree to, with every error at once."""
        try:
            found = checked(self.known, service, location, self.customer, self.answers)
        except errors.Invalid as refusal:
            self._refuse_without(refusal.errors)
            raise
        self._refuse_without({})
        return found

    def _refuse_without(self, wrong: Mapping[str, errors.FieldError]) -> None:
        if self.consents is None:
            return
        try:
            consenting.refuse_without(self.session, self.consents)
        except errors.Invalid as refusal:
            raise errors.Invalid(errors={**wrong, **refusal.errors}) from refusal

    def from_hold(self, secret: str) -> Booked:
        row = self.session.execute(
            select(Hold, Session).join(Session, Session.id == Hold.session_id).where(Hold.token_hash == hashed(secret))
        ).one_or_none()
        if row is None:
            raise errors.UnknownHold
        held, place = row
        assert place.service_id is not None
        service = self.known.service_by_id[place.service_id]
        location = self.known.location_by_id[place.location_id]
        self._refuse_ended(held, place)
        person, answers = self._checked(service, location)
        contacts = self._within_limit(service, person)
        self._refuse_gone(service, place)
        failpoint("hold_checked")
        self._firm(held, place)
        whose = self.session.execute(
            select(Allocation.resource_id)
            .where(Allocation.session_id == place.id)
            .order_by(Allocation.need, Allocation.id)
        ).scalars()
        seat = Seat(place.id, place.starts, place.ends, tuple(dict.fromkeys(whose)))
        source = held.source_id or source_id(self.session, self.source)
        if held.source_id is not None:
            self.source = self.session.execute(select(Source.code).where(Source.id == held.source_id)).scalar()
        return self.write(
            service, location, person, answers, contacts, seat, dict(held.terms), held.seats, held.id, source
        )

    def _refuse_ended(self, held: Hold, place: Session) -> None:
        if held.state == "used":
            became = self.session.execute(select(Booking.reference).where(Booking.hold_id == held.id)).scalar()
            raise errors.HoldUsed(reference=became)
        if held.state != "open" or held.expires_at <= self.now:
            raise errors.HoldExpired(start=place.starts)

    def _refuse_gone(self, service: Service, place: Session) -> None:
        retired = select(Resource.id).join(Allocation, Allocation.resource_id == Resource.id)
        gone = self.session.execute(
            retired.where(Allocation.session_id == place.id, Resource.retired_at.is_not(None)).limit(1)
        ).first()
        if gone is not None or service.slug not in self.known.services:
            raise errors.ResourceGone(start=place.starts)

    def _firm(self, held: Hold, place: Session) -> None:
        """Session, then hold, each by a conditional update: whoever ends a stale session takes the same order."""
        quiet = {"synchronize_session": False}
        kept = rows_changed(
            self.session, update(Session).where(Session.id == place.id, Session.live).values(held_until=None)
        )
        used = rows_changed(
            self.session,
            update(Hold)
            .where(Hold.id == held.id, Hold.state == "open", Hold.expires_at > self.now)
            .values(state="used"),
        )
        both = kept == 1 and used == 1
        if not both and not enabled("guard_off"):
            self.session.refresh(held)
            self._refuse_ended(held, place)
            raise errors.HoldExpired(start=place.starts)
        if place.seats > 1:
            self._seat(held, place)
        self.session.execute(
            update(Allocation)
            .where(Allocation.session_id == place.id, Allocation.live)
            .values(held_until=None)
            .execution_options(**quiet)
        )

    def _seat(self, held: Hold, place: Session) -> None:
        """Counts the seats anew, the session locked: by another clock than ours the hold may have been over, and its seats
        be somebody else's."""
        others = taken.seats_taken(self.session, place.id, self.now)
        if others + held.seats > place.seats:
            raise errors.HoldExpired(start=place.starts)
        self.session.execute(
            update(Session)
            .where(Session.id == place.id)
            .values(seats_taken=others + held.seats)
            .execution_options(synchronize_session=False)
        )

    def _within_limit(self, service: Service, person: Person) -> list[int]:
        """The person's contacts; with a cap, the first is locked and her future bookings of this service are counted."""
        contacts = contacts_of(self.session, person, now=self.now, most=self.per_hour)
        if service.per_customer is not None and self.count(service, contacts) >= service.per_customer:
            raise errors.LimitReached(which="per_customer", limit=service.per_customer, service=service.name)
        return contacts

    def count(self, service: Service, contacts: Sequence[int]) -> int:
        """How many future bookings of the service were made with the first of these contacts, which is locked."""
        if not contacts:
            return 0
        return self.session.execute(
            select(func.count())
            .select_from(Booking)
            .join(Session, Session.id == Booking.session_id)
            .where(
                Booking.contact_id == contacts[0],
                Booking.status.in_(FUTURE),
                Session.service_id == service.id,
                Session.starts > self.now,
            )
        ).scalar_one()

    def write(
        self,
        service: Service,
        location: Location,
        person: Person,
        answers: Mapping[str, Any],
        contacts: list[int],
        seat: Seat,
        terms: Mapping[str, Any],
        seats: int,
        hold_id: int | None,
        source_id: int | None,
    ) -> Booked:
        """The booking, its history and its messages, once its time is taken."""
        values = self._typed(person, answers) | {
            "session_id": seat.session_id,
            "seats": seats,
            "place": service.place,
            "contact_id": contacts[0] if contacts else None,
            # What was answered is what is asked now, whatever was shown when the time was held.
            "definition_id": service.definition_id,
            **self._agreed(terms),
        }
        view = self._seen(values, service, location, seat)
        # A session that is new is written with the booking.
        after: dict[str, type[Base]] = {"customer_id": Customer}
        if seat.rows:
            del values["session_id"]
            after["session_id"] = Session
        made = write(
            self.session,
            *seat.rows,
            *owner(person, contacts, now=self.now),
            Rows(
                Booking,
                [{**values, "hold_id": hold_id, "source_id": source_id}],
                after=after,
                once=("reference",),
            ),
            Rows(History, [self._step(view)], after={"object_id": Booking}),
            Rows(Message, self._news(view), after={"object_id": Booking}, once=()),
        )
        if not made[Booking]:
            # A reference that somebody has already (one in 850,000,000,000 per booking) starts all over.
            raise Again
        session_id = made[Session][0] if seat.rows else seat.session_id
        written = replace(view, id=made[Booking][0], customer_id=made[Customer][0], session_id=session_id)
        if self.consents:
            consenting.keep(
                self.session,
                written.customer_id,
                self.consents,
                locale=self.locale,
                channel=self.channel,
                actor=self.created_by,
                booking_id=written.id,
                now=self.now,
            )
        return Booked(written, messages=tuple(made[Message]))

    def _typed(self, person: Person, answers: Mapping[str, Any]) -> dict[str, Any]:
        """What a booking keeps of its customer's own words."""
        return {
            "name": person.name,
            "phone": person.phone,
            "email": person.email,
            "company": person.company,
            "address": person.address,
            "answers": _storable(answers),
            "locale": self.locale,
            "customer_zone": self.timezone,
        }

    def _agreed(self, terms: Mapping[str, Any]) -> dict[str, Any]:
        """What it is to begin with, and on which terms."""
        return {
            "uid": uuid.uuid4().hex,
            "reference": self.code,
            "status": "requested" if terms["approval"] and not self.firm else "confirmed",
            "revision": 0,
            "token_version": 0,
            "price_minor": terms["price_minor"],
            "currency": terms["currency"],
            "terms": terms,
            "created_by": self.created_by,
            "created_at": self.now,
            "changed_at": self.now,
            # Left out where there is nothing to say: a JSON column would keep a null of its own.
            **({"overruled": dict(self.overruled)} if self.overruled else {}),
        }

    def _seen(self, values: Mapping[str, Any], service: Service, location: Location, seat: Seat) -> BookingView:
        """The booking as it will be read, all but its id and its customer's."""
        resources = [self.known.resource_by_id[id] for id in seat.resource_ids]
        return BookingView(
            **values,
            id=0,
            service=service.slug,
            location=location.slug,
            start=seat.start,
            end=seat.end,
            zone=location.timezone,
            source=self.source,
            cancelled_by=None,
            cancel_reason=None,
            resources=tuple(each.slug for each in resources),
            resource_ids=seat.resource_ids,
            staff=tuple(each.slug for each in resources if each.kind == "staff"),
        )

    def _step(self, view: BookingView) -> dict[str, Any]:
        after = {
            "status": view.status,
            "start": view.start.isoformat(),
            "end": view.end.isoformat(),
            "resources": list(view.resources),
            "seats": view.seats,
            **({"overruled": self.overruled["rules"]} if self.overruled else {}),
        }
        reason = self.overruled["reason"] if self.overruled else None
        return step_of(
            self.session,
            at=self.now,
            actor=self.created_by,
            kind="booking",
            action=view.status,
            after=after,
            reason=reason,
        ) | ({"request_id": self.request_id} if self.request_id else {})

    def _news(self, view: BookingView) -> list[dict[str, Any]]:
        return news(
            self.session,
            view.status,
            view,
            known=self.known,
            now=self.now,
            leaves=self.leaves,
            customer=self.customer_is_told,
        )


def _storable(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, date | time) else value for key, value in answers.items()}
