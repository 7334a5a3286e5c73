"""The desk in a real browser: a day of it on a phone and at a desk, in both languages, by hand, by keyboard and without scripts."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from app import create_app
from models.base import db
from tests.browser.test_portal import CUT, SIDEWAYS
from tests.browser.walking import Walker
from tests.factories import HANNAH, TOM, booked
from tests.support import databases
from tests.support.browser import comes_true
from tests.support.houses import settings
from tests.support.staff import PASSWORD, account
from wire.wording import wording

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NOW = datetime(2026, 12, 1, 10, 40, tzinfo=UTC)  # Tuesday, 11:40 in Berlin
BEFORE = NOW - timedelta(days=2)
NINE = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
LONG = {"name": "Maximiliane von Hohenstein-Wartburg", "email": "max@example.com"}
CAN = {"name": "Can Öztürk", "email": "can@example.com", "phone": "+49 152 28817386"}
ZH = wording("zh")
SIZES = [(390, "en"), (390, "zh-CN"), (1280, "en"), (1280, "zh-CN")]


@pytest.fixture
def clinic(serve):
    """The clinic shortly before noon: a visit that is over, one that is late, one to come, three requests."""
    served = serve("clinic", at="2026-12-01T10:40Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("owner", name="Mara Lindner")
        account("front_desk", name="Mei Sun")
        account("staff", name="Dr. Jonas Braun", resource="dr-braun")
        account("manager", name="Lin Zhao")
        here = {"resources": ["dr-braun"]}
        booked("check-up", BEFORE, start=NOW - timedelta(hours=3, minutes=40), customer=LONG, **here)
        booked("check-up", BEFORE, start=NOW - timedelta(minutes=10), customer=TOM, **here)
        served.ahead = booked("check-up", BEFORE, start=NINE, customer=HANNAH, **here).booking.reference
        served.asked = [
            booked(
                "ultrasound", BEFORE, start=NINE + after, customer=who, answers={"referral": False}
            ).booking.reference
            for after, who in ((timedelta(hours=1), CAN), (timedelta(hours=5), TOM), (timedelta(hours=7), LONG))
        ]
        db.session.remove()
    databases.let_go(app)
    return served


@pytest.fixture
def enter(clinic, new_page):
    """``enter("staff", "/desk/", width=390)``: a page of the desk, signed in."""
    kept: dict = {}

    def entered(who, address="/desk/", **options):
        if who in kept:
            page = new_page(storage_state=kept[who], **options)
        else:
            page = new_page(**options)
            page.goto(f"{clinic.url}/desk/sign-in")
            page.fill("#email", f"{who}@praxis.example")
            page.fill("#password", PASSWORD)
            page.locator("main form .button").click()
            page.wait_for_url(re.compile(r"/desk/$"))
            kept[who] = page.context.storage_state()
        page.goto(clinic.url + address)
        return page

    return entered


def pages_of(clinic, who):
    """The pages that somebody walks through in a day."""
    day, hour = "2026-12-08", "09:00"
    yield "/desk/"
    yield "/desk/book"
    yield f"/desk/book?service=check-up&start=other&day={day}&hour={hour}&with=dr-braun&who=Hannah"
    yield f"/desk/b/{clinic.ahead}"
    yield f"/desk/b/{clinic.ahead}/correct"
    yield f"/desk/b/{clinic.ahead}/propose"
    if who != "staff":
        yield "/desk/requests"
        yield "/desk/requests?several=1"
        yield "/desk/requests?show=decided"
        yield f"/desk/b/{clinic.asked[0]}/correct"
        yield f"/desk/b/{clinic.asked[0]}/propose"


def is_sound(page, name):
    assert page.locator("h1").count() == 1, name
    assert page.evaluate(SIDEWAYS) <= 0, f"{name} scrolls sideways"
    assert not page.evaluate(CUT), f"{name}: {page.evaluate(CUT)}"
    found = Axe().run(page).response["violations"]
    assert not found, f"{name}: " + "; ".join(f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found)


@pytest.mark.parametrize("who", ["owner", "front_desk", "staff"])
def test_every_page_is_whole_and_free_of_barriers_at_every_size_in_both_languages(clinic, enter, who):
    for width, locale in SIZES:
        page = enter(who, width=width, locale=locale)
        for path in pages_of(clinic, who):
            page.goto(clinic.url + path)
            page.evaluate("document.querySelectorAll('main details').forEach((each) => { each.open = true; })")
            is_sound(page, f"{path} {width} {locale}")


def test_pages_are_free_of_barriers_in_the_dark_too(clinic, enter):
    page = enter("owner", width=390, color_scheme="dark")
    for path in pages_of(clinic, "owner"):
        page.goto(clinic.url + path)
        is_sound(page, path)


def test_staff_without_the_right_have_no_requests(clinic, enter):
    page = enter("staff", width=390)
    assert page.locator("nav a[href='/desk/requests']").count() == 0
    page.goto(f"{clinic.url}/desk/requests")
    assert "may not do this" in page.locator("main").inner_text()


def test_a_day_on_a_phone_from_what_needs_somebody_to_what_was_asked(clinic, new_page):
    walker = Walker(new_page(width=390, height=844, locale="zh-CN"), clinic.url, "owner", "zh-CN")
    page, asked = walker.page, clinic.asked[0]
    needs = page.get_by_role("region", name=walker.say.gettext("Needs you now"))
    assert walker.say.gettext("%(span)s late", span=walker.say.gettext("%(n)s min", n=10)) in needs.inner_text()
    assert "Maximiliane" not in needs.get_by_role("article").first.inner_text()
    walker.unfold("How did these end?")
    walker.press("Did not come")
    walker.reads("%(name)s did not come", name=LONG["name"])
    walker.press("Decide")
    page.wait_for_url("**/desk/requests?open=**")
    walker.press("Other time", within=page.locator(f"[id='{asked}']"))
    page.get_by_role("radio").first.check()
    walker.write("Reason", "The device is being repaired")
    walker.press("Ask the customer")
    walker.reads("%(name)s is asked, until %(when)s", name=CAN["name"])
    page.goto(f"{clinic.url}/desk/b/{asked}")
    walker.reads("Asked whether %(when)s would do, until %(until)s")
    assert "The device is being repaired" in page.locator(".question").inner_text()
    walker.seen("what was asked")
    walker.press("Withdraw")
    walker.reads("Withdrawn. The booking stays as it is.")
    assert page.locator(".question").count() == 0
    walker.press("Decide")
    walker.press("Approve", within=page.locator(f"[id='{asked}']"))
    walker.reads("Approved: %(who)s", who=CAN["name"])
    walker.press("Undo")
    walker.reads("Taken back.")
    assert page.locator(f"[id='{asked}']").count() == 1


def test_two_who_decide_at_once_are_told_of_each_other(clinic, enter):
    first, second = enter("owner", "/desk/requests"), enter("manager", "/desk/requests", width=390, locale="zh-CN")
    place = second.locator("main .request").evaluate_all("(all) => all.map((each) => each.id)")
    first.locator(f"[id='{clinic.asked[0]}']").get_by_role("button", name="Approve").click()
    first.locator(".toast").wait_for()
    second.locator(f"[id='{clinic.asked[0]}']").get_by_role("button", name=ZH.gettext("Approve")).click()
    card = second.locator(".decided")
    card.wait_for()
    assert re.search("您查看的时候，Mara Lindner 在 11:4. 已作了决定", card.inner_text())
    assert second.evaluate("document.activeElement.id") == clinic.asked[0]
    assert second.locator("main .request").evaluate_all("(all) => all.map((each) => each.id)") == place
    is_sound(second, "decided meanwhile")


def test_an_open_request_leaves_its_neighbours_as_tall_as_they_are(clinic, enter):
    page = enter("owner", "/desk/requests")
    cards = page.locator("main .deck > .request")

    def tall():
        return [round(each.bounding_box()["height"]) for each in cards.all()]

    first, *closed = tall()
    assert closed and first > 2 * max(closed)
    cards.first.locator("summary").first.click()
    assert tall()[1:] == closed


def test_the_account_stays_in_view_below_a_menu_that_scrolls(clinic, enter):
    page = enter("owner", width=1280, height=700)
    assert page.locator(".side .rooms").evaluate("(menu) => menu.scrollHeight > menu.clientHeight")
    for name in (".me", ".aside a"):
        box = page.locator(f".side {name}").bounding_box()
        assert box["y"] + box["height"] <= 700
    page.locator(".side").get_by_role("link", name="Guide").click()
    page.wait_for_url("**/desk/guide/")
    assert page.locator(".side [aria-current]").inner_text() == "Guide"


def test_several_are_counted_while_they_are_ticked(clinic, enter):
    page = enter("front_desk", "/desk/requests?several=1", width=390, locale="zh-CN")
    count = page.locator("[data-count]")
    assert not count.is_visible()
    for box in page.locator("[name=reference]").all()[:2]:
        box.check()
    assert count.inner_text() == "已选 2 个"
    is_sound(page, "several are ticked")
    page.get_by_role("button", name="同意所选").click()
    page.locator(".note", has_text="已同意：Can Öztürk").wait_for()
    assert page.locator(".request").count() == 1


def test_without_scripts_requests_are_decided_times_looked_up_and_reasons_given(clinic, enter):
    page = enter("manager", "/desk/requests?several=1", width=390, javascript=False)
    page.locator("[name=reference]").first.check()
    page.get_by_role("button", name="Approve those ticked").click()
    assert "Approved: Can Öztürk" in page.locator(".toast").inner_text()
    page.goto(f"{clinic.url}/desk/b/{clinic.ahead}/propose")
    page.fill("#wish", "thursdays after three")
    page.get_by_role("button", name="Show times").click()
    assert "15:" in page.locator(".offered").inner_text()
    page.goto(f"{clinic.url}/desk/book")
    page.locator("[name=start][value=other]").check()
    page.fill("#day", "2026-12-12")
    page.fill("#hour", "10:00")
    page.get_by_role("button", name="Show times").click()
    assert "Praxis am Park is closed on Sat 12 December." in page.locator("main").inner_text()
    page.goto(f"{clinic.url}/desk/b/{clinic.asked[1]}/correct")
    page.fill("#email", "tom@")
    page.get_by_role("button", name="Save the correction").click()
    assert page.locator("#email-error").is_visible()
    assert page.input_value("#email") == "tom@"


def test_a_correction_shows_the_questions_that_its_answers_ask_for(clinic, enter):
    page = enter("staff", f"/desk/b/{clinic.asked[0]}/correct", width=390, locale="zh-CN")
    assert not page.locator("#q_referred_by").is_visible()
    page.locator("[name=q_referral][value=yes]").check()
    page.fill("#q_referred_by", "Dr. Kaya")
    page.get_by_role("button", name="保存更正").click()
    page.locator(".toast", has_text="已更正。").wait_for()
    assert "Dr. Kaya" in page.locator("main").inner_text()


def test_a_time_typed_by_hand_is_explained_while_one_types(clinic, enter):
    page = enter("manager", "/desk/book", width=1280, locale="zh-CN")
    page.get_by_label("日期").fill("2026-12-08")
    page.get_by_label("时间", exact=True).fill("09:00")
    page.locator("#why", has_text="Dr. Jonas Braun 在 12月8日 周二 09:00–09:30 有").wait_for()
    assert "Dr. Elif Yılmaz，就是这位" in page.locator("#why").inner_text()
    assert page.locator("[name=start][value=other]").is_checked()
    is_sound(page, "why a time is taken")
    page.get_by_label("由谁服务").select_option("dr-braun")
    page.locator("#why .late", has_text="Dr. Jonas Braun 在").wait_for()
    page.get_by_label("由谁服务").select_option("")
    page.get_by_label("时间", exact=True).fill("10:30")
    page.locator("#why", has_text="这个时间可以预约。").wait_for()


class Typist:
    """Somebody with both hands on the keyboard; every press is counted."""

    def __init__(self, page):
        self.page, self.presses = page, 0

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
            self.presses += 1

    def type(self, text):
        self.page.keyboard.type(text)
        self.presses += len(text)

    def tab_to(self, selector):
        """Presses Tab until the focus is there."""
        for _ in range(40):
            if self.page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                return
            self.press("Tab")
        raise AssertionError(f"the Tab key does not lead to {selector}")


def test_from_the_ring_to_booked_with_the_keyboard_alone(clinic, enter):
    page = enter("front_desk", width=1280)
    typist = Typist(page)
    typist.press("g", "b")
    page.wait_for_url("**/desk/book")
    comes_true(page, "document.activeElement.id === 'who'")
    typist.type("vogel")
    page.locator("#found", has_text="Already booked:").wait_for()
    comes_true(page, "document.querySelector('#name').value === 'Hannah Vogel'")
    typist.tab_to("#wish")
    typist.type("thu after 3")
    page.locator("#offered .choice:first-child [name=start][value*='T15:']").wait_for(state="attached")
    typist.tab_to("[name=start]")
    typist.press("Space", "Enter")
    page.wait_for_url(re.compile(r"/desk/b/\w{8}$"))
    page.locator(".toast", has_text="Booked: Hannah Vogel, Thu 3 Dec, 15:").wait_for()
    # Two presses a second is slow typing: twenty seconds are forty presses.
    assert typist.presses <= 40, f"{typist.presses} presses"


def test_somebody_new_is_booked_with_the_keyboard_alone_too(clinic, enter):
    page = enter("manager", "/desk/book", width=1280, locale="zh-CN")
    typist = Typist(page)
    comes_true(page, "document.activeElement.id === 'who'")
    typist.type("Li Lei")
    typist.tab_to("#phone")
    assert page.input_value("#name") == "Li Lei"
    typist.type("015228817387")
    typist.tab_to("[name=start]")
    typist.press("Space", "Enter")
    page.wait_for_url(re.compile(r"/desk/b/\w{8}$"))
    page.locator(".toast", has_text="已预约：Li Lei").wait_for()
    assert typist.presses <= 40, f"{typist.presses} presses"


def test_a_field_of_the_desk_is_checked_on_leaving_it(clinic, enter):
    for width, locale in ((1280, "en"), (390, "zh-CN")):
        page = enter("front_desk", "/desk/book?service=ultrasound", width=width, locale=locale)
        page.fill("#name", "Can Öztürk")
        page.fill("#phone", "030 1")
        assert page.locator(".error").count() == 0
        page.keyboard.press("Tab")
        page.wait_for_selector("#phone-error")
        assert page.evaluate("document.activeElement.id") == "email"
        is_sound(page, f"/desk/book {width} {locale}")
        page.fill("#phone", "0151 23456789")
        page.keyboard.press("Tab")
        page.wait_for_selector("#phone-error", state="detached")
        # The questions of another service have fields of their own.
        page.select_option("#service", "check-up")
        page.wait_for_selector("#q_referral", state="detached")
        page.fill("#email", "can@")
        page.keyboard.press("Tab")
        page.wait_for_selector("#field-email.wrong #email-error")
        assert page.locator("#phone").get_attribute("aria-invalid") is None
        page.goto(f"{clinic.url}/desk/b/{clinic.asked[0]}/correct")
        page.fill("#email", "can@")
        page.keyboard.press("Tab")
        page.wait_for_selector("#field-email.wrong #email-error")
        is_sound(page, f"a correction {width} {locale}")
        page.fill("#email", "can@example.com")
        page.keyboard.press("Tab")
        page.wait_for_selector("#email-error", state="detached")
