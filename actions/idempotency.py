"""One key, one effect: the record is written in the transaction of the effect, so a failure leaves no trace of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as OrmSession

from models.doors import Idempotency
from rules import errors

KEPT = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Key:
    """A client's key for one route. ``fingerprint`` is that of method, path and body."""

    scope: str
    key: str
    fingerprint: str


def fingerprint(*parts: Any) -> str:
    """A stable hash of what was asked: JSON-able values, order of mappings irrelevant."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def begin(session: OrmSession, key: Key, *, now: datetime) -> Mapping[str, Any] | None:
    """Claims the key in the current transaction. None: do the work, then ``finish``. Otherwise the stored answer.

    A second request waits here, on the unique key, until the first has ended; after the lock time-out it is refused with
    InProgress. Raises KeyReused when the key came with something else before.
    """
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    values = {"scope": key.scope, "key": key.key, "fingerprint": key.fingerprint, "created_at": now}
    claim = make(Idempotency).values(**values).on_conflict_do_nothing().returning(Idempotency.id)
    try:
        if session.execute(claim).scalar() is not None:
            return None
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == "55P03":
            raise errors.InProgress(retry_after=5) from error
        raise
    row = session.execute(
        select(Idempotency).where(Idempotency.scope == key.scope, Idempotency.key == key.key)
    ).scalar_one()
    if row.created_at + KEPT <= now:
        session.execute(
            delete(Idempotency).where(Idempotency.id == row.id).execution_options(synchronize_session=False)
        )
        session.expunge(row)
        return begin(session, key, now=now)
    if row.fingerprint != key.fingerprint:
        raise errors.KeyReused
    return dict(row.answer or {})


def finish(session: OrmSession, key: Key, answer: Mapping[str, Any]) -> None:
    """Keeps the answer, without secrets, beside its effect."""
    session.execute(
        update(Idempotency)
        .where(Idempotency.scope == key.scope, Idempotency.key == key.key)
        .values(answer=dict(answer))
        .execution_options(synchronize_session=False)
    )


def sweep(session: OrmSession, *, now: datetime) -> int:
    """Drops keys older than 72 hours and returns how many."""
    gone = session.execute(
        delete(Idempotency).where(Idempotency.created_at <= now - KEPT).execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
