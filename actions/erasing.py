"""Taking a person out of the house: what is about her goes or is blanked, what only counts stays, and a row proves it.

Everything here works on a connection, since a restore erases again before anybody is let in.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.transaction import run
from models import bookings
from models.base import table
from models.booking import Booking
from models.bookings import BookingView
from models.business import Business
from models.catalogue import Definition
from models.consent import Consent
from models.desk import Note, Proposal, SavedView, Undo
from models.feedback import Feedback
from models.history import History, HistoryPersonal
from models.imports import ImportRow, ImportRun
from models.outbox import WAITING, Message, MessageAttempt
from models.people import Contact, Customer, CustomerContact, CustomerTag, Erasure, Likeness
from rules import errors, text
from rules.errors import FieldError, Invalid
from rules.figures import SPLITTING

_FEEDBACK, _RUN, _ROW = table(Feedback), table(ImportRun), table(ImportRow)
_BOOKING, _CUSTOMER, _CONTACT, _LINK = table(Booking), table(Customer), table(Contact), table(CustomerContact)
_HISTORY, _PERSONAL, _NOTE, _UNDO = table(History), table(HistoryPersonal), table(Note), table(Undo)
_MESSAGE, _ATTEMPT, _PROPOSAL, _ERASURE = table(Message), table(MessageAttempt), table(Proposal), table(Erasure)
_TAG, _LIKENESS, _CONSENT, _VIEW = table(CustomerTag), table(Likeness), table(Consent), table(SavedView)
# Codes that history keeps as a reason; everything else there was typed by somebody.
CODES = frozenset({"call", "write", "check", "visit"})
# What stands in the place of a carrier's own words, which may quote an address.
GONE = "what was personal is gone"


@dataclass(frozen=True, slots=True)
class About:
    """What there is about a customer: how many of each go, and what stands against erasing her."""

    counts: Mapping[str, int]
    hold: str | None
    ahead: Sequence[BookingView]


def about(session: OrmSession, id: int, *, now: datetime) -> About:
    """What erasing her would take, without taking it. A fixed number of queries."""
    ids = _all_of(session.connection(), id)
    hold = session.execute(select(Customer.hold_reason).where(Customer.id == id)).scalar()
    return About(_counts(session.connection(), ids), hold, _ahead(session, ids, now))


def _all_of(connection: Connection, id: int) -> list[int]:
    query = select(_CUSTOMER.c.id).where(or_(_CUSTOMER.c.id == id, _CUSTOMER.c.merged_into == id))
    return list(connection.execute(query.order_by(_CUSTOMER.c.id)).scalars())


def _ahead(session: OrmSession, ids: Sequence[int], now: datetime) -> list[BookingView]:
    return bookings.upcoming_of(session, Booking.customer_id.in_(ids), now)


def _counts(connection: Connection, ids: Sequence[int]) -> dict[str, int]:
    hers = list(connection.execute(select(_BOOKING.c.id).where(_BOOKING.c.customer_id.in_(ids))).scalars())
    found = {"bookings": len(hers)}
    for name, where in (
        ("contacts", _LINK.c.customer_id.in_(ids)),
        ("consents", _CONSENT.c.customer_id.in_(ids)),
        ("notes", _of(_NOTE, hers, ids)),
        ("messages", and_(_MESSAGE.c.object_kind == "booking", _MESSAGE.c.object_id.in_(hers))),
    ):
        found[name] = len(connection.execute(select(1).where(where)).all())
    return found


def erase(*, id: int, actor: str, now: datetime) -> dict[str, int]:
    """Erases a customer, whoever was merged into her included, and returns how much went. Nothing for one who is erased already.
    Raises Missing, OnHold, and StillBooked with what she has ahead of her."""

    def work(session: OrmSession) -> dict[str, int]:
        # Contacts first, as everywhere.
        linked = select(CustomerContact.contact_id).where(CustomerContact.customer_id == id)
        session.execute(select(Contact.id).where(Contact.id.in_(linked)).order_by(Contact.id).with_for_update())
        found = _locked(session, id)
        if found is None or found.merged_into is not None:
            raise errors.Missing
        if found.erased_at is not None:
            return {}
        if found.hold_reason is not None:
            raise errors.OnHold(reason=found.hold_reason)
        connection = session.connection()
        ids = _all_of(connection, id)
        ahead = _ahead(session, ids, now)
        if ahead:
            raise errors.StillBooked(bookings=ahead)
        counts = _counts(connection, ids)
        remove(connection, ids, actor=actor, now=now, counts=counts)
        return counts

    return run(work)


def _locked(session: OrmSession, id: int) -> Customer | None:
    query = select(Customer).where(Customer.id == id).with_for_update()
    return session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()


def remove(
    connection: Connection, ids: Sequence[int], *, actor: str, now: datetime, counts: Mapping[str, int] | None = None
) -> None:
    """Takes these customers out, in the current transaction, whatever stands against it, and leaves a proof of each."""
    rows = connection.execute(select(_CUSTOMER).where(_CUSTOMER.c.id.in_(ids))).all()
    said = _said(connection, ids)
    hers = list(connection.execute(select(_BOOKING.c.id).where(_BOOKING.c.customer_id.in_(ids))).scalars())
    blank(connection, hers, now=now)
    _forget_steps(connection, [("customer", ids)], _house_reasons(connection))
    connection.execute(delete(_NOTE).where(_of(_NOTE, (), ids)))
    contacts = list(connection.execute(select(_LINK.c.contact_id).where(_LINK.c.customer_id.in_(ids))).scalars())
    connection.execute(delete(_LINK).where(_LINK.c.customer_id.in_(ids)))
    _drop_contacts(connection, contacts)
    _drop_searches(connection, said)
    connection.execute(delete(_TAG).where(_TAG.c.customer_id.in_(ids)))
    _drop_rows(connection, "customers", ids)
    either = or_(_LIKENESS.c.customer_id.in_(ids), _LIKENESS.c.other_id.in_(ids))
    connection.execute(delete(_LIKENESS).where(either))
    nobody = dict.fromkeys(("family_first", "spelled", "level", "region", "owner_id", "hold_reason"), None)
    values: dict[str, Any] = {
        **nobody,
        "name": "",
        "folded_name": "",
        "extra": {},
        "erased_at": now,
        "compared_at": now,
    }
    connection.execute(update(_CUSTOMER).where(_CUSTOMER.c.id.in_(ids)).values(**values))
    names = [row.public_id for row in rows]
    proven = set(connection.execute(select(_ERASURE.c.public_id).where(_ERASURE.c.public_id.in_(names))).scalars())
    for row in rows:
        if row.public_id not in proven:
            proof = {"public_id": row.public_id, "at": now, "actor": actor, "counts": dict(counts or {})}
            connection.execute(insert(_ERASURE).values(**proof))
        step = {"at": now, "actor": actor, "object_kind": "customer", "object_id": row.id, "action": "erased"}
        connection.execute(insert(_HISTORY).values(**step))


def blank(connection: Connection, ids: Sequence[int], *, now: datetime) -> None:
    """Takes what is personal out of these bookings and all that hangs on them: what is counted of them stays as it was."""
    if not ids:
        return
    kept = _house_reasons(connection)
    asked = _splitting(connection)
    rows = connection.execute(
        select(_BOOKING.c.id, _BOOKING.c.answers, _BOOKING.c.definition_id, _BOOKING.c.cancel_reason)
        .add_columns(_BOOKING.c.overruled)
        .where(_BOOKING.c.id.in_(ids))
    ).all()
    nobody = dict.fromkeys(("phone", "email", "company", "address", "customer_zone", "contact_id"), None)
    for row in rows:
        answers = {key: row.answers[key] for key in asked.get(row.definition_id, ()) if key in (row.answers or {})}
        values: dict[str, Any] = {**nobody, "name": "", "answers": answers, "extra": {}}
        values["token_version"] = _BOOKING.c.token_version + 1
        if row.cancel_reason is not None and row.cancel_reason not in kept:
            values["cancel_reason"] = None
        if row.overruled:
            values["overruled"] = {**row.overruled, "reason": ""}
        connection.execute(update(_BOOKING).where(_BOOKING.c.id == row.id).values(**values))
    _forget_steps(connection, [("booking", ids)], kept)
    connection.execute(delete(_NOTE).where(_of(_NOTE, ids, ())))
    connection.execute(delete(_UNDO).where(_UNDO.c.booking_id.in_(ids)))
    connection.execute(update(_PROPOSAL).where(_PROPOSAL.c.booking_id.in_(ids)).values(reason=None))
    connection.execute(update(_FEEDBACK).where(_FEEDBACK.c.booking_id.in_(ids)).values(words=None))
    _drop_rows(connection, "bookings", ids)
    blank_messages(connection, and_(_MESSAGE.c.object_kind == "booking", _MESSAGE.c.object_id.in_(ids)), addresses=now)


def _drop_rows(connection: Connection, kind: str, ids: Sequence[int]) -> None:
    """What stood in imported files of these: the rows that they were made of, as long as those are kept."""
    of_kind = select(_RUN.c.id).where(_RUN.c.kind == kind)
    made_of = and_(_ROW.c.run_id.in_(of_kind), _ROW.c.object_id.in_(ids))
    connection.execute(update(_ROW).where(made_of).values(fields={}, grp=None))


def _of(rows: Any, bookings_: Sequence[int], customers: Sequence[int]) -> ColumnElement[bool]:
    """What is about these bookings and customers."""
    return or_(
        and_(rows.c.object_kind == "booking", rows.c.object_id.in_(bookings_)),
        and_(rows.c.object_kind == "customer", rows.c.object_id.in_(customers)),
    )


def _house_reasons(connection: Connection) -> frozenset[str]:
    """The reasons that the house offers, in every language: they are counted, and tell nothing of anybody."""
    found = connection.execute(select(table(Business).c.cancel_reasons)).scalar() or ()
    return frozenset(
        said for each in found for said in (each.values() if isinstance(each, Mapping) else (each,)) if said
    )


def _splitting(connection: Connection) -> dict[int, list[str]]:
    """For each set of questions, by id: those that figures count, whose answers are one of a few and nobody's own words."""
    rows = connection.execute(select(table(Definition).c.id, table(Definition).c.document)).all()
    return {
        row.id: [each["key"] for each in row.document if each["type"] in SPLITTING]
        for row in rows
        if isinstance(row.document, list)
    }


