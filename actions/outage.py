"""Carrying out what was chosen for an outage: one transaction writes the time off and moves everybody that it hits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions.assign import Giving, give
from actions.confirm import Booked
from actions.contacts import may_text
from actions.desk_wish import set_aside
from actions.move import Moving, wish
from actions.outage_facts import Choice, Outage, outage_of
from actions.outage_hits import waiting
from actions.proposals import ask_to_choose
from actions.taking import lock_resources
from actions.time_off import write
from actions.transaction import Again, run
from models import bookings
from models.bookings import FUTURE, BookingView
from models.people import Contact
from models.snapshot import catalogue
from rules import errors, outages, text
from rules.errors import FieldError
from rules.facts import Catalogue
from scheduling.explaining import OF_THE_TIME


@dataclass(frozen=True, slots=True)
class Failed:
    """One visit for which the choice could not be carried out, and the refusal that says why: it stands as before."""

    booking: BookingView
    refusal: errors.Refusal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done: ``done`` as it now is; ``failed``; ``left``: hit, but nothing was chosen for them (somebody booked
    meanwhile); ``calls``: those whom nothing reaches, or who are to be called; ``messages`` ids of rows to send. ``replayed``
    when all of it had been done before."""

    done: tuple[BookingView, ...] = ()
    failed: tuple[Failed, ...] = ()
    left: tuple[BookingView, ...] = ()
    calls: tuple[BookingView, ...] = ()
    messages: tuple[int, ...] = ()
    replayed: bool = False


def carry_out(
    *,
    resources: Sequence[str] = (),
    location: str | None = None,
    start: datetime,
    end: datetime | None = None,
    reason: str,
    choices: Mapping[str, Choice],
    actor: str,
    request_id: str | None = None,
    now: datetime,
) -> Outcome:
    """Writes the time off of ``resources``, or closes ``location``, from ``start`` to ``end`` (None: for good), and does with
    each booking that it hits what ``choices`` say by reference. What cannot be done is said, and stands as before.

    Everybody is told once; a second tap changes nothing. Raises UnknownResource, UnknownLocation, Invalid.
    """
    said = text.line(reason, longest=200)
    if isinstance(said, FieldError):
        raise errors.Invalid(errors={"reason": said})

    def work(session: OrmSession) -> Outcome:
        known = catalogue(session)
        outage = outage_of(known, resources=resources, location=location, start=start, end=end)
        carrying = _Carrying(session, known, outage, choices, said or None, actor, request_id, now)
        return carrying.all()

    return run(work)


@dataclass(slots=True)
class _Carrying:
    """One outage on its way, everything that is known to be concerned locked first."""

    session: OrmSession
    known: Catalogue
    outage: Outage
    choices: Mapping[str, Choice]
    reason: str | None
    actor: str
    request_id: str | None
    now: datetime
    done: list[Booked] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    left: list[BookingView] = field(default_factory=list)
    calls: list[BookingView] = field(default_factory=list)

    def all(self) -> Outcome:
        lock_resources(self.session, self._concerned())
        if catalogue(self.session) is not self.known:
            # Edited while the locks were waited for: who there is, and when, may be otherwise now.
            raise Again
        standing = self.outage.standing(self.session, self.now)
        asked_already = waiting(self.session, standing)
        for view in standing:
            choice = self.choices.get(view.reference)
            if choice is None:
                self.left.append(view)
            elif view.id not in asked_already or choice.kind != "choose":
                self._one(view.reference, choice)
        # Last of all: from here on the catalogue is another one, and nobody else knows it yet.
        fresh = write(self.session, self.known, self.outage, reason=self.reason, actor=self.actor, now=self.now)
        told = [each.booking for each in self.done if not each.replayed]
        return Outcome(
            done=tuple(told),
            failed=tuple(self.failed),
            left=tuple(self.left),
            calls=(*self.calls, *self._unreached(told)),
            messages=tuple(id for each in self.done for id in each.messages),
            replayed=not fresh and not told and not self.failed,
        )

    def _concerned(self) -> set[int]:
        """Who is out, whom the visits take, and who is to have them: locked together, in one order. Where a place closes,
        everybody who works there: nobody is booked between the look and the end."""
        found = set(self.outage.resource_ids)
        found |= {each.id for each in self.known.resources.values() if self.outage.location_id in each.at}
        for view in self.outage.standing(self.session, self.now):
            found.update(view.resource_ids)
        slugs = {slug for each in self.choices.values() for slug in (*each.gives.values(), *each.resources)}
        return found | {self.known.resources[slug].id for slug in slugs if slug in self.known.resources}

    def _one(self, reference: str, choice: Choice) -> None:
        """One visit, all or nothing of it. A class that has gone to a colleague as a whole has gone."""
        view = bookings.by_reference(self.session, reference)
        assert view is not None
        try:
            with self.session.begin_nested():
                done = self._carried(view, choice)
        except errors.Refusal as refusal:
            self.failed.append(Failed(view, refusal))
            return
        if done is None:
            self.calls.append(view)
        else:
            self.done.append(done)

    def _carried(self, view: BookingView, choice: Choice) -> Booked | None:
        if choice.kind == "colleague":
            return self._given(view, choice)
        if choice.kind == "other_time":
            return self._moved(view, choice)
        if choice.kind == "choose":
            deadline = choice.deadline or outages.choose_until(view.start, self.now)
            if deadline is None:
                raise errors.Invalid(errors={"deadline": FieldError("required")})
            return ask_to_choose(
                self.session, view.reference, deadline=deadline, reason=self.reason, actor=self.actor, now=self.now
            )
        return None

    def _given(self, view: BookingView, choice: Choice) -> Booked:
        giving = Giving(self.actor, self.now, request_id=self.request_id)
        done = Booked(view, replayed=True)
        messages: list[int] = []
        for old, new in choice.gives.items():
            target, had = self.known.resources.get(new), self.known.resources.get(old)
            if target is None or had is None:
                raise errors.UnknownResource(resource=new)
            if had.id in done.booking.resource_ids and target.id not in done.booking.resource_ids:
                done = give(self.session, done.booking, had.id, target, giving)
                messages += done.messages
        return replace(done, messages=tuple(messages))

    def _moved(self, view: BookingView, choice: Choice) -> Booked:
        if choice.start is None:
            raise errors.Invalid(errors={"start": FieldError("required")})
        if view.status not in FUTURE:
            raise errors.StateChanged(status=view.status)
        asked = wish(view, resources=choice.resources, chosen_by="staff", online=False)
        there = set_aside(self.outage.out(asked), OF_THE_TIME)
        moving = Moving(self.session, there, view, self.actor, self.request_id, True, self.now)
        return moving.to(choice.start, view.status)

    def _unreached(self, told: Sequence[BookingView]) -> list[BookingView]:
        """Of those who were to be told, whoever has no address that may be written to, and no number that may be texted."""
        values = {value for each in told for value in (each.phone, (each.email or "").lower()) if value}
        bad = set(
            self.session.execute(
                select(Contact.value).where(Contact.value.in_(values), Contact.state.in_(("bad", "opted_out")))
            ).scalars()
        )
        return [each for each in told if not _reached(each, bad)]


def _reached(view: BookingView, bad: set[str]) -> bool:
    mail = view.email is not None and view.email.lower() not in bad
    return mail or (view.phone is not None and view.phone not in bad and may_text(view.phone))
