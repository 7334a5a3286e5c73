"""Somebody is sick, in a real browser: from who is out to whom to call, by thumb and at a desk, in both languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app import create_app
from models.base import db
from tests.browser.test_desk import is_sound
from tests.factories import HANNAH, TOM, booked
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import PASSWORD, account

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

BEFORE = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
NINE = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
LONG = {"name": "Maximiliane von Hohenstein-Wartburg", "email": "max@example.com", "phone": "+49 152 28817386"}
THUMB = {390: 44, 1280: 40}
# What lies over the list is no taller than its buttons need.
SLIM = 72


@pytest.fixture
def clinic(serve):
    """The clinic a week before three visits of one doctor."""
    served = serve("clinic", at="2026-12-01T10:40Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("owner", name="Mara Lindner")
        account("front_desk", name="Mei Sun")
        account("manager", name="Jonas Weber")
        served.references = [
            booked("check-up", BEFORE, start=NINE + after, customer=who, resources=["dr-braun"]).booking.reference
            for after, who in ((timedelta(0), HANNAH), (timedelta(hours=1), TOM), (timedelta(hours=2), LONG))
        ]
        db.session.remove()
    databases.let_go(app)
    return served


@pytest.mark.parametrize(("who", "width", "locale"), [("front_desk", 390, "zh-CN"), ("owner", 1280, "en")])
def test_a_sick_doctor_is_one_page_and_one_confirm(clinic, new_page, who, width, locale):
    page = new_page(width=width, locale=locale)
    page.goto(f"{clinic.url}/desk/sign-in")
    page.fill("#email", f"{who}@praxis.example")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/desk/")
    page.goto(f"{clinic.url}/desk/out")
    is_sound(page, "who is out")
    page.select_option("#who", "resource:dr-braun")
    page.fill("#from", "2026-12-08")
    page.locator("main details > summary").click()
    page.fill("#until", "2026-12-08")
    page.locator("main details .button").click()
    page.wait_for_url("**/desk/out?**")
    is_sound(page, "what it hits")
    hits = page.locator(".hit")
    assert hits.count() == 3
    first, second, third = clinic.references
    # The first keeps what is proposed; the second chooses; the third is called.
    assert page.locator(f"[name='do-{first}']:checked").get_attribute("value").startswith("colleague|")
    for reference, begins in ((second, "choose"), (third, "call")):
        choice = page.locator(f".choice:has([name='do-{reference}'][value^='{begins}'])")
        assert choice.bounding_box()["height"] >= THUMB[width]
        choice.click()
    page.fill("#reason", "flu")
    confirm = page.locator(".actions .button").first
    assert confirm.bounding_box()["height"] >= THUMB[width]
    assert page.locator(".actions").bounding_box()["height"] <= SLIM
    confirm.click()
    page.locator("section.card").first.wait_for()
    is_sound(page, "what was done")
    call = page.locator("a[href^='tel:']")
    assert call.count() == 1
    assert "Maximiliane" in call.locator("xpath=ancestor::li").inner_text()
    # Looked at again, whoever was moved is gone, and whoever chooses is marked.
    page.goto(f"{clinic.url}/desk/out?who=resource:dr-braun&from=2026-12-08&until=2026-12-08")
    assert page.locator(f"[name='do-{first}']").count() == 0
    assert page.locator(".hit .chip").count() == 1
    is_sound(page, "what is left")


def test_hours_that_change_lead_to_the_visits_in_them_and_are_saved_once_these_are_handled(clinic, new_page):
    page = new_page(width=390)
    page.goto(f"{clinic.url}/desk/sign-in")
    page.fill("#email", "manager@praxis.example")
    page.fill("#password", PASSWORD)
    page.press("#password", "Enter")
    page.wait_for_url("**/desk/")
    where = f"{clinic.url}/desk/setup/things/one?slug=dr-braun"
    save = page.get_by_role("button", name="Save")

    def closes_the_morning():
        page.goto(where)
        page.fill("#hours-park-tue", "14:00-18:00")
        save.click()

    closes_the_morning()
    alert = page.get_by_role("alert")
    assert alert.locator("li a").count() == 3
    is_sound(page, "what the hours hit")
    alert.get_by_role("link", name="Tue 8 Dec, 09:00–11:30").click()
    page.get_by_role("heading", name="Dr. Jonas Braun").wait_for()
    assert page.locator(".hit").count() == 3
    page.locator(".actions .button").first.click()
    page.locator("section.card").first.wait_for()
    closes_the_morning()
    page.locator(".toast", has_text="Saved").wait_for()