def _forget_steps(connection: Connection, of: Iterable[tuple[str, Sequence[int]]], kept: Collection[str]) -> None:
    """The personal values of steps go, and what was typed as their reason; the steps stay."""
    for kind, ids in of:
        about = and_(_HISTORY.c.object_kind == kind, _HISTORY.c.object_id.in_(ids))
        connection.execute(delete(_PERSONAL).where(_PERSONAL.c.history_id.in_(select(_HISTORY.c.id).where(about))))
        typed = _HISTORY.c.reason.not_in(sorted({*kept, *CODES}))
        connection.execute(update(_HISTORY).where(about, typed).values(reason=None))


def blank_messages(connection: Connection, which: ColumnElement[bool], *, addresses: datetime | None = None) -> int:
    """What messages say goes; at ``addresses`` also to whom, and those that wait are not sent. How many it were."""
    ids = select(_MESSAGE.c.id).where(which)
    connection.execute(update(_ATTEMPT).where(_ATTEMPT.c.message_id.in_(ids)).values(detail=None, code=None))
    done = connection.execute(update(_MESSAGE).where(which).values(facts={}))
    told = and_(which, _MESSAGE.c.why.is_not(None))
    connection.execute(update(_MESSAGE).where(told).values(why=GONE))
    if addresses is not None:
        waiting = and_(which, _MESSAGE.c.state.in_(WAITING))
        connection.execute(update(_MESSAGE).where(waiting).values(state="dropped", settled_at=addresses, why=GONE))
        hers = and_(which, _MESSAGE.c.audience == "customer")
        for id in connection.execute(select(_MESSAGE.c.id).where(hers)).scalars().all():
            # Its own number keeps each message one of its kind.
            connection.execute(
                update(_MESSAGE).where(_MESSAGE.c.id == id).values(recipient=f"erased-{id}", provider_id=None)
            )
    return int(done.rowcount)


