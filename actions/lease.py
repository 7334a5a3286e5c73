"""Who works at a file, and until when it is hers.

The instant until which it is kept is the mark of whoever took it: only what has run out is taken again, so the next mark is always
a later one. Every step of hers asks for her own mark, and a slow worker that another has replaced changes nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, and_, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.transaction import run
from models.base import rows_changed
from models.imports import ExportFile, ImportRun

T = TypeVar("T")


class Lost(Exception):
    """Somebody else works at it by now, or it is not to be worked at any more."""


@dataclass(slots=True)
class Lease:
    """A file that is held; ``until`` follows every step."""

    of: type[ImportRun] | type[ExportFile]
    id: int
    until: datetime
    length: timedelta

    @property
    def mine(self) -> ColumnElement[bool]:
        """As long as nobody else has taken it."""
        return self.of.lease_until == self.until

    def step(self, work: Callable[[OrmSession], T], *, now: datetime) -> T:
        """Does ``work`` in one transaction and holds the file further. Raises Lost, and nothing of it was done."""
        until = now + self.length

        def held(session: OrmSession) -> T:
            done = work(session)
            if not self._set(session, lease_until=until):
                raise Lost
            return done

        done = run(held)
        # Only now: what is tried again still has the old mark.
        self.until = until
        return done

    def hold(self, *, now: datetime) -> None:
        """Holds it further. Raises Lost."""
        self.step(lambda _session: None, now=now)

    def end(self, session: OrmSession, *where: ColumnElement[bool], **values: Any) -> bool:
        """Lets it go with these values; False where it was not hers any more, or not as said."""
        return self._set(session, *where, lease_until=None, **values)

    def _set(self, session: OrmSession, *where: ColumnElement[bool], **values: Any) -> bool:
        change = update(self.of).where(self.of.id == self.id, self.mine, *where).values(**values)
        return bool(rows_changed(session, change))


def take(
    of: type[ImportRun] | type[ExportFile], waiting: ColumnElement[bool], *, length: timedelta, now: datetime
) -> Lease | None:
    """The oldest file that waits and that nobody works at, held from now on."""

    def work(session: OrmSession) -> Lease | None:
        free = and_(waiting, or_(of.lease_until.is_(None), of.lease_until < now))
        id = session.execute(select(of.id).where(free).order_by(of.id).limit(1)).scalar()
        if id is None:
            return None
        taken = update(of).where(of.id == id, free).values(lease_until=now + length)
        return Lease(of, id, now + length, length) if rows_changed(session, taken) else None

    return run(work)
