"""Calendar feeds: an address with a secret, kept as a hash."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.hold import hashed
from actions.transaction import run
from models.base import db, rows_changed
from models.doors import Token
from models.snapshot import catalogue
from rules import errors


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed: of a resource or a location."""

    id: int
    kind: str
    slug: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


def add(*, resource: str | None = None, location: str | None = None, now: datetime) -> str:
    """Makes a feed and returns its secret, which is shown this once. Raises UnknownResource or UnknownLocation."""
    known = catalogue(db.session())
    if resource is not None:
        if resource not in known.resources:
            raise errors.UnknownResource(resource=resource)
        kind, id = "resource", known.resources[resource].id
    else:
        if location is None or location not in known.locations:
            raise errors.UnknownLocation(location=location)
        kind, id = "location", known.locations[location].id
    secret = secrets.token_urlsafe(32)

    def work(session: OrmSession) -> None:
        session.execute(
            insert(Token).values(
                kind="feed", hash=hashed(secret), subject_kind=kind, subject_id=id, scopes=[], created_at=now
            )
        )

    run(work)
    return secret


def listed() -> list[Feed]:
    """All feeds, oldest first."""
    known = catalogue(db.session())
    names: dict[str, Any] = {"resource": known.resource_by_id, "location": known.location_by_id}
    rows = db.session.execute(select(Token).where(Token.kind == "feed").order_by(Token.id)).scalars()
    return [
        Feed(
            row.id,
            row.subject_kind,
            names[row.subject_kind][row.subject_id].slug,
            row.created_at,
            row.last_used_at,
            row.revoked_at,
        )
        for row in rows
    ]


def note_reading(*, id: int, last: datetime | None, now: datetime) -> None:
    """Remembers that a feed is in use, to the hour. A database that is busy has better things to do."""
    if last is not None and now - last < timedelta(hours=1):
        return

    def work(session: OrmSession) -> None:
        session.execute(
            update(Token).where(Token.id == id).values(last_used_at=now).execution_options(synchronize_session=False)
        )

    with contextlib.suppress(errors.Refusal):
        run(work)


def revoke(*, id: int, now: datetime) -> bool:
    """Ends a feed; False when there is none of that number or it has ended already."""

    def work(session: OrmSession) -> bool:
        done = rows_changed(
            session,
            update(Token)
            .where(Token.id == id, Token.kind == "feed", Token.revoked_at.is_(None))
            .values(revoked_at=now),
        )
        return done == 1

    return run(work)
