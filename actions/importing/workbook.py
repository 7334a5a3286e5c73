"""Workbooks (XLSX): judged before they are unpacked, measured before they are read.

Whatever reads a sheet makes a rectangle of all its cells: one cell in XFD1048576 is seventeen thousand million of them. So the
sheet is walked through once, part by part, before anything is built from it. https://ecma-international.org/publications-and-standards/standards/ecma-376/
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

import python_calamine

from actions.importing.fields import MOST_COLUMNS, MOST_ROWS
from rules.errors import BadFile

ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
MOST_BYTES, MOST_PARTS, MOST_RATIO = 100_000_000, 2000, 100
_SMALL = 1_000_000
_CELL = re.compile(r"([A-Z]{1,4})([0-9]{1,8})\Z")
_SAFE = re.compile(r"[^/\\:\x00][^\\:\x00]*\Z")
_SHEETS = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(slots=True)
class Measured:
    """What a workbook holds: the ``sheet`` that is read (its number), cells with an error (row and column from 0, the text),
    ``notes`` (codes) of what is left out, and how many ``rows`` there are with the headers."""

    sheet: int = 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    rows: int = 0


def measure(path: Path) -> Measured:
    """Looks at a workbook without unpacking it to disk. Raises BadFile for anything else, and for what is too large."""
    try:
        with zipfile.ZipFile(path) as file:
            _refuse_odd(file)
            return _measured(file)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        if isinstance(error, OSError) and not isinstance(error, zipfile.BadZipFile) and error.errno is not None:
            raise
        raise BadFile(which="broken") from error


def _refuse_odd(file: zipfile.ZipFile) -> None:
    """From the list of contents alone."""
    parts = file.infolist()
    names = {each.filename for each in parts}
    if len(parts) > MOST_PARTS:
        raise BadFile(which="bomb")
    if sum(each.file_size for each in parts) > MOST_BYTES:
        raise BadFile(which="bomb")
    for each in parts:
        if each.file_size > _SMALL and each.file_size > MOST_RATIO * max(each.compress_size, 1):
            raise BadFile(which="bomb")
        if not _SAFE.match(each.filename) or ".." in each.filename.split("/") or (each.external_attr >> 28) == 0xA:
            raise BadFile(which="odd_names")
        if each.flag_bits & 1:
            raise BadFile(which="password")
    if any(name.lower().endswith(("vbaproject.bin", ".xlm")) or "/macrosheets/" in name.lower() for name in names):
        raise BadFile(which="macros")
    if "xl/workbook.bin" in names or "xl/workbook.xml" not in names or "[Content_Types].xml" not in names:
        raise BadFile(which="no_workbook")
    if any(name.lower().endswith((".zip", ".xlsx")) for name in names):
        raise BadFile(which="odd_names")


def _measured(file: zipfile.ZipFile) -> Measured:
    found, names = Measured(), file.namelist()
    book = _Book()
    book.read(file, "xl/workbook.xml")
    targets = _Links()
    targets.read(file, "xl/_rels/workbook.xml.rels")
    if not book.sheets:
        raise BadFile(which="no_workbook")
    found.sheet = next((n for n, (_, hidden) in enumerate(book.sheets) if not hidden), 0)
    if len(book.sheets) > 1:
        found.notes.append("other_sheets")
    left_out = {"images": "xl/media/", "links": "xl/externalLinks/", "embedded": "xl/embeddings/"}
    found.notes += [note for note, folder in left_out.items() if any(name.startswith(folder) for name in names)]
    target = targets.found.get(book.sheets[found.sheet][0], "")
    part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    if part not in names:
        raise BadFile(which="broken")
    for name in names:
        # What is not walked through here is looked at for declarations only.
        if name != part and name.endswith((".xml", ".rels")) and not name.startswith(("xl/worksheets/", "docProps/")):
            _Reader().read(file, name)
    cells = _Cells()
    cells.read(file, part)
    found.errors, found.rows = cells.errors, cells.last + 1
    found.notes += ["merged"] * cells.merged + ["formulas"] * cells.formulas
    return found


class _Reader:
    """Walks through one part of the file; refuses what declares anything of its own."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=None)
        self.parser.StartDoctypeDeclHandler = self._declared
        self.parser.EntityDeclHandler = self._declared
        self.parser.StartElementHandler = self.start
        self.parser.buffer_text = True

    def _declared(self, *_: Any) -> NoReturn:
        raise BadFile(which="declarations")

    def start(self, tag: str, given: dict[str, str]) -> None:
        """An element begins."""

    def read(self, file: zipfile.ZipFile, part: str) -> None:
        """From the beginning to the end, some of it at a time."""
        try:
            with file.open(part) as stream:
                while piece := stream.read(1 << 16):
                    self.parser.Parse(piece, False)
                self.parser.Parse(b"", True)
        except (expat.ExpatError, KeyError) as error:
            raise BadFile(which="broken") from error


