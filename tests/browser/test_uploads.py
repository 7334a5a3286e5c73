"""Files chosen in a real browser's own window: what is wrong is said where they are chosen, and nothing typed is lost."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from app import create_app
from models.base import db
from tests.browser.test_portal import SIDEWAYS
from tests.support import databases
from tests.support.browser import comes_true
from tests.support.houses import settings
from tests.support.papers import PDF, picture
from tests.support.staff import PASSWORD, account

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

ASKING = Path(__file__).parents[1] / "hostile" / "asking.yaml"
SCREENS = pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1280, "en")])
LARGE = {"en": "This file is too large: at most {} MB.", "zh-CN": "文件太大，最大 {} MB。"}


@pytest.fixture
def house(serve):
    served = serve(ASKING, at="2026-12-01T09:06Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("owner", name="Mara Lindner")
        db.session.remove()
    databases.let_go(app)
    return served


def choose(page, selector, name, content):
    with page.expect_file_chooser() as chosen:
        page.locator(selector).click()
    chosen.value.set_files({"name": name, "mimeType": "", "buffer": content})


def sound(page):
    assert page.evaluate(SIDEWAYS) <= 0, page.url
    found = Axe().run(page)
    assert found.violations_count == 0, (page.url, found.generate_report())


@SCREENS
def test_a_customer_gives_a_wrong_file_then_one_too_large_then_the_right_one(house, new_page, width, locale):
    # On the phone without scripts: there the server says it all.
    scripts = locale == "en"
    page = new_page(width=width, locale=locale, javascript=scripts)
    page.goto(f"{house.url}/book/paper?day=2026-12-03")
    page.locator("[data-start]").first.click()
    page.wait_for_url("**/details")
    page.fill("#name", "Zoë Long")
    page.fill("#email", "zoe@example.com")
    page.fill("#q_notes", "Second floor")
    send = page.locator("#details .button").last

    choose(page, "#q_letter", "letter.pdf", picture())
    send.click()
    page.wait_for_selector("#q_letter-error")
    assert "PDF" in page.locator("#q_letter-error").inner_text()

    choose(page, "#q_letter", "letter.pdf", PDF + b"\0" * 11_000_000)
    if scripts:
        page.locator("#q_letter-large").wait_for()
        assert page.locator("#q_letter-large").inner_text() == LARGE[locale].format(1)
        sound(page)
        send.click()
        assert page.evaluate("document.activeElement.id") == "q_letter"
    else:
        send.click()
        page.wait_for_load_state()
        assert page.locator("#q_letter-error").inner_text() == LARGE[locale].format(1)
        assert page.evaluate(SIDEWAYS) <= 0
    assert [page.input_value(each) for each in ("#name", "#q_notes")] == ["Zoë Long", "Second floor"]

    choose(page, "#q_letter", "letter.pdf", PDF)
    assert page.locator("#q_letter-large").is_hidden()
    send.click()
    page.wait_for_url("**/confirmed**")


@SCREENS
def test_the_desk_gives_a_picture_and_a_list(house, new_page, width, locale):
    page = new_page(width=width, locale=locale)
    page.goto(f"{house.url}/desk/sign-in")
    page.fill("#email", "owner@praxis.example")
    page.fill("#password", PASSWORD)
    page.locator("main form .button").click()
    page.wait_for_url(re.compile(r"/desk/$"))

    page.goto(f"{house.url}/desk/services/paper/read")
    send = page.locator("#picture .button").first
    choose(page, "#file", "photo.png", picture() + b"\0" * 10_500_000)
    page.locator("#file-large").wait_for()
    send.click()
    assert page.locator("#file-large").inner_text() == LARGE[locale].format(10)
    sound(page)
    choose(page, "#file", "photo.png", picture(size=(300, 200)))
    send.click()
    page.wait_for_selector("#picture img.kept")
    comes_true(page, "document.querySelector('#picture img.kept').naturalWidth > 0")

    page.goto(f"{house.url}/desk/import")
    choose(page, "#file", "people.csv", b"Name,Phone\n" + b"x" * 10_500_000)
    page.locator("#file-large").wait_for()
    sound(page)
    choose(page, "#file", "people.csv", b"%PDF-1.7")
    page.locator(".bring .button").click()
    page.wait_for_selector("[role=alert] .note")
    sound(page)
    choose(page, "#file", "people.csv", b"Name,Phone\nAnna,+49 151 10000001\n")
    page.locator(".bring .button").click()
    page.wait_for_selector("#column-name")
