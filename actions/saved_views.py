"""Views of the diary that somebody keeps under a name, for herself or for everybody."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from models.base import dialect_of, rows_changed, upsert
from models.desk import SavedView
from rules import errors, text
from rules.errors import FieldError, Invalid
from rules.rights import Viewer

LONGEST, MOST = 60, 100


def keep(*, name: str, query: str, shared: bool, by: Viewer, now: datetime) -> int:
    """Keeps the query of an address under a name and returns its id; her own of that name gives way. Raises Invalid."""
    said = text.line(name, longest=LONGEST)
    if isinstance(said, FieldError) or not said:
        raise Invalid(errors={"name": said if isinstance(said, FieldError) else FieldError("required")})

    def work(session: OrmSession) -> int:
        mine = select(func.count()).select_from(SavedView).where(SavedView.staff_id == by.id)
        if session.execute(mine.where(SavedView.name != said)).scalar_one() >= MOST:
            raise Invalid(errors={"name": FieldError("too_many", {"max": MOST})})
        row = {"query": query, "shared": shared}
        insert = upsert(SavedView, dialect_of(session)).values(staff_id=by.id, name=said, **row)
        done = insert.on_conflict_do_update(index_elements=["staff_id", "name"], set_=row)
        id = int(session.execute(done.returning(SavedView.id)).scalar_one())
        # Not the query: it may look for somebody by name, and history keeps no personal values.
        after = {"shared": shared}
        record(session, at=now, actor=by.actor, object_kind="saved_view", object_id=id, action="view_kept", after=after)
        return id

    return run(work)


def drop(*, id: int, by: Viewer, now: datetime) -> None:
    """Drops a view of her own. Raises Missing for any other."""

    def work(session: OrmSession) -> None:
        hers = delete(SavedView).where(SavedView.id == id, SavedView.staff_id == by.id)
        if rows_changed(session, hers) != 1:
            raise errors.Missing
        record(session, at=now, actor=by.actor, object_kind="saved_view", object_id=id, action="view_dropped")

    run(work)
