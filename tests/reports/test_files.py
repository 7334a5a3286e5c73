"""Files that leave the house: no formulas, no control signs, nothing lost in silence; and drawings whose texts are text."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports import charts, export
from reports.charts import Field, Part
from reports.export import Sheet

MARK = Sheet("Taken by whom", ("Taken by whom", ""), [("Taken by", "Mara & Söhne <mara@praxis.example>")])
BAD = ["=1+1", "+49 151", "-5", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1", "　+1", "\x1b=1"]


def parts(book):
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


@pytest.mark.parametrize("text", BAD)
def test_no_text_is_a_formula(text):
    sheet = Sheet("List", ("Name",), [(text,)])
    found = parts(export.workbook([sheet], MARK))
    assert "<f>" not in found["xl/worksheets/sheet1.xml"]
    assert 't="s"' in found["xl/worksheets/sheet1.xml"]
    lines = export.separated([sheet], MARK).decode().splitlines()
    assert lines[1].lstrip('"').startswith("'")


def test_figures_stay_figures_and_digits_text():
    sheet = Sheet("List", ("A", "B", "C", "D"), [(-3, 4.5, "0049151", None)])
    rows = list(csv.reader(io.StringIO(export.separated([sheet], MARK).decode("utf-8-sig"))))
    assert rows[1] == ["-3", "4.5", "0049151", ""]
    page = parts(export.workbook([sheet], MARK))["xl/worksheets/sheet1.xml"]
    assert "<v>-3</v>" in page
    assert "<v>4.5</v>" in page


def test_control_signs_go_and_what_no_cell_would_hold_is_cut_with_a_mark():
    assert export.plain("a\x00b\x1bc\x7f") == "abc"
    cut = export.plain("x" * 40_000)
    assert len(cut) == export.LONGEST
    assert cut.endswith("[…]")
    assert export.workbook([Sheet("List", ("A",), [("x" * 40_000,)])], MARK)


def test_sheets_have_names_that_a_workbook_takes_each_once():
    sheets = [Sheet(name, ("A",), []) for name in ("By [service]", "by [SERVICE]", "", "x" * 50, "'", "History")]
    names = re.findall(r'<sheet name="([^"]+)"', parts(export.workbook(sheets, MARK))["xl/workbook.xml"])
    assert len({name.casefold() for name in names}) == len(names) == 7
    assert all(len(name) <= 31 for name in names)


def test_who_took_it_stands_in_the_file_and_at_its_foot():
    found = parts(export.workbook([Sheet("List", ("A",), [])], MARK))
    assert "mara@praxis.example" in found["xl/sharedStrings.xml"]
    assert "mara@praxis.example" in found["xl/worksheets/sheet1.xml"]
    assert "mara@praxis.example" in export.separated([Sheet("List", ("A",), [])], MARK).decode().splitlines()[-1]


@given(text=st.text(max_size=40))
@settings(max_examples=80, deadline=None)
def test_any_text_comes_back_as_it_was_or_behind_its_mark(text):
    rows = list(
        csv.reader(io.StringIO(export.separated([Sheet("L", ("A",), [(text,)])], MARK).decode("utf-8-sig"), newline=""))
    )
    found = rows[1][0] if rows[1] else ""
    assert found in (export.plain(text), f"'{export.plain(text)}")
    assert not found.lstrip().startswith(("=", "+", "-", "@")) or not found


# Drawings


HOSTILE = '</text><script>alert("x")</script>&'


def drawn(svg):
    """Fails for what is no well-formed SVG; gives its root."""
    root = ElementTree.fromstring(svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1))
    assert root.tag.endswith("svg")
    assert not re.search(r"<script|style=|\son[a-z]+=|fill=\"#", svg)
    return root


@pytest.mark.parametrize("values", [[], [1], [5, 3], [1, 0, 0], [10**6, 1, 1, 1, 1, 1], [1, 1]])
def test_a_ring_has_a_part_for_each_value(values):
    parts_ = [Part(HOSTILE, value, "/desk/diary?a=1&b=2") for value in values]
    root = drawn(charts.pie(parts_, "12", HOSTILE))
    assert len([each for each in root.iter() if each.tag.endswith("}a")]) == len(values)
    assert "nan" not in charts.pie(parts_, "", "")


def test_a_bar_is_as_long_as_its_value_and_marks_what_was():
    root = drawn(charts.bar(50, 100, 200, href="/x?a=1&b=2", name=HOSTILE))
    assert [each.get("width") for each in root.iter() if each.tag.endswith("}rect")] == ["250.0"]
    assert [each.get("d") for each in root.iter() if each.tag.endswith("}path")] == ["M500.0 -4v30"]
    assert "then" not in charts.bar(0, None, 0)


def test_fields_carry_their_figures_and_closed_ones_none():
    rows = [("Mon", [Field(None, "Mon 08"), Field(0, "Mon 09"), Field(100, HOSTILE, "/x")])]
    root = drawn(charts.heat(rows, ["08", "09", HOSTILE]))
    texts = [each.text for each in root.iter() if each.tag.endswith("}text")]
    assert texts == ["08", "09", HOSTILE, "Mon", "0", "100"]
    assert [each.get("class") for each in root.iter() if each.tag.endswith("}rect")] == ["shut", "h0", "h5"]
