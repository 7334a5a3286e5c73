"""What the clock does to questions that nobody answered."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions import change, proposals, proposed
from actions.proposed import Question
from actions.record import answer, record
from actions.transaction import run
from models import bookings
from models.bookings import FUTURE, BookingView
from models.desk import Proposal


def end(*, booking_id: int, now: datetime) -> bool:
    """What the deadline does to an open question: a time that was kept is free again, a choice that was not made is a
    cancellation by the house, of which everybody is told. False when it was answered meanwhile."""

    def work(session: OrmSession) -> bool:
        seen = bookings.by_id(session, booking_id)
        assert seen is not None
        current = change.locked(session, seen.reference)
        question = proposed.latest(session, booking_id)
        if question is None or question.state != "open" or question.deadline > now:
            return False
        proposed.close(session, booking_id, state="ended", now=now)
        if question.kind == "choose" and current.status in FUTURE:
            _cancelled(session, current, question, now)
        else:
            step = {"object_kind": "booking", "object_id": booking_id, "action": "proposal_ended"}
            record(session, at=now, actor=change.CLOCK, **step)  # type: ignore[arg-type]
            _asker_hears(session, current, question, now)
        return True

    return run(work)


def due(session: OrmSession, now: datetime) -> list[int]:
    """Ids of bookings with a question whose deadline is over."""
    query = select(Proposal.booking_id).where(Proposal.state == "open", Proposal.deadline <= now)
    return list(session.execute(query.order_by(Proposal.deadline).limit(500)).scalars())


def _cancelled(session: OrmSession, before: BookingView, question: Question, now: datetime) -> None:
    why = question.reason
    after = change.write(session, before, now=now, status="cancelled", cancelled_by="house", cancel_reason=why)
    change.give_back(session, after, now)
    facts = {"by": "house", "reason": why}
    change.note(session, "cancelled", before, after, actor=change.CLOCK, now=now, reason=why, facts=facts)
    _asker_hears(session, after, question, now)


def _asker_hears(session: OrmSession, view: BookingView, question: Question, now: datetime) -> None:
    """Whoever asked at the desk hears that there was no answer, unless she hears of the cancellation as it is hers."""
    if view.status == "cancelled" and proposals.takes(session, view, question.made_by):
        return
    kept = {"proposed": question.start.isoformat()} if question.start is not None else {}
    assigned = view.status != "cancelled"
    answer(
        session, "proposal_unanswered", view, question.made_by, now=now, facts=kept, copy=question.id, assigned=assigned
    )
