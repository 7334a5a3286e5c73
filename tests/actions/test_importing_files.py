"""Files are judged by their content before anything is unpacked, and their cells seen through."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time

import pytest

from actions.importing import fields, separated, values, workbook
from actions.importing.receiving import labelled
from rules.errors import BadFile, FieldError
from tests.actions.importing import book

SHEET = (
    '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>{}</sheetData></worksheet>'
)


def changed(parts: dict[str, bytes | None], add: dict[str, bytes] | None = None) -> bytes:
    """A good workbook with some parts put in the place of its own."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(book([["Name", "Phone"], ["A", "1"]]))) as good,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for name in good.namelist():
            body = parts.get(name, good.read(name))
            if body is not None:
                made.writestr(name, body)
        for name, body in (add or {}).items():
            made.writestr(name, body)
    return out.getvalue()


def sheet(cells: str) -> bytes:
    return changed({"xl/worksheets/sheet1.xml": SHEET.format(cells).encode()})


DTD = b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><worksheet><sheetData/></worksheet>'
BAD = {
    "far": (
        sheet('<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "rows",
    ),
    "wide": (sheet('<row r="1"><c r="A1"><v>1</v></c><c r="XFD1"><v>1</v></c></row>'), "columns"),
    "long without numbers": (
        sheet("".join(f"<row><c><v>{n * 7919 % 99991}</v></c></row>" for n in range(50_002))),
        "rows",
    ),
    "entities": (changed({"xl/worksheets/sheet1.xml": DTD}), "declarations"),
    "entities elsewhere": (changed({"xl/styles.xml": DTD}), "declarations"),
    "bomb": (changed({}, {"xl/media/x.xml": b"0" * 30_000_000}), "bomb"),
    "many parts": (changed({}, {f"a/{n}": b"" for n in range(2100)}), "bomb"),
    "another zip": (changed({"xl/workbook.xml": None}), "no_workbook"),
    "macros": (changed({}, {"xl/vbaProject.bin": b"x"}), "macros"),
    "slip": (changed({}, {"../../evil.xml": b"x"}), "odd_names"),
    "nested": (changed({}, {"xl/inner.zip": b"PK"}), "odd_names"),
    "cut off": (book([["Name"], ["A"]])[:900], "broken"),
    "no sheet": (changed({"xl/worksheets/sheet1.xml": None}), "broken"),
    "odd xml": (changed({"xl/worksheets/sheet1.xml": b"<a><b></a>"}), "broken"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_workbook_that_is_none_or_too_much_is_refused_by_name(tmp_path, name):
    body, which = BAD[name]
    path = tmp_path / "x"
    path.write_bytes(body)
    with pytest.raises(BadFile) as refusal:
        list(workbook.rows(path))
    assert refusal.value.params["which"] == which


def test_dates_errors_and_empty_columns_are_read_as_they_stand(tmp_path):
    path = tmp_path / "x"
    for date_1904 in (False, True):
        path.write_bytes(book([["", "Day"], ["", datetime(2026, 12, 14, 10, 30)]], date_1904=date_1904))
        assert list(workbook.rows(path)) == [["", "Day"], ["", datetime(2026, 12, 14, 10, 30)]]
    path.write_bytes(sheet('<row r="3"><c r="B3" t="e"><f>A9</f><v>#REF!</v></c><c r="C3"><v>2</v></c></row>'))
    row = list(workbook.rows(path))[-1]
    assert isinstance(row[1], workbook.Broken)
    assert row[1:] == ["#REF!", 2.0]
    assert values.broken(row[1]) == FieldError("cell_error", {"found": "#REF!"})


@pytest.mark.parametrize(
    ("body", "encoding", "separator"),
    [
        ("姓名,手机\n王芳,1".encode("gb18030"), "gb18030", ","),
        ("姓名;手机\n王芳;1".encode("utf-16"), "utf-16", ";"),
        ("Name\tPhone\nMüller\t1".encode("windows-1252"), "windows-1252", "\t"),
        (b'"Name, first";Phone\n"A\nB";1', "utf-8-sig", ";"),
        ("\ufeffName|Phone\nA|1".encode(), "utf-8-sig", "|"),
    ],
)
def test_letters_and_separators_are_found_out(tmp_path, body, encoding, separator):
    path = tmp_path / "x"
    path.write_bytes(body)
    assert (separated.encoding_of(path), separated.separator_of(path, encoding)) == (encoding, separator)
    rows = list(separated.rows(path, encoding, separator))
    assert len(rows) == 2
    assert all(len(each) == 2 for each in rows)


@pytest.mark.parametrize(
    ("body", "which"), [(b"a,b\n\x00,1", "nul"), (b"a,b\n" + b"x" * 1_100_000, "long_line"), (b'a\n"' + b"x\n" * 700_000, "broken_csv"), (b"a\n" + b"b\n" * 50_001, "rows"), (b",".join([b"a"] * 120), "columns")]
)  # fmt: skip
def test_a_text_that_is_no_table_is_refused_by_name(tmp_path, body, which):
    path = tmp_path / "x"
    path.write_bytes(body)
    with pytest.raises(BadFile) as refusal:
        list(separated.rows(path, separated.encoding_of(path), ","))
    assert refusal.value.params["which"] == which


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (4915112345678.0, "+4915112345678"), (15112345678.0, "+4915112345678"), ("'0151 1234 5678", "+4915112345678"),
        ("1.38E+10", "phone_rounded"), ("1,38E+10", "phone_rounded"), (1.38e16, "phone_rounded"), (1.5, "phone_rounded"),
        (True, "phone_odd"), ("hello", "phone_odd"),
    ],
)  # fmt: skip
def test_a_phone_that_a_table_program_took_for_a_number_is_seen_through_or_named(cell, found):
    phone = values.phone(
        cell if not isinstance(cell, float) or cell != 4915112345678.0 else "+4915112345678", region="DE"
    )
    assert (phone.code if isinstance(phone, FieldError) else phone) == found


def test_a_zero_that_was_lost_is_named():
    assert values.phone(612345678.0, region="IT").code == "phone_zero"


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("2026-12-14", date(2026, 12, 14)), ("14.12.2026", date(2026, 12, 14)), ("12/14/2026", date(2026, 12, 14)),
        ("14/12/2026", date(2026, 12, 14)), ("2026年12月14日 10:30", datetime(2026, 12, 14, 10, 30)),
        ("2026/12/14 2:30 pm", datetime(2026, 12, 14, 14, 30)), ("05/05/2026", date(2026, 5, 5)),
        ("03/04/2026", "day_either"), ("2026-02-30", "not_a_day"), ("14.12.", "not_a_day"), (46370.0, "not_a_day"),
        ("2026-12-14 25:00", "not_a_time"), (date(2026, 12, 14), date(2026, 12, 14)),
    ],
)  # fmt: skip
def test_a_day_is_read_one_way_or_named(cell, found):
    day = values.day(cell)
    assert (day.code if isinstance(day, FieldError) else day) == found


