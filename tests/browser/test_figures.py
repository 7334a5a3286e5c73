"""The figures in a real browser: nothing cut, nothing unreachable, from a mark to its list, in both languages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from actions.steps import take_step
from app import create_app
from models.base import db
from tests.browser.test_portal import CUT, SIDEWAYS
from tests.factories import booked
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import PASSWORD, account

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NOW = datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
MONDAY = datetime(2026, 12, 7, 7, 0, tzinfo=UTC)
DECEMBER = "/desk/figures?from=2026-12-01&to=2026-12-31"
# The hours of a week and long tables scroll inside their frame, which a key and a finger can do.
OUTSIDE = CUT.replace(".unseen, svg", ".unseen, svg, .scroll, .tabs, details:not([open]) > :not(summary)")


@pytest.fixture
def clinic(serve):
    """The clinic on 11 December, after twelve visits of which one was missed."""
    served = serve("clinic", at="2026-12-11T07:30Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("owner", name="Mara Lindner")
        for n in range(12):
            start = MONDAY + timedelta(days=n % 2, minutes=40 * (n // 2))
            who = {"name": "Maximiliane von Hohenstein-Wartburg", "email": f"guest{n}@example.com"}
            made = booked("check-up", NOW, start=start, customer=who).booking
            step = "miss" if n == 3 else "complete"
            take_step(reference=made.reference, step=step, actor="staff:1", now=start + timedelta(minutes=30))
        db.session.remove()
        yield served
    databases.let_go(app)


@pytest.fixture
def enter(clinic, new_page):
    """``enter(DECEMBER, width=390)``: a page of the desk, signed in."""

    def entered(address=DECEMBER, **options):
        page = new_page(**options)
        page.goto(f"{clinic.url}/desk/sign-in")
        page.fill("#email", "owner@praxis.example")
        page.fill("#password", PASSWORD)
        page.locator("main form .button").click()
        page.wait_for_url(re.compile(r"/desk/$"))
        page.goto(clinic.url + address)
        return page

    return entered


@pytest.mark.parametrize("locale", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_cut_and_nothing_is_out_of_reach(enter, width, locale):
    page = enter(width=width, locale=locale)
    for address in ("", "&table=person", "&table=channel", "&resource=dr-yilmaz", "&from=2025-01-01&to=2025-01-31"):
        page.goto(page.url.split("&table")[0].split("&resource")[0].split("&from=2025")[0] + address)
        assert page.evaluate(SIDEWAYS) <= 0, (address, page.evaluate(OUTSIDE))
        assert page.evaluate(OUTSIDE) == [], address
        found = Axe().run(page)
        assert found.violations_count == 0, (address, found.generate_report())


def test_dark_and_forced_colours_read_as_well(enter):
    page = enter(color_scheme="dark")
    assert Axe().run(page).violations_count == 0
    page.emulate_media(forced_colors="active")
    assert page.locator("svg.pie").is_visible()


def test_from_the_month_to_who_did_not_come(enter):
    page = enter()
    tile = page.locator("#tile-no_show")
    assert "8.3 %" in tile.inner_text()
    tile.get_by_role("link").click()
    page.wait_for_url(re.compile("/desk/diary"))
    assert "1 booking: did not come" in page.locator(".counted").inner_text()
    assert page.locator("#diary tbody tr").count() == 1


def test_the_period_and_the_person_are_chosen_without_a_script(enter):
    page = enter(javascript=False)
    page.get_by_text("Filter", exact=True).click()
    page.select_option("#resource", "dr-braun")
    page.locator("details[open] form button").first.click()
    assert "resource=dr-braun" in page.url
    assert "from=2026-12-01" in page.url, "the period stays"
    page.get_by_role("link", name="Today").last.click()
    assert "period=today" in page.url


def test_the_hours_are_a_table_too(enter):
    page = enter()
    page.get_by_text("As a table").click()
    field = page.locator("table.hours").get_by_role("link", name=re.compile("Monday 08:00"))
    assert int(field.inner_text()) > 0
    field.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("during"))
    assert "taking time on Monday from 08:00" in page.locator(".counted").inner_text()


def test_the_workbook_arrives(enter):
    page = enter(width=390, locale="zh-CN")
    page.get_by_text("文件", exact=True).click()
    assert page.evaluate(SIDEWAYS) <= 0
    assert Axe().run(page).violations_count == 0
    with page.expect_download() as arriving:
        page.get_by_role("button", name="数据（Excel）").click()
    assert arriving.value.suggested_filename == "figures-2026-12-01-2026-12-31.xlsx"
