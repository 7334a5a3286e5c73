"""Tables as text (CSV): its encoding and its separator found out, or what keeps it from being read named."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

from actions.importing.fields import MOST_COLUMNS, MOST_ROWS
from rules.errors import BadFile

ENCODINGS = ("utf-8-sig", "gb18030", "utf-16", "windows-1252")
SEPARATORS = (",", ";", "\t", "|")
LONGEST_LINE = 1_000_000
_HIGH = re.compile(rb"[\x80-\xff]+")
_PIECE = 1 << 16


def encoding_of(path: Path) -> str:
    """The encoding that the whole file can be read in. Raises BadFile for what is no text."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        found = "utf-16"
    elif _reads(path, "utf-8-sig"):
        found = "utf-8-sig"
    elif _in_pairs(path) and _reads(path, "gb18030"):
        found = "gb18030"
    else:
        found = "windows-1252"
    if not _reads(path, found):
        raise BadFile(which="encoding")
    if found != "utf-16":
        with path.open("rb") as file:
            if any(b"\x00" in piece for piece in iter(lambda: file.read(_PIECE), b"")):
                raise BadFile(which="nul")
    return found


def _reads(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            for piece in iter(lambda: file.read(_PIECE), b""):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _in_pairs(path: Path) -> bool:
    """True where the bytes beyond ASCII stand in pairs, as those of Chinese do and single accented letters do not."""
    with path.open("rb") as file:
        runs = [len(each) for each in _HIGH.findall(file.read(200_000))]
    return bool(runs) and sum(each % 2 == 0 for each in runs) >= 0.8 * len(runs)


def separator_of(path: Path, encoding: str) -> str:
    """What stands between the cells of the first row."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        first = file.readline(LONGEST_LINE)
    outside = re.sub(r'"[^"]*"', "", first)
    return max(SEPARATORS, key=outside.count)


def rows(path: Path, encoding: str, separator: str) -> Iterator[list[str]]:
    """The rows of the file, with its headers first. Raises BadFile once it reads what it cannot."""
    csv.field_size_limit(LONGEST_LINE)
    try:
        with path.open(encoding=encoding, newline="") as file:
            for number, row in enumerate(csv.reader(_lines(file), delimiter=separator)):
                if number > MOST_ROWS:
                    raise BadFile(which="rows", most=MOST_ROWS)
                if len(row) > MOST_COLUMNS and any(each.strip() for each in row[MOST_COLUMNS:]):
                    raise BadFile(which="columns", most=MOST_COLUMNS)
                yield row[:MOST_COLUMNS]
    except UnicodeError as error:
        raise BadFile(which="encoding") from error
    except csv.Error as error:
        raise BadFile(which="broken_csv") from error


def _lines(file: io.TextIOBase) -> Iterator[str]:
    """Its lines, none so long that a whole file would have to be held for it."""
    while line := file.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise BadFile(which="long_line")
        yield line
