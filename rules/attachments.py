"""Files that customers give with a booking: what is taken, what it is by its bytes, and what it may be called."""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from unicodedata import category, normalize
from zipfile import BadZipFile, ZipFile

from rules.errors import FieldError

TYPES = ("file", "picture")
PICTURES = ("png", "jpg", "webp")
KINDS = {
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "webp": "image/webp",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "txt": "text/plain",
}
MB = 1_000_000
USUAL_MB, MOST_MB = 5, 10
# Of one hold together.
MOST_FILES, MOST_BYTES = 5, 20 * MB
LONGEST_NAME = 80
_STARTS = ((b"%PDF-", "pdf"), (b"\x89PNG\r\n\x1a\n", "png"), (b"\xff\xd8\xff", "jpg"))
_OFFICE = {"word/document.xml": "docx", "xl/workbook.xml": "xlsx"}
# What some program would run, or show as a page, whatever it is called.
_NOT_PLAIN = re.compile(r"\A\s*(?:#!|GIF8|%!PS|\{\\rtf)|<\s*[!?/a-z]", re.IGNORECASE)
_UNSAID = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_UNSAFE = frozenset("\"'<>:|?*;%`$&")


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that was taken: its clean name, its kind by its bytes, how many bytes, and its own random name on the disk.

    Programs cannot send one: only what was looked at becomes one.
    """

    name: str
    type: str
    size: int
    id: str

    def document(self) -> dict[str, Any]:
        """What a booking keeps of it among its answers."""
        return asdict(self)


def is_attached(value: Any) -> bool:
    """True for the kept answer to a question for a file."""
    return isinstance(value, Mapping) and "id" in value and "name" in value


def without_id(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers as they leave the house: of a file name, type and size."""
    return {
        key: {name: value[name] for name in ("name", "type", "size")} if is_attached(value) else value
        for key, value in answers.items()
    }


def allowed(question: Mapping[str, Any]) -> tuple[str, ...]:
    """The kinds that a question takes."""
    return PICTURES if question["type"] == "picture" else tuple(question.get("accept") or KINDS)


def most_mb(question: Mapping[str, Any]) -> int:
    """How large a file a question takes."""
    return int(question.get("max_mb") or USUAL_MB)


def judged(question: Mapping[str, Any], data: bytes) -> str | FieldError:
    """The kind of a file, or why it is not taken. What it is called and says of itself counts for nothing."""
    if not data:
        return FieldError("file_empty")
    if len(data) > most_mb(question) * MB:
        return FieldError("picture_too_large", {"most": most_mb(question)})
    kind = kind_of(data)
    if kind in allowed(question):
        return str(kind)
    if question["type"] == "picture":
        return FieldError("no_picture")
    return FieldError("file_of_another_kind", {"kinds": ", ".join(each.upper() for each in allowed(question))})


def kind_of(data: bytes) -> str | None:
    """What it is by its bytes; None for what is none of ``KINDS``."""
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "webp"
    if data.startswith(b"PK\x03\x04"):
        return _office(data)
    return "txt" if _plain(data) else None


def _office(data: bytes) -> str | None:
    """Which of the two it is by the names of its parts; none that has macros. Nothing is unpacked."""
    try:
        names = ZipFile(io.BytesIO(data)).namelist()
    except (BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
        return None
    if "[Content_Types].xml" not in names or any(each.lower().endswith("vbaproject.bin") for each in names):
        return None
    return next((kind for part, kind in _OFFICE.items() if part in names), None)


def _plain(data: bytes) -> bool:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return not _NOT_PLAIN.search(text) and not any(category(each) == "Cc" and each not in "\t\r\n\f" for each in text)


def clean_name(name: str, kind: str) -> str:
    """What a file is called from now on: no path, nothing unseen or turned around, not long, ending in its true kind."""
    last = re.split(r"[/\\]", normalize("NFC", name))[-1]
    plain = "".join(each for each in last if category(each) not in _UNSAID and each not in _UNSAFE)
    stem = plain.rpartition(".")[0] if "." in plain else plain
    stem = " ".join(stem.split())[:LONGEST_NAME].strip(". ")
    return f"{stem or 'file'}.{kind}"


def fits(sizes: Collection[int], size: int) -> bool:
    """True while one more file of ``size`` bytes stays within what one hold may have."""
    return len(sizes) < MOST_FILES and sum(sizes) + size <= MOST_BYTES
