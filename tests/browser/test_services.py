"""One more question under a condition, in a real browser: asked for in the form, seen beside it, saved, seen on the portal."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from app import create_app
from models.base import db
from tests.browser.test_frames import pytestmark  # noqa: F401
from tests.browser.test_portal import SIDEWAYS
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import PASSWORD, account

WORDS = {
    "en": {"more": "Ask one more thing", "save": "Save", "fasting": "Are you fasting?", "back": "As it was before"},
    "zh-CN": {"more": "添加问题", "save": "保存", "fasting": "您空腹吗？", "back": "恢复到此前"},
}


@pytest.fixture
def house(serve):
    served = serve("clinic", at="2026-12-01T09:06Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("manager", name="Mara Lindner")
        db.session.remove()
    databases.let_go(app)
    return served


def sound(page, name):
    assert page.evaluate(SIDEWAYS) <= 0, f"{name} scrolls sideways"
    found = Axe().run(page).response["violations"]
    assert not found, f"{name}: " + "; ".join(f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found)


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1280, "en")])
def test_one_more_thing_is_asked_under_a_condition(house, new_page, width, locale):
    said, page = WORDS[locale], new_page(width=width, locale=locale)
    page.goto(f"{house.url}/desk/sign-in")
    page.fill("#email", "manager@praxis.example")
    page.fill("#password", PASSWORD)
    page.locator("main form .button").click()
    page.wait_for_url("**/desk/")
    for path in ("", "/ultrasound/read", "/ultrasound/time", "/ultrasound/needs", "/ultrasound/rules"):
        page.goto(f"{house.url}/desk/services{path}")
        sound(page, path)

    page.goto(f"{house.url}/desk/services/ultrasound/questions")
    page.frame_locator(".phone iframe:not(.coming)").locator("#details").wait_for(state="attached")
    assert page.evaluate("scrollY") == 0, "the page beside the form moves by itself alone"
    page.select_option("#new_type", "yes_no")
    page.get_by_role("button", name=said["more"]).click()
    page.fill("[name='q.2.label.en']", "Are you fasting?")
    page.fill("[name='q.2.label.zh']", "您空腹吗？")
    row = page.locator("[data-row]").nth(2)
    row.locator(".only-if summary").click()
    row.locator("[data-field]").select_option("referral")
    # Only what fits an answer of yes or no can be chosen, and its answers by their names.
    assert row.locator("[data-op] option").count() == 4
    row.locator("[data-value]").select_option("no")
    # Moved by its arrow, it stays what it is; the question that it depends on stands above.
    row.locator("[data-move=up]").click()
    assert page.locator("[data-row]").nth(1).locator("[name='q.2.label.en']").input_value() == "Are you fasting?"
    sound(page, "questions")

    frame = page.frame_locator(".phone iframe:not(.coming)")
    fasting = frame.get_by_text(said["fasting"])
    fasting.wait_for(state="attached")
    assert not fasting.is_visible()
    frame.locator("[name=q_referral][value=no]").check(force=True)
    fasting.wait_for(state="visible")

    page.get_by_role("button", name=said["save"], exact=True).last.click()
    page.locator(".toast").wait_for()
    page.goto(f"{house.url}/book/ultrasound?day=2026-12-08")
    page.locator("button.slot").first.click()
    page.locator("[name=q_referral][value=no]").check(force=True)
    page.get_by_text(said["fasting"]).wait_for(state="visible")

    page.goto(f"{house.url}/desk/services/ultrasound/versions")
    assert "Mara Lindner" in page.locator(".versions").inner_text()
    assert said["fasting"] in page.locator(".versions ins").inner_text()
    sound(page, "versions")
    page.get_by_role("button", name=said["back"]).click()
    page.locator(".toast").wait_for()
    page.goto(f"{house.url}/desk/services/ultrasound/questions")
    assert page.locator("[data-row]").count() == 2
