"""A file on its way: chosen once, kept with the hold, read with the booking, gone with it."""

from __future__ import annotations

import io
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

from actions import attachments, correct, erasing, upkeep
from models.base import db
from models.booking import Booking, Hold
from rules.attachments import MB, MOST_FILES, MOST_MB
from tests.hostile.doors import Visitor, tree
from tests.support.papers import DOCX, PDF, picture, posted
from tests.support.staff import account, signed_in

ASKING = Path(__file__).parents[1] / "hostile" / "asking.yaml"


@pytest.fixture
def visitor(load_business, app, client):
    # Tests before this one may have left theirs.
    shutil.rmtree(app.config["SETTINGS"].answers, ignore_errors=True)
    load_business(ASKING)
    return Visitor(client)


def post(visitor, name="Anna Lee", **more):
    form = visitor.details("paper")
    files = {key: (io.BytesIO(data), file) for key, (file, data) in more.pop("files", {}).items()}
    return posted(visitor.client, form, name=name, **more, **{f"q_{key}": value for key, value in files.items()})


def waiting(app):
    return sorted(path.name for path in (app.config["SETTINGS"].answers / "waiting").glob("*/*"))


def test_a_file_is_chosen_once_and_read_by_both_sides(visitor, app, clock):
    page = tree(visitor.client.get(visitor.details("paper").action))
    assert page.find("form", id="details")["enctype"] == "multipart/form-data"
    assert page.find(id="q_letter")["accept"] == ".pdf,.txt,.docx"
    first = post(visitor, name="", files={"letter": ("letter.pdf", PDF), "photo": ("me.png", picture())})
    page = tree(first)
    assert first.status_code == 422
    assert {each["id"] for each in page.select(".error:not([hidden])")} == {"name-error"}
    assert page.find(id="q_letter-kept").get_text(strip=True) == "Kept: letter.pdf"
    assert not page.find(id="q_letter").has_attr("required"), "it is there"
    # Another one in its place, and the picture not after all.
    second = post(visitor, name="", without_photo="1", files={"letter": ("better.docx", DOCX)})
    assert tree(second).find(id="q_letter-kept").get_text(strip=True) == "Kept: better.docx"
    assert tree(second).find(id="q_photo-kept") is None
    done = post(visitor)
    assert done.status_code == 303, done.text
    booking = db.session.execute(select(Booking)).scalar_one()
    kept = booking.answers["letter"]
    assert (kept["name"], kept["type"], kept["size"]) == ("better.docx", "docx", len(DOCX))
    assert "photo" not in booking.answers
    assert waiting(app) == []
    # The customer has it by her link alone.
    where = done.headers["Location"].replace("/confirmed", "/file/letter")
    assert visitor.client.get(where).data == DOCX
    assert visitor.client.get(where.partition("?")[0]).status_code == 404
    assert visitor.client.get(where.replace("letter", "photo")).status_code == 404
    assert visitor.client.get(where.replace("letter", "notes")).status_code == 404
    # At the desk who reads answers has it; who reads them masked has not.
    owner, auditor = (signed_in(app, account(role, now=clock.now)) for role in ("owner", "auditor"))
    at = f"/desk/b/{booking.reference}"
    assert f"{at}/file/letter" in owner.get(at).text
    assert owner.get(f"{at}/file/letter").data == DOCX
    assert app.test_client().get(f"{at}/file/letter").status_code in (302, 303, 401)
    assert "file/letter" not in auditor.get(at).text
    assert auditor.get(f"{at}/file/letter").status_code == 404


@pytest.fixture
def given(visitor, app):
    """A booking with a file, and where the file lies."""
    assert post(visitor, files={"letter": ("letter.pdf", PDF)}).status_code == 303
    booking = db.session.execute(select(Booking)).scalar_one()
    path = attachments.path_of(app.config["SETTINGS"].answers, booking.id, booking.answers["letter"])
    assert path is not None
    return booking, path


