"""The versions of an entry: one row of history for each edit, with what differs and no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile.dumping import Dump
from actions.record import record
from models.history import History, HistoryPersonal
from rules.diff import diff

EDITS = ("added", "edited", "retired", "revived")
# What is somebody's own: it goes when she is erased, and the record stays.
_PERSONAL = {"resource": ("name", "email", "time_off")}
Standing = Mapping[tuple[str, int], tuple[Mapping[str, Any], bool]]


@dataclass(frozen=True, slots=True)
class Version:
    """One edit: who, when, and the fields that differed, as the file names them. ``earlier`` is the whole entry as it stood
    before; None for one that was new then, or was only taken out or offered again."""

    id: int
    at: datetime
    actor: str
    action: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    earlier: Mapping[str, Any] | None


def versions(session: OrmSession, kind: str, slug: str | None = None, *, limit: int = 50) -> list[Version]:
    """The edits of an entry, latest first: three queries beside those of the entry."""
    it = Dump(session)
    row = it.row(kind, slug)
    if row is None:
        return []
    standing = it.entry(kind, row)
    found = []
    for step, personal in _steps(session, kind, row.id, limit):
        before = {**(step.before or {}), **((personal and personal.before) or {})}
        after = {**(step.after or {}), **((personal and personal.after) or {})}
        earlier = None
        if step.action == "edited":
            earlier = {name: value for name, value in {**standing, **before}.items() if value is not None}
            standing = earlier
        found.append(Version(step.id, step.at, step.actor, step.action, before, after, earlier))
    return found


def _steps(session: OrmSession, kind: str, id: int, limit: int) -> list[tuple[History, HistoryPersonal | None]]:
    mine = (History.object_kind == kind, History.object_id == id, History.action.in_(EDITS))
    wanted = select(History, HistoryPersonal).outerjoin(HistoryPersonal, HistoryPersonal.history_id == History.id)
    return [
        (step, personal)
        for step, personal in session.execute(wanted.where(*mine).order_by(History.id.desc()).limit(limit))
    ]


def last_edit(session: OrmSession, kind: str, id: int) -> dict[str, Any]:
    """``by`` whom and ``at`` which moment an entry was last edited, for who comes too late."""
    steps = _steps(session, kind, id, 1)
    return {"by": steps[0][0].actor, "at": steps[0][0].at} if steps else {"by": None, "at": None}


def standing(session: OrmSession) -> Standing:
    """Every entry as it stands, retired ones too: by its kind and id, with whether it is offered."""
    it = Dump(session)
    found: dict[tuple[str, int], tuple[dict[str, Any], bool]] = {
        ("business", it.business.id): (it.entry("business", it.business), True)
    }
    for kind, rows in it.rows.items():
        found |= {(kind, row.id): (it.entry(kind, row), row.retired_at is None) for row in rows}
    return found


def remember_all(session: OrmSession, before: Standing, *, by: str, now: datetime) -> None:
    """Writes the row of each edit since ``before``: what is new, differs, was taken out or is offered again."""
    for (kind, id), (entry, offered) in standing(session).items():
        was, was_offered = before.get((kind, id), ({}, offered))
        if offered != was_offered:
            remember(session, kind, id, "revived" if offered else "retired", {}, {}, by=by, now=now)
        if entry != was:
            remember(session, kind, id, "edited" if was else "added", was, entry, by=by, now=now)


def remember(
    session: OrmSession,
    kind: str,
    id: int,
    action: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    by: str,
    now: datetime,
) -> None:
    """Writes the row of one edit."""
    was, became = diff(before, after)
    personal = _PERSONAL.get(kind, ())
    parts = [
        {name: value for name, value in each.items() if (name in personal) is own}
        for each in (was, became)
        for own in (False, True)
    ]
    record(
        session,
        at=now,
        actor=by,
        object_kind=kind,
        object_id=id,
        action=action,
        before=parts[0] or None,
        after=parts[2] or None,
        personal_before=parts[1] or None,
        personal_after=parts[3] or None,
    )
