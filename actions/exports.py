"""Large files: asked for, made in the background, fetched by whoever asked, as long as she may."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import and_, func, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.exporting import exported
from actions.lease import Lease, take
from actions.record import record
from actions.transaction import run
from failpoints import failpoint
from models.base import db
from models.diary import Wanted
from models.imports import ExportFile
from models.people import Staff
from models.staff_queries import lock, viewer_of
from rules.errors import LimitReached, Missing, NotAllowed
from rules.rights import SWITCHES, Viewer

LIVES, LEASE = timedelta(hours=1), timedelta(minutes=5)
MOST_WAITING = 3
KINDS, FORMS = ("bookings", "customers"), ("xlsx", "csv")
_QUIET = {"synchronize_session": False}


def ask(*, what: str, form: str, asked: dict[str, Any], locale: str, by: Viewer, now: datetime) -> int:
    """Has a file made, and returns its id. Raises NotAllowed, Missing, LimitReached where three wait already."""
    if not by.may("export"):
        raise NotAllowed
    if what not in KINDS or form not in FORMS:
        raise Missing

    def work(session: OrmSession) -> int:
        lock(session, by.id)
        waiting = select(func.count()).select_from(ExportFile)
        waiting = waiting.where(ExportFile.staff_id == by.id, ExportFile.state == "waiting")
        if session.execute(waiting).scalar_one() >= MOST_WAITING:
            raise LimitReached(which="exports", limit=MOST_WAITING)
        failpoint("counted")
        row = {
            "what": what, "form": form, "state": "waiting", "staff_id": by.id, "rights": rights_of(by), "asked": asked,
            "locale": locale, "created_at": now,
        }  # fmt: skip
        id = session.execute(insert(ExportFile).values(**row).returning(ExportFile.id)).scalar_one()
        after = {"what": what, "form": form}
        record(
            session, at=now, actor=by.actor, object_kind="staff", object_id=by.id, action="export_asked", after=after
        )
        return int(id)

    return run(work)


def rights_of(by: Viewer) -> str:
    """What she may, as one word: the same as long as nothing of it changes."""
    said: list[Any] = [
        by.role,
        sorted(by.locations),
        sorted(by.own),
        sorted(by.team),
        by.scope("export"),
        by.scope("booking.see"),
    ]
    said.append({name: by.on(name) for name in sorted(SWITCHES)})
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def kept(wanted: Wanted) -> dict[str, Any]:
    """What is looked for, as it is kept."""
    return asdict(wanted) | {
        name: each.isoformat() for name in ("first", "last") if (each := getattr(wanted, name)) is not None
    }


def wanted(asked: dict[str, Any]) -> Wanted:
    """The same, to look for it."""
    days = {name: date.fromisoformat(asked[name]) for name in ("first", "last") if asked.get(name)}
    tuples = {name: tuple(asked.get(name) or ()) for name in ("locations", "statuses", "named", "counted", "reasons")}
    return replace(Wanted(()), **{**asked, **tuples, **days})


def of(session: OrmSession, by: Viewer) -> list[ExportFile]:
    """Her files of the last day, latest first."""
    query = select(ExportFile).where(ExportFile.staff_id == by.id, ExportFile.state != "gone")
    return list(session.execute(query.order_by(ExportFile.id.desc()).limit(20)).scalars())


def claim(*, now: datetime) -> tuple[Lease, ExportFile, Viewer | None] | None:
    """The oldest file that waits, held from now on, and whose it is: None once she may not have it any more."""
    lease = take(ExportFile, ExportFile.state == "waiting", length=LEASE, now=now)
    if lease is None:
        return None
    session = db.session()
    query = select(ExportFile).where(ExportFile.id == lease.id).execution_options(populate_existing=True)
    file = session.execute(query).scalar_one()
    session.expunge(file)
    staff = session.get(Staff, file.staff_id, populate_existing=True)
    viewer = viewer_of(session, staff) if staff is not None and staff.disabled_at is None else None
    return lease, file, viewer if viewer is not None and rights_of(viewer) == file.rights else None


def settle(lease: Lease, *, state: str, now: datetime, **values: Any) -> bool:
    """Says what became of a file: ready or failed. False, and nothing said, where another worker makes it by now."""
    row = {"state": state, "ends_at": now + LIVES, **values}
    return run(lambda session: lease.end(session, ExportFile.state == "waiting", **row))


def fetch(*, id: int, folder: Path, at: str, by: Viewer, now: datetime) -> tuple[ExportFile, Path]:
    """A file that is ready, written down as taken. Raises Missing for what is not hers, not there or over, and NotAllowed when
    she may not what she might when she asked."""
    file = db.session.get(ExportFile, id, populate_existing=True)
    if file is None or file.staff_id != by.id or file.state != "ready" or not file.stored:
        raise Missing
    if file.ends_at is None or now >= file.ends_at:
        raise Missing
    if not by.may("export") or rights_of(by) != file.rights:
        raise NotAllowed
    path = folder / file.stored
    if not path.is_file():
        raise Missing
    db.session.expunge(file)
    exported(what=file.what, form=file.form, rows=file.rows, at=at, by=by, now=now)
    return file, path


def forget_old(*, folder: Path, now: datetime) -> int:
    """Drops the files whose hour is over; returns how many."""
    over = and_(ExportFile.state.in_(("ready", "failed")), ExportFile.ends_at < now)
    found = db.session.execute(select(ExportFile.id, ExportFile.stored).where(over).limit(50)).all()
    for id, stored in found:
        run(partial(_gone, id=id))
        if stored:
            with suppress(OSError):
                (folder / stored).unlink(missing_ok=True)
    _drop_unnamed(folder, now)
    return len(found)


def _gone(session: OrmSession, *, id: int) -> None:
    change = update(ExportFile).where(ExportFile.id == id).values(state="gone", stored=None)
    session.execute(change.execution_options(**_QUIET))


def _drop_unnamed(folder: Path, now: datetime) -> None:
    """Files that no row names: of a worker that was killed over one, or of two that made the same."""
    ready = select(ExportFile.stored).where(ExportFile.stored.is_not(None))
    named = set(db.session.execute(ready).scalars())
    for path in folder.iterdir() if folder.is_dir() else ():
        with suppress(OSError):
            left = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            if path.name not in named and now - left > LIVES:
                path.unlink()