@pytest.mark.parametrize(("cell", "found"), [(0.4375, time(10, 30)), (time(9, 5, 7), time(9, 5)), ("9:05", time(9, 5)), ("12:00 am", time(0)), ("9", "not_a_time"), ("24:00", "not_a_time")])  # fmt: skip
def test_a_time_of_day(cell, found):
    at = values.at(cell)
    assert (at.code if isinstance(at, FieldError) else at) == found


def test_amounts_numbers_and_yes():
    assert [values.money(each, digits=2) for each in (45.5, "1.234,50 €", "1,234.5", "45", "0,99")] == [
        4550,
        123450,
        123450,
        4500,
        99,
    ]
    assert [values.whole(each, least=1, most=9) for each in (3.0, "3")] == [3, 3]
    assert [values.yes(each) for each in ("是", "no", True, "x", "")] == [True, False, True, True, False]
    wrong = [
        values.money("much", digits=2),
        values.whole("99", least=1, most=9),
        values.whole(1.5, least=1, most=9),
        values.yes("perhaps"),
    ]
    assert [each.code for each in wrong] == ["not_an_amount", "not_between", "not_between", "not_yes_or_no"]


def test_headers_are_known_in_english_and_chinese_each_column_once():
    assert fields.guessed(fields.CUSTOMERS, ["客户姓名*", "手机号码：", "E_Mail", "?"]) == {
        "name": 0,
        "phone": 1,
        "email": 2,
    }
    assert fields.guessed(fields.BOOKINGS, ["Date", "Staff", "Customer name"]) == {"name": 2, "day": 0, "with": 1}
    for kind in fields.KINDS.values():
        assert fields.guessed(kind, [each.name for each in kind.fields]) == {
            each.name: n for n, each in enumerate(kind.fields)
        }


@pytest.mark.parametrize(("name", "found"), [("..\\..\\a/b/list.xlsx", "list.xlsx"), ('a"\u202e\r\nb.csv', "a b.csv"), ("", "file"), ("x" * 400, "file")])  # fmt: skip
def test_a_name_of_a_file_is_a_label_and_no_path(name, found):
    assert labelled(name) in (found, "x" * 120)
