"""The guide: every chapter in both languages, leading only to what is there, and every page of the desk helped by one."""

from __future__ import annotations

import re

import pytest

from backoffice.guide import CHAPTERS, GUIDE, chapter_of, names
from tests.support.staff import account, signed_in

LINK = re.compile(r"\]\(([^)]+)\)")
# What is the same whatever the database.
ONE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
# Pages before or around the desk, which say themselves what they are for.
WITHOUT = {
    "sign_in", "sign_out", "code", "forgotten", "new_password", "prove", "recovery", "invited", "more", "guide",
    "watermark", "sw", "refused",
}  # fmt: skip


def links(language):
    for path in sorted((GUIDE / language).glob("*.md")):
        for target in LINK.findall(path.read_text(encoding="utf-8")):
            yield path, target


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_link_and_picture_is_there(language):
    missing = [f"{path.name}: {target}" for path, target in links(language) if not (path.parent / target).exists()]
    assert not missing


def test_both_languages_have_the_same_chapters_with_the_same_pictures():
    both = [
        sorted((path.name, target.replace(f"/{language}/", "/")) for path, target in links(language))
        for language in ("en", "zh")
    ]
    assert both[0] == both[1]
    assert names() == sorted(each.stem for each in (GUIDE / "zh").glob("*.md"))


def test_the_contents_lead_to_every_chapter():
    told = {target.removesuffix(".md") for path, target in links("en") if path.name == "index.md"}
    assert told == set(names()) - {"index"}


@ONE
def test_every_page_of_the_desk_has_its_chapter(app):
    assert set(CHAPTERS.values()) <= set(names())
    pages = [
        rule.endpoint.removeprefix("desk.")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("desk.") and "GET" in (rule.methods or ())
    ]
    lost = [each for each in pages if chapter_of(each) == "index" and not each.startswith(tuple(WITHOUT))]
    assert not lost


@ONE
def test_a_chapter_is_read_at_the_desk_in_ones_own_language(app, load_business):
    load_business("clinic")
    page = signed_in(app, account("staff")).get("/desk/guide/diary?lang=zh")
    assert page.status_code == 200
    assert "日程" in page.text
    assert "/desk/guide/pictures/zh/diary.jpg" in page.text
    assert signed_in(app, account("owner")).get("/desk/guide/../../README").status_code == 404
