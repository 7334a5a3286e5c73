"""All that the house keeps about one person, for her own copy of it: as it is kept, nothing masked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session as OrmSession

from models import bookings, consent, customers
from models.booking import Booking, Session
from models.customer_queries import ways
from models.desk import Note
from models.feedback import Feedback
from models.history import History, HistoryPersonal
from models.outbox import Message
from models.people import Customer
from rules.attachments import without_id


def collected(session: OrmSession, id: int) -> dict[str, Any]:
    """Her own words, bookings, answers, messages, notes of staff, consents, and what was done with her data; instants in UTC as
    ISO 8601. A fixed number of queries."""
    ids = customers.all_of(session, id)
    found = session.get_one(Customer, id)
    also = session.scalars(select(Customer.name).where(Customer.id.in_(ids[1:])))
    reached = ways(session, ids)
    views = bookings.many(
        session, bookings.columns().where(Booking.customer_id.in_(ids)).order_by(Session.starts, Booking.id)
    )
    references = {each.id: each.reference for each in views}
    answered = session.scalars(select(Feedback).where(Feedback.booking_id.in_(references)))
    rated = {each.booking_id: {"stars": each.stars, "words": each.words} for each in answered}
    extra = found.extra or {}
    return {
        "person": {
            "number": found.public_id,
            "name": found.name,
            "also_written": sorted(set(also) - {found.name}),
            "phones": sorted({each for one in ids for each in reached[one, "phone"]}),
            "emails": sorted({each for one in ids for each in reached[one, "email"]}),
            "level": found.level,
            "region": found.region,
            "company": extra.get("company"),
            "note": extra.get("note"),
            "tags": customers.tags_of(session, [id])[id],
            "known_since": _iso(found.created_at),
        },
        "bookings": [{**_booking(each), "rated": rated.get(each.id)} for each in views],
        "messages": _messages(session, references),
        "notes": _notes(session, references, ids),
        "consents": [
            {
                "purpose": each.purpose,
                "version": each.version,
                "text": each.text,
                "channel": each.channel,
                "language": each.locale,
                "given_at": _iso(each.given_at),
                "withdrawn_at": _iso(each.withdrawn_at),
            }
            for each in consent.of_customers(session, ids)
        ],
        "history": _history(session, references, ids),
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None


def _booking(view: bookings.BookingView) -> dict[str, Any]:
    return {
        "reference": view.reference,
        "status": view.status,
        "service": view.service,
        "location": view.location,
        "start": _iso(view.start),
        "end": _iso(view.end),
        "with": list(view.resources),
        "seats": view.seats,
        "name": view.name,
        "phone": view.phone,
        "email": view.email,
        "company": view.company,
        "address": view.address,
        "answers": without_id(view.answers),
        "language": view.locale,
        "zone": view.customer_zone,
        "price_minor": view.price_minor,
        "currency": view.currency,
        "source": view.source,
        "booked_at": _iso(view.created_at),
        "cancel_reason": view.cancel_reason,
    }


def _messages(session: OrmSession, references: dict[int, str]) -> list[dict[str, Any]]:
    hers = and_(Message.object_kind == "booking", Message.object_id.in_(references), Message.audience == "customer")
    return [
        {
            "booking": references[each.object_id],
            "kind": each.kind,
            "channel": each.channel,
            "to": each.recipient,
            "due_at": _iso(each.due_at),
            "state": each.state,
            "settled_at": _iso(each.settled_at),
            "said": each.facts,
        }
        for each in session.scalars(select(Message).where(hers).order_by(Message.due_at, Message.id))
    ]


def _notes(session: OrmSession, references: dict[int, str], ids: Sequence[int]) -> list[dict[str, Any]]:
    return [
        {"at": _iso(each.at), "booking": _of(each, references), "text": each.text}
        for each in session.scalars(select(Note).where(_about(Note, references, ids)).order_by(Note.id))
    ]


def _about(model: Any, references: dict[int, str], ids: Sequence[int]) -> Any:
    return or_(
        and_(model.object_kind == "booking", model.object_id.in_(references)),
        and_(model.object_kind == "customer", model.object_id.in_(ids)),
    )


def _of(row: Any, references: dict[int, str]) -> str | None:
    return references[row.object_id] if row.object_kind == "booking" else None


def _history(session: OrmSession, references: dict[int, str], ids: Sequence[int]) -> list[dict[str, Any]]:
    """Who of staff did it stays out: that is about them. By whom means by the customer, by staff, by a program, by the clock."""
    query = select(History, HistoryPersonal.before, HistoryPersonal.after)
    query = query.outerjoin(HistoryPersonal, HistoryPersonal.history_id == History.id)
    rows = session.execute(query.where(_about(History, references, ids)).order_by(History.id))
    return [
        {
            "at": _iso(step.at),
            "by": step.actor.partition(":")[0],
            "booking": _of(step, references),
            "what": step.action,
            "before": {**(step.before or {}), **(before or {})},
            "after": {**(step.after or {}), **(after or {})},
            "reason": step.reason,
        }
        for step, before, after in rows
    ]
