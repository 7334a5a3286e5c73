"""Notes of staff about a booking or a customer; no customer ever sees them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from models.booking import Booking
from models.desk import Note
from models.people import Customer
from rules import text
from rules.errors import FieldError, Invalid


def add(*, booking_id: int, text: str, actor: str, now: datetime) -> int:
    """Keeps a note about a booking and returns its id; the same note again is the one that is there. Raises Invalid."""
    return _add("booking", booking_id, text, actor, now)


def about_customer(*, customer_id: int, text: str, actor: str, now: datetime) -> int:
    """The same about a customer."""
    return _add("customer", customer_id, text, actor, now)


def _add(kind: str, id: int, text: str, actor: str, now: datetime) -> int:
    said = _checked(text)
    staff = int(actor.partition(":")[2]) if actor.startswith("staff:") else None

    def work(session: OrmSession) -> int:
        # One after the other, so that a second tap finds what the first has written.
        about = Booking if kind == "booking" else Customer
        session.execute(select(about.id).where(about.id == id).with_for_update())
        again = _same(session, kind, id, staff, said)
        if again is not None:
            return again
        row = {"object_kind": kind, "object_id": id, "staff_id": staff, "at": now, "text": said}
        made: int = session.execute(insert(Note).values(**row).returning(Note.id)).scalar_one()
        record(session, at=now, actor=actor, object_kind=kind, object_id=id, action="noted")
        return made

    return run(work)


def _same(session: OrmSession, kind: str, id: int, staff: int | None, said: str) -> int | None:
    """The latest note about it, if the same person wrote the same."""
    latest = select(Note.id, Note.staff_id, Note.text).where(Note.object_kind == kind, Note.object_id == id)
    found = session.execute(latest.order_by(Note.id.desc()).limit(1)).one_or_none()
    return found.id if found is not None and (found.staff_id, found.text) == (staff, said) else None


def _checked(typed: str) -> str:
    said = text.paragraph(typed)
    if isinstance(said, FieldError) or not said:
        raise Invalid(errors={"text": said if isinstance(said, FieldError) else FieldError("required")})
    return said
