"""What is decided between looking and writing: doubles by groups, all rows or chosen ones, and who is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions.importing.receiving import owned
from actions.importing.row import DOUBLES
from actions.record import record
from actions.transaction import run
from models.imports import ImportRow, ImportRun
from rules.errors import Missing, StateChanged
from rules.rights import Viewer

_QUIET = {"synchronize_session": False}


def choose(*, id: int, double: str, choice: str, group: str | None = None, by: Viewer) -> None:
    """What is done with the doubles of one kind, or of one ``group`` of it. Raises Missing, StateChanged."""
    if double not in DOUBLES or choice not in DOUBLES[double][1]:
        raise Missing

    def work(session: OrmSession) -> None:
        _ready(session, id, by)
        those = [ImportRow.run_id == id, ImportRow.double == double, ImportRow.state == "ready"]
        if group is not None:
            those.append(ImportRow.grp == group)
        session.execute(update(ImportRow).where(*those).values(choice=choice).execution_options(**_QUIET))

    run(work)


def pick(*, id: int, shown: Collection[int], chosen: Collection[int], by: Viewer) -> None:
    """Of the rows that were ``shown``, only those ``chosen`` are to be written. Raises Missing, StateChanged."""

    def work(session: OrmSession) -> None:
        _ready(session, id, by)
        for on in (True, False):
            numbers = [each for each in shown if (each in chosen) == on]
            those = (ImportRow.run_id == id, ImportRow.number.in_(numbers))
            session.execute(update(ImportRow).where(*those).values(chosen=on).execution_options(**_QUIET))

    run(work)


def pick_all(*, id: int, on: bool, by: Viewer) -> None:
    """Every row, or none. Raises Missing, StateChanged."""

    def work(session: OrmSession) -> None:
        _ready(session, id, by)
        session.execute(update(ImportRow).where(ImportRow.run_id == id).values(chosen=on).execution_options(**_QUIET))

    run(work)


def start(*, id: int, tell: bool, by: Viewer, now: datetime) -> None:
    """Has the chosen rows written by the worker. Again changes nothing. Raises Missing, StateChanged."""

    def work(session: OrmSession) -> None:
        row = owned(session, id, by)
        if row.state in ("running", "done"):
            return
        _ready(session, id, by)
        session.execute(
            update(ImportRun)
            .where(ImportRun.id == id)
            .values(state="running", position=0, started_at=now, options={**row.options, "tell": tell})
            .execution_options(**_QUIET)
        )
        after = {"tell": tell}
        record(
            session, at=now, actor=by.actor, object_kind="import", object_id=id, action="import_started", after=after
        )

    run(work)


def _ready(session: OrmSession, id: int, by: Viewer) -> None:
    owned(session, id, by)
    locked = select(ImportRun.state).where(ImportRun.id == id).with_for_update()
    if session.execute(locked).scalar_one() != "ready":
        raise StateChanged(status="")


def numbers(given: Sequence[Any]) -> list[int]:
    """Row numbers of a form, those that are none left out."""
    return [int(each) for each in given if str(each).isascii() and str(each).isdigit() and len(str(each)) < 8]
