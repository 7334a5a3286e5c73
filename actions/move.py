"""Moving a booking: the old time is let go and the new one taken in one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions import availability, change, idempotency
from actions.availability import Asked
from actions.confirm import Booked
from actions.hold import terms_of, with_alternatives
from actions.proposed import choosing, close, kept_for
from actions.record import tell_staff
from actions.taking import LettingGo, Seat, lock_session, settle, take
from actions.transaction import run
from models import bookings
from models.base import db
from models.booking import Booking
from models.bookings import BookingView
from models.snapshot import catalogue
from rules import desk, errors, policies, text


def wish(
    view: BookingView,
    *,
    length: int | str | None = None,
    resources: Sequence[str] | None = None,
    chosen_by: str = "customer",
    online: bool = True,
) -> Asked:
    """The facts for finding another time for a booking: same service, place, length, seats and chosen person by default.
    ``chosen_by`` staff, ``resources`` may be any that can serve; ``online`` where the customer asks.

    Raises ResourceGone when the service is offered no more.
    """
    known = catalogue(db.session())
    as_agreed = length is None
    if length is None:
        length = f"{view.terms['days']}d" if view.terms.get("days") else view.terms["minutes"]
    if resources is None:
        resources = [slug for slug in view.terms.get("chosen", []) if slug in known.resources]
    try:
        return availability.resolve(
            known,
            service=view.service,
            location=view.location,
            length=length,
            resources=resources,
            seats=view.seats,
            who=availability.EVERYONE,
            chosen_by=chosen_by,
            online=online,
            any_length=as_agreed,
        )
    except (errors.UnknownService, errors.UnknownLocation) as gone:
        raise errors.ResourceGone(start=view.start) from gone


def move(
    *,
    reference: str,
    start: datetime,
    length: int | str | None = None,
    resources: Sequence[str] | None = None,
    revision: int | None = None,
    actor: str = change.CUSTOMER,
    tell: bool = True,
    word: str | None = None,
    key: idempotency.Key | None = None,
    request_id: str | None = None,
    now: datetime,
) -> Booked:
    """Moves a booking to ``start`` and returns it as it now is. The old time stays the customer's when the new one cannot
    be had. Where the service wants approval a customer's move becomes a request at the new time.

    At the desk ``resources`` may name whoever can serve; at the same start only they change, and the customer hears of it
    where she might have chosen whom. Without ``tell`` only the people assigned are told; ``word`` goes into her message.

    The deadline counts from the old start (TooLate) unless the house has asked her to choose, notice and horizon apply to the new one. Raises Missing, Stale,
    StateChanged, SlotTaken with alternatives, and the refusals of ``taking``.
    """

    said = said_to(word)

    def work(session: OrmSession) -> Booked:
        answer = {"reference": reference}
        if key is not None and idempotency.begin(session, key, now=now, answer=answer) is not None:
            found = bookings.by_reference(session, reference)
            assert found is not None
            return Booked(found, replayed=True)
        # The booking row is locked only after the resources of both times: one order everywhere.
        seen = bookings.by_reference(session, reference)
        if seen is None:
            raise errors.Missing
        asked = _asked(seen, start, length, resources, actor)
        if revision is not None and revision != seen.revision:
            raise errors.Stale(revision=seen.revision, booking=seen)
        customer = actor in (change.CUSTOMER, change.PROGRAM)
        waived = customer and choosing(session, seen.id, now)
        again = asked.service.approval and customer and not waived
        status = change.step(session, seen, "request_again" if again else "move")
        assert status is not None
        if customer and not waived:
            policies.refuse_late(policies.move_deadline(seen.start, seen.terms), now, zone=seen.zone)
        if _same(seen, asked, start):
            return Booked(seen, replayed=True)
        moving = Moving(session, asked, seen, actor, request_id, tell, now, word=said)
        return moving.to(start, status)

    try:
        return run(work)
    except errors.SlotTaken as refusal:
        current = bookings.by_reference(db.session(), reference)
        assert current is not None
        asked = _asked(current, start, length, resources, actor)
        raise with_alternatives(refusal, asked, start, now) from refusal


def said_to(word: str | None) -> str | None:
    """A word to the customer, on one line; None for none. Raises Invalid."""
    said = text.line(word or "", longest=200)
    if isinstance(said, errors.FieldError):
        raise errors.Invalid(errors={"word": said})
    return said or None


def word_of(word: str | None) -> dict[str, str]:
    """The fact of a message that carries it."""
    return {"word": word} if word else {}


def _asked(
    seen: BookingView, start: datetime, length: int | str | None, resources: Sequence[str] | None, actor: str
) -> Asked:
    online = actor in (change.CUSTOMER, change.PROGRAM)
    if not desk.at_desk(actor) or resources is None:
        return wish(seen, length=length, resources=resources, online=online)
    asked = wish(seen, length=length, resources=resources, chosen_by="staff", online=False)
    if start != seen.start:
        return asked
    # Who gives a visit to another person does not mean the room.
    kinds = {each.kind for each in asked.chosen}
    had = [asked.catalogue.resource_by_id[id] for id in seen.resource_ids if id in asked.plan.resources]
    kept = [each.slug for each in had if each.kind not in kinds]
    return wish(seen, length=length, resources=[*resources, *kept], chosen_by="staff", online=False)


@dataclass(slots=True)
class Moving:
    """One booking on its way to another time or to other people."""

    session: OrmSession
    asked: Asked
    seen: BookingView
    actor: str
    request_id: str | None
    tell: bool
    now: datetime
    taking: Callable[..., Seat] = take
    word: str | None = None

    def to(self, start: datetime, status: str) -> Booked:
        """What was kept for her as a proposal stands in nobody's way, least of all in hers."""
        given_up = {**kept_for(self.session, self.seen.id), self.seen.session_id: self.seen.seats}
        seat = self.taking(
            self.session,
            self.asked,
            start,
            now=self.now,
            held_until=None,
            letting_go=LettingGo(given_up, self._let_go),
        )
        known, terms = self.asked.catalogue, agreed_terms(self.seen, self.asked, seat)
        after = change.write(
            self.session,
            self.seen,
            now=self.now,
            status=status,
            session_id=seat.session_id,
            terms=terms,
            price_minor=terms["price_minor"],
            currency=terms["currency"],
            start=seat.start,
            end=seat.end,
            resource_ids=seat.resource_ids,
            resources=tuple(known.resource_by_id[id].slug for id in seat.resource_ids),
            staff=tuple(
                known.resource_by_id[id].slug for id in seat.resource_ids if known.resource_by_id[id].kind == "staff"
            ),
        )
        same_time = (after.start, after.end) == (self.seen.start, self.seen.end)
        told = self._reassigned(after) if same_time else self._moved(after)
        action = "reassigned" if same_time else "moved"
        return Booked(after, messages=tuple(told), undo_until=desk.undo_until(action, self.actor, self.now))

    def _let_go(self) -> None:
        """Locks the booking, after the resources of both times: one order everywhere."""
        lock_session(self.session, self.seen.session_id)
        self.session.execute(select(Booking.id).where(Booking.id == self.seen.id).with_for_update())
        row = bookings.by_id(self.session, self.seen.id)
        assert row is not None
        if (row.status, row.revision) != (self.seen.status, self.seen.revision):
            raise errors.StateChanged(status=row.status, **change.since(self.session, row))
        settle(self.session, row.session_id, now=self.now, leaving=row.id)
        close(self.session, row.id, state="accepted", now=self.now)

    def _moved(self, after: BookingView) -> list[int]:
        told = self._note("requested_again" if after.status == "requested" else "moved", after, "moved", self.tell)
        return told + self._tell("staff_cancelled", after, self._left(after))

    def _reassigned(self, after: BookingView) -> list[int]:
        gone, known = self._left(after), self.asked.catalogue.resource_by_id
        new = [id for id in after.resource_ids if id not in self.seen.resource_ids]
        # A request is not yet anything that she could have noted with whom it is.
        matters = after.status == "confirmed" and any(
            need.customer_may_choose and need.kind == "staff" for need in self.asked.service.needs
        )
        heard = self.tell and matters and any(known[id].kind == "staff" for id in gone)
        if after.status == "requested":
            told: list[int] = []
            self._remember(after)
        else:
            told = self._note("reassigned", after, "reassigned", heard)
        if after.status != "requested":
            told += self._tell("staff_booked", after, new)
        elif self.asked.service.approval_by is None:
            told += self._tell("staff_request", after, new)
        return told + self._tell("staff_cancelled", after, gone)

    def _note(self, event: str, after: BookingView, action: str, customer: bool) -> list[int]:
        return change.note(
            self.session,
            event,
            self.seen,
            after,
            actor=self.actor,
            now=self.now,
            reason=self.word,
            request_id=self.request_id,
            facts=word_of(self.word) | ({"was": self.seen.start.isoformat()} if action == "moved" else {}),
            action=action,
            customer=customer,
        )

    def _remember(self, after: BookingView) -> None:
        change.remember(
            self.session, "reassigned", self.seen, after, actor=self.actor, now=self.now, request_id=self.request_id
        )

    def _left(self, after: BookingView) -> list[int]:
        """People who had the booking and have it no more."""
        return [id for id in self.seen.resource_ids if id not in after.resource_ids]

    def _tell(self, kind: str, after: BookingView, whom: Sequence[int]) -> list[int]:
        leaves = desk.told_at(self.actor, (self.seen.start, after.start), self.now)
        facts = {"was": self.seen.start.isoformat()} if after.start != self.seen.start else {}
        return tell_staff(self.session, kind, after, whom, now=self.now, facts=facts, leaves=leaves)


