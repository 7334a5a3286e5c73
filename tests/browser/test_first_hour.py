"""From an empty house to a booked visit, by hand: the first hour on a phone and at a desk, in both languages."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from actions import accounts
from app import create_app
from tests.browser.test_desk import pytestmark  # noqa: F401
from tests.browser.test_portal import SIDEWAYS
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import PASSWORD, SINCE

SAID = {"en": ("Praxis Weber", "Anna Weber"), "zh-CN": ("王医生诊所", "王芳")}


@pytest.fixture
def empty(serve):
    """A house with an owner and nothing else."""
    served = serve(None, at="2026-12-01T07:00Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        accounts.add(
            email="owner@praxis.example",
            name="Mara Lindner",
            role="owner",
            password=PASSWORD,
            by=None,
            actor="shell",
            now=SINCE,
        )
    databases.let_go(app)
    return served


def seen(page):
    """The page is as wide as its window, and nothing on it keeps anybody out."""
    assert page.evaluate(SIDEWAYS) <= 0, page.url
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1280, "en")])
def test_from_an_empty_house_to_a_booked_visit(empty, new_page, width, locale):
    house, person = SAID[locale]
    zone = {"timezone_id": "Asia/Shanghai"} if locale == "zh-CN" else {}
    page = new_page(width=width, locale=locale, **zone)
    onward = page.locator("main form .button:not([data-copy])").last
    page.goto(f"{empty.url}/desk/sign-in")
    page.fill("#email", "owner@praxis.example")
    page.fill("#password", PASSWORD)
    page.locator("main form .button").click()
    page.wait_for_url("**/desk/start")
    page.locator("a[href*='template=clinic']").click()
    page.fill("#name", house)
    # Saturday morning is painted, what was typed for Monday is painted along.
    page.fill("#hours-mon", "9-12, 14-18")
    row = page.locator(".paint:not(.scale)").nth(5)
    row.scroll_into_view_if_needed()
    first, last = row.locator("i").nth(18).bounding_box(), row.locator("i").nth(23).bounding_box()
    page.mouse.move(first["x"] + 1, first["y"] + 5)
    page.mouse.down()
    page.mouse.move(last["x"] + 1, last["y"] + 5, steps=12)
    page.mouse.up()
    assert page.input_value("#hours-sat") == "09:00-12:00"
    seen(page)
    onward.click()
    page.fill("#name", person)
    # Left for a while, it goes on where it was.
    page.goto(f"{empty.url}/desk/diary")
    page.goto(f"{empty.url}/desk/")
    page.wait_for_url("**/desk/start")
    page.fill("#name", person)
    onward.click()
    page.fill("#price", "25")
    onward.click()
    page.wait_for_url("**/desk/start?ready=1")
    seen(page)
    assert "<iframe" in page.locator("textarea").last.input_value()
    for room in ("places", "things"):
        page.goto(f"{empty.url}/desk/setup/{room}")
        page.locator("main ul a").first.click()
        page.wait_for_url("**/one?slug=**")
        seen(page)
    page.goto(f"{empty.url}/book/check-up")
    page.locator("[data-start]").first.click()
    page.fill("#name", "Tom Fischer")
    page.fill("#email", "tom@example.com")
    page.get_by_role("button", name=re.compile("Confirm|确认预约")).click()
    page.wait_for_url("**/b/**")
    assert house in page.content()
