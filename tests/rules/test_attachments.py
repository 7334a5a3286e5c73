"""What a file is by its bytes, what it may be called, and how many there may be."""

from __future__ import annotations

import io
from typing import Any
from zipfile import ZipFile

import pytest

from rules import attachments
from rules.attachments import Attached, clean_name, kind_of
from rules.errors import FieldError

PDF = b"%PDF-1.4\n"
FILE: dict[str, Any] = {"key": "paper", "type": "file", "label": "Paper"}
PICTURE: dict[str, Any] = {"key": "photo", "type": "picture", "label": "Photo"}


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PDF, "pdf"),
        (b"\x89PNG\r\n\x1a\n...", "png"),
        (b"\xff\xd8\xff\xe0", "jpg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", None),
        (zipped("[Content_Types].xml", "word/document.xml"), "docx"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "xlsx"),
        (zipped("[Content_Types].xml", "xl/workbook.xml", "xl/vbaProject.bin"), None),
        (zipped("[Content_Types].xml", "ppt/presentation.xml"), None),
        (zipped("run.exe"), None),
        (b"PK\x03\x04 and then nothing", None),
        ("Überweisung für Mo, 3 < 4\n牙科\t".encode(), "txt"),
        (b"\xef\xbb\xbfwith a mark", "txt"),
        (b"caf\xe9", None),
        (b"a\x00b", None),
        (b"MZ\x90\x00\x03", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", None),
        (b"\n <!DOCTYPE html><p>hello", None),
        (b"well < script>alert(1)", None),
        (b"#!/bin/sh\nrm -r /", None),
        (b"GIF89a/*", None),
        (b"%!PS-Adobe", None),
        (b"\n%PDF-1.4", "txt"),
    ],
)
def test_the_bytes_say_what_it_is(data: bytes, kind: str | None) -> None:
    assert kind_of(data) == kind


@pytest.mark.parametrize(
    ("name", "kind", "clean"),
    [
        ("letter.pdf", "pdf", "letter.pdf"),
        ("转诊单.PDF", "pdf", "转诊单.pdf"),
        ("../../etc/passwd", "txt", "passwd.txt"),
        ("C:\\Users\\me\\scan.jpeg", "jpg", "scan.jpg"),
        ("invoice\u202efdp.exe", "pdf", "invoicefdp.pdf"),
        ('a"; filename="b.html\r\nSet-Cookie: x=1', "pdf", "a filename=b.pdf"),
        ("x" * 300 + ".pdf", "pdf", "x" * 80 + ".pdf"),
        (" . .pdf", "pdf", "file.pdf"),
        ("", "png", "file.png"),
    ],
)
def test_a_name_is_made_clean_and_ends_in_what_it_is(name: str, kind: str, clean: str) -> None:
    assert clean_name(name, kind) == clean


def test_what_a_question_takes() -> None:
    assert attachments.judged(FILE, PDF) == "pdf"
    assert attachments.judged(FILE, b"") == FieldError("file_empty")
    other = FieldError("file_of_another_kind", {"kinds": "PDF, TXT"})
    assert attachments.judged({**FILE, "accept": ["pdf", "txt"]}, b"\x89PNG\r\n\x1a\n") == other
    assert attachments.judged(PICTURE, PDF) == FieldError("no_picture")
    large = b"a" * (attachments.MB + 1)
    assert attachments.judged(FILE, large) == "txt"
    assert attachments.judged({**FILE, "max_mb": 1}, large) == FieldError("picture_too_large", {"most": 1})
    assert attachments.judged({**FILE, "max_mb": 1}, large[1:]) == "txt"


def test_five_files_and_twenty_megabytes_are_the_most() -> None:
    assert attachments.fits([1] * 4, 1)
    assert not attachments.fits([1] * 5, 1)
    assert attachments.fits([10 * attachments.MB], 10 * attachments.MB)
    assert not attachments.fits([10 * attachments.MB], 10 * attachments.MB + 1)


def test_what_leaves_the_house_does_not_say_where_it_lies() -> None:
    kept = Attached("letter.pdf", "pdf", 12, "a" * 32).document()
    assert attachments.is_attached(kept)
    assert attachments.without_id({"paper": kept, "line": "so"}) == {
        "paper": {"name": "letter.pdf", "type": "pdf", "size": 12},
        "line": "so",
    }
