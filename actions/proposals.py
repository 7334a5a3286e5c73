"""Asking a customer for another time: one that is kept for her beside her own, or one that she chooses."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import change, proposed
from actions.availability import Asked
from actions.confirm import Booked
from actions.hold import hashed, with_alternatives
from actions.move import agreed_terms, wish
from actions.proposed import Question
from actions.record import answer, ask, record, tell_staff
from actions.retaking import locked_with
from actions.review import refuse_own
from actions.taking import LettingGo, lock_session, settle, take
from actions.transaction import Again, run
from models import bookings
from models.base import db, execute, table
from models.booking import Booking, Hold
from models.bookings import FUTURE, BookingView
from models.desk import Proposal
from models.people import Staff
from models.snapshot import catalogue
from rules import desk, errors, text
from rules.errors import FieldError, Invalid


def propose_time(
    *,
    reference: str,
    start: datetime,
    resources: Sequence[str] | None = None,
    deadline: datetime,
    reason: str | None = None,
    actor: str,
    now: datetime,
) -> Booked:
    """Asks whether ``start`` would do, too: that time is kept beside the old one until she answers or ``deadline`` ends it.
    ``resources`` may be any that can serve, none of them for whoever is free, None for the one whom she chose. An earlier
    question gives way to it, the same is ``replayed``. Raises Missing, OwnRequest, StateChanged, Invalid for a deadline that is over or after either
    time, SlotTaken with alternatives, and the refusals of ``taking``."""
    said = _reason(reason)

    def work(session: OrmSession) -> Booked:
        seen = _changeable(session, reference, now)
        if seen.status == "requested":
            # Her answer would confirm it: nobody gets a request of her own through in that way.
            refuse_own(session, seen, actor)
        question = proposed.open_of(session, seen.id, now)
        if question is not None and question.asks(start, resources or (), deadline, said, actor):
            return Booked(seen, replayed=True)
        _refuse_deadline(deadline, now, min(seen.start, start))
        hold_id, times = _kept(session, seen, _asked(seen, resources), start, deadline, now)
        return _asking(session, seen, "other_time", hold_id, deadline, said, actor, now, times)

    try:
        return run(work)
    except errors.SlotTaken as refusal:
        current = bookings.by_reference(db.session(), reference)
        assert current is not None
        raise with_alternatives(refusal, _asked(current, resources), start, now) from refusal


def _kept(
    session: OrmSession, seen: BookingView, asked: Asked, start: datetime, deadline: datetime, now: datetime
) -> tuple[int, dict[str, str]]:
    """Keeps ``start`` beside the time of the booking in the stead of what an earlier question kept: the hold's id, and what
    the customer is told of it."""
    kept = proposed.kept_for(session, seen.id)

    def let_go() -> None:
        for id in sorted({seen.session_id, *kept}):
            lock_session(session, id)
        _again_if_changed(session, seen)
        proposed.close(session, seen.id, state="withdrawn", now=now)

    seat = take(session, asked, start, now=now, held_until=deadline, letting_go=LettingGo(kept, let_go))
    hold = {
        "token_hash": hashed(secrets.token_urlsafe(24)),
        "session_id": seat.session_id,
        "seats": seen.seats,
        "expires_at": deadline,
        "state": "open",
        "moves_booking": seen.id,
        "terms": agreed_terms(seen, asked, seat),
        "created_at": now,
    }
    times = {"start": seat.start.isoformat(), "end": seat.end.isoformat()}
    return execute(session, _HELD, hold).scalar_one(), times


_HELD = insert(table(Hold)).returning(table(Hold).c.id)


def let_choose(*, reference: str, deadline: datetime, reason: str | None = None, actor: str, now: datetime) -> Booked:
    """Asks the customer to choose another time by her link: until ``deadline`` the booking stays, and no cut-off binds her;
    unanswered, the house cancels it. Raises Missing, StateChanged, Invalid."""
    said = _reason(reason)

    def work(session: OrmSession) -> Booked:
        return ask_to_choose(session, reference, deadline=deadline, reason=said, actor=actor, now=now)

    return run(work)


def ask_to_choose(
    session: OrmSession, reference: str, *, deadline: datetime, reason: str | None, actor: str, now: datetime
) -> Booked:
    """The same in the current transaction."""
    seen = _changeable(session, reference, now)
    question = proposed.open_of(session, seen.id, now)
    if question is not None and question.asks(None, (), deadline, reason, actor):
        return Booked(seen, replayed=True)
    _refuse_deadline(deadline, now, seen.start)
    change.locked(session, reference)
    _again_if_changed(session, seen)
    proposed.close(session, seen.id, state="withdrawn", now=now)
    return _asking(session, seen, "choose", None, deadline, reason, actor, now, {})


def accept(*, reference: str, actor: str = change.CUSTOMER, now: datetime) -> Booked:
    """Moves the booking to the time that is kept for it, in one step; it is confirmed, also where it was a request.
    ``replayed`` when that was done before. Raises Missing, StateChanged when nothing is proposed any more, HoldExpired."""

    def work(session: OrmSession) -> Booked:
        current, question = _question(session, reference)
        if question.state == "accepted":
            return Booked(current, replayed=True)
        if not question.is_open(now) or question.session_id is None or current.status not in FUTURE:
            raise errors.StateChanged(status=current.status, **change.since(session, current))
        assert question.hold_id is not None
        if not proposed.free_of(session, question.hold_id, "used", after=now):
            raise errors.HoldExpired(start=question.start)
        _settled(session, question, "accepted", now)
        terms = session.execute(select(Hold.terms).where(Hold.id == question.hold_id)).scalar_one()
        price = {"price_minor": terms["price_minor"], "currency": terms["currency"]}
        change.write(
            session, current, now=now, status="confirmed", session_id=question.session_id, terms=terms, **price
        )
        for id in sorted((current.session_id, question.session_id)):
            settle(session, id, now=now)
        after = bookings.by_id(session, current.id)
        assert after is not None
        event = "approved" if current.status == "requested" else "moved"
        facts = {"was": current.start.isoformat()}
        told = change.note(session, event, current, after, actor=actor, now=now, facts=facts, action="moved")
        gone = [id for id in current.resource_ids if id not in after.resource_ids]
        told += tell_staff(session, "staff_cancelled", after, gone, now=now, facts=facts)
        if not takes(session, after, question.made_by):
            told += answer(
                session, "proposal_accepted", after, question.made_by, now=now, facts=facts, copy=question.id
            )
        return Booked(after, messages=tuple(told))

    return run(work)


def decline(*, reference: str, actor: str = change.CUSTOMER, now: datetime) -> Booked:
    """Keeps the old time; the new one is free again. ``replayed`` when that was said before. Raises Missing, StateChanged."""
    return _close(reference, "declined", actor, now)


def withdraw(*, reference: str, actor: str, now: datetime) -> Booked:
    """Takes the open question back: the booking stays as it is. Raises Missing, StateChanged when there is none."""
    return _close(reference, "withdrawn", actor, now)


def _close(reference: str, state: str, actor: str, now: datetime) -> Booked:
    def work(session: OrmSession) -> Booked:
        current, question = _question(session, reference)
        if question.state == state:
            return Booked(current, replayed=True)
        # Staff may take back what the customer has to choose; she answers that by choosing.
        if not question.is_open(now) or (state == "declined" and question.kind == "choose"):
            raise errors.StateChanged(status=current.status, **change.since(session, current))
        proposed.close(session, current.id, state=state, now=now)
        _remember(session, f"proposal_{state}", current, actor, now)
        if state != "declined" or question.start is None:
            return Booked(current)
        facts = {"proposed": question.start.isoformat()}
        told = answer(session, "proposal_declined", current, question.made_by, now=now, facts=facts, copy=question.id)
        return Booked(current, messages=tuple(told))

    return run(work)


def takes(session: OrmSession, view: BookingView, actor: str) -> bool:
    """True for whoever takes the booking herself, and is told of it as such; or where nobody at the desk had asked."""
    if not desk.at_desk(actor):
        return True
    own = session.execute(select(Staff.resource_id).where(Staff.id == int(actor.partition(":")[2]))).scalar()
    known = catalogue(session).resource_by_id
    return any(id == own and known[id].email for id in view.resource_ids)


def _question(session: OrmSession, reference: str) -> tuple[BookingView, Question]:
    """The booking and the last question about it, locked with both times."""
    seen = bookings.by_reference(session, reference)
    if seen is None:
        raise errors.Missing
    current = locked_with(session, seen, proposed.kept_for(session, seen.id))
    question = proposed.latest(session, seen.id)
    if question is None:
        raise errors.StateChanged(status=current.status, **change.since(session, current))
    return current, question


def _changeable(session: OrmSession, reference: str, now: datetime) -> BookingView:
    seen = bookings.by_reference(session, reference)
    if seen is None:
        raise errors.Missing
    if seen.status not in FUTURE or seen.start <= now:
        raise errors.StateChanged(status=seen.status, **change.since(session, seen))
    return seen


def _asked(seen: BookingView, resources: Sequence[str] | None) -> Asked:
    if resources is None:
        return wish(seen, online=False)
    return wish(seen, resources=resources, chosen_by="staff", online=False)


def _again_if_changed(session: OrmSession, seen: BookingView) -> None:
    session.execute(select(Booking.id).where(Booking.id == seen.id).with_for_update())
    current = bookings.by_id(session, seen.id)
    if current is None or current.revision != seen.revision:
        raise Again


def _asking(
    session: OrmSession,
    seen: BookingView,
    kind: str,
    hold_id: int | None,
    deadline: datetime,
    reason: str | None,
    actor: str,
    now: datetime,
    times: dict[str, str],
) -> Booked:
    """The question, its history row and its messages."""
    row = {"booking_id": seen.id, "kind": kind, "hold_id": hold_id, "deadline": deadline, "state": "open"}
    execute(session, _ASKED, {**row, "reason": reason, "made_by": actor, "created_at": now})
    earlier = session.execute(select(func.count()).where(Proposal.booking_id == seen.id)).scalar_one() - 1
    after = {"proposed": times.get("start"), "deadline": deadline.isoformat()}
    action = "proposed" if kind == "other_time" else "asked_to_choose"
    _remember(session, action, seen, actor, now, after=after, reason=reason)
    starts = [seen.start, *(datetime.fromisoformat(each) for each in times.values())]
    told = ask(
        session,
        "proposal" if kind == "other_time" else "choose_time",
        seen,
        now=now,
        deadline=deadline,
        facts={**times, "deadline": deadline.isoformat(), "reason": reason},
        leaves=desk.told_at(actor, starts, now),
        copy=earlier,
    )
    return Booked(seen, messages=tuple(told))


_ASKED = insert(table(Proposal)).inline()


def _settled(session: OrmSession, question: Question, state: str, now: datetime) -> None:
    session.execute(
        update(Proposal)
        .where(Proposal.id == question.id)
        .values(state=state, settled_at=now)
        .execution_options(synchronize_session=False)
    )


def _remember(
    session: OrmSession,
    action: str,
    view: BookingView,
    actor: str,
    now: datetime,
    *,
    after: dict[str, Any] | None = None,
    reason: str | None = None,
) -> None:
    record(
        session,
        at=now,
        actor=actor,
        object_kind="booking",
        object_id=view.id,
        action=action,
        after=after,
        reason=reason,
    )


def _reason(reason: str | None) -> str | None:
    said = text.line(reason or "", longest=200)
    if isinstance(said, FieldError):
        raise Invalid(errors={"reason": said})
    return said or None


def _refuse_deadline(deadline: datetime, now: datetime, last: datetime) -> None:
    if not now < deadline <= last:
        raise Invalid(errors={"deadline": FieldError("deadline_odd")})
