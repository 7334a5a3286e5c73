"""One writing transaction per action, opened and ended here; errors of the database become named refusals here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import NoReturn, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import scoped_session

from failpoints import failpoint
from models import snapshot
from models.base import BEGIN_WRITING, OPEN, db
from models.booking import GUARD
from rules.errors import Busy, Refusal, SlotTaken, StorageFull, Uncertain

T = TypeVar("T")
Database = OrmSession | scoped_session[OrmSession]


class Again(Exception):
    """What was chosen has been lost meanwhile, or the database asks for another try: roll back and run it once more."""


TRIES, PATIENCE = 5, 3.0


def run(work: Callable[[OrmSession], T]) -> T:
    """``work(session)`` inside one transaction, once more whenever it is told to try again. Busy after three seconds of that.

    It is counted in time and not in tries, since whoever loses a choice has seen another win it: of ten people who would
    all do, one can be lost nine times before the tenth is had. Work may trust the catalogue that this process knows
    (``snapshot.latest``) as long as it checks the version under its locks: what was refused on an outdated one is decided
    again.
    """
    began = time.monotonic()
    for tried in count():
        try:
            with transaction() as session:
                return work(session)
        except Refusal:
            if not snapshot.outdated(db.session()):
                raise
        except Again:
            snapshot.outdated(db.session())
            if tried >= TRIES and time.monotonic() - began > PATIENCE:
                break
            # A deadlock's losers meet again at once without some noise; a lost choice has nothing to wait for.
            time.sleep(random.uniform(0, 0.02) * min(tried, TRIES))
    raise Busy(retry_after=1)


@contextmanager
def transaction() -> Iterator[OrmSession]:
    """A fresh writing transaction on the request's session: committed at the end, rolled back on any exception.

    A read transaction that is still open is ended first: on SQLite the wish to write has to be known when the
    transaction begins. Unsaved objects at that point are a mistake of the caller.
    """
    session = db.session()
    assert not session.new and not session.dirty and not session.deleted, "changes outside of an action"
    session.rollback()
    failpoint("before_begin")
    try:
        session.info[OPEN] = session.connection(execution_options={BEGIN_WRITING: True})
        yield session
        failpoint("before_commit")
        _commit(session)
        failpoint("after_commit")
    except DBAPIError as error:
        session.rollback()
        _refuse(error)
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(OPEN, None)


def _commit(session: OrmSession) -> None:
    """Commits. Raises Uncertain when the connection breaks over it: nobody can say then on which side of it."""
    try:
        session.commit()
    except DBAPIError as error:
        if not error.connection_invalidated and not (getattr(error.orig, "sqlstate", None) or "").startswith("57P"):
            raise
        session.rollback()
        raise Uncertain(retry_after=5) from error


def _refuse(error: DBAPIError) -> NoReturn:
    """Turns an error of the driver into a refusal, or raises it as it is.

    Codes: https://www.postgresql.org/docs/current/errcodes-appendix.html; SQLite has words only.
    """
    state = getattr(error.orig, "sqlstate", None)
    words = str(error.orig)
    if state == "23P01" or GUARD in words or "ck_session_seats" in words:
        raise SlotTaken from error
    if state in ("40P01", "40001"):
        raise Again from error
    if state in ("55P03", "57014", "53300") or "database is locked" in words:
        raise Busy(retry_after=1) from error
    if (state or "").startswith("53") or "database or disk is full" in words:
        raise StorageFull(retry_after=60) from error
    raise error
