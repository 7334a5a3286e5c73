"""Files that are not what they say, and names that would do something."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image
from sqlalchemy import func, select

from models.base import db
from models.booking import Booking, Hold
from tests.hostile.doors import CUSTOMER, tree
from tests.support.papers import PDF, office, picture, posted
from web.uploading import MOST_KEPT, MOST_OF_ONE, Arriving

one_database = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


# Two and a half thousand million pixels, in a few bytes.
BOMB = (
    b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)) + chunk(b"IEND", b"")
)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
LETTERS = [
    ("letter.pdf", b""),
    ("letter.pdf", SVG),
    ("letter.pdf", b"<html><script>alert(1)</script>"),
    ("letter.pdf", b"MZ\x90\x00\x03\x00\x00\x00"),
    ("letter.docx", office("a.exe")),
    ("letter.docx", office("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin")),
    ("letter.pdf", picture()),
    ("letter.pdf", PDF + b"\0" * 1_000_000),
]
PHOTOS = [
    ("photo.png", b""),
    ("photo.png", b"\x89PNG\r\n\x1a\nbroken"),
    ("photo.jpg", picture("JPEG")[:100]),
    ("photo.png", BOMB),
    ("photo.png", SVG),
    ("photo.svg", SVG),
    ("photo.gif", b"GIF89a/*" + b"\0" * 40 + b"*/=1;alert(1)"),
    ("photo.png", PDF),
]
NAMES = [
    ("../../../etc/passwd", "passwd.pdf"),
    ("a\u202efdp.exe", "afdp.pdf"),
    ("x\u2028; filename=y.html", "x filename=y.pdf"),
    ("n" * 300 + ".pdf", "n" * 80 + ".pdf"),
    ("病历 <b>.pdf", "病历 b.pdf"),
]


def sent(visitor, **files):
    form = visitor.details("paper")
    given = {f"q_{key}": (io.BytesIO(data), name, "text/html") for key, (name, data) in files.items()}
    return posted(visitor.client, form, **given)


def test_what_is_not_taken_is_said_at_its_field(visitor, app):
    for key, files in (("letter", LETTERS), ("photo", PHOTOS)):
        for file in files:
            answer = sent(visitor, **{"letter": ("letter.pdf", PDF), key: file})
            page = tree(answer)
            assert answer.status_code == 422, file
            assert page.find(id=f"q_{key}-error").get_text(strip=True), file
            assert len(page.select(".error:not([hidden])")) == 1, file
            assert page.find(id="name")["value"] == CUSTOMER["name"], "what was typed stays"
    folder = app.config["SETTINGS"].answers
    assert [path for path in folder.rglob("*") if path.is_file() and b"alert" in path.read_bytes()] == []
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 0


@one_database
def test_the_same_file_a_hundred_times_is_there_once(visitor, app):
    visitor.details("paper")
    for _ in range(20):
        assert sent(visitor, photo=("a.png", picture())).status_code == 422, "the letter is missing"
    hold = db.session.execute(select(Hold).where(Hold.state == "open")).scalar_one()
    place = app.config["SETTINGS"].answers / "waiting" / f"{hold.id}-{hold.token_hash[:32]}"
    assert len(list(place.iterdir())) == 2, "a picture and its note"


def test_names_are_clean_in_the_header_and_do_not_name_a_place(visitor, app):
    for name, clean in NAMES:
        answer = sent(visitor, letter=(name, PDF))
        assert answer.status_code == 303, name
        page = visitor.client.get(answer.headers["Location"].replace("/confirmed", ""))
        link = tree(page).find("a", href=lambda href: href and "/file/letter" in href)
        assert link.get_text() == clean
        file = visitor.client.get(link["href"])
        assert file.data == PDF
        said = file.headers["Content-Disposition"]
        assert said.startswith("attachment; ")
        assert not {"\r", "\n", "\u202e"} & set(said)
        assert file.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in file.headers["Content-Security-Policy"]
    folder = app.config["SETTINGS"].answers
    found = db.session.execute(select(Booking.id, Booking.answers)).all()
    names = {f"{row.id}-{row.answers['letter']['id']}" for row in found}
    assert {path.name for path in folder.iterdir() if path.is_file()} >= names


@one_database
def test_a_picture_leaves_its_place_and_what_was_hidden_behind_it(visitor):
    exif = Image.Exif()
    exif[0x9286] = "HIDDEN-PLACE"
    photo = picture("JPEG", exif=exif) + b"<script>alert(1)</script>"
    answer = sent(visitor, letter=("l.pdf", PDF), photo=("p.jpg", photo))
    page = visitor.client.get(answer.headers["Location"].replace("/confirmed", ""))
    link = tree(page).find("a", href=lambda href: href and "/file/photo" in href)
    file = visitor.client.get(link["href"])
    assert file.mimetype == "image/jpeg"
    assert file.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in file.headers["Content-Security-Policy"]
    assert b"HIDDEN" in photo
    assert b"HIDDEN" not in file.data
    assert b"script" not in file.data


@one_database
def test_a_large_body_is_for_services_that_ask_for_files_only(visitor):
    body = {"q_notes": (io.BytesIO(b"x" * 2_000_000), "x.txt")}
    for service, status in (("everything", 413), ("paper", 422)):
        form = visitor.details(service)
        answer = posted(visitor.client, form, **body)
        assert answer.status_code == status, service
        body = {"q_notes": (io.BytesIO(b"x" * 2_000_000), "x.txt")}
    form = visitor.details("paper")
    huge = {"q_letter": (io.BytesIO(b"x" * 23_000_000), "x.txt"), "name": "Zoë Long"}
    huge["q_photo"] = (io.BytesIO(picture()), "p.png")
    answer = posted(visitor.client, form, **huge)
    page = tree(answer)
    assert answer.status_code == 422
    # What was typed is kept, and the file that was right.
    assert page.find(id="name")["value"] == "Zoë Long"
    assert "too large" in page.find(id="q_letter-error").get_text()
    assert (page.find(id="q_photo-error"), "p.png" in page.find(id="q_photo-kept").get_text()) == (None, True)
    beyond = {"content_type": "multipart/form-data; boundary=x", "environ_overrides": {"CONTENT_LENGTH": "120000000"}}
    assert visitor.client.post("/book/paper", data=b"--x", **beyond).status_code == 413


@one_database
def test_of_files_that_are_too_large_only_a_part_reaches_the_disk(visitor, app, monkeypatch):
    form, arrived = visitor.details("paper"), []
    init = Arriving.__init__

    def noted(self, room):
        arrived.append(self)
        init(self, room)

    monkeypatch.setattr(Arriving, "__init__", noted)
    files = {name: (io.BytesIO(b"x" * 12_000_000), "x.txt") for name in ("q_letter", "q_photo", *"abcd")}
    assert posted(visitor.client, form, **files).status_code == 422
    kept = [MOST_OF_ONE - each.left for each in arrived]
    assert (len(kept), sum(kept), all(each.cut and each.closed for each in arrived)) == (6, MOST_KEPT, True)


@one_database
def test_a_program_cannot_name_a_file(visitor):
    times = visitor.times("paper")
    body = {"service": "paper", "start": times.values["start"], "customer": CUSTOMER, "location": "here"}
    for letter, code in (
        (None, "file_needed"),
        ({"name": "a.pdf", "type": "pdf", "size": 1, "id": "a" * 32}, "file_by_page_only"),
    ):
        answers = {} if letter is None else {"letter": letter}
        answer = visitor.client.post(
            "/api/v1/bookings", json={**body, "answers": answers}, headers={"Idempotency-Key": f"k{code}"}
        )
        assert answer.status_code == 422
        assert code in answer.text
