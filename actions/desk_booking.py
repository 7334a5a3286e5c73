"""Booking at the desk and on the telephone: any time that is not somebody else's, rules set aside by name."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session as OrmSession

from actions import availability, consenting, idempotency
from actions.availability import Asked, Offer
from actions.confirm import Booked, Making
from actions.customers import Person, contacts_of
from actions.desk_wish import asked_at_the_desk
from actions.hold import terms_of, with_alternatives
from actions.overruling import Overruling, take_at_the_desk
from actions.people import checked, corrected
from actions.record import record
from actions.taking import Seat, lock_services
from actions.transaction import run
from models import bookings
from models.base import db
from models.bookings import BookingView
from models.scope import mailboxes
from models.snapshot import catalogue
from rules import desk, errors, reference
from rules.broken import Broken
from rules.facts import Catalogue
from rules.rights import Viewer
from rules.text import folded
from rules.wishes import Wish


def book(
    *,
    service: str,
    location: str | None = None,
    start: datetime,
    length: int | str | None = None,
    minutes: int | None = None,
    resources: Sequence[str] = (),
    seats: int = 1,
    customer: Mapping[str, Any],
    answers: Mapping[str, Any],
    locale: str,
    overrule: str | None = None,
    may_overrule: bool = False,
    approving: Viewer | None = None,
    tell: bool = True,
    consents: Mapping[str, int] | None = None,
    channel: str = "telephone",
    actor: str,
    key: idempotency.Key | None = None,
    request_id: str | None = None,
    now: datetime,
) -> Booked:
    """Books for ``customer``, of whom a name is enough; ``resources`` may be any that can serve, ``minutes`` any length. A time
    that is over may be written down; then the customer hears nothing. Where the service wants approval it is a request as a
    customer's, unless ``approving`` may decide it, and decides it with that. What is needed of a visit to come is agreed to with
    it (``consents``: purpose to the id of the text that was read to her, ``channel`` how she said it), or was before.

    Raises MustOverrule with each rule that stands against it while no reason is given (``overrule``), NotAllowed without
    ``may_overrule``, NotHersToApprove, OwnRequest, NeedsApproval for a visit that has begun, SlotTaken with alternatives,
    NobodyCan, Invalid, and what ``asked_at_the_desk`` raises.
    """
    wanted = _Wanted(service, location, minutes if minutes is not None else length, resources, seats)
    overruling = Overruling(overrule, may_overrule)
    making = _AtTheDesk(
        wanted,
        start,
        customer,
        answers,
        locale,
        overruling,
        approving,
        tell,
        consents,
        channel,
        actor,
        key,
        request_id,
        now,
    )
    try:
        return run(making.work)
    except errors.SlotTaken as refusal:
        raise with_alternatives(refusal, wanted.asked(catalogue(db.session())), start, now) from refusal


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be booked, as it was typed."""

    service: str
    location: str | None
    length: int | str | None
    resources: Sequence[str]
    seats: int

    def asked(self, known: Catalogue) -> Asked:
        return asked_at_the_desk(
            known,
            service=self.service,
            location=self.location,
            length=self.length,
            resources=self.resources,
            seats=self.seats,
        )


