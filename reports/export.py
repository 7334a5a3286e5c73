"""Figures and lists as files: workbooks and CSV without formulas, each with a line that says who took it and when."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import xlsxwriter

Value = str | int | float | None
LONGEST = 32_000
CUT = " […]"
# What a table program would read as the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff]")
_SHEET = re.compile(r"[\[\]:*?/\\]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table. Figures are numbers; everything else is text, however it begins."""

    name: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Value]]


@dataclass(slots=True)
class Tally:
    """What had to be changed of the texts of a file: how many were ``cut``, of how many control signs were taken out."""

    rows: int = 0
    cut: int = 0
    cleaned: int = 0

    def plain(self, text: str) -> str:
        """The text without control signs, cut with a mark where a cell would not hold it."""
        clean = _CONTROL.sub("", text)
        self.cleaned += len(clean) != len(text)
        self.cut += len(clean) > LONGEST
        return clean if len(clean) <= LONGEST else clean[: LONGEST - len(CUT)] + CUT


Mark = Callable[[Tally], Sheet] | Sheet | None


def workbook(sheets: Sequence[Sheet], mark: Mark) -> bytes:
    """The tables as XLSX; ``mark`` is a sheet of its own, the last, and at the foot of each printed page; it may be made of
    what had to be changed. Without one: what holds nothing of anybody."""
    out, tally = io.BytesIO(), Tally()
    with _book(out, {"in_memory": True}) as book:
        pages = [_page(book, name, sheet, tally) for name, sheet in zip(_names(sheets), sheets, strict=True)]
        _sign(book, pages, mark, tally)
    return out.getvalue()


def _book(out: Any, options: dict[str, Any]) -> xlsxwriter.Workbook:
    return xlsxwriter.Workbook(out, {"strings_to_formulas": False, "strings_to_urls": False, **options})


def _page(book: xlsxwriter.Workbook, name: str, sheet: Sheet, tally: Tally) -> Any:
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    page = book.add_worksheet(name)
    page.freeze_panes(1, 0)
    for column in range(len(sheet.heads)):
        page.set_column(column, column, _wide(sheet, column))
    for column, head in enumerate(sheet.heads):
        page.write_string(0, column, plain(head), bold)
    for line, row in enumerate(sheet.rows, 1):
        for column, value in enumerate(row):
            _write(page, line, column, value, tally)
    return page


def _sign(book: xlsxwriter.Workbook, pages: list[Any], mark: Mark, tally: Tally) -> None:
    """The sheet of who took it, and the foot of every page."""
    made = mark(tally) if callable(mark) else mark
    if made is None:
        return
    taken = {str(each.get_name()).casefold() for each in pages}
    name = next(_names([made]))
    pages = [*pages, _page(book, name if name.casefold() not in taken else f"{name[:24]} !", made, Tally())]
    foot = " ".join(str(value) for row in made.rows for value in row)
    for page in pages:
        page.set_footer("&C&8" + plain(foot).replace("&", "&&")[:240])


def streamed(
    path: Path, form: str, sheet: Sheet, rows: Iterable[Sequence[Value]], mark: Callable[[Tally], Sheet]
) -> Tally:
    """Writes one table of any length to a file, ``xlsx`` or ``csv``, holding one row at a time; what ``sheet`` lists itself is
    left out."""
    tally = Tally()
    if form == "csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow([harmless(head) for head in sheet.heads])
            for row in rows:
                tally.rows += 1
                writer.writerow([harmless(value, tally) for value in row])
            writer.writerow([])
            writer.writerows([harmless(value) for value in row] for row in mark(tally).rows)
        return tally
    with _book(str(path), {"constant_memory": True}) as book:
        page = _page(book, next(_names([sheet])), Sheet(sheet.name, sheet.heads, []), tally)
        for line, row in enumerate(rows, 1):
            tally.rows = line
            for column, value in enumerate(row):
                _write(page, line, column, value, tally)
        _sign(book, [page], mark, tally)
    return tally


def _write(page: Any, line: int, column: int, value: Value, tally: Tally) -> None:
    if isinstance(value, int | float):
        page.write_number(line, column, value)
    elif value:
        page.write_string(line, column, tally.plain(value))


def _wide(sheet: Sheet, column: int) -> int:
    longest = max((len(str(row[column])) for row in sheet.rows[:200] if column < len(row)), default=0)
    return min(60, max(10, longest + 2, len(sheet.heads[column]) // 2 + 2))


def _names(sheets: Sequence[Sheet]) -> Iterator[str]:
    """Names that a workbook takes: short, without signs, each once."""
    seen: set[str] = set()
    for number, sheet in enumerate(sheets, 1):
        name = _SHEET.sub(" ", plain(sheet.name)).strip("' ")[:28] or str(number)
        name = name if name.casefold() not in seen else f"{name[:24]} {number}"
        seen.add(name.casefold())
        yield name


def separated(sheets: Sequence[Sheet], mark: Mark) -> bytes:
    """The tables as CSV below each other, ``mark`` as the last lines; in UTF-8 with the mark that Excel knows it by."""
    out, tally = io.StringIO(), Tally()
    writer = csv.writer(out, lineterminator="\r\n")
    for number, sheet in enumerate(sheets):
        _lines(writer, sheet, tally, apart=number > 0, named=len(sheets) > 1)
    made = mark(tally) if callable(mark) else mark
    if made is not None:
        _lines(writer, made, Tally(), apart=True, named=len(sheets) > 1)
    return "\ufeff".encode() + out.getvalue().encode()


def _lines(writer: Any, sheet: Sheet, tally: Tally, *, apart: bool, named: bool) -> None:
    if apart:
        writer.writerow([])
    if named:
        writer.writerow([harmless(sheet.name)])
    writer.writerow([harmless(head) for head in sheet.heads])
    writer.writerows([[harmless(value, tally) for value in row] for row in sheet.rows])


def harmless(value: Value, tally: Tally | None = None) -> Value:
    """A text that no table program takes for a formula; numbers as they are."""
    if not isinstance(value, str):
        return value
    text = (tally or Tally()).plain(value)
    # As it stood and as it is written: a sign that is taken out may have stood before the one that begins a formula.
    return f"'{text}" if _like_a_formula(value) or _like_a_formula(text) else text


def _like_a_formula(text: str) -> bool:
    begins = text.lstrip(" \u00a0\u3000")[:1]
    # The sign that looks like one at its full width is one to some programs.
    return begins != "" and begins in (*_FORMULA, "＝", "＋", "－", "＠")


def plain(text: str) -> str:
    """Text without control signs, cut with a mark where a cell would not hold it."""
    return Tally().plain(text)
