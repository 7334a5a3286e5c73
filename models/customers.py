"""Customers as staff look at them: found within somebody's rights, and one with all that is about her."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session as OrmSession

from models import bookings
from models.booking import Booking, Session
from models.bookings import BookingView
from models.customer_queries import matching, ways
from models.desk import Note
from models.history import History
from models.outbox import Message
from models.people import Customer, CustomerTag, Likeness
from models.scope import everywhere, reachable, reached, readable, whom
from rules.rights import Viewer

PAGE = 25
# More of one person is on no page; the copy for the customer has all.
MOST = 200
MATCHED = 300


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; what is "" is not asked. ``reference`` is the booking that ``text`` names, if it names one."""

    text: str = ""
    tag: str = ""
    level: str = ""
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One customer of a list. ``bookings`` of hers there are, the latest visit begins or began at ``last``."""

    id: int
    public_id: str
    name: str
    level: str | None
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    tags: tuple[str, ...]
    bookings: int
    last: datetime | None


def page(session: OrmSession, viewer: Viewer, wanted: Wanted, *, skip: int = 0) -> tuple[list[Line], bool]:
    """The customers that she may see, by name, or the latest first where nothing is looked for; and whether there are more.
    Five queries."""
    query = select(Customer).where(*_open(), whom(viewer, "customer.see"))
    if wanted.text:
        also = [_by_reference(viewer, wanted.reference)] if wanted.reference else []
        # What is narrowed further is looked for in all of them.
        narrowed = wanted.tag or wanted.level or not everywhere(viewer, "customer.see")
        most = None if narrowed else MATCHED + skip
        found = matching(session, wanted.text, contacts=reachable(viewer), also=also, most=most)
        if found is None:
            return [], False
        # A short list that is known keeps the database from reading everybody beside it.
        query = query.where(Customer.id.in_(found if most is None else list(session.scalars(found))))
    if wanted.level:
        query = query.where(Customer.level == wanted.level)
    if wanted.tag:
        query = query.where(Customer.id.in_(select(CustomerTag.customer_id).where(CustomerTag.tag == wanted.tag)))
    order = (Customer.folded_name, Customer.id) if wanted.text or wanted.tag or wanted.level else (Customer.id.desc(),)
    rows = list(session.scalars(query.order_by(*order).offset(skip).limit(PAGE + 1)))
    return lines(session, rows[:PAGE]), len(rows) > PAGE


def _open() -> list[ColumnElement[bool]]:
    return [Customer.merged_into.is_(None), Customer.erased_at.is_(None)]


def _by_reference(viewer: Viewer, code: str) -> Any:
    """The customer of a booking, where that booking names her to who looks."""
    query = select(Booking.customer_id).join(Session, Session.id == Booking.session_id)
    return query.where(Booking.reference == code, reached(viewer, "booking.see"), readable(viewer))


def lines(session: OrmSession, rows: Sequence[Customer]) -> list[Line]:
    """These customers with how they are reached, their tags and how often they book. Three queries."""
    ids = [each.id for each in rows]
    if not ids:
        return []
    reached_by, tags = ways(session, ids), tags_of(session, ids)
    counted = select(Booking.customer_id, func.count(), func.max(Session.starts))
    counted = counted.join(Session, Session.id == Booking.session_id).where(Booking.customer_id.in_(ids))
    visits = {id: (count, last) for id, count, last in session.execute(counted.group_by(Booking.customer_id))}
    return [
        Line(
            each.id,
            each.public_id,
            each.name,
            each.level,
            tuple(reached_by[each.id, "phone"]),
            tuple(reached_by[each.id, "email"]),
            tuple(tags[each.id]),
            *visits.get(each.id, (0, None)),
        )
        for each in rows
    ]


def tags_of(session: OrmSession, ids: Sequence[int]) -> dict[int, list[str]]:
    """The tags of these customers, by id. One query."""
    found: dict[int, list[str]] = defaultdict(list)
    query = select(CustomerTag.customer_id, CustomerTag.tag).where(CustomerTag.customer_id.in_(ids))
    for id, tag in session.execute(query.order_by(CustomerTag.tag)):
        found[id].append(tag)
    return found


def choices(session: OrmSession) -> tuple[list[str], list[str]]:
    """The tags and the levels that there are. Two queries."""
    tags = session.scalars(select(CustomerTag.tag).distinct().order_by(CustomerTag.tag).limit(MOST))
    levels = select(Customer.level).where(Customer.level.is_not(None)).distinct().order_by(Customer.level).limit(MOST)
    return list(tags), [each for each in session.scalars(levels) if each]


def by_public_id(session: OrmSession, public_id: str) -> Customer | None:
    """The customer, whoever looks; also one who was merged or erased. None for what cannot be such an id."""
    if not (public_id.isascii() and public_id.isalnum()):
        return None
    return session.execute(select(Customer).where(Customer.public_id == public_id)).scalar_one_or_none()


def reaches(session: OrmSession, viewer: Viewer, action: str, id: int) -> bool:
    """True when an action of hers reaches this customer, who is neither merged nor erased."""
    query = select(Customer.id).where(Customer.id == id, *_open(), whom(viewer, action))
    return session.execute(query).first() is not None


def all_of(session: OrmSession, id: int) -> list[int]:
    """The customer and those who were merged into her, by id."""
    merged = session.scalars(select(Customer.id).where(Customer.merged_into == id).order_by(Customer.id))
    return [id, *merged]


def visits(session: OrmSession, viewer: Viewer, id: int) -> list[BookingView]:
    """Her bookings that name her to who looks, the latest start first. Two queries."""
    mine = (Booking.customer_id == id, reached(viewer, "booking.see"), readable(viewer))
    return bookings.many(session, bookings.columns().where(*mine).order_by(Session.starts.desc()).limit(MOST))


def steps(session: OrmSession, bookings_: Sequence[int], ids: Sequence[int]) -> list[History]:
    """What happened to these bookings and customers, latest first. One query."""
    which = or_(_about(History, "booking", bookings_), _about(History, "customer", ids))
    return list(session.scalars(select(History).where(which).order_by(History.id.desc()).limit(MOST)))


def notes(session: OrmSession, bookings_: Sequence[int], ids: Sequence[int]) -> list[Note]:
    """The notes about these bookings and customers, latest first. One query."""
    which = or_(_about(Note, "booking", bookings_), _about(Note, "customer", ids))
    return list(session.scalars(select(Note).where(which).order_by(Note.id.desc()).limit(MOST)))


def messages(session: OrmSession, bookings_: Sequence[int]) -> list[Message]:
    """What was sent to the customer of these bookings, or waits to be, latest first. One query."""
    hers = select(Message).where(_about(Message, "booking", bookings_), Message.audience == "customer")
    return list(session.scalars(hers.order_by(Message.due_at.desc(), Message.id.desc()).limit(MOST)))


def _about(model: Any, kind: str, ids: Sequence[int]) -> ColumnElement[bool]:
    return and_(model.object_kind == kind, model.object_id.in_(ids))


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody who may be the same person, by which sign (``why``), of 100 how much."""

    customer: Line
    why: str
    score: int


