"""The worker's part: whatever file waits is looked at, or written, each row once.

Rows are written some at a time, in one transaction with the note that they are: whoever is killed in the middle has done whole
parts, and the next one goes on behind them.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, or_, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile.reading import Wrong
from actions.importing import accounts, bookings, customers, resources
from actions.importing.checking import LEASE, check
from actions.record import record
from actions.transaction import run
from failpoints import failpoint
from models.base import db, execute, table
from models.imports import ImportRow, ImportRun
from models.people import Staff
from models.staff_queries import viewer_of
from rules.errors import BadFile, Busy, Refusal
from rules.rights import Viewer

AT_ONCE = 500
# How long the rows are kept for the workbook of what was refused, and a file that nobody goes on with.
KEPT = timedelta(days=7)
_QUIET = {"synchronize_session": False}
_AT_WORK = ("checking", "running")
Done = dict[int, tuple[str, int | None]]


def carry_on(*, folder: Path, clock: Callable[[], datetime], ended: Callable[[], bool] = lambda: False) -> bool:
    """Takes one file that waits for it as far as it goes, or until it is ``ended``; False where none waits."""
    id = run(partial(_claimed, now=clock()))
    if id is None:
        return False
    row = db.session.execute(
        select(ImportRun).where(ImportRun.id == id).execution_options(populate_existing=True)
    ).scalar_one()
    # By itself from here on: each transaction would read it anew.
    db.session.expunge(row)
    by = _who(row)
    try:
        if by is None:
            raise BadFile(which="not_allowed")
        if row.state == "checking":
            check(row, folder=folder, by=by, clock=clock, ended=ended)
        else:
            _written(row, by, clock, ended, folder)
    except BadFile as refusal:
        run(partial(_failed, id=id, why=str(refusal.params["which"]), now=clock()))
    except (DBAPIError, Busy):
        raise
    except Exception:
        # Tried again for ever it would keep every other file waiting.
        db.session.rollback()
        run(partial(_failed, id=id, why="broken", now=clock()))
        raise
    finally:
        run(partial(_let_go, id=id))
    return True


def _claimed(session: OrmSession, *, now: datetime) -> int | None:
    """The oldest file that waits and that nobody works at, held from now on."""
    free = or_(ImportRun.lease_until.is_(None), ImportRun.lease_until < now)
    waiting = and_(ImportRun.state.in_(_AT_WORK), free)
    id = session.execute(select(ImportRun.id).where(waiting).order_by(ImportRun.id).limit(1)).scalar()
    if id is None:
        return None
    taken = session.execute(
        update(ImportRun).where(ImportRun.id == id, waiting).values(lease_until=now + LEASE).execution_options(**_QUIET)
    )
    return id if taken.rowcount else None  # type: ignore[attr-defined]


def _who(row: ImportRun) -> Viewer | None:
    """Whose file it is, with the rights of now; None once she may not import any more."""
    staff = db.session.get(Staff, row.staff_id, populate_existing=True)
    if staff is None or staff.disabled_at is not None:
        return None
    viewer = viewer_of(db.session(), staff)
    allowed = viewer.may("import") and (row.kind != "accounts" or viewer.may("staff.manage"))
    return viewer if allowed else None


def _let_go(session: OrmSession, *, id: int) -> None:
    session.execute(update(ImportRun).where(ImportRun.id == id).values(lease_until=None).execution_options(**_QUIET))


def _failed(session: OrmSession, *, id: int, why: str, now: datetime) -> None:
    """Ends a file that is still at work: a slow worker takes back nothing that another has finished or dropped."""
    session.execute(
        update(ImportRun)
        .where(ImportRun.id == id, ImportRun.state.in_(_AT_WORK))
        .values(state="failed", why=why, ended_at=now)
        .execution_options(**_QUIET)
    )


def _written(
    row: ImportRun, by: Viewer, clock: Callable[[], datetime], ended: Callable[[], bool], folder: Path
) -> None:
    if row.kind == "customers":
        while run(partial(_some_customers, id=row.id, now=clock())):
            failpoint("import_chunk")
            if ended():
                return
    else:
        write = _writer(row, by)
        while number := _next(row.id):
            _one(row.id, number, write, clock())
            if ended():
                return
    stored = row.stored
    run(partial(_finished, id=row.id, actor=by.actor, now=clock()))
    if stored:
        with suppress(OSError):
            (folder / stored).unlink(missing_ok=True)


def _waiting(id: int) -> Any:
    return and_(ImportRow.run_id == id, ImportRow.state == "ready", ImportRow.chosen)


def _some_customers(session: OrmSession, *, id: int, now: datetime) -> bool:
    """The next customers, in one transaction; False where there are none left."""
    query = select(ImportRow).where(_waiting(id)).order_by(ImportRow.number).limit(AT_ONCE)
    rows = list(session.execute(query.with_for_update()).scalars())
    if rows:
        _noted(session, id, customers.write(session, rows, now=now), rows[-1].number, now)
        session.expunge_all()
    return bool(rows)


def _noted(session: OrmSession, id: int, done: Done, number: int, now: datetime) -> None:
    given = [{"of": id, "n": number, "to": state, "made": made} for number, (state, made) in done.items()]
    execute(session, _NOTE, given)
    reached = {"position": number, "lease_until": now + LEASE}
    session.execute(update(ImportRun).where(ImportRun.id == id).values(**reached).execution_options(**_QUIET))


_ROW = table(ImportRow)
_NOTE = (
    update(_ROW)
    .where(_ROW.c.run_id == bindparam("of"), _ROW.c.number == bindparam("n"))
    .values(state=bindparam("to"), object_id=bindparam("made"))
)


def _next(id: int) -> int | None:
    query = select(ImportRow.number).where(_waiting(id)).order_by(ImportRow.number).limit(1)
    found = db.session.execute(query).scalar()
    db.session.rollback()
    return found


def _writer(row: ImportRun, by: Viewer) -> Callable[..., tuple[str, int | None]]:
    if row.kind == "resources":
        return resources.write
    if row.kind == "accounts":
        return partial(accounts.write, by=by, invite=bool(row.options.get("tell")))
    return partial(bookings.write, by=by, tell=bool(row.options.get("tell")))


def _one(id: int, number: int, write: Callable[..., tuple[str, int | None]], now: datetime) -> None:
    """One row in a transaction of its own; what it is refused for stays with it."""

    def work(session: OrmSession) -> None:
        query = select(ImportRow).where(_waiting(id), ImportRow.number == number).with_for_update()
        row = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
        if row is not None:
            done = write(session, row, now=now)
            session.expunge(row)
            _noted(session, id, {number: done}, number, now)

    try:
        run(work)
    except Busy:
        raise
    except (Refusal, Wrong) as refusal:
        run(partial(_refused, id=id, number=number, wrong=_named(refusal), now=now))


def _named(refusal: Exception) -> list[dict[str, Any]]:
    """Why a row was not taken, as it is kept."""
    if isinstance(refusal, Refusal) and refusal.errors:
        return [
            {"field": name.rpartition(".")[2], "code": each.code, "params": dict(each.params)}
            for name, each in refusal.errors.items()
        ]
    return [{"field": "", "code": getattr(refusal, "code", "odd"), "params": {}}]


def _refused(session: OrmSession, *, id: int, number: int, wrong: list[dict[str, Any]], now: datetime) -> None:
    session.execute(
        update(ImportRow)
        .where(_waiting(id), ImportRow.number == number)
        .values(state="clash", wrong=wrong)
        .execution_options(**_QUIET)
    )
    session.execute(
        update(ImportRun)
        .where(ImportRun.id == id)
        .values(position=number, lease_until=now + LEASE)
        .execution_options(**_QUIET)
    )


def _finished(session: OrmSession, *, id: int, actor: str, now: datetime) -> None:
    done = session.execute(
        update(ImportRun)
        .where(ImportRun.id == id, ImportRun.state == "running")
        .values(state="done", stored=None, ended_at=now)
        .execution_options(**_QUIET)
    )
    if done.rowcount:  # type: ignore[attr-defined]
        after = counts(session, id)
        record(session, at=now, actor=actor, object_kind="import", object_id=id, action="imported", after=after)


def counts(session: OrmSession, id: int) -> dict[str, int]:
    """How many rows of a file are in which state; of those that wait, ``unchosen`` are not to be written."""
    query = select(ImportRow.state, ImportRow.chosen, func.count()).where(ImportRow.run_id == id)
    found: dict[str, int] = {}
    for state, chosen, n in session.execute(query.group_by(ImportRow.state, ImportRow.chosen)):
        name = state if chosen or state != "ready" else "unchosen"
        found[name] = found.get(name, 0) + n
    return found


def forget_old(*, folder: Path, now: datetime) -> int:
    """Drops the rows of files that are long done and the files that nobody went on with; returns how many runs."""
    old = or_(
        and_(ImportRun.state.in_(("done", "failed", "dropped")), ImportRun.ended_at < now - KEPT),
        and_(ImportRun.state.in_(("mapping", "ready")), ImportRun.created_at < now - KEPT),
    )
    left = or_(ImportRun.stored.is_not(None), select(ImportRow.number).where(ImportRow.run_id == ImportRun.id).exists())
    found = db.session.execute(select(ImportRun.id, ImportRun.stored).where(old, left).limit(20)).all()
    for id, stored in found:
        run(partial(_forgotten, id=id, now=now))
        if stored:
            with suppress(OSError):
                (folder / stored).unlink(missing_ok=True)
    return len(found)


def _forgotten(session: OrmSession, *, id: int, now: datetime) -> None:
    session.execute(delete(ImportRow).where(ImportRow.run_id == id).execution_options(**_QUIET))
    session.execute(update(ImportRun).where(ImportRun.id == id).values(stored=None).execution_options(**_QUIET))
    session.execute(
        update(ImportRun)
        .where(ImportRun.id == id, ImportRun.state.in_(("mapping", "ready")))
        .values(state="dropped", ended_at=now)
        .execution_options(**_QUIET)
    )
