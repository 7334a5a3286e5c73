"""Setting the switches of a role."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from models.base import dialect_of, upsert
from models.business import Business
from models.people import RightSwitch
from rules import errors, rights
from rules.rights import Viewer


def switch(*, role: str, name: str, on: bool, by: Viewer, now: datetime) -> None:
    """Sets one switch of one role; it holds from the next request of everybody in that role. Raises NotAllowed, Missing."""
    if name not in rights.SWITCHES or role not in rights.ROLES or role in rights.FIXED:
        raise errors.Missing
    # Nobody widens what she herself may do.
    if not by.may("rights.manage") or role == by.role:
        raise errors.NotAllowed

    def work(session: OrmSession) -> None:
        old = session.execute(select(RightSwitch.on).where(RightSwitch.role == role, RightSwitch.name == name)).scalar()
        before = rights.SWITCHES[name][role] if old is None else old
        if before == on:
            return
        put = upsert(RightSwitch, dialect_of(session)).values(role=role, name=name, on=on)
        session.execute(put.on_conflict_do_update(index_elements=["role", "name"], set_={"on": on}))
        record(
            session,
            at=now,
            actor=by.actor,
            object_kind="rights",
            object_id=rights.ROLES.index(role),
            action="switched",
            before={name: before},
            after={name: on},
        )

    run(work)


def require_second_factor(*, on: bool, by: Viewer, now: datetime) -> None:
    """Asks a second factor of everybody who may export or look after accounts, or asks it no more."""
    if not by.may("rights.manage"):
        raise errors.NotAllowed

    def work(session: OrmSession) -> None:
        extra = dict(session.execute(select(Business.extra).with_for_update()).scalar_one() or {})
        before = {"second_factor_required": bool(extra.get("second_factor_required"))}
        if before["second_factor_required"] == on:
            return
        extra["second_factor_required"] = on
        session.execute(
            update(Business)
            .values(extra=extra, catalogue_version=Business.catalogue_version + 1)
            .execution_options(synchronize_session=False)
        )
        after = {"second_factor_required": on}
        step: dict[str, Any] = {
            "object_kind": "business",
            "object_id": 1,
            "action": "switched",
            "before": before,
            "after": after,
        }
        record(session, at=now, actor=by.actor, **step)

    run(work)
