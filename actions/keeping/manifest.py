"""What a backup says of itself: when and from what it was made, what it holds, and the digest of each part.

A backup is a zip file: ``tables/NAME.jsonl``, one JSON list a row in the order of the key; ``pictures/NAME`` and
``answers/NAME``, files that customers gave; and, written last, ``manifest.json``. It holds no settings and no keys.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

FORMAT = 1
NAME = "manifest.json"


class Damaged(Exception):
    """A file that must not be restored; the text says why."""


@dataclass(frozen=True, slots=True)
class TableKept:
    """One table: its columns with their kinds, how many rows, the digest of its part, and the id that comes next where
    ids are never used again (else None)."""

    name: str
    columns: tuple[tuple[str, str], ...]
    rows: int
    sha256: str
    next_id: int | None

    @property
    def part(self) -> str:
        """Where it lies in the file."""
        return f"tables/{self.name}.jsonl"


@dataclass(frozen=True, slots=True)
class PictureKept:
    """One picture, or a file that a customer gave: what it is called, its digest, and the room it is kept in."""

    name: str
    sha256: str
    room: str = "pictures"

    @property
    def part(self) -> str:
        """Where it lies in the file."""
        return f"{self.room}/{self.name}"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The whole of it. ``key_mark`` tells the installation's key from another one, without giving it away."""

    made_at: datetime
    database: str
    schema: str
    house: str
    key_mark: str
    tables: tuple[TableKept, ...]
    pictures: tuple[PictureKept, ...]
    answers: tuple[PictureKept, ...] = ()

    @property
    def rows(self) -> int:
        """How many rows all tables have."""
        return sum(each.rows for each in self.tables)


def write(manifest: Manifest) -> bytes:
    """The manifest as it stands in the file."""
    found = {"format": FORMAT, **asdict(manifest), "made_at": manifest.made_at.isoformat()}
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


def read(raw: bytes) -> Manifest:
    """The manifest of a file. Raises Damaged."""
    try:
        found: dict[str, Any] = json.loads(raw)
        if found.pop("format") != FORMAT:
            raise Damaged("it was made by a newer version of Frontdesk")
        tables = tuple(
            TableKept(
                each["name"],
                tuple((str(name), str(kind)) for name, kind in each["columns"]),
                each["rows"],
                each["sha256"],
                each["next_id"],
            )
            for each in found["tables"]
        )
        pictures = tuple(PictureKept(each["name"], each["sha256"]) for each in found["pictures"])
        answers = tuple(PictureKept(each["name"], each["sha256"], "answers") for each in found.get("answers", ()))
        made_at = datetime.fromisoformat(found["made_at"])
        return Manifest(
            made_at, found["database"], found["schema"], found["house"], found["key_mark"], tables, pictures, answers
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged("its list of contents cannot be read") from error
