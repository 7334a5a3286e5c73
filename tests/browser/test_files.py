"""Files and feedback in a real browser: from the file to the tables while a worker writes, from the link to the stars."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe

from actions.steps import take_step
from app import create_app
from models.base import db
from tests.browser.test_figures import OUTSIDE
from tests.browser.test_portal import SIDEWAYS
from tests.factories import booked
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import PASSWORD, account
from tests.support.web import SECRET_KEY
from wire.links import feedback_url

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NOW = datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
MONDAY = datetime(2026, 12, 7, 7, 0, tzinfo=UTC)
LIST = "Kunde,Mobile,Email,Company\n" + "".join(
    f"Guest {n},+49 151 2000{n:04},guest{n}@example.com,Firm\n" for n in range(60)
)
LIST += "Maximiliane von Hohenstein-Wartburg,1.38E+10,,\nGuest 1,+49 151 20000001,,\nOther,+49 151 20000002,,\n"


@pytest.fixture
def house(serve):
    """The clinic, its owner, and the link of a visit that is over."""
    served = serve("clinic", at="2026-12-08T07:30Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("owner", name="Mara Lindner")
        visit = booked("check-up", NOW, start=MONDAY).booking
        done = take_step(reference=visit.reference, step="complete", actor="staff:1", now=MONDAY.replace(hour=8))
        served.link = feedback_url(served.url, done.booking, SECRET_KEY)
        db.session.remove()
        yield served
    databases.let_go(app)


@pytest.fixture
def enter(house, new_page):
    def entered(**options):
        page = new_page(**options)
        page.goto(f"{house.url}/desk/sign-in")
        page.fill("#email", "owner@praxis.example")
        page.fill("#password", PASSWORD)
        page.locator("main form .button").click()
        page.wait_for_url(re.compile(r"/desk/$"))
        return page

    return entered


def good(page):
    """Nothing is cut, nothing out of reach, nothing unreadable."""
    assert page.evaluate(SIDEWAYS) <= 0, page.url
    assert page.evaluate(OUTSIDE) == [], page.url
    found = Axe().run(page)
    assert found.violations_count == 0, (page.url, found.generate_report())


def test_a_list_is_brought_looked_at_and_written(house, enter, run_worker):
    page, phone = enter(width=1280), enter(width=390, locale="zh-CN")
    page.goto(f"{house.url}/desk/import")
    phone.goto(page.url)
    good(phone)
    page.set_input_files("#file", {"name": "list.csv", "mimeType": "text/csv", "buffer": LIST.encode()})
    page.get_by_role("button", name="Look at it").click()
    page.select_option("#column-name", label="Kunde")
    good(page)
    page.get_by_role("button", name="Look at the rows").click()
    page.wait_for_selector("progress")
    run_worker(house)
    # The page follows by itself.
    page.wait_for_selector(".counts", timeout=30_000)
    for each, address in ((page, "?show=shared"), (phone, "?show=refused"), (phone, ""), (page, "")):
        each.goto(page.url.partition("?")[0] + address)
        good(each)
    page.get_by_role("button", name="Write 62 rows").click()
    page.get_by_text("What was refused, and why").wait_for(timeout=30_000)
    assert [each.split("\n") for each in page.locator(".counts li").all_inner_texts()] == [
        ["61", "Made"], ["1", "Left out"], ["1", "Refused before"],
    ]  # fmt: skip
    phone.goto(page.url)
    good(phone)
    page.goto(f"{house.url}/desk/exports")
    page.get_by_role("button", name="For Excel").click()
    page.get_by_role("link", name="Customers · Excel").wait_for(timeout=30_000)
    good(page)


def test_a_customer_says_how_it_was_and_the_desk_reads_it(house, enter, new_page):
    customer = new_page(width=390, locale="zh-CN", color_scheme="dark")
    customer.goto(house.link)
    good(customer)
    customer.get_by_role("button", name="提交").click()
    customer.locator("#words").fill("早餐很好\n下次再来")
    customer.get_by_label("2 星：不太好").check()
    customer.get_by_role("button", name="提交").click()
    customer.get_by_text("谢谢您。").wait_for()
    good(customer)
    assert customer.get_by_label("2 星：不太好").is_checked()
    for options in ({"width": 1280}, {"width": 390, "locale": "zh-CN"}):
        page = enter(**options)
        page.goto(f"{house.url}/desk/feedback")
        page.get_by_text("早餐很好").wait_for()
        good(page)
