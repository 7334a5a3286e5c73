"""Taking a file in: judged by its content, kept under a random name, its headers matched."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.importing import separated, values, workbook
from actions.importing.fields import KINDS, MOST_COLUMNS, Kind, guessed
from actions.record import record
from actions.transaction import run
from failpoints import failpoint
from models.base import db, dialect_of, rows_changed, upsert
from models.imports import ImportHeads, ImportRow, ImportRun
from models.staff_queries import lock
from rules import text
from rules.errors import BadFile, FieldError, Invalid, Missing, NotAllowed, StateChanged
from rules.rights import Viewer

MOST_BYTES = 10_000_000
# By one person: files that wait for her, and files of one day.
MOST_OPEN, MOST_A_DAY = 10, 40
OPEN = ("mapping", "checking", "ready", "running")
_PIECE = 1 << 16


def receive(stream: BinaryIO, *, kind: str, label: str, folder: Path, by: Viewer, now: datetime) -> int:
    """Keeps a file below ``folder`` and returns the id of its run. Raises BadFile for what is no table of ours, NotAllowed."""
    if not by.may("import") or (kind == "accounts" and not by.may("staff.manage")):
        raise NotAllowed
    wanted = KINDS.get(kind)
    if wanted is None:
        raise Missing
    _refuse_many(db.session(), by, now)
    folder.mkdir(parents=True, exist_ok=True)
    stored = secrets.token_hex(16)
    path = folder / stored
    try:
        digest, size = _written(stream, path)
        found, rows = _looked(path)
        heads = _heads(rows)
        return run(
            lambda session: _noted(
                session, wanted, found, heads,
                {"label": labelled(label), "digest": digest, "stored": stored, "bytes": size}, by=by, now=now,
            )
        )  # fmt: skip
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _refuse_many(session: OrmSession, by: Viewer, now: datetime) -> None:
    query = select(func.count()).select_from(ImportRun).where(ImportRun.staff_id == by.id)
    if session.execute(query.where(ImportRun.state.in_(OPEN))).scalar_one() >= MOST_OPEN:
        raise BadFile(which="many_open", most=MOST_OPEN)
    if session.execute(query.where(ImportRun.created_at > now - timedelta(days=1))).scalar_one() >= MOST_A_DAY:
        raise BadFile(which="many_today", most=MOST_A_DAY)


def labelled(name: str) -> str:
    """What its owner called a file: its last part, without anything that could mislead."""
    said = text.line(name.replace("\\", "/").rpartition("/")[2][:300].replace('"', ""), longest=300)
    return (said[:120] if isinstance(said, str) else "") or "file"


def _written(stream: BinaryIO, path: Path) -> tuple[str, int]:
    digest, size = sha256(), 0
    with path.open("xb") as out:
        while piece := stream.read(_PIECE):
            size += len(piece)
            if size > MOST_BYTES:
                raise BadFile(which="large", most=MOST_BYTES // 1_000_000)
            digest.update(piece)
            out.write(piece)
    if not size:
        raise BadFile(which="empty")
    return digest.hexdigest(), size


def _looked(path: Path) -> tuple[dict[str, Any], Iterator[list[Any]]]:
    """What a file is, by its content: its form, how it is read, what is left out, and how many rows it has; and its rows."""
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(workbook.OLE):
        with path.open("rb") as file:
            sealed = b"E\x00n\x00c\x00r\x00y\x00p\x00t" in file.read(2_000_000)
        raise BadFile(which="password" if sealed else "old_workbook")
    if head.startswith(b"PK"):
        found = workbook.measure(path)
        noted = {"form": "xlsx", "options": {}, "notes": found.notes, "total": max(found.rows - 1, 0)}
        return noted, workbook.rows(path, found)
    if head.startswith((b"%PDF", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"<!DO", b"<htm", b"{\\rt")):
        raise BadFile(which="no_table")
    encoding = separated.encoding_of(path)
    options = {"encoding": encoding, "separator": separated.separator_of(path, encoding)}
    noted = {"form": "csv", "options": options, "notes": [], "total": _lines(path)}
    return noted, _rows(path, "csv", options)


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(piece.count(b"\n") for piece in iter(lambda: file.read(_PIECE), b""))


def rows_of(row: ImportRun, folder: Path) -> Iterator[list[Any]]:
    """The rows of a file that is kept, with its headers first. Raises BadFile."""
    path = folder / (row.stored or "")
    if not row.stored or not path.is_file():
        raise BadFile(which="gone")
    return _rows(path, row.form, row.options)


def _rows(path: Path, form: str, options: Mapping[str, Any]) -> Iterator[list[Any]]:
    if form == "xlsx":
        return workbook.rows(path)
    return separated.rows(path, options["encoding"], options["separator"])


def _heads(rows: Iterator[list[Any]]) -> list[str]:
    """The words of the first row. Raises BadFile where there are none, or nothing below them."""
    heads: list[str] = []
    for row in rows:
        if all(map(values.empty, row)):
            continue
        if heads:
            return heads
        found = [values.line(each, longest=100) for each in row[:MOST_COLUMNS]]
        heads = [each if isinstance(each, str) else "" for each in found]
        while heads and not heads[-1]:
            heads.pop()
    raise BadFile(which="empty" if not heads else "only_heads")


def _noted(
    session: OrmSession,
    kind: Kind,
    found: Mapping[str, Any],
    heads: list[str],
    file: Mapping[str, Any],
    *,
    by: Viewer,
    now: datetime,
) -> int:
    # Once more, with her account held: two files that come at once have both passed the first look.
    lock(session, by.id)
    _refuse_many(session, by, now)
    failpoint("counted")
    remembered = session.execute(
        select(ImportHeads.mapping).where(ImportHeads.kind == kind.name, ImportHeads.digest == _digest(heads))
    ).scalar()
    values_ = {
        **found, **file, "kind": kind.name, "state": "mapping", "staff_id": by.id, "heads": heads,
        "mapping": remembered or guessed(kind, heads), "position": 0, "created_at": now,
    }  # fmt: skip
    id: int = session.execute(insert(ImportRun).values(**values_).returning(ImportRun.id)).scalar_one()
    after = {"kind": kind.name, "rows": found["total"]}
    record(session, at=now, actor=by.actor, object_kind="import", object_id=id, action="import_received", after=after)
    return id


def _digest(heads: list[str]) -> str:
    return sha256("\x1f".join(heads).encode("utf-8", "surrogatepass")).hexdigest()


def read_as(*, id: int, encoding: str, separator: str, folder: Path, by: Viewer) -> None:
    """Reads a CSV file anew in another encoding or with another separator. Raises BadFile, Missing, StateChanged."""
    if encoding not in separated.ENCODINGS or separator not in separated.SEPARATORS:
        raise Missing
    known = db.session.get(ImportRun, id)
    if known is None or known.staff_id != by.id or known.form != "csv":
        raise Missing
    options = {**known.options, "encoding": encoding, "separator": separator}
    heads = _heads(_rows(folder / (known.stored or ""), "csv", options))
    mapping = guessed(KINDS[known.kind], heads)
    run(lambda session: _changed(session, id, "mapping", options=options, heads=heads, mapping=mapping))


def match(*, id: int, mapping: Mapping[str, int], by: Viewer) -> None:
    """Says which column is which field, remembers it for such headers, and has the rows looked at. Raises Invalid with an
    error per field, Missing, StateChanged."""
    known = owned(db.session(), id, by)
    kind = KINDS[known.kind]
    wrong = {
        each.name: FieldError("column_needed") for each in kind.fields if each.required and each.name not in mapping
    }
    columns = list(mapping.values())
    wrong |= {name: FieldError("column_twice") for name, column in mapping.items() if columns.count(column) > 1}
    if any(not 0 <= column < len(known.heads) for column in columns):
        raise Missing
    if wrong:
        raise Invalid(errors=wrong)
    heads, found = list(known.heads), dict(mapping)

    def work(session: OrmSession) -> None:
        _changed(session, id, "mapping", "ready", state="checking", mapping=found, position=0)
        make = upsert(ImportHeads, dialect_of(session)).values(kind=kind.name, digest=_digest(heads), mapping=found)
        session.execute(make.on_conflict_do_update(index_elements=["kind", "digest"], set_={"mapping": found}))
        session.execute(ImportRow.__table__.delete().where(ImportRow.run_id == id))  # type: ignore[attr-defined]

    run(work)


def match_again(*, id: int, by: Viewer) -> None:
    """Back to the headers, as long as nothing was written. Raises Missing, StateChanged."""
    owned(db.session(), id, by)
    run(lambda session: _changed(session, id, "ready", "mapping", state="mapping"))


def owned(session: OrmSession, id: int, by: Viewer) -> ImportRun:
    """The run of somebody who may import. Raises Missing."""
    found = session.execute(
        select(ImportRun).where(ImportRun.id == id).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if found is None or found.staff_id != by.id:
        raise Missing
    return found


def _changed(session: OrmSession, id: int, *states: str, **changes: Any) -> None:
    done = rows_changed(
        session, update(ImportRun).where(ImportRun.id == id, ImportRun.state.in_(states)).values(**changes)
    )
    if done != 1:
        raise StateChanged(status="")


def drop(*, id: int, folder: Path, by: Viewer, now: datetime) -> None:
    """Lets a file go that was not imported: its rows and itself are gone. Again changes nothing."""
    known = owned(db.session(), id, by)
    stored = known.stored

    def work(session: OrmSession) -> None:
        done = rows_changed(
            session,
            update(ImportRun)
            .where(ImportRun.id == id, ImportRun.state.in_(("mapping", "checking", "ready", "failed")))
            .values(state="dropped", stored=None, ended_at=now, lease_until=None),
        )
        if done:
            session.execute(ImportRow.__table__.delete().where(ImportRow.run_id == id))  # type: ignore[attr-defined]
            record(session, at=now, actor=by.actor, object_kind="import", object_id=id, action="import_dropped")

    run(work)
    if stored:
        with suppress(OSError):
            (folder / stored).unlink(missing_ok=True)