def _plain(tag: str) -> str:
    return tag.rpartition(":")[2]


class _Book(_Reader):
    """The sheets: the name of their link, and whether they are hidden."""

    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, bool]] = []

    def start(self, tag: str, given: dict[str, str]) -> None:
        if _plain(tag) == "sheet":
            link = next((value for key, value in given.items() if key.endswith(":id")), "")
            self.sheets.append((link, given.get("state", "visible") != "visible"))


class _Links(_Reader):
    """Where the links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def start(self, tag: str, given: dict[str, str]) -> None:
        if _plain(tag) == "Relationship" and given.get("TargetMode") != "External":
            self.found[given.get("Id", "")] = given.get("Target", "")


class _Cells(_Reader):
    """How far the cells go, and which of them hold an error."""

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[tuple[int, int], str] = {}
        self.merged = self.formulas = False
        self.row, self.column, self.broken, self.text, self.last = -1, -1, False, "", -1
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._said

    def start(self, tag: str, given: dict[str, str]) -> None:
        name = _plain(tag)
        if name == "c":
            self._cell(given)
        elif name == "row":
            self.row, self.column = int(given["r"]) - 1 if given.get("r", "").isdigit() else self.row + 1, -1
            self._refuse_far()
        elif name == "f":
            self.formulas = True
        elif name == "v":
            self.text = ""
        elif name == "mergeCell":
            self.merged = True

    def _cell(self, given: dict[str, str]) -> None:
        named = _CELL.match(given.get("r", ""))
        self.column += 1
        if named:
            self.column, self.row = _number(named[1]), int(named[2]) - 1
        self._refuse_far()
        self.last = max(self.last, self.row)
        self.broken, self.text = given.get("t") == "e", ""

    def _refuse_far(self) -> None:
        # The first row holds the headers.
        if self.row > MOST_ROWS:
            raise BadFile(which="rows", most=MOST_ROWS)
        if self.column >= MOST_COLUMNS:
            raise BadFile(which="columns", most=MOST_COLUMNS)

    def _said(self, text: str) -> None:
        if self.broken and len(self.text) < 20:
            self.text += text

    def _end(self, tag: str) -> None:
        if self.broken and _plain(tag) == "c":
            self.errors[self.row, self.column] = self.text.strip()[:20] or "#ERROR!"
            self.broken = False


def _number(letters: str) -> int:
    number = 0
    for each in letters:
        number = number * 26 + ord(each) - 64
    return number - 1


def rows(path: Path, found: Measured | None = None) -> Iterator[list[Any]]:
    """The rows of a workbook, with its headers first; a cell with an error is ``Broken``. ``found`` where it was measured a
    moment ago."""
    found = found or measure(path)
    try:
        book = python_calamine.load_workbook(str(path))
        sheet = book.get_sheet_by_index(found.sheet)
        given, left = sheet.iter_rows(), [""] * (sheet.start or (0, 0))[1]
    except (python_calamine.CalamineError, python_calamine.PasswordError) as error:
        raise BadFile(which="broken") from error
    # One row at a time, with the empty columns before the first that holds something.
    for number, row in enumerate(given):
        cells = [*left, *row]
        if found.errors:
            yield [
                Broken(found.errors[number, n]) if (number, n) in found.errors else each for n, each in enumerate(cells)
            ]
        else:
            yield cells


class Broken(str):
    """A cell that holds an error of its table program, as ``#REF!``."""

    __slots__ = ()
