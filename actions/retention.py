"""What is personal goes by schedule: counted first, then done, each part in small transactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, String, and_, cast, delete, func, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import erasing
from actions.record import record
from actions.transaction import run
from models.base import db, table
from models.booking import Booking, Session
from models.business import Business
from models.history import History, HistoryPersonal
from models.outbox import FINAL, Message
from models.people import Customer, SignIn
from rules import retention
from rules.errors import Invalid

BATCH = 200
# What goes by itself with every sweep, whatever the house says: hours.
ALWAYS = {"holds": 24, "keys": 72}


def figures_of(session: OrmSession) -> dict[str, int]:
    """How long each thing stays here."""
    extra = session.execute(select(Business.extra)).scalar() or {}
    return retention.figures(extra.get("retention") or {})


def set_figures(typed: Mapping[str, int | None], *, actor: str, now: datetime) -> bool:
    """Writes down how long things stay; False when it was so already. Raises Invalid with an error per figure."""
    wrong = retention.wrong(typed)
    if wrong:
        raise Invalid(errors=wrong)
    wanted = {name: int(typed[name] or 0) for name in retention.TERMS}

    def work(session: OrmSession) -> bool:
        extra = session.execute(select(Business.extra).with_for_update()).scalar() or {}
        before = retention.figures(extra.get("retention") or {})
        if before == wanted:
            return False
        quiet = {"synchronize_session": False}
        session.execute(update(Business).values(extra={**extra, "retention": wanted}).execution_options(**quiet))
        record(
            session,
            at=now,
            actor=actor,
            object_kind="business",
            object_id=1,
            action="retention_set",
            before=before,
            after=wanted,
        )
        return True

    return run(work)


def due(*, now: datetime) -> dict[str, int]:
    """How much would go now, without anything going: customers, bookings, messages, sign-ins."""
    session = db.session()
    connection, before = session.connection(), _before(session, now)
    return {
        "customers": _count(connection, select(_CUSTOMER.c.id).where(_whole(before["bookings"]))),
        "bookings": _count(connection, select(_BOOKING.c.id).where(_old(before["bookings"]))),
        "messages": _count(connection, select(_MESSAGE.c.id).where(_said(before["messages"]))),
        "sign_ins": _count(connection, select(_SIGN_IN.c.id).where(_ended(before["sign_ins"]))),
    }


def _before(session: OrmSession, now: datetime) -> dict[str, datetime]:
    return {name: retention.before(name, figure, now) for name, figure in figures_of(session).items()}


def _count(connection: Connection, query: Any) -> int:
    return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def apply(*, now: datetime) -> dict[str, int]:
    """Takes away what is due, and says how much it was. Several may run at the same time."""
    before = _before(db.session(), now)
    db.session().rollback()
    parts: dict[str, Callable[[Connection], int]] = {
        "customers": lambda connection: _erase(connection, before["bookings"], now),
        "bookings": lambda connection: _blank(connection, before["bookings"], now),
        "messages": lambda connection: _empty(connection, before["messages"]),
        "sign_ins": lambda connection: _drop(connection, before["sign_ins"]),
    }
    done = dict.fromkeys(parts, 0)
    for name, part in parts.items():
        while True:
            count = run(partial(_batch, part))
            done[name] += count
            if count < BATCH:
                break
    return done


def _batch(part: Callable[[Connection], int], session: OrmSession) -> int:
    return part(session.connection())


_BOOKING, _SESSION, _CUSTOMER = table(Booking), table(Session), table(Customer)
_MESSAGE, _SIGN_IN = table(Message), table(SignIn)
_HISTORY, _PERSONAL = table(History), table(HistoryPersonal)


def _held() -> Any:
    return select(_CUSTOMER.c.id).where(_CUSTOMER.c.hold_reason.is_not(None))


def _old(before: datetime) -> ColumnElement[bool]:
    """Bookings that ended before and still name their customer, whom nothing holds."""
    ended = select(_SESSION.c.id).where(_SESSION.c.id == _BOOKING.c.session_id, _SESSION.c.ends < before)
    return and_(_BOOKING.c.name != "", ended.exists(), _BOOKING.c.customer_id.not_in(_held()))


def _whole(before: datetime) -> ColumnElement[bool]:
    """Customers who came before and not since, and have nothing ahead of them."""
    since = select(_BOOKING.c.id).join(_SESSION, _SESSION.c.id == _BOOKING.c.session_id)
    since = since.where(_BOOKING.c.customer_id == _CUSTOMER.c.id, _SESSION.c.ends >= before)
    fresh = and_(_CUSTOMER.c.erased_at.is_(None), _CUSTOMER.c.merged_into.is_(None), _CUSTOMER.c.hold_reason.is_(None))
    return and_(fresh, _CUSTOMER.c.created_at < before, ~since.exists())


def _erase(connection: Connection, before: datetime, now: datetime) -> int:
    query = select(_CUSTOMER.c.id).where(_whole(before)).order_by(_CUSTOMER.c.id).limit(BATCH).with_for_update()
    locked = list(connection.execute(query).scalars())
    # Who booked while this waited for her row is no more one of them: only a statement of its own sees that.
    ids = list(connection.execute(select(_CUSTOMER.c.id).where(_whole(before), _CUSTOMER.c.id.in_(locked))).scalars())
    merged = select(_CUSTOMER.c.id).where(_CUSTOMER.c.merged_into.in_(ids))
    everybody = [*ids, *connection.execute(merged).scalars()]
    if ids:
        erasing.remove(connection, everybody, actor="clock", now=now)
    return len(ids)


def _blank(connection: Connection, before: datetime, now: datetime) -> int:
    ids = list(connection.execute(select(_BOOKING.c.id).where(_old(before)).limit(BATCH)).scalars())
    erasing.blank(connection, ids, now=now)
    return len(ids)


def _said(before: datetime) -> ColumnElement[bool]:
    """Messages that ended before and still hold what they said."""
    return and_(
        _MESSAGE.c.state.in_(FINAL),
        _MESSAGE.c.settled_at < before,
        cast(_MESSAGE.c.facts, String).not_in(("{}", "null")),
    )


def _empty(connection: Connection, before: datetime) -> int:
    ids = list(connection.execute(select(_MESSAGE.c.id).where(_said(before)).limit(BATCH)).scalars())
    if ids:
        erasing.blank_messages(connection, _MESSAGE.c.id.in_(ids))
    return len(ids)


def _ended(before: datetime) -> ColumnElement[bool]:
    return and_(_SIGN_IN.c.created_at < before, or_(_SIGN_IN.c.ended_at.is_not(None), _SIGN_IN.c.expires_at < before))


def _drop(connection: Connection, before: datetime) -> int:
    """Sign-ins, and from where people signed in."""
    old = select(_HISTORY.c.id).where(_HISTORY.c.object_kind == "staff", _HISTORY.c.at < before)
    connection.execute(delete(_PERSONAL).where(_PERSONAL.c.history_id.in_(old)))
    ids = list(connection.execute(select(_SIGN_IN.c.id).where(_ended(before)).limit(BATCH)).scalars())
    connection.execute(delete(_SIGN_IN).where(_SIGN_IN.c.id.in_(ids)))
    return len(ids)


EVERY = timedelta(days=1)
