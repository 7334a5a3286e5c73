"""Teams: who works together, and who leads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions.account_steps import QUIET
from actions.record import record
from actions.transaction import Again, run
from models.base import dialect_of, execute, table, upsert
from models.people import Staff, Team
from rules import errors, text
from rules.errors import FieldError, Invalid
from rules.rights import Viewer


@dataclass(frozen=True, slots=True)
class Saved:
    """A team as it was asked for; ``replayed`` when it was so before."""

    id: int
    replayed: bool = False


def set_team(*, id: int | None, name: str, leader: int | None, by: Viewer, now: datetime) -> Saved:
    """Makes or changes a team. The same again is ``replayed``. Raises Invalid, NotAllowed, Missing."""
    called = text.line(name, longest=60)
    if isinstance(called, FieldError) or not called:
        raise Invalid(errors={"name": called if isinstance(called, FieldError) else FieldError("required")})
    if not by.may("staff.manage"):
        raise errors.NotAllowed

    def work(session: OrmSession) -> Saved:
        if leader is not None and session.get(Staff, leader) is None:
            raise errors.Missing
        same = session.execute(select(Team).where(Team.name == called, Team.id != (id or 0))).scalar_one_or_none()
        if same is not None:
            if id is None and same.retired_at is None and same.leader_id == leader:
                return Saved(same.id, replayed=True)
            raise Invalid(errors={"name": FieldError("name_taken")})
        if id is None:
            return _made(session, called, leader, by, now)
        return _changed(session, id, called, leader, by, now)

    return run(work)


def _made(session: OrmSession, name: str, leader: int | None, by: Viewer, now: datetime) -> Saved:
    wanted = upsert(Team, dialect_of(session)).on_conflict_do_nothing().returning(table(Team).c.id)
    id = execute(session, wanted, {"name": name, "leader_id": leader}).scalar()
    if id is None:
        # Somebody, or a second tap, was faster by a moment: look once more.
        raise Again
    after = {"name": name, "leader": leader}
    record(session, at=now, actor=by.actor, object_kind="team", object_id=id, action="added", after=after)
    return Saved(id)


def _changed(session: OrmSession, id: int, name: str, leader: int | None, by: Viewer, now: datetime) -> Saved:
    old = session.execute(select(Team).where(Team.id == id).with_for_update()).scalar_one_or_none()
    if old is None:
        raise errors.Missing
    before, after = {"name": old.name, "leader": old.leader_id}, {"name": name, "leader": leader}
    if before == after:
        return Saved(id, replayed=True)
    values = {"name": name, "leader_id": leader}
    session.execute(update(Team).where(Team.id == id).values(**values).execution_options(**QUIET))
    step = {"action": "changed", "before": before, "after": after}
    record(session, at=now, actor=by.actor, object_kind="team", object_id=id, **step)  # type: ignore[arg-type]
    return Saved(id)
