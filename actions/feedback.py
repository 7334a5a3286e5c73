"""How it was: asked after the visit, answered once by the customer, and low marks reported at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import change
from actions.record import ask_how_it_was, record, warn
from actions.transaction import run
from models.bookings import BookingView
from models.feedback import Feedback
from models.snapshot import catalogue
from rules import errors, text
from rules.errors import FieldError, Invalid

CHANGED_FOR = timedelta(days=7)
LOW = 2
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer has said, and until when she can say otherwise."""

    stars: int
    words: str
    until: datetime


def ask(session: OrmSession, booking: BookingView, *, now: datetime) -> list[int]:
    """Plans the question for a visit that has just been completed; returns the ids of the messages."""
    return ask_how_it_was(session, booking, known=catalogue(session), now=now)


def said(session: OrmSession, booking_id: int) -> Said | None:
    """The answer to one booking."""
    row = session.execute(
        select(Feedback).where(Feedback.booking_id == booking_id).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    return Said(row.stars, row.words or "", row.created_at + CHANGED_FOR) if row else None


def answer(*, reference: str, stars: str, words: str, now: datetime) -> Said:
    """Keeps what a customer says of a completed visit, instead of what she said before; the same again changes nothing.

    Raises Invalid with an error per field, Missing, StateChanged for a visit that was not completed, NotAllowed once the week
    for changing it is over.
    """
    plain = text.paragraph(words, longest=LONGEST)
    wrong: dict[str, FieldError] = {}
    if stars not in ("1", "2", "3", "4", "5"):
        wrong["stars"] = FieldError("stars_needed")
    if isinstance(plain, FieldError):
        wrong["words"] = plain
    if wrong:
        raise Invalid(errors=wrong)
    given, wording = int(stars), str(plain)

    def work(session: OrmSession) -> Said:
        booking = change.locked(session, reference)
        if booking.status != "completed":
            raise errors.StateChanged(status=booking.status)
        before = said(session, booking.id)
        if before is not None and (before.stars, before.words) == (given, wording):
            return before
        if before is not None and now >= before.until:
            raise errors.NotAllowed
        values = {"stars": given, "words": wording or None, "changed_at": now}
        if before is None:
            session.execute(insert(Feedback).values(booking_id=booking.id, created_at=now, **values))
        else:
            changed = update(Feedback).where(Feedback.booking_id == booking.id).values(**values)
            session.execute(changed.execution_options(synchronize_session=False))
        record(
            session,
            at=now,
            actor=change.CUSTOMER,
            object_kind="booking",
            object_id=booking.id,
            action="rated",
            before={"stars": before.stars} if before else None,
            after={"stars": given},
        )
        if given <= LOW:
            warn(session, booking, given, now=now)
        return Said(given, wording, before.until if before else now + CHANGED_FOR)

    return run(work)
