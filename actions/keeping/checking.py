"""Whether a file is a whole backup: everything is read and compared before anything is written."""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from actions.keeping import manifest
from actions.keeping.manifest import Damaged, Manifest, PictureKept, TableKept
from actions.keeping.values import TYPES

CHUNK = 1 << 20
_SQLITE = b"SQLite format 3"


@contextmanager
def opened(path: Path) -> Iterator[tuple[ZipFile, Manifest]]:
    """The file and what it says of itself. Raises Damaged."""
    with path.open("rb") as file:
        if file.read(len(_SQLITE)) == _SQLITE:
            raise Damaged(
                "it is a copy of a database's file, which may lack what was just written; `flask backup` makes a backup"
            )
        with _readable():
            archive = ZipFile(file)
            if manifest.NAME not in archive.namelist():
                raise Damaged("it is no backup of Frontdesk")
            found = manifest.read(archive.read(manifest.NAME))
        yield archive, found


@contextmanager
def _readable() -> Iterator[None]:
    """Whatever is wrong with the bytes of a file is one thing."""
    try:
        yield
    except (BadZipFile, zlib.error, struct.error, EOFError, ValueError, KeyError, RuntimeError) as error:
        raise Damaged("it is no backup of Frontdesk, or was cut off or changed on its way") from error


def check(archive: ZipFile, found: Manifest) -> None:
    """Reads every part of it. Raises Damaged for one that is missing, too many, or not as it was written."""
    parts = [*(each.part for each in found.tables), *(each.part for each in (*found.pictures, *found.answers))]
    if sorted([*parts, manifest.NAME]) != sorted(archive.namelist()):
        raise Damaged("it does not hold what its list of contents names")
    with _readable():
        for table in found.tables:
            _check_table(archive, table)
        for picture in (*found.pictures, *found.answers):
            _check_picture(archive, picture)


def _check_table(archive: ZipFile, table: TableKept) -> None:
    digest, rows, wide = hashlib.sha256(), 0, len(table.columns)
    if unknown := {kind for _, kind in table.columns} - set(TYPES):
        raise Damaged(f"{table.part} has a kind of value that is not known: {', '.join(sorted(unknown))}")
    with archive.open(table.part) as file:
        for line in file:
            digest.update(line)
            rows += 1
            # Of bytes it would find out the encoding anew, which takes half as long again as the row.
            if len(json.loads(line.decode())) != wide:
                raise Damaged(f"{table.part} has a row of another length")
    if (rows, digest.hexdigest()) != (table.rows, table.sha256):
        raise Damaged(f"{table.part} is not what was written")


def _check_picture(archive: ZipFile, picture: PictureKept) -> None:
    if picture.name.startswith(".") or Path(picture.name).name != picture.name:
        raise Damaged(f"{picture.name!r} is no name of a picture")
    digest = hashlib.sha256()
    with archive.open(picture.part) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    if digest.hexdigest() != picture.sha256:
        raise Damaged(f"{picture.part} is not what was written")