def test_correcting_other_answers_leaves_it(given, clock):
    booking, path = given
    correct.correct(reference=booking.reference, fields={}, answers={"notes": "late"}, actor="staff:1", now=clock.now)
    db.session.rollback()
    after = db.session.execute(select(Booking.answers)).scalar_one()
    assert after == {**booking.answers, "notes": "late"}
    assert path.exists()


def test_it_goes_with_the_answer(given, app, clock):
    booking, path = given
    folder = app.config["SETTINGS"].answers
    beside = folder / "nothing-of-ours.txt"
    beside.write_text("")
    assert attachments.tidy(db.session(), folder) == 0
    with db.engine.begin() as connection:
        erasing.blank(connection, [booking.id], now=clock.now)
    assert attachments.tidy(db.session(), folder) == 1
    assert not path.exists()
    assert beside.exists()
    beside.unlink()


def test_files_of_holds_that_ended_are_swept(visitor, app, clock):
    assert post(visitor, name="", files={"letter": ("letter.pdf", PDF)}).status_code == 422
    folder, ends = app.config["SETTINGS"].answers, db.session.execute(select(Hold.expires_at)).scalar_one()
    assert len(waiting(app)) == 2, "the file and its note"
    upkeep.sweep(now=ends + timedelta(minutes=30), answers=folder)
    assert len(waiting(app)) == 2, "another time may be chosen meanwhile"
    upkeep.sweep(now=ends + timedelta(minutes=61), answers=folder)
    assert waiting(app) == []


def test_a_handover_that_was_broken_off_is_finished(visitor, app, clock, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(attachments, "settle", lambda *_: None)
        assert post(visitor, files={"letter": ("letter.pdf", PDF)}).status_code == 303
    booking, folder = db.session.execute(select(Booking)).scalar_one(), app.config["SETTINGS"].answers
    assert attachments.path_of(folder, booking.id, booking.answers["letter"]) is None
    upkeep.sweep(now=clock.now, answers=folder)
    assert attachments.path_of(folder, booking.id, booking.answers["letter"]).read_bytes() == PDF


def test_another_time_takes_it_along(visitor, app):
    assert post(visitor, name="", files={"letter": ("letter.pdf", PDF)}).status_code == 422
    page = visitor.client.get("/book/paper", query_string={"day": "2026-12-02"})
    times = next(form for form in tree(page).find_all("form", method="post") if form.find("button", {"name": "start"}))
    hidden = {each["name"]: each.get("value", "") for each in times.find_all("input", type="hidden")}
    start = times.find("button", {"name": "start"})["value"]
    assert visitor.client.post(times["action"], data={**hidden, "start": start}).status_code == 303
    assert tree(visitor.client.get("/book/paper/details")).find(id="q_letter-kept") is not None
    assert post(visitor).status_code == 303


def test_the_desk_books_without_it(visitor, app, clock):
    manager = signed_in(app, account("manager", now=clock.now))
    page = manager.get("/desk/book", query_string={"service": "paper"}).text
    assert "q_notes" in page
    assert "q_letter" not in page


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_as_many_photos_as_may_be_come_with_one_form_and_are_made_small(load_business, app, client, tmp_path):
    said = yaml.safe_load(ASKING.read_text(encoding="utf-8"))
    paper = next(each for each in said["services"] if each["slug"] == "paper")
    keys = [f"photo{n}" for n in range(MOST_FILES)]
    paper["questions"] = [{"key": each, "type": "picture", "label": each, "max_mb": MOST_MB} for each in keys]
    asking = tmp_path / "asking.yaml"
    asking.write_text(yaml.safe_dump(said, allow_unicode=True), encoding="utf-8")
    load_business(asking)
    # As a telephone makes them: ten megabytes each, of which little is left.
    photo = picture().ljust(MOST_MB * MB, b"\0")
    done = post(Visitor(client), files={each: (f"{each}.png", photo) for each in keys})
    assert done.status_code == 303, [each.get_text() for each in tree(done).select(".error")]
    assert len(db.session.execute(select(Booking)).scalar_one().answers) == MOST_FILES