def _drop_contacts(connection: Connection, ids: Sequence[int]) -> None:
    """Phones and mailboxes that are nobody else's."""
    linked, booked = select(_LINK.c.contact_id), select(_BOOKING.c.contact_id).where(_BOOKING.c.contact_id.in_(ids))
    unused = and_(_CONTACT.c.id.in_(ids), _CONTACT.c.id.not_in(linked), _CONTACT.c.id.not_in(booked))
    connection.execute(delete(_CONTACT).where(unused))


def _said(connection: Connection, ids: Sequence[int]) -> set[str]:
    """How these customers are called and reached, folded."""
    called = connection.execute(select(_CUSTOMER.c.folded_name).where(_CUSTOMER.c.id.in_(ids))).scalars()
    ways = select(_CONTACT.c.value).join(_LINK, _LINK.c.contact_id == _CONTACT.c.id)
    reached = connection.execute(ways.where(_LINK.c.customer_id.in_(ids))).scalars()
    return {text.folded(each) for each in (*called, *reached)} - {""}


def _drop_searches(connection: Connection, said: Collection[str]) -> None:
    """What somebody looked for in a view that was kept, where it is a part of a name or contact, or these of it."""
    for id, query in connection.execute(select(_VIEW.c.id, _VIEW.c.query)).all():
        given = parse_qsl(query, keep_blank_values=True)
        left = [(name, value) for name, value in given if name != "q" or not _names(value, said)]
        if left != given:
            connection.execute(update(_VIEW).where(_VIEW.c.id == id).values(query=urlencode(left)))