def agreed_terms(seen: BookingView, asked: Asked, seat: Seat) -> dict[str, Any]:
    """The terms of a booking at another time: deadlines stay as they were agreed, and the price of the same length, too."""
    terms = {name: value for name, value in terms_of(asked, seat.start).items() if name not in policies.RULES.values()}
    terms |= policies.agreed(policies.until_of(seen.terms), seat.start, asked.location.timezone)
    if asked.chosen_by == "staff":
        # What the customer chose stays hers as far as she gets it.
        has = {asked.catalogue.resource_by_id[id].slug for id in seat.resource_ids}
        terms["chosen"] = [slug for slug in seen.terms.get("chosen", []) if slug in has]
    if _costs_the_same(seen, terms):
        terms["price_minor"] = seen.price_minor
    return terms


def _same(seen: BookingView, asked: Asked, start: datetime) -> bool:
    """True when the booking has that time, that length and those people already."""
    length = (asked.length.minutes, asked.length.days) == (seen.terms["minutes"], seen.terms["days"])
    return start == seen.start and length and {each.slug for each in asked.chosen} <= set(seen.resources)


def _costs_the_same(seen: BookingView, terms: Mapping[str, Any]) -> bool:
    """A move to another time keeps the price that was agreed; only another length has another price."""
    agreed = (seen.terms["minutes"], seen.terms["days"], seen.currency)
    return agreed == (terms["minutes"], terms["days"], terms["currency"])
