"""Customers who may be one: found by the worker, suggested to people, never merged by itself."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapidfuzz import fuzz
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.transaction import transaction
from models.base import db, dialect_of, rows_changed, upsert
from models.customer_queries import begins as _begins
from models.people import Customer, CustomerContact, Likeness
from rules import text

BATCH, LOOKED_AT, KEPT = 50, 200, 5
# Of 100, after trying pairs of real names: a slip of the pen scores 88 and more, two people of one family less than 80.
SLIP, OF_ONE_CONTACT = 88, 80
_QUIET = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Named:
    """A customer as she is compared: ``name`` folded, ``spelled`` in plain Latin letters, Chinese as it is spoken."""

    id: int
    name: str
    spelled: str


def compare(*, now: datetime, seconds: float = 0.5) -> int:
    """Compares customers who are new or were changed with all others, for about so many seconds; how many it were."""
    until, done = time.monotonic() + seconds, 0
    waits = db.session.execute(select(Customer.id).where(Customer.compared_at.is_(None)).limit(1)).first()
    db.session.rollback()
    while waits is not None:
        with transaction() as session:
            count = _some(session, now)
        done += count
        if count < BATCH or time.monotonic() > until:
            break
    return done


def _some(session: OrmSession, now: datetime) -> int:
    columns = (Customer.id, Customer.name, Customer.folded_name, Customer.merged_into, Customer.erased_at)
    query = select(*columns).where(Customer.compared_at.is_(None)).order_by(Customer.id).limit(BATCH)
    rows = session.execute(query.with_for_update(skip_locked=True)).all()
    for row in rows:
        said = text.spelled(spoken(row.name)) or None
        values = {"compared_at": now, "spelled": said if row.erased_at is None else None}
        session.execute(update(Customer).where(Customer.id == row.id).values(**values).execution_options(**_QUIET))
        if row.merged_into is None and row.erased_at is None:
            _suggest(session, Named(row.id, row.folded_name, said or ""), now)
    return len(rows)


def spoken(name: str) -> str:
    """A name with its Chinese as it is spoken, without tones: ``张伟`` as ``zhang wei``."""
    if not any("\u3400" <= each <= "\u9fff" for each in name):
        return name
    # It takes fifty megabytes: only the worker of a house with Chinese names has to have them.
    from pypinyin import lazy_pinyin

    return " ".join(lazy_pinyin(name))


def _suggest(session: OrmSession, hers: Named, now: datetime) -> None:
    either = or_(Likeness.customer_id == hers.id, Likeness.other_id == hers.id)
    session.execute(delete(Likeness).where(either, Likeness.set_aside_at.is_(None)).execution_options(**_QUIET))
    shared = set(_of_one_contact(session, hers.id))
    found = []
    for other in _others(session, hers, shared):
        judged = like(hers, other, shared=other.id in shared)
        if judged is not None:
            found.append((*judged, other.id))
    for score, why, id in sorted(found, key=lambda each: (-each[0], each[2]))[:KEPT]:
        first, second = sorted((hers.id, id))
        row = {"customer_id": first, "other_id": second, "score": score, "why": why, "found_at": now}
        session.execute(upsert(Likeness, dialect_of(session)).values(**row).on_conflict_do_nothing())


def _of_one_contact(session: OrmSession, id: int) -> Iterable[int]:
    mine = select(CustomerContact.contact_id).where(CustomerContact.customer_id == id)
    query = select(CustomerContact.customer_id).where(CustomerContact.contact_id.in_(mine))
    return session.scalars(query.where(CustomerContact.customer_id != id).limit(LOOKED_AT))


def _others(session: OrmSession, hers: Named, shared: set[int]) -> list[Named]:
    """Everybody who may be like her: each by an index, none by reading all."""
    turned = text.family_first(hers.name)
    ways: list[Any] = [
        Customer.folded_name.in_({hers.name, turned}),
        Customer.family_first == hers.name,
    ]
    begins = hers.spelled[:4]
    if len(begins) == 4:
        ways.append(_begins(session, Customer.spelled, begins))
    family = hers.name.rpartition(" ")[2]
    if len(family) >= 3 and family != hers.name:
        ways.append(_begins(session, Customer.family_first, f"{family} "))
    if shared:
        ways.append(Customer.id.in_(shared))
    columns = select(Customer.id, Customer.folded_name, Customer.spelled)
    found: dict[int, Named] = {}
    for way in ways:
        query = columns.where(way, Customer.id != hers.id, Customer.merged_into.is_(None), Customer.erased_at.is_(None))
        for id, name, said in session.execute(query.limit(LOOKED_AT)):
            found[id] = Named(id, name, said or "")
    return list(found.values())


def like(one: Named, other: Named, *, shared: bool) -> tuple[int, str] | None:
    """How much of 100 two are like one person and by which sign, or None: ``contact`` (and a like name), ``name``, ``spelling``,
    ``sound``. Sound alone says little: only where one of the names is written in Latin letters and the other in Chinese."""
    near = round(fuzz.token_sort_ratio(one.name, other.name))
    same_sound = bool(one.spelled) and one.spelled == other.spelled
    if shared and (near >= OF_ONE_CONTACT or same_sound):
        return max(near, SLIP), "contact"
    if near == 100:
        return 95, "name"
    if same_sound and _chinese(one.name) != _chinese(other.name):
        return 80, "sound"
    if near >= SLIP and not _chinese(one.name):
        return near - 5, "spelling"
    return None


def _chinese(name: str) -> bool:
    return any("\u3400" <= each <= "\u9fff" for each in name)


def set_aside(session: OrmSession, one: int, other: int, *, actor: str, now: datetime) -> bool:
    """Writes down that two are not one; False when nobody had suggested it or it was said before."""
    first, second = sorted((one, other))
    done = rows_changed(
        session,
        update(Likeness)
        .where(Likeness.customer_id == first, Likeness.other_id == second, Likeness.set_aside_at.is_(None))
        .values(set_aside_at=now, set_aside_by=actor),
    )
    return done == 1