def _names(typed: str, said: Collection[str]) -> bool:
    looked_for = text.folded(typed)
    return any(looked_for and (looked_for in each or each in looked_for) for each in said)


def hold(*, id: int, reason: str | None, actor: str, now: datetime) -> None:
    """Writes down why the law keeps her data (None: nothing does any more). Raises Invalid and Missing."""
    said = text.line(reason, longest=200) if reason is not None else None
    if isinstance(said, FieldError) or said == "":
        raise Invalid(errors={"hold": said if isinstance(said, FieldError) else FieldError("required")})

    def work(session: OrmSession) -> None:
        whole = _locked(session, id)
        if whole is None or whole.erased_at is not None:
            raise errors.Missing
        if whole.hold_reason == said:
            return
        session.execute(update(_CUSTOMER).where(_CUSTOMER.c.id == id).values(hold_reason=said))
        step = {"at": now, "actor": actor, "object_kind": "customer", "object_id": id}
        session.execute(insert(_HISTORY).values(**step, action="held" if said else "hold_lifted"))

    run(work)


# The list of who was erased, kept outside of the database


def write_down(session: OrmSession, path: Path) -> None:
    """Adds to the list at ``path`` whoever was erased and is not in it: public ids only, one a line. Kept beside backups, it has
    the erased go again from what is restored."""
    known = read_down(path)
    fresh = sorted(set(session.execute(select(Erasure.public_id)).scalars()) - known)
    if not fresh:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="ascii") as file:
        file.write("".join(f"{each}\n" for each in fresh))
        file.flush()
        os.fsync(file.fileno())


def read_down(path: Path) -> set[str]:
    """Who is in the list; nobody where there is none."""
    try:
        return {line.strip() for line in path.read_text(encoding="ascii").splitlines() if line.strip()}
    except FileNotFoundError:
        return set()


def again(connection: Connection, public_ids: Collection[str], *, now: datetime) -> list[str]:
    """Erases those of them who are back, and returns their public ids."""
    back = select(_CUSTOMER.c.id, _CUSTOMER.c.public_id).where(
        _CUSTOMER.c.public_id.in_(sorted(public_ids)), _CUSTOMER.c.erased_at.is_(None)
    )
    rows = connection.execute(back.order_by(_CUSTOMER.c.id)).all()
    if rows:
        ids = sorted({id for row in rows for id in _all_of(connection, row.id)})
        remove(connection, ids, actor="shell", now=now)
    return [row.public_id for row in rows]
