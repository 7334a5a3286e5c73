"""Questions for files in the editor and in the business file."""

from __future__ import annotations

from pathlib import Path

from werkzeug.datastructures import MultiDict

from actions.businessfile.dumping import dump
from actions.businessfile.loading import load
from backoffice import questions_form
from models.base import db
from models.snapshot import catalogue
from rules import questions

ASKING = Path(__file__).parents[1] / "hostile" / "asking.yaml"


def test_the_rows_become_questions_again():
    given = MultiDict([("row", "0"), ("row", "1"), ("q.0.type", "file"), ("q.0.max_mb", "8"), ("q.1.type", "picture")])
    given.update({"q.0.accept.txt": "1", "q.0.accept.pdf": "1", "q.0.accept.exe": "1", "q.1.accept.pdf": "1"})
    given.update({"q.0.label": "Letter", "q.1.label": "Photo", "q.1.required": "1"})
    found = questions_form.read(given, [], lambda name, _before: given.get(name))
    assert found == [
        {"key": "letter", "type": "file", "label": "Letter", "max_mb": 8, "accept": ["pdf", "txt"]},
        {"key": "photo", "type": "picture", "label": "Photo", "required": True},
    ]
    assert questions.check(found) == []
    assert questions_form.asked_above(found, 2) == []


def test_a_file_of_the_business_keeps_them(load_business, app, clock, tmp_path):
    load_business(ASKING)
    before = catalogue(db.session()).services["paper"].questions
    target = tmp_path / "out.yaml"
    dump(pictures_dir=app.config["SETTINGS"].pictures, target=target)
    load(target, pictures_dir=app.config["SETTINGS"].pictures, now=clock.now)
    assert catalogue(db.session()).services["paper"].questions == before
    assert before[0]["accept"] == ["pdf", "txt", "docx"]
