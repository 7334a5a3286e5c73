"""Customers in a real browser: from the search to the merge and the erasure, on a phone and at a desk, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from actions import cancel, consenting, customer_file, likeness
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


@pytest.fixture
def clinic(serve):
    """Hannah twice, by two spellings, and Tom, who has cancelled."""
    served = serve("clinic", at="2026-12-01T10:40Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("manager", name="Mara Lindner")
        account("front_desk", name="Mei Sun")
        first = booked("check-up", BEFORE, start=NINE, customer=HANNAH, resources=["dr-braun"]).booking
        again = {**HANNAH, "name": "Hanna Vogel"}
        booked("check-up", BEFORE, start=NINE + timedelta(hours=1), customer=again, resources=["dr-braun"])
        gone = booked("check-up", BEFORE, start=NINE, customer=TOM, resources=["dr-yilmaz"]).booking
        cancel.cancel(reference=gone.reference, actor="staff:1", now=BEFORE)
        said = {"en": "May we write about offers?", "zh": "可以通过邮件告知优惠吗？"}
        consenting.write_text(purpose="marketing", said=said, asked=True, needed=False, actor="staff:1", now=BEFORE)
        marked = {"level": "Gold", "region": "Berlin"}
        customer_file.change(id=first.customer_id, fields=marked, tags=["loyal"], actor="staff:1", now=BEFORE)
        likeness.compare(now=BEFORE)
        db.session.remove()
    databases.let_go(app)
    return served


def enter(clinic, new_page, who, **options):
    page = new_page(**options)
    page.goto(f"{clinic.url}/desk/sign-in")
    page.fill("#email", f"{who}@praxis.example")
    page.fill("#password", PASSWORD)
    page.locator("main form .button").click()
    page.wait_for_url(re.compile(r"/desk/$"))
    return page


@pytest.mark.parametrize(("who", "width", "locale"), [("front_desk", 1280, "en"), ("manager", 390, "zh-CN")])
def test_from_a_name_that_is_typed_to_one_customer_who_stays(clinic, new_page, who, width, locale):
    page = enter(clinic, new_page, who, width=width, locale=locale)
    page.goto(f"{clinic.url}/desk/customers")
    is_sound(page, "customers")
    page.locator("#search").press_sequentially("hannah")
    # Both: the other Hannah has her mailbox.
    page.locator("#found tbody tr").nth(2).wait_for(state="detached")
    page.locator("#found a", has_text="Hannah Vogel").click()
    page.wait_for_url("**/desk/customers/*")
    page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
    is_sound(page, "customer")
    own = page.url
    page.goto(f"{own}/edit")
    is_sound(page, "edit")
    page.fill("#name", "")
    page.locator("main form .button").first.click()
    page.locator("#mend").wait_for()
    is_sound(page, "edit, to be mended")
    page.goto(f"{clinic.url}/desk/customers/doubles")
    is_sound(page, "doubles")
    page.locator(".deck .button").first.click()
    page.wait_for_url("**/merge?with=*")
    is_sound(page, "merge")
    page.locator("form[action$='/merge'] .button").first.click()
    page.locator(".toast").wait_for()
    assert page.locator("#ahead ~ ul li a.row").count() == 2
    if who == "manager":
        _look_after(clinic, page)


def _look_after(clinic, page):
    """What only a manager does: words, time, a copy, and the end."""
    for path in ("consents", "retention"):
        page.goto(f"{clinic.url}/desk/{path}")
        is_sound(page, path)
    page.goto(f"{clinic.url}/desk/customers?q=tom")
    page.locator("#found th a").click()
    page.wait_for_url("**/desk/customers/*")
    own = page.url
    page.goto(f"{own}/copy")
    is_sound(page, "copy")
    page.locator("[name=how][value=paper]").check()
    with page.expect_download() as copied:
        page.locator("main form .button").click()
    assert copied.value.suggested_filename.endswith(".zip")
    page.goto(f"{own}/erase")
    is_sound(page, "erase")
    page.locator("#sure").check()
    page.locator("form[action$='/erase'] .button").click()
    page.locator(".toast").wait_for()
    page.goto(f"{clinic.url}/desk/customers?q=tom")
    assert page.locator("#found th a").count() == 0
