"""Looking at every row of a file before anything is written: each one typed, judged, and compared with what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session as OrmSession

from actions.importing import accounts, bookings, customers, resources, values
from actions.importing.fields import KINDS
from actions.importing.receiving import rows_of
from actions.importing.row import Row
from actions.lease import Lease
from actions.transaction import run
from models.base import db, table
from models.imports import ImportRow, ImportRun
from models.snapshot import catalogue
from rules.errors import BadFile
from rules.rights import Viewer

JUDGES: dict[str, Any] = {
    "customers": customers.Judge,
    "resources": resources.Judge,
    "accounts": accounts.Judge,
    "bookings": bookings.Judge,
}
AT_ONCE = 1000
_QUIET = {"synchronize_session": False}


def check(
    row: ImportRun, lease: Lease, *, folder: Path, by: Viewer, clock: Callable[[], datetime], ended: Callable[[], bool]
) -> bool:
    """Reads the whole file from its beginning and keeps what it says of each row; False where it was asked to end first.
    Raises BadFile, Lost."""
    kind, mapping = KINDS[row.kind], dict(row.mapping)
    judge = JUDGES[row.kind](catalogue(db.session()), by)
    judge.now = clock()
    lease.step(partial(_emptied, id=row.id), now=clock())
    pending: list[Row] = []
    total = 0
    for number, cells in _filled(rows_of(row, folder)):
        total += 1
        if total > kind.most:
            raise BadFile(which="rows", most=kind.most)
        one = Row(number, {name: cells[column] for name, column in mapping.items() if column < len(cells)})
        judge.judge(one)
        pending.append(one)
        if len(pending) == AT_ONCE:
            _keep(lease, judge, pending, total, clock())
            pending = []
            if ended():
                return False
    _keep(lease, judge, pending, total, clock())
    run(partial(_looked_at, lease=lease, total=total))
    return True


def _filled(rows: Iterator[list[Any]]) -> Iterator[tuple[int, list[Any]]]:
    """The rows below the headers that hold anything, with the numbers that a table program shows."""
    heads = False
    for number, cells in enumerate(rows, 1):
        if all(map(values.empty, cells)):
            continue
        if heads:
            yield number, cells
        heads = True


def _keep(lease: Lease, judge: Any, rows: list[Row], position: int, now: datetime) -> None:
    # Before the transaction, which may be tried again: what has been seen once would be a double of itself then.
    judge.doubles(db.session(), [each for each in rows if not each.wrong])

    def work(session: OrmSession) -> None:
        if rows:
            session.execute(insert(table(ImportRow)), [each.kept(lease.id) for each in rows])
        reached(session, lease.id, position)

    lease.step(work, now=now)


def reached(session: OrmSession, id: int, position: int) -> None:
    """Notes the last row that is through with the step that runs."""
    session.execute(update(ImportRun).where(ImportRun.id == id).values(position=position).execution_options(**_QUIET))


def _emptied(session: OrmSession, *, id: int) -> None:
    session.execute(delete(ImportRow).where(ImportRow.run_id == id).execution_options(**_QUIET))
    reached(session, id, 0)


def _looked_at(session: OrmSession, *, lease: Lease, total: int) -> None:
    lease.end(session, ImportRun.state == "checking", state="ready", total=total, position=0)
