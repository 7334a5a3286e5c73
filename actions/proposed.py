"""What a customer has been asked and not yet answered: another time that is kept for her, or to choose one herself."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions.taking import lock_resources, resources_of, settle
from models.base import rows_changed
from models.booking import Allocation, Hold, Session
from models.catalogue import Resource
from models.desk import Proposal
from models.outbox import Message

QUIET = {"synchronize_session": False}
KINDS = ("proposal", "choose_time")
AGAIN = timedelta(minutes=2)
SETTLED = "the question is settled"


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the house. ``kind`` is ``other_time``, with the time that is kept until ``deadline``, or ``choose``.
    ``resources`` are slugs; ``hold_id`` and what follows are None where nothing is kept."""

    id: int
    kind: str
    state: str
    deadline: datetime
    reason: str | None
    made_by: str
    hold_id: int | None = None
    session_id: int | None = None
    seats: int = 0
    start: datetime | None = None
    end: datetime | None = None
    settled_at: datetime | None = None
    resources: tuple[str, ...] = ()

    def is_open(self, now: datetime) -> bool:
        """True while it can be answered."""
        return self.state == "open" and now < self.deadline

    def stands_again(self, now: datetime) -> bool:
        """True for one that can be asked again once the step that closed it is undone: nothing was kept for it."""
        return self.kind == "choose" and now < self.deadline

    def asks(
        self, start: datetime | None, resources: Collection[str], deadline: datetime, reason: str | None, actor: str
    ) -> bool:
        """True when the same person has asked the same: a second tap, whose deadline may be some minutes later."""
        same = (self.start, self.reason, self.made_by) == (start, reason, actor)
        return same and set(resources) <= set(self.resources) and abs(deadline - self.deadline) <= AGAIN


def latest(session: OrmSession, booking_id: int) -> Question | None:
    """The last question about a booking, whatever became of it, or None."""
    columns = (Proposal.id, Proposal.kind, Proposal.state, Proposal.deadline, Proposal.reason, Proposal.made_by)
    of_hold = (Hold.id, Hold.session_id, Hold.seats, Session.starts, Session.ends)
    row = session.execute(
        select(*columns, *of_hold, Proposal.settled_at)
        .outerjoin(Hold, Hold.id == Proposal.hold_id)
        .outerjoin(Session, Session.id == Hold.session_id)
        .where(Proposal.booking_id == booking_id)
        .order_by(Proposal.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Question(*row, resources=_slugs(session, row.session_id) if row.session_id is not None else ())


def _slugs(session: OrmSession, session_id: int) -> tuple[str, ...]:
    named = select(Resource.slug).join(Allocation, Allocation.resource_id == Resource.id)
    rows = session.execute(named.where(Allocation.session_id == session_id).order_by(Allocation.need, Allocation.id))
    return tuple(dict.fromkeys(rows.scalars()))


def open_of(session: OrmSession, booking_id: int, now: datetime) -> Question | None:
    """The question that the customer can answer now, or None."""
    found = latest(session, booking_id)
    return found if found is not None and found.is_open(now) else None


def choosing(session: OrmSession, booking_id: int, now: datetime) -> bool:
    """True while the house waits for another time of her choice: no deadline of the booking binds her."""
    found = open_of(session, booking_id, now)
    return found is not None and found.kind == "choose"


def kept_for(session: OrmSession, booking_id: int) -> dict[int, int]:
    """The session that an open question keeps for a booking, with its seats; empty for none."""
    row = session.execute(
        select(Hold.session_id, Hold.seats)
        .join(Proposal, Proposal.hold_id == Hold.id)
        .where(Proposal.booking_id == booking_id, Proposal.state == "open")
    ).one_or_none()
    return {row.session_id: row.seats} if row else {}


def close(session: OrmSession, booking_id: int, *, state: str, now: datetime) -> bool:
    """Ends the open question of a booking: what it kept is free, and what has not left is not asked any more. False where
    there is none. ``accepted``: she has another time now, whether she chose it or not what was kept."""
    row = session.execute(
        select(Proposal.id, Proposal.hold_id).where(Proposal.booking_id == booking_id, Proposal.state == "open")
    ).one_or_none()
    if row is None:
        return False
    kept = kept_for(session, booking_id)
    settled = {"state": "withdrawn" if state == "accepted" and kept else state, "settled_at": now}
    session.execute(update(Proposal).where(Proposal.id == row.id).values(**settled).execution_options(**QUIET))
    _unasked(session, booking_id, now)
    for session_id in kept:
        lock_resources(session, resources_of(session, [session_id]))
        free_of(session, row.hold_id, "released")
        settle(session, session_id, now=now)
    return True


def reopen(session: OrmSession, booking_id: int, *, since: datetime, revision: int, now: datetime) -> bool:
    """Opens the choice again that a step (taken at ``since``) had closed and that is undone; what was still to be said of it
    is said of ``revision``. False where there was none, or its deadline is over."""
    found = latest(session, booking_id)
    if found is None or found.settled_at is None or found.settled_at < since or not found.stands_again(now):
        return False
    if found.state not in ("accepted", "withdrawn"):
        return False
    opened = update(Proposal).where(Proposal.id == found.id).values(state="open", settled_at=None)
    session.execute(opened.execution_options(**QUIET))
    session.execute(
        update(Message)
        .where(
            Message.object_kind == "booking",
            Message.object_id == booking_id,
            Message.kind == "choose_time",
            Message.state == "dropped",
            Message.why == SETTLED,
            Message.settled_at >= since,
        )
        .values(state="ready", why=None, settled_at=None, revision=revision)
        .execution_options(**QUIET)
    )
    return True


def free_of(session: OrmSession, hold_id: int, state: str, *, after: datetime | None = None) -> bool:
    """Ends a hold as ``state``, where ``after`` is given only one that lasts longer. False when it had ended."""
    query = update(Hold).where(Hold.id == hold_id, Hold.state == "open")
    if after is not None:
        query = query.where(Hold.expires_at > after)
    return rows_changed(session, query.values(state=state)) == 1


def _unasked(session: OrmSession, booking_id: int, now: datetime) -> None:
    session.execute(
        update(Message)
        .where(
            Message.object_kind == "booking",
            Message.object_id == booking_id,
            Message.kind.in_(KINDS),
            Message.state.in_(("ready", "retry")),
        )
        .values(state="dropped", why=SETTLED, settled_at=now)
        .execution_options(**QUIET)
    )
