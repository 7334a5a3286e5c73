"""One key, one effect: the record is written in the transaction of the effect, so a failure leaves no trace of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as OrmSession

from models import prepared
from models.base import dialect_of, rows_changed, table, upsert
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


@cache
def _claim(dialect: str) -> Any:
    return upsert(Idempotency, dialect).on_conflict_do_nothing().returning(table(Idempotency).c.id)


def begin(session: OrmSession, key: Key, *, now: datetime, answer: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Claims the key in the current transaction. None: do the work. Otherwise the answer of the first time.

    ``answer`` is what a second request will be given: it is written with the claim, which stays only if the work succeeds,
    so it must be known before the work is done (a reference that was drawn, never a secret). A second request waits here, on the unique key, until the first has ended; after the lock time-out it is refused with
    InProgress. Raises KeyReused when the key came with something else before.
    """
    values = {
        "scope": key.scope,
        "key": key.key,
        "fingerprint": key.fingerprint,
        "created_at": now,
        "answer": dict(answer),
    }
    try:
        if prepared.run(session, _claim(dialect_of(session)), values).scalar() is not None:
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
        return begin(session, key, now=now, answer=answer)
    if row.fingerprint != key.fingerprint:
        raise errors.KeyReused
    return dict(row.answer or {})


def sweep(session: OrmSession, *, now: datetime) -> int:
    """Drops keys older than 72 hours and returns how many."""
    return rows_changed(session, delete(Idempotency).where(Idempotency.created_at <= now - KEPT))
