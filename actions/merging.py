"""Making two customers one, by somebody who has looked at both: nothing does it by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import likeness
from actions.record import record
from actions.transaction import run
from models.base import dialect_of, rows_changed, upsert
from models.booking import Booking
from models.consent import Consent
from models.desk import Note
from models.people import Customer, CustomerContact, CustomerTag, Likeness
from rules import errors

FIELDS = ("name", "level", "region", "owner_id")
_QUIET = {"synchronize_session": False}


def merge(
    *,
    keep: int,
    other: int,
    take: Mapping[str, str],
    seen: tuple[int | None, int | None] | None = None,
    actor: str,
    now: datetime,
) -> bool:
    """Makes ``other`` a part of ``keep``: her bookings, notes, consents, tags and contacts follow, and later bookings by her name
    and contact find ``keep``. Of each field that ``take`` says is ``other``'s, ``keep`` gets it. False when it was done before.
    Raises Missing for one who is gone or merged into somebody else, StalePage where one of them is not as she was ``seen`` (the
    revisions of both).

    How many bookings a contact may have is counted by contact, and stays so.
    """

    def work(session: OrmSession) -> bool:
        rows = _both(session, keep, other)
        kept, gone = rows.get(keep), rows.get(other)
        if kept is None or gone is None or keep == other:
            raise errors.Missing
        if gone.merged_into == keep:
            return False
        if any(each.merged_into is not None or each.erased_at is not None for each in (kept, gone)):
            raise errors.Missing
        if seen is not None and seen != (kept.revision, gone.revision):
            raise errors.StalePage(revision=kept.revision)
        moved = _follow(session, keep, other)
        values = {name: getattr(gone, name) for name in FIELDS if take.get(name) == "other"}
        if "name" in values:
            values |= {"folded_name": gone.folded_name, "family_first": gone.family_first}
        # A hold on either holds for both.
        held = " · ".join(dict.fromkeys(each.hold_reason for each in (kept, gone) if each.hold_reason)) or None
        values |= {"hold_reason": held, "revision": kept.revision + 1, "compared_at": None}
        session.execute(update(Customer).where(Customer.id == keep).values(**values).execution_options(**_QUIET))
        merged = or_(Customer.id == other, Customer.merged_into == other)
        session.execute(update(Customer).where(merged).values(merged_into=keep).execution_options(**_QUIET))
        for id, action, about in ((keep, "merged", other), (other, "merged_away", keep)):
            after: dict[str, Any] = {"customer": rows[about].public_id}
            if id == keep:
                after |= {"rows": moved, "fields": sorted(name for name in FIELDS if take.get(name) == "other")}
            record(session, at=now, actor=actor, object_kind="customer", object_id=id, action=action, after=after)
        return True

    return run(work)


def _both(session: OrmSession, keep: int, other: int) -> dict[int, Customer]:
    query = select(Customer).where(Customer.id.in_((keep, other))).order_by(Customer.id).with_for_update()
    rows = list(session.scalars(query.execution_options(populate_existing=True)))
    for each in rows:
        session.expunge(each)
    return {each.id: each for each in rows}


def _follow(session: OrmSession, keep: int, other: int) -> int:
    """What hangs on ``other`` hangs on ``keep``; how many bookings it were."""
    hers = update(Booking).where(Booking.customer_id == other).values(customer_id=keep)
    moved = rows_changed(session, hers)
    notes = update(Note).where(Note.object_kind == "customer", Note.object_id == other).values(object_id=keep)
    session.execute(notes.execution_options(**_QUIET))
    _consents(session, keep, other)
    # Her own links stay, so that her old name with them still leads here.
    for model, column in ((CustomerContact, "contact_id"), (CustomerTag, "tag")):
        values = session.scalars(select(getattr(model, column)).where(model.customer_id == other))
        for value in list(values):
            row = {"customer_id": keep, column: value}
            session.execute(upsert(model, dialect_of(session)).values(**row).on_conflict_do_nothing())
    session.execute(delete(CustomerTag).where(CustomerTag.customer_id == other).execution_options(**_QUIET))
    either = or_(Likeness.customer_id == other, Likeness.other_id == other)
    session.execute(delete(Likeness).where(either).execution_options(**_QUIET))
    return int(moved)


def _consents(session: OrmSession, keep: int, other: int) -> None:
    """Of two that hold for one purpose the earlier goes on; the other ends with it, both stay written down."""
    open_ = select(Consent.id, Consent.customer_id, Consent.purpose, Consent.given_at)
    rows = session.execute(open_.where(Consent.customer_id.in_((keep, other)), Consent.withdrawn_at.is_(None))).all()
    first: dict[str, Any] = {}
    for row in sorted(rows, key=lambda each: (each.given_at, each.id)):
        if row.purpose in first:
            ended = {"withdrawn_at": row.given_at, "withdrawn_by": "house"}
            session.execute(update(Consent).where(Consent.id == row.id).values(**ended).execution_options(**_QUIET))
        first.setdefault(row.purpose, row)
    hers = update(Consent).where(Consent.customer_id == other).values(customer_id=keep)
    session.execute(hers.execution_options(**_QUIET))


def two(*, one: int, other: int, actor: str, now: datetime) -> bool:
    """Writes down that two who are alike are two people: nobody suggests it again. False when that was said before."""

    def work(session: OrmSession) -> bool:
        done = likeness.set_aside(session, one, other, actor=actor, now=now)
        if done:
            record(session, at=now, actor=actor, object_kind="customer", object_id=one, action="two")
        return done

    return run(work)
