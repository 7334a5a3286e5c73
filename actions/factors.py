"""The second factor of an account: on with its first code, off, and sealed anew when the key of the house changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions import passwords
from actions.account_steps import QUIET, end_sign_ins, said, send
from actions.transaction import run
from models.base import db, rows_changed
from models.people import Staff
from rules.errors import FieldError, Invalid


def set_second_factor(*, id: int, secret: str, code: str, key: str, keep: int, now: datetime) -> list[str]:
    """Turns on the second factor once its first code is right, and returns the recovery codes, shown this once.

    Raises Invalid for a wrong code. Other sign-ins end.
    """
    step = passwords.step_of(secret, code, last=None, now=now)
    if step is None:
        raise Invalid(errors={"code": FieldError("code_wrong")})
    codes = passwords.new_codes()
    values = {
        "second_factor": passwords.sealed(secret, key),
        "second_factor_step": step,
        "recovery": [passwords.code_hash(each) for each in codes],
    }
    _second_factor(id, values, "second_factor_on", f"staff:{id}", keep=keep, now=now)
    return codes


def drop_second_factor(*, id: int, actor: str, keep: int | None = None, now: datetime) -> None:
    """Turns the second factor off. Other sign-ins end."""
    values: dict[str, Any] = {"second_factor": None, "second_factor_step": None, "recovery": None}
    _second_factor(id, values, "second_factor_off", actor, keep=keep, now=now)


def reseal(*, keys: tuple[str, ...]) -> int:
    """Seals with the first of the keys what the later ones have sealed, so that these can go; returns how many."""
    found = db.session.execute(select(Staff.id, Staff.second_factor).where(Staff.second_factor.is_not(None))).all()
    renewed = {id: (old, new) for id, old in found if (new := passwords.resealed(old, keys)) is not None}

    def work(session: OrmSession) -> int:
        # One that was set or dropped since it was read stays as it is.
        done = 0
        for id, (old, new) in sorted(renewed.items()):
            wanted = update(Staff).where(Staff.id == id, Staff.second_factor == old).values(second_factor=new)
            done += rows_changed(session, wanted)
        return done

    return run(work) if renewed else 0


def _second_factor(
    id: int, values: dict[str, Any], action: str, actor: str, *, keep: int | None, now: datetime
) -> None:
    def work(session: OrmSession) -> None:
        staff = session.execute(select(Staff).where(Staff.id == id).with_for_update()).scalar_one()
        session.execute(update(Staff).where(Staff.id == id).values(**values).execution_options(**QUIET))
        end_sign_ins(session, id, now=now, but=keep)
        said(session, id, action, actor=actor, now=now)
        send(session, id, staff.email, "staff_" + action, now=now, lives=timedelta(days=2))

    run(work)
