"""What the pages of imports read: files of one person, their rows a page at a time, doubles by groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session as OrmSession

from models.imports import ImportRow, ImportRun

PAGE = 50


def runs_of(session: OrmSession, staff_id: int, *, limit: int = 20) -> list[ImportRun]:
    """Her files, latest first, those apart that she dropped."""
    query = select(ImportRun).where(ImportRun.staff_id == staff_id, ImportRun.state != "dropped")
    return list(session.execute(query.order_by(ImportRun.id.desc()).limit(limit)).scalars())


def the_same(session: OrmSession, run: ImportRun) -> ImportRun | None:
    """The latest import of the very same file that is done."""
    query = select(ImportRun).where(
        ImportRun.digest == run.digest, ImportRun.kind == run.kind, ImportRun.state == "done"
    )
    return session.execute(
        query.where(ImportRun.id != run.id).order_by(ImportRun.id.desc()).limit(1)
    ).scalar_one_or_none()


def rows(session: OrmSession, id: int, states: Sequence[str], *, after: int = 0, limit: int = PAGE) -> list[ImportRow]:
    """The rows in these states behind the row ``after``."""
    query = select(ImportRow).where(ImportRow.run_id == id, ImportRow.state.in_(states), ImportRow.number > after)
    return list(session.execute(query.order_by(ImportRow.number).limit(limit)).scalars())


def doubles(session: OrmSession, id: int) -> dict[str, dict[str, int]]:
    """For each kind of double how many rows have which choice."""
    query = (
        select(ImportRow.double, ImportRow.choice, func.count())
        .where(ImportRow.run_id == id, ImportRow.double.is_not(None), ImportRow.state == "ready")
        .group_by(ImportRow.double, ImportRow.choice)
    )
    found: dict[str, dict[str, int]] = {}
    for double, choice, n in session.execute(query):
        found.setdefault(str(double), {})[str(choice)] = n
    return found


def groups(session: OrmSession, id: int, double: str, *, skip: int = 0, limit: int = PAGE) -> list[Row[Any]]:
    """The groups of one kind of double in the order of the file: ``grp``, its ``choice``, how many rows, and the ``number`` of
    the first."""
    query = (
        select(
            ImportRow.grp,
            func.min(ImportRow.choice).label("choice"),
            func.count().label("rows"),
            func.min(ImportRow.number).label("number"),
        )
        .where(ImportRow.run_id == id, ImportRow.double == double, ImportRow.state == "ready")
        .group_by(ImportRow.grp)
    )
    return list(session.execute(query.order_by(func.min(ImportRow.number)).offset(skip).limit(limit)))


def named(session: OrmSession, id: int, groups: Sequence[str]) -> dict[str, list[str]]:
    """The names in the rows of these groups."""
    query = select(ImportRow.grp, ImportRow.fields).where(ImportRow.run_id == id, ImportRow.grp.in_(groups))
    found: dict[str, list[str]] = {}
    for group, fields in session.execute(query.order_by(ImportRow.number).limit(500)):
        found.setdefault(str(group), []).append(fields.get("name", ""))
    return found
