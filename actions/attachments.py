"""Files that customers give: kept beside the database, first with a hold, then with the booking that came of it.

A file of a hold lies in ``waiting/HOLD-SECRET/`` under a random name, with a note per question; one of a booking as
``BOOKING-RANDOM``, and the booking's answers name it. What no answer names is taken away.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions import uploads
from actions.hold import Held, hashed
from models.booking import Booking, Hold
from rules import attachments, errors
from rules.attachments import Attached
from rules.errors import FieldError, Invalid

# So long a file outlives its hold: somebody who chose another time meanwhile finds it again.
GRACE = timedelta(hours=1)
_AT_ONCE = 500
_RANDOM = re.compile(r"[0-9a-f]{32}\Z")
_NAMED = re.compile(r"(\d{1,18})-[0-9a-f]{32}\Z")


def keep(folder: Path, held: Held, question: Mapping[str, Any], name: str, data: bytes) -> Attached | FieldError:
    """Keeps a file with a hold in place of the one that answered the question before; or why it is not taken. Raises
    StorageFull."""
    kind = attachments.judged(question, data)
    if isinstance(kind, FieldError):
        return kind
    if kind in attachments.PICTURES:
        try:
            kind, data = uploads.safe(data)
        except Invalid as refusal:
            return refusal.errors["picture"]
    others = [each.size for key, each in waiting(folder, held).items() if key != question["key"]]
    if not attachments.fits(others, len(data)):
        most = {"files": attachments.MOST_FILES, "most": attachments.MOST_BYTES // attachments.MB}
        return FieldError("too_many_files", most)
    given = Attached(attachments.clean_name(name, kind), kind, len(data), secrets.token_hex(16))
    place = _place(folder, held)
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(place / given.id, data)
        drop(folder, held, question["key"])
        _write(place / f"{question['key']}.json", json.dumps(given.document(), ensure_ascii=False).encode())
    except OSError as error:
        (place / given.id).unlink(missing_ok=True)
        raise errors.StorageFull from error
    return given


def _place(folder: Path, held: Held) -> Path:
    # The secret beside the number: a database that was restored may give the number again.
    return folder / "waiting" / f"{held.id}-{hashed(held.secret)[:32]}"


def _write(path: Path, data: bytes) -> None:
    """The whole file or none, on the disk."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def waiting(folder: Path, held: Held) -> dict[str, Attached]:
    """The files of a hold, by the key of their question."""
    place, found = _place(folder, held), {}
    for note in sorted(place.glob("[!.]*.json")):
        try:
            given = Attached(**json.loads(note.read_bytes()))
        except (OSError, ValueError, TypeError):
            continue
        if (place / given.id).is_file():
            found[note.stem] = given
    return found


def drop(folder: Path, held: Held, key: str) -> None:
    """Takes away what answered a question before."""
    place, before = _place(folder, held), waiting(folder, held).get(key)
    (place / f"{key}.json").unlink(missing_ok=True)
    if before is not None:
        (place / before.id).unlink(missing_ok=True)


def carry(folder: Path, old: Held, new: Held) -> None:
    """Hands the files of a hold to the one that takes its place."""
    before, after = _place(folder, old), _place(folder, new)
    if before != after and before.is_dir() and not after.exists():
        before.rename(after)


def settle(folder: Path, held: Held, booking_id: int, answers: Mapping[str, Any]) -> None:
    """Hands the files of a hold to its booking, and takes away those that it does not name."""
    _settle(folder, _place(folder, held), booking_id, answers)


def _settle(folder: Path, place: Path, booking_id: int, answers: Mapping[str, Any]) -> None:
    for id in _named(answers):
        if (place / id).is_file():
            (place / id).replace(folder / f"{booking_id}-{id}")
    shutil.rmtree(place, ignore_errors=True)


def _named(answers: Mapping[str, Any]) -> set[str]:
    found = {str(value["id"]) for value in answers.values() if attachments.is_attached(value)}
    return {id for id in found if _RANDOM.match(id)}


def path_of(folder: Path, booking_id: int, answer: Any) -> Path | None:
    """Where the file of an answer lies; None for what is no file, or is gone."""
    for id in _named({"": answer}):
        path = folder / f"{booking_id}-{id}"
        return path if path.is_file() else None
    return None


def sweep(session: OrmSession, folder: Path, *, now: datetime) -> int:
    """Takes away the files of holds that ended, finishes handing over those of bookings, and says of how many."""
    places = {place.name: place for place in (folder / "waiting").glob("[0-9]*-*")}
    done = 0
    for some in _some(sorted(places)):
        ids = [int(name.partition("-")[0]) for name in some]
        query = (
            select(Hold.id, Hold.token_hash, Hold.state, Hold.expires_at, Booking.id.label("booking"), Booking.answers)
            .outerjoin(Booking, Booking.hold_id == Hold.id)
            .where(Hold.id.in_(ids))
        )
        known = {f"{row.id}-{(row.token_hash or '')[:32]}": row for row in session.execute(query)}
        for name in some:
            row = known.get(name)
            if row is not None and row.booking is not None:
                _settle(folder, places[name], row.booking, row.answers or {})
            elif row is None or row.expires_at < now - GRACE:
                shutil.rmtree(places[name], ignore_errors=True)
            else:
                continue
            done += 1
    session.rollback()
    return done


def forget_holds(folder: Path) -> None:
    """Takes away what is kept with holds: none of them is open any more."""
    shutil.rmtree(folder / "waiting", ignore_errors=True)


def tidy(session: OrmSession, folder: Path) -> int:
    """Takes away what no booking names any more, and says how many files."""
    # What an older transaction still sees would be kept.
    session.rollback()
    files: dict[int, list[Path]] = {}
    for path in folder.glob("[0-9]*-*"):
        if match := _NAMED.match(path.name):
            files.setdefault(int(match[1]), []).append(path)
    gone = 0
    for some in _some(sorted(files)):
        rows = session.execute(select(Booking.id, Booking.answers).where(Booking.id.in_(some)))
        named = {row.id: _named(row.answers or {}) for row in rows}
        for id in some:
            gone += sum(_dropped(path, named.get(id, set())) for path in files[id])
    session.rollback()
    return gone


def _dropped(path: Path, named: set[str]) -> bool:
    if path.name.partition("-")[2] in named:
        return False
    path.unlink(missing_ok=True)
    return True


def _some(every: list[Any]) -> Iterable[list[Any]]:
    return (every[at : at + _AT_ONCE] for at in range(0, len(every), _AT_ONCE))