@dataclass(frozen=True, slots=True)
class _AtTheDesk:
    """One booking of the desk on its way."""

    wanted: _Wanted
    start: datetime
    customer: Mapping[str, Any]
    answers: Mapping[str, Any]
    locale: str
    overruling: Overruling
    approving: Viewer | None
    tell: bool
    consents: Mapping[str, int] | None
    channel: str
    actor: str
    key: idempotency.Key | None
    request_id: str | None
    now: datetime

    def work(self, session: OrmSession) -> Booked:
        known, code = catalogue(session), reference.make(secrets.token_bytes)
        if self.key is not None:
            first = idempotency.begin(session, self.key, now=self.now, answer={"reference": code})
            if first is not None:
                found = bookings.by_reference(session, first["reference"])
                assert found is not None
                return Booked(found, replayed=True)
        return self._made(session, known, code)

    def _made(self, session: OrmSession, known: Catalogue, code: str) -> Booked:
        asked = self.wanted.asked(known)
        person, typed = self._checked(session, known, asked)
        contacts = contacts_of(session, person, now=self.now)
        making = self._making(session, known, code)
        if asked.plan.service.per_day:
            lock_services(session, [asked.service.id])
        capped = _capped(asked, making.count(asked.service, contacts))
        seat, making.overruled = take_at_the_desk(
            session, asked, self.start, self.overruling, now=self.now, also=capped
        )
        making.firm = not asked.service.approval or self._firm(known, asked, person, seat)
        done = making.write(
            asked.service,
            asked.location,
            person,
            typed,
            contacts,
            seat,
            _terms(asked, self.start),
            asked.seats,
            None,
            None,
        )
        if seat.end > self.now:
            consenting.refuse_lacking(session, done.booking.customer_id)
        if asked.service.approval and self.approving is not None:
            self._approved(session, done.booking)
        return done

    def _checked(self, session: OrmSession, known: Catalogue, asked: Asked) -> tuple[Person, dict[str, Any]]:
        """Who it is for, and the answers. Raises Invalid with every error at once, also for a consent that she cannot have given
        before."""
        try:
            return checked(known, asked.service, asked.location, self.customer, self.answers, name_only=True)
        except errors.Invalid as refusal:
            lasting = timedelta(days=asked.length.days, minutes=asked.length.minutes)
            if self.start + lasting <= self.now:
                raise
            raise errors.Invalid(errors={**refusal.errors, **self._consent(session, asked)}) from refusal

    def _consent(self, session: OrmSession, asked: Asked) -> dict[str, errors.FieldError]:
        who, wrong = corrected(asked.location, {each: self.customer.get(each) for each in ("name", "phone", "email")})
        reached = [each.lower() for each in (who.get("phone"), who.get("email")) if each]
        return consenting.surely_lacking(
            session,
            self.consents or {},
            name=None if "name" in wrong else folded(str(who["name"])),
            contacts=None if wrong.keys() & {"phone", "email"} else reached,
        )

    def _making(self, session: OrmSession, known: Catalogue, code: str) -> Making:
        return Making(
            session,
            known,
            code,
            self.customer,
            self.answers,
            self.locale,
            None,
            None,
            self.actor,
            self.request_id,
            None,
            self.now,
            customer_is_told=self.tell and self.start > self.now,
            leaves=desk.told_at(self.actor, (self.start,), self.now),
            consents=self.consents,
            channel=self.channel,
        )

    def _firm(self, known: Catalogue, asked: Asked, person: Person, seat: Seat) -> bool:
        """Whether a booking that wants approval has it. What is over is written down, and nobody could decide it any more."""
        by = self.approving
        if by is None:
            if seat.start <= self.now < seat.end:
                raise errors.NeedsApproval
            return seat.end <= self.now
        if not by.reaches("booking.decide", location=asked.location.id, resources=seat.resource_ids):
            raise errors.NotHersToApprove
        if desk.is_herself(mailboxes(by, known), by.name, name=person.name, email=person.email):
            raise errors.OwnRequest
        return True

    def _approved(self, session: OrmSession, made: BookingView) -> None:
        """History tells who approved it, in a row of its own."""
        before, after = {"status": "requested"}, {"status": made.status}
        step: dict[str, Any] = {"action": "approved", "before": before, "after": after, "request_id": self.request_id}
        record(session, at=self.now, actor=self.actor, object_kind="booking", object_id=made.id, **step)


def _capped(asked: Asked, count: int) -> list[Broken]:
    limit = asked.service.per_customer
    if limit is None or count < limit:
        return []
    return [Broken("limits", "per_customer", {"limit": limit, "count": count})]


def _terms(asked: Asked, start: datetime) -> dict[str, Any]:
    """The terms as customers have them. Whoever was chosen at the desk is hers by choice only where customers may choose."""
    ordinary = asked.catalogue.plan(asked.service, asked.location).service.needs
    choosable = {id for need in ordinary if need.choosable for id in need.candidates}
    return {**terms_of(asked, start), "chosen": [each.slug for each in asked.chosen if each.id in choosable]}


def next_free(
    *,
    service: str,
    location: str | None = None,
    who: str | None = None,
    length: int | str | None = None,
    seats: int = 1,
    wish: Wish,
    count: int = 6,
    now: datetime,
) -> list[Offer]:
    """The next ``count`` free times of the whole horizon that fit ``wish``, earliest first, in a fixed number of queries.

    Raises what ``asked_at_the_desk`` raises."""
    known = catalogue(db.session())
    asked = asked_at_the_desk(
        known, service=service, location=location, length=length, resources=[who] if who else [], seats=seats
    )
    days = asked.service.horizon_days + 1
    today = now.astimezone(asked.zone).date()
    last = today + timedelta(days=days - 1)
    offers = availability.view(asked, first=today, last=last, now=now, limit_days=days).offers
    fitting = (each for each in offers if each.free and wish.fits(each.start.astimezone(asked.zone)))
    return [each for each, _ in zip(fitting, range(count), strict=False)]
