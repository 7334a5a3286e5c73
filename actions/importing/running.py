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
from actions.importing.checking import check, reached
from actions.lease import Lease, Lost, take
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
LEASE = timedelta(seconds=60)
# How long the rows are kept for the workbook of what was refused, and a file that nobody goes on with.
KEPT = timedelta(days=7)
_QUIET = {"synchronize_session": False}
_AT_WORK = ("checking", "running")
Done = dict[int, tuple[str, int | None]]


def carry_on(*, folder: Path, clock: Callable[[], datetime], ended: Callable[[], bool] = lambda: False) -> bool:
    """Takes one file that waits for it as far as it goes, or until it is ``ended``; False where none waits."""
    lease = take(ImportRun, ImportRun.state.in_(_AT_WORK), length=LEASE, now=clock())
    if lease is None:
        return False
    row = db.session.execute(
        select(ImportRun).where(ImportRun.id == lease.id).execution_options(populate_existing=True)
    ).scalar_one()
    # By itself from here on: each transaction would read it anew.
    db.session.expunge(row)
    by = _who(row)
    try:
        if by is None:
            raise BadFile(which="not_allowed")
        if row.state == "checking":
            check(row, lease, folder=folder, by=by, clock=clock, ended=ended)
        else:
            _written(row, lease, by, clock, ended, folder)
    except Lost:
        # Whoever took it goes on with it.
        db.session.rollback()
    except BadFile as refusal:
        run(partial(_failed, lease=lease, why=str(refusal.params["which"]), now=clock()))
    except (DBAPIError, Busy):
        raise
    except Exception:
        # Tried again for ever it would keep every other file waiting.
        db.session.rollback()
        run(partial(_failed, lease=lease, why="broken", now=clock()))
        raise
    finally:
        run(partial(_let_go, lease=lease))
    return True


def _who(row: ImportRun) -> Viewer | None:
    """Whose file it is, with the rights of now; None once she may not import any more."""
    staff = db.session.get(Staff, row.staff_id, populate_existing=True)
    if staff is None or staff.disabled_at is not None:
        return None
    viewer = viewer_of(db.session(), staff)
    allowed = viewer.may("import") and (row.kind != "accounts" or viewer.may("staff.manage"))
    return viewer if allowed else None


def _let_go(session: OrmSession, *, lease: Lease) -> None:
    lease.end(session)


def _failed(session: OrmSession, *, lease: Lease, why: str, now: datetime) -> None:
    """Ends a file that is still at work: a slow worker takes back nothing that another has finished or dropped."""
    lease.end(session, ImportRun.state.in_(_AT_WORK), state="failed", why=why, ended_at=now)


def _written(
    row: ImportRun, lease: Lease, by: Viewer, clock: Callable[[], datetime], ended: Callable[[], bool], folder: Path
) -> None:
    if row.kind == "customers":
        while _step(lease, partial(_some_customers, id=row.id, actor=by.actor), now=clock()):
            failpoint("import_chunk")
            if ended():
                return
    else:
        write = _writer(row, by)
        while number := _next(row.id):
            _one(lease, number, write, clock())
            if ended():
                return
    stored = row.stored
    done = run(partial(_finished, lease=lease, actor=by.actor, now=clock()))
    if done and stored:
        with suppress(OSError):
            (folder / stored).unlink(missing_ok=True)


def _waiting(id: int) -> Any:
    return and_(ImportRow.run_id == id, ImportRow.state == "ready", ImportRow.chosen)


def _step(lease: Lease, work: Callable[..., bool], *, now: datetime) -> bool:
    return lease.step(partial(work, now=now), now=now)


def _some_customers(session: OrmSession, *, id: int, actor: str, now: datetime) -> bool:
    """The next customers, in one transaction; False where there are none left."""
    query = select(ImportRow).where(_waiting(id)).order_by(ImportRow.number).limit(AT_ONCE)
    rows = list(session.execute(query.with_for_update()).scalars())
    if rows:
        _noted(session, id, customers.write(session, rows, actor=actor, now=now), rows[-1].number)
        session.expunge_all()
    return bool(rows)


def _noted(session: OrmSession, id: int, done: Done, number: int) -> None:
    given = [{"of": id, "n": number, "to": state, "made": made} for number, (state, made) in done.items()]
    execute(session, _NOTE, given)
    reached(session, id, number)


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
        return partial(resources.write, by=by)
    if row.kind == "accounts":
        return partial(accounts.write, by=by, invite=bool(row.options.get("tell")))
    return partial(bookings.write, by=by, tell=bool(row.options.get("tell")))


def _one(lease: Lease, number: int, write: Callable[..., tuple[str, int | None]], now: datetime) -> None:
    """One row in a transaction of its own; what it is refused for stays with it."""
    id = lease.id

    def work(session: OrmSession) -> None:
        query = select(ImportRow).where(_waiting(id), ImportRow.number == number).with_for_update()
        row = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
        if row is not None:
            done = write(session, row, now=now)
            session.expunge(row)
            _noted(session, id, {number: done}, number)

    try:
        lease.step(work, now=now)
    except Busy:
        raise
    except (Refusal, Wrong) as refusal:
        lease.step(partial(_refused, id=id, number=number, wrong=_named(refusal)), now=now)


def _named(refusal: Exception) -> list[dict[str, Any]]:
    """Why a row was not taken, as it is kept."""
    if isinstance(refusal, Refusal) and refusal.errors:
        return [
            {"field": name.rpartition(".")[2], "code": each.code, "params": dict(each.params)}
            for name, each in refusal.errors.items()
        ]
    return [{"field": "", "code": getattr(refusal, "code", "odd"), "params": {}}]


def _refused(session: OrmSession, *, id: int, number: int, wrong: list[dict[str, Any]]) -> None:
    session.execute(
        update(ImportRow)
        .where(_waiting(id), ImportRow.number == number)
        .values(state="clash", wrong=wrong)
        .execution_options(**_QUIET)
    )
    reached(session, id, number)


def _finished(session: OrmSession, *, lease: Lease, actor: str, now: datetime) -> bool:
    done = lease.end(session, ImportRun.state == "running", state="done", stored=None, ended_at=now)
    if done:
        id, after = lease.id, counts(session, lease.id)
        record(session, at=now, actor=actor, object_kind="import", object_id=id, action="imported", after=after)
    return done


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