def alike(session: OrmSession, viewer: Viewer, id: int, *, limit: int = 5) -> list[Alike]:
    """Who may be the same person as this customer, of those that she may see, the likest first. Four queries."""
    pair = or_(
        and_(Likeness.customer_id == id, Likeness.other_id == Customer.id),
        and_(Likeness.other_id == id, Likeness.customer_id == Customer.id),
    )
    query = select(Customer, Likeness.why, Likeness.score).join(Likeness, pair)
    query = query.where(Likeness.set_aside_at.is_(None), *_open(), whom(viewer, "customer.see"))
    rows = session.execute(query.order_by(Likeness.score.desc(), Customer.id).limit(limit)).all()
    told = lines(session, [row[0] for row in rows])
    return [Alike(line, row[1], row[2]) for line, row in zip(told, rows, strict=True)]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two customers who may be one, the one with the lower number first."""

    first: Line
    second: Line
    why: str
    score: int


def pairs(session: OrmSession, viewer: Viewer, *, skip: int = 0) -> tuple[list[Pair], bool]:
    """The customers who may be one with another, the likest first, and whether there are more. Five queries."""
    both: list[Any] = []
    for column in (Likeness.customer_id, Likeness.other_id):
        hers = select(Customer.id).where(Customer.id == column, *_open(), whom(viewer, "customer.merge"))
        both.append(hers.exists())
    query = select(Likeness).where(Likeness.set_aside_at.is_(None), *both)
    query = query.order_by(Likeness.score.desc(), Likeness.customer_id, Likeness.other_id).offset(skip).limit(PAGE + 1)
    found = list(session.scalars(query))
    ids = {id for each in found[:PAGE] for id in (each.customer_id, each.other_id)}
    rows = list(session.scalars(select(Customer).where(Customer.id.in_(ids))))
    told = {each.id: each for each in lines(session, rows)}
    return [Pair(told[each.customer_id], told[each.other_id], each.why, each.score) for each in found[:PAGE]], len(
        found
    ) > PAGE


def page_of(session: OrmSession, viewer: Viewer, id: int) -> str | None:
    """The public id of a customer whose page she may open, or None."""
    query = select(Customer.public_id).where(Customer.id == id, *_open(), whom(viewer, "customer.see"))
    return session.execute(query).scalar()


def open_to(session: OrmSession, viewer: Viewer, ids: Sequence[int]) -> set[int]:
    """Which of these customers have a page that she may open. One query."""
    query = select(Customer.id).where(Customer.id.in_(ids), *_open(), whom(viewer, "customer.see"))
    return set(session.scalars(query)) if ids else set()
