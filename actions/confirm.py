"""Making a hold, or a free time, into a booking: one transaction for the booking, its history and its messages."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session as OrmSession

from actions import availability, idempotency
from actions.availability import Asked
from actions.customers import Person, contacts_of, customer_of
from actions.hold import hashed, terms_of, with_alternatives
from actions.people import checked
from actions.record import record, tell
from actions.taking import Seat, take
from actions.transaction import run
from failpoints import failpoint
from models import bookings
from models.base import db, table
from models.booking import Allocation, Booking, Hold, Session
from models.bookings import FUTURE, BookingView
from models.catalogue import Resource
from models.doors import Source
from models.snapshot import catalogue
from rules import errors, reference
from rules.facts import Catalogue, Location, Service


@dataclass(frozen=True, slots=True)
class Booked:
    """A booking as it now stands; ``replayed`` when the same key had made it before; ``messages`` are ids of rows to send."""

    booking: BookingView
    replayed: bool = False
    messages: tuple[int, ...] = ()


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
    now: datetime,
) -> Booked:
    """Books what ``hold`` (a secret) holds, or the time of ``wish``, for ``customer`` with ``answers`` as they were typed.

    Raises Invalid with an error per field (``customer.phone``, ``answers.people``), UnknownHold, HoldExpired, HoldUsed,
    ResourceGone, LimitReached, SlotTaken with alternatives, and what ``hold`` raises.
    """
    assert (hold is None) != (wish is None)

    def work(session: OrmSession) -> Booked:
        known = catalogue(session)
        if key is not None:
            answer = idempotency.begin(session, key, now=now)
            if answer is not None:
                return Booked(_again(session, answer["booking"]), replayed=True)
        made = _Making(session, known, customer, answers, locale, timezone, source, created_by, request_id, now)
        booked = made.from_hold(hold) if hold is not None else made.from_wish(wish)  # type: ignore[arg-type]
        if key is not None:
            idempotency.finish(session, key, {"booking": booked.booking.id})
        return booked

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


def _again(session: OrmSession, booking_id: int) -> BookingView:
    view = bookings.by_id(session, booking_id)
    assert view is not None
    return view


@dataclass(slots=True)
class _Making:
    """One booking on its way, step by step in the one lock order."""

    session: OrmSession
    known: Catalogue
    customer: Mapping[str, Any]
    answers: Mapping[str, Any]
    locale: str
    timezone: str | None
    source: str | None
    created_by: str
    request_id: str | None
    now: datetime

    def from_wish(self, wish: Wish) -> Booked:
        asked = _asked(self.known, wish)
        person, answers = checked(self.known, asked.service, asked.location, self.customer, self.answers)
        contacts = self._within_limit(asked.service, person)
        seat = take(self.session, asked, wish.start, now=self.now, held_until=None)
        source = self._source_id()
        return self._write(
            asked.service, asked.location, person, answers, contacts, seat, terms_of(asked), asked.seats, None, source
        )

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
        person, answers = checked(self.known, service, location, self.customer, self.answers)
        contacts = self._within_limit(service, person)
        self._refuse_gone(service, place)
        failpoint("hold_checked")
        self._firm(held, place)
        taken = self.session.execute(
            select(Allocation.resource_id)
            .where(Allocation.session_id == place.id)
            .order_by(Allocation.need, Allocation.id)
        ).scalars()
        seat = Seat(place.id, place.starts, place.ends, tuple(dict.fromkeys(taken)))
        source = held.source_id or self._source_id()
        return self._write(
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
        kept = self.session.execute(
            update(Session)
            .where(Session.id == place.id, Session.live)
            .values(held_until=None)
            .execution_options(**quiet)
        )
        used = self.session.execute(
            update(Hold)
            .where(Hold.id == held.id, Hold.state == "open", Hold.expires_at > self.now)
            .values(state="used")
            .execution_options(**quiet)
        )
        if kept.rowcount != 1 or used.rowcount != 1:  # type: ignore[attr-defined]
            self.session.refresh(held)
            self._refuse_ended(held, place)
            raise errors.HoldExpired(start=place.starts)
        self.session.execute(
            update(Allocation)
            .where(Allocation.session_id == place.id, Allocation.live)
            .values(held_until=None)
            .execution_options(**quiet)
        )

    def _within_limit(self, service: Service, person: Person) -> list[int]:
        """The person's contacts; with a cap, the first is locked and her future bookings of this service are counted."""
        contacts = contacts_of(self.session, person)
        if service.per_customer is not None:
            count = self.session.execute(
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
            if count >= service.per_customer:
                raise errors.LimitReached(which="per_customer", limit=service.per_customer, service=service.name)
        return contacts

    def _source_id(self) -> int | None:
        if self.source is None:
            return None
        return self.session.execute(select(Source.id).where(Source.code == self.source)).scalar()

    def _write(
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
        status = "requested" if terms["approval"] else "confirmed"
        values: dict[str, Any] = {
            "uid": uuid.uuid4().hex,
            "session_id": seat.session_id,
            "hold_id": hold_id,
            "seats": seats,
            "place": service.place,
            "status": status,
            "revision": 0,
            "token_version": 0,
            "customer_id": customer_of(self.session, person, contacts, now=self.now),
            "contact_id": contacts[0],
            "name": person.name,
            "phone": person.phone,
            "email": person.email,
            "company": person.company,
            "answers": _storable(answers),
            "definition_id": terms["definition_id"],
            "locale": self.locale,
            "customer_zone": self.timezone,
            "price_minor": terms["price_minor"],
            "currency": terms["currency"],
            "terms": terms,
            "source_id": source_id,
            "created_by": self.created_by,
            "created_at": self.now,
            "changed_at": self.now,
        }
        booking_id, code = _insert(self.session, values)
        view = BookingView(
            id=booking_id,
            uid=values["uid"],
            reference=code,
            status=status,
            revision=0,
            token_version=0,
            session_id=seat.session_id,
            service=service.slug,
            location=location.slug,
            start=seat.start,
            end=seat.end,
            zone=location.timezone,
            seats=seats,
            place=service.place,
            name=person.name,
            phone=person.phone,
            email=person.email,
            company=person.company,
            answers=values["answers"],
            definition_id=values["definition_id"],
            locale=self.locale,
            customer_zone=self.timezone,
            price_minor=values["price_minor"],
            currency=values["currency"],
            terms=terms,
            source=self.source,
            created_at=self.now,
            changed_at=self.now,
            created_by=self.created_by,
            cancelled_by=None,
            cancel_reason=None,
            contact_id=contacts[0],
            resources=tuple(self.known.resource_by_id[id].slug for id in seat.resource_ids),
            resource_ids=seat.resource_ids,
            staff=tuple(
                self.known.resource_by_id[id].slug
                for id in seat.resource_ids
                if self.known.resource_by_id[id].kind == "staff"
            ),
        )
        record(
            self.session,
            at=self.now,
            actor=self.created_by,
            object_kind="booking",
            object_id=booking_id,
            action=status,
            after={
                "status": status,
                "start": seat.start.isoformat(),
                "end": seat.end.isoformat(),
                "resources": list(view.resources),
                "seats": seats,
            },
            personal_after={"name": person.name, "phone": person.phone, "email": person.email},
            request_id=self.request_id,
        )
        told = tell(self.session, status, view, known=self.known, now=self.now)
        return Booked(view, messages=tuple(told))


def _insert(session: OrmSession, values: dict[str, Any]) -> tuple[int, str]:
    """Writes the booking under a reference of its own; a collision (one in 850,000,000,000 per booking) draws again."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    for _ in range(5):
        code = reference.make(secrets.token_bytes)
        query = make(table(Booking)).values(**values, reference=code)
        found = session.execute(
            query.on_conflict_do_nothing(index_elements=["reference"]).returning(table(Booking).c.id)
        ).scalar()
        if found is not None:
            return int(found), code
    raise errors.Busy(retry_after=1)


def _storable(answers: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() if isinstance(value, date | time) else value for key, value in answers.items()}
