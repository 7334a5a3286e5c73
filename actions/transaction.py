"""One writing transaction per action, opened and ended here; errors of the database become named refusals here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn, TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as OrmSession
from sqlalchemy.orm import scoped_session

from failpoints import failpoint
from models.base import BEGIN_WRITING, db
from models.booking import GUARD
from rules.errors import Busy, SlotTaken, StorageFull

T = TypeVar("T")
Database = OrmSession | scoped_session[OrmSession]


class Again(Exception):
    """What was chosen has been lost meanwhile, or the database asks for another try: roll back and run it once more."""


TRIES = 5


def run(work: Callable[[OrmSession], T]) -> T:
    """``work(session)`` inside one transaction, at most five times when it is told to try again. Then Busy."""
    for tried in range(TRIES):
        try:
            with transaction() as session:
                return work(session)
        except Again:
            # A deadlock's losers meet again at once without some noise; a lost choice has nothing to wait for.
            time.sleep(random.uniform(0, 0.02) * tried)
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
    try:
        session.connection(execution_options={BEGIN_WRITING: True})
        yield session
        failpoint("before_commit")
        session.commit()
        failpoint("after_commit")
    except DBAPIError as error:
        session.rollback()
        _refuse(error)
    except BaseException:
        session.rollback()
        raise


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
