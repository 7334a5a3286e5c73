"""Putting a backup in the place of an empty database, or of the one that stands there: all of it or nothing."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from sqlalchemy import Connection, inspect, select

from actions import attachments
from actions.keeping import checking, emptying, filling, settling, since
from actions.keeping.backup import house_of
from actions.keeping.manifest import Manifest, PictureKept
from actions.keeping.since import Since
from failpoints import failpoint
from models import schema
from models.base import db, table
from models.doors import PeriodicTask

STILL_RUNS = timedelta(seconds=60)


class NotRestored(Exception):
    """The backup is whole, but must not be restored here; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored, and what had changed since the backup and is so again."""

    manifest: Manifest
    since: Since


def restore(
    path: Path,
    *,
    pictures_dir: Path,
    now: datetime,
    replace: str | None = None,
    erased: Collection[str] = (),
    answers_dir: Path | None = None,
) -> Restored:
    """Restores the backup ``path`` in one transaction: tables of its schema, its rows, then up to this program's schema.

    ``replace`` is the name of the house (of the database, where it has none) that gives way. Sending is paused
    afterwards, holds and sign-ins have ended, and whoever was erased since, or is named in ``erased`` (public ids), is so again.
    Raises Damaged, NotRestored, OSError and what the database raises; none of
    them changes anything.
    """
    with checking.opened(path) as (archive, found):
        checking.check(archive, found)
        if not schema.knows(found.schema):
            raise NotRestored(
                f"it was made at schema {found.schema}, which is newer than this program ({schema.head()})"
            )
        with (
            emptying.writing(db.engine) as connection,
            _pictures(archive, found.pictures, pictures_dir),
            _pictures(archive, found.answers, answers_dir or pictures_dir.with_name("answers")),
        ):
            known = _make_room(connection, replace, now)
            schema.bring(connection, found.schema)
            failpoint("restoring")
            filling.fill(connection, archive, found)
            schema.bring(connection, "head")
            settling.settle(connection, found, now=now)
            known = dataclasses.replace(known, erased=known.erased | frozenset(erased))
            again = since.keep(connection, known, now=now)
            failpoint("restored")
    if answers_dir is not None:
        # Of the house that gave way, and of who was erased again.
        attachments.tidy(db.session(), answers_dir)
        attachments.forget_holds(answers_dir)
    return Restored(found, again)


def _make_room(connection: Connection, replace: str | None, now: datetime) -> Since:
    """Takes away what is there, if it may go. Raises NotRestored."""
    known = Since()
    if not emptying.is_empty(connection):
        name = house_of(connection) or str(connection.engine.url.database).rpartition("/")[2]
        if replace is None:
            raise NotRestored(f"the database is not empty: it is {name}. `--replace NAME` puts the backup in its place")
        if replace != name:
            raise NotRestored(f"the database is {name}, not {replace}")
        if _worker_runs(connection, now):
            raise NotRestored("a worker runs on this database: stop it and the web server first, and wait a minute")
        known = since.read(connection)
    emptying.take_away(connection)
    return known


def _worker_runs(connection: Connection, now: datetime) -> bool:
    if not inspect(connection).has_table("periodic_task"):
        return False
    task = table(PeriodicTask)
    beat = connection.execute(select(task.c.last_run).where(task.c.name == "worker")).scalar()
    return beat is not None and abs(now - beat) < STILL_RUNS


@contextmanager
def _pictures(archive: ZipFile, found: Sequence[PictureKept], folder: Path) -> Iterator[None]:
    """Lays the pictures out beside their place, and puts each there as the last thing before the rows are committed."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=folder) as written:
        for each in found:
            with archive.open(each.part) as source, (Path(written) / each.name).open("wb") as target:
                shutil.copyfileobj(source, target)
                target.flush()
                os.fsync(target.fileno())
        yield
        for each in found:
            (Path(written) / each.name).replace(folder / each.name)
