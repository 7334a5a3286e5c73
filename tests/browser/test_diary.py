"""The diary in a real browser: keys, mouse, panel and undo; what others do; nothing cut, nothing unreachable."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from actions import blocks, steps
from actions.desk_booking import book
from app import create_app
from models.base import db
from tests.browser.test_portal import CUT, SIDEWAYS
from tests.factories import HANNAH, TOM, booked
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import PASSWORD, account

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NOW = datetime(2026, 12, 1, 7, 30, tzinfo=UTC)
NINE = datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
WEEK = "/desk/diary?day=2026-12-02"
# The week and the day scroll inside their frame, which a key and a finger can do.
OUTSIDE = CUT.replace(".unseen, svg", ".unseen, svg, .diary-scroll, .tabs, details:not([open]) > :not(summary)")
LONG = {"name": "Maximiliane von Hohenstein-Wartburg", "email": "max@example.com"}


@pytest.fixture
def clinic(serve):
    """The clinic on Tuesday at 8:30, with an owner and a doctor, and some visits on Wednesday and Thursday."""
    served = serve("clinic", at="2026-12-01T07:30Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("owner", name="Mara Lindner")
        account("staff", name="Dr. Elif Yılmaz", resource="dr-yilmaz")
        account("manager", name="Lin Zhao")
        account("front_desk", name="Mei Sun")
        made = [
            booked("check-up", NOW, start=NINE, resources=["dr-yilmaz"]),
            booked("check-up", NOW, start=NINE + timedelta(minutes=40), customer=TOM, resources=["dr-yilmaz"]),
            booked("check-up", NOW, start=NINE + timedelta(days=1), customer=LONG, resources=["dr-yilmaz"]),
        ]
        asked = datetime(2026, 12, 3, 14, 0, tzinfo=UTC)
        booked("ultrasound", NOW, start=asked, customer={**TOM, "email": "t@example.com"}, answers={"referral": False})
        blocks.block(
            resources=["room-2"],
            start=NINE + timedelta(hours=3),
            end=NINE + timedelta(hours=4),
            title="Painter",
            actor="staff:1",
            now=NOW,
        )
        served.references = [each.booking.reference for each in made]
        served.app = app
        yield served
        db.session.remove()
    databases.let_go(app)


@pytest.fixture
def enter(clinic, new_page):
    """``enter(width=390, who="staff")``: a page on the diary, signed in."""

    def entered(address=WEEK, who="owner", **options):
        page = new_page(**options)
        page.goto(f"{clinic.url}/desk/sign-in")
        page.fill("#email", f"{who}@praxis.example")
        page.fill("#password", PASSWORD)
        page.locator("main form .button").click()
        page.wait_for_url(re.compile(r"/desk/$"))
        page.goto(clinic.url + address)
        return page

    return entered


def line(page, reference):
    return page.locator(f'#diary [data-ref="{reference}"]')


def cell_of(page, reference):
    return line(page, reference).locator("xpath=ancestor::*[@data-cell]").get_attribute("data-cell")


def focused(page):
    return page.evaluate("document.activeElement.dataset.ref ?? document.activeElement.tagName")


def drag(page, reference, target):
    """Draws a line to the middle of a cell and lets it go."""
    start, end = line(page, reference).bounding_box(), page.locator(f'[data-cell="{target}"]').bounding_box()
    page.mouse.move(start["x"] + 20, start["y"] + 10)
    page.mouse.down()
    page.mouse.move(start["x"] + 40, start["y"] + 30, steps=3)
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + end["height"] / 2, steps=5)
    page.mouse.up()


VIEWS = [f"/desk/diary?view={view}&day=2026-12-02" for view in ("week", "day", "month", "list")]


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_no_view_scrolls_sideways_or_is_cut(enter, clinic, width, locale):
    page = enter(width=width, locale=locale)
    others = [f"{WEEK}&table=1", f"{WEEK}&q=nobody", "/desk/diary/block", "/desk/diary/pause"]
    others.append(f"/desk/b/{clinic.references[0]}/move?day=2026-12-03&time=15:00")
    for path in [*VIEWS, *others]:
        page.goto(clinic.url + path)
        assert page.evaluate(SIDEWAYS) <= 0, f"{path} scrolls sideways"
        cut = page.evaluate(OUTSIDE)
        assert not cut, f"{path}: {cut}"
    page.goto(clinic.url + WEEK)
    for menu in page.locator("main details.menu > summary").all():
        menu.click()
        assert page.evaluate(SIDEWAYS) <= 0
        assert not page.evaluate(OUTSIDE)
        page.keyboard.press("Escape")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1280, "en")])
def test_every_view_is_free_of_barriers_that_a_machine_can_find(enter, clinic, width, locale, scheme):
    page = enter(width=width, locale=locale, color_scheme=scheme)
    others = [f"{WEEK}&table=1", f"{WEEK}&q=nobody", f"/desk/b/{clinic.references[0]}/move", "/desk/diary/block"]
    others += [f"/desk/b/{clinic.references[0]}/move?day=2026-12-03&time=15:00", "/desk/diary/pause"]
    for path in [*VIEWS, *others]:
        page.goto(clinic.url + path)
        assert barriers(page) == [], path


def barriers(page):
    return [f"{each['id']}: {each['nodes'][0]['html'][:160]}" for each in Axe().run(page).response["violations"]]


def test_a_line_opens_beside_the_diary_and_escape_gives_the_focus_back(enter, clinic):
    page, first = enter(), clinic.references[0]
    line(page, first).click()
    page.locator("#panel h1", has_text="Hannah Vogel").wait_for()
    assert page.url.endswith(f"/desk/b/{first}"), "it has an address of its own"
    assert page.locator("#panel").bounding_box()["width"] == 404
    assert "chosen" in line(page, first).get_attribute("class")
    assert barriers(page) == []
    page.keyboard.press("Escape")
    assert page.locator("#panel").is_hidden()
    assert page.url.endswith(WEEK)
    assert focused(page) == first
    line(page, first).click()
    page.locator("#panel h1").wait_for()
    page.go_back()
    page.locator("#panel").wait_for(state="hidden")
    assert page.url.endswith(WEEK)


def test_on_a_phone_a_line_is_a_page(enter, clinic):
    page = enter(width=390)
    line(page, clinic.references[0]).click()
    page.wait_for_url(f"**/desk/b/{clinic.references[0]}")
    assert page.locator("main h1").inner_text() == "Hannah Vogel"


def test_arrows_walk_between_the_lines_and_the_tab_key_stops_once(enter, clinic):
    page, (hannah, tom, other) = enter(), clinic.references
    assert page.locator('#diary [data-ref][tabindex="0"]').count() == 1
    line(page, hannah).focus()
    page.keyboard.press("ArrowDown")
    assert focused(page) == tom
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    assert focused(page) == other
    page.keyboard.press("Enter")
    page.locator("#panel h1", has_text="Maximiliane").wait_for()


def test_moving_by_the_keyboard_alone_and_undoing_it(enter, clinic):
    page, hannah = enter(who="manager", locale="zh-CN"), clinic.references[0]
    line(page, hannah).focus()
    page.keyboard.press("m")
    page.locator("dialog h1", has_text="给 Hannah Vogel 改期？").wait_for()
    assert page.evaluate("document.activeElement.id") == "dialog-title"
    assert barriers(page) == []
    page.keyboard.press("Escape")
    assert focused(page) == hannah
    page.keyboard.press("m")
    page.locator("dialog").get_by_label("日期").fill("2026-12-03")
    page.locator("dialog h2", has_text="12月3日 星期四").wait_for()
    page.locator("dialog button.pill", has_text="15:20").focus()
    page.keyboard.press("Enter")
    page.locator("dialog .from.to", has_text="12月3日 周四 15:20").wait_for()
    assert barriers(page) == []
    page.locator("dialog").get_by_role("button", name="改期").focus()
    page.keyboard.press("Enter")
    page.locator(".toast", has_text="已改到 12月3日 周四 15:20").wait_for()
    assert cell_of(page, hannah) == "dr-yilmaz:2026-12-03"
    page.locator(".toast").get_by_role("button", name="撤回").click()
    page.locator(".toast", has_text="已撤回。").wait_for()
    assert cell_of(page, hannah) == "dr-yilmaz:2026-12-02"


def test_dropped_on_another_day_it_asks_before_it_moves(enter, clinic):
    page, tom = enter(who="staff"), clinic.references[1]
    drag(page, tom, "dr-yilmaz:2026-12-03")
    page.locator("dialog .from.to", has_text="Thu 3 Dec, 09:40").wait_for()
    assert cell_of(page, tom) == "dr-yilmaz:2026-12-02", "nothing has happened yet"
    page.locator("dialog button", has_text="Move the booking").click()
    page.locator(".toast", has_text="Moved to Thu 3 Dec, 09:40").wait_for()
    assert cell_of(page, tom) == "dr-yilmaz:2026-12-03"


def test_a_refused_drop_says_why_and_snaps_back(enter, clinic):
    page, hannah = enter(who="front_desk", locale="zh-CN"), clinic.references[0]
    drag(page, hannah, "dr-yilmaz:2026-12-03")
    page.locator("dialog [role=alert]", has_text="Dr. Elif Yılmaz 在 12月3日 周四 09:00–09:30").wait_for()
    assert barriers(page) == []
    assert page.locator(".ghost").count() == 1
    page.locator("dialog [data-leave]").click()
    page.locator(".ghost").wait_for(state="detached")
    assert cell_of(page, hannah) == "dr-yilmaz:2026-12-02"
    assert page.locator("#panel").is_hidden(), "the end of a drag is no click"


def test_in_the_day_it_is_dropped_on_a_time(enter, clinic):
    page, hannah = enter(VIEWS[1]), clinic.references[0]
    box = line(page, hannah).locator("svg").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 8)
    page.mouse.down()
    # An hour is 80 pixels.
    page.mouse.move(box["x"] + 22, box["y"] + 60, steps=3)
    page.mouse.move(box["x"] + 22, box["y"] + 8 + 160, steps=3)
    assert page.locator(".ghost b").inner_text() == "11:00"
    page.mouse.up()
    page.locator("dialog .from.to", has_text="Wed 2 Dec, 11:00").wait_for()


def test_who_may_not_move_it_does_not_draw_it_away(enter, clinic):
    page = enter(who="staff")
    other = page.locator("#diary [data-ref]:not([data-move])").first
    box = other.bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 120, steps=4)
    assert page.locator(".ghost").count() == 0
    page.mouse.up()


def test_a_step_in_the_panel_leads_back_to_the_diary_with_its_undo(enter, clinic):
    steps.take_step(reference=clinic.references[0], step="arrive", actor="staff:1", now=NINE - timedelta(hours=1))
    page, hannah = enter(who="front_desk", locale="zh-CN"), clinic.references[0]
    line(page, hannah).click()
    page.locator("#panel .menu summary").click()
    page.locator("#panel").get_by_role("button", name="其实没到").click()
    page.locator(".toast", has_text="Hannah Vogel 还没到").wait_for()
    assert page.url.endswith(f"{WEEK}#b-{hannah}") or page.url.endswith(f"/desk/b/{hannah}")
    page.locator("#panel h1", has_text="Hannah Vogel").wait_for()


def test_a_note_is_written_without_leaving_the_panel(enter, clinic):
    page = enter(who="staff", locale="zh-CN")
    line(page, clinic.references[0]).click()
    page.locator("#panel").get_by_label("写备注").fill("Rings twice")
    page.locator("#panel").get_by_role("button", name="添加备注").click()
    page.locator("#panel li", has_text="Rings twice").wait_for()
    assert page.locator("#diary").is_visible()


def test_the_page_follows_what_others_do_and_leaves_the_focus_where_it_is(enter, clinic):
    page, (hannah, _, other) = enter(), clinic.references
    line(page, other).focus()
    customer = {"name": "Mina Kaya", "phone": "+49 151 11111111", "email": "mina@example.com"}
    start = NINE + timedelta(days=1, minutes=-40)
    made = book(
        service="check-up", start=start, resources=["dr-yilmaz"], customer=customer, answers={}, locale="en",
        actor="staff:1", now=NOW,
    )  # fmt: skip
    line(page, made.booking.reference).wait_for(timeout=9000)
    assert focused(page) == other
    assert page.locator('#diary [data-ref][tabindex="0"]').count() == 1
    line(page, hannah).focus()
    page.keyboard.press("ArrowRight")
    assert focused(page) in (other, made.booking.reference), "arrows go on"


AT_TODAY = """() => {
  const left = (name) => document.querySelector(name).getBoundingClientRect();
  return Math.round(left("#diary thead .today").left - left("#diary thead th").right);
}"""


def test_on_a_phone_the_week_begins_at_today_until_somebody_moves_it(enter, clinic):
    page, frame = enter("/desk/diary", width=390), "document.querySelector('.diary-scroll')"
    assert page.evaluate(f"{frame}.scrollLeft") > 100
    assert page.evaluate(AT_TODAY) == 0
    assert page.evaluate("[scrollX, scrollY]") == [0, 0]

    def somebody_books(start):
        customer = {"name": "Mina Kaya", "phone": "+49 151 11111111", "email": "mina@example.com"}
        made = book(
            service="check-up", start=start, resources=["dr-yilmaz"], customer=customer, answers={}, locale="en",
            actor="staff:1", now=NOW,
        )  # fmt: skip
        line(page, made.booking.reference).wait_for(timeout=9000)

    somebody_books(NINE + timedelta(minutes=80))
    assert page.evaluate(AT_TODAY) == 0
    page.evaluate(f"{frame}.scrollLeft = 40")
    somebody_books(NINE + timedelta(minutes=120))
    assert page.evaluate(f"{frame}.scrollLeft") == 40
    page.goto(f"{clinic.url}/desk/diary?day=2026-12-09")
    assert page.evaluate(f"{frame}.scrollLeft") == 0


def test_without_contact_it_says_from_when_it_is(enter, clinic):
    page = enter()
    assert page.locator("[data-live]").inner_text() == "live"
    page.context.set_offline(True)
    page.locator("[data-live].lost", has_text="What you see is from 08:3").wait_for(timeout=9000)
    page.context.set_offline(False)
    page.locator("[data-live]:not(.lost)", has_text="live").wait_for(timeout=9000)


def test_without_script_it_is_links_and_forms(enter, clinic):
    page, hannah = enter(who="front_desk", width=390, locale="zh-CN", javascript=False), clinic.references[0]
    line(page, hannah).click()
    page.wait_for_url(f"**/desk/b/{hannah}")
    page.locator("main").get_by_role("link", name="改期").click()
    page.get_by_label("日期").fill("2026-12-03")
    page.get_by_role("button", name="查看空档").click()
    page.get_by_role("button", name="15:20").click()
    page.get_by_role("button", name="改期").click()
    page.locator(".toast", has_text="已改到 12月3日 周四 15:20").wait_for()


def test_what_is_printed_is_whole_dark_on_white_and_says_for_whom(enter):
    page = enter(color_scheme="dark", height=400)
    page.emulate_media(media="print")
    assert page.locator("img.watermark").is_visible()
    assert not page.locator(".tool-bar, .side, .find").first.is_visible()
    assert (
        page.evaluate(
            "(({scrollHeight, clientHeight}) => scrollHeight - clientHeight)(document.querySelector('.diary-scroll'))"
        )
        <= 0
    )
    colours = (
        "[...document.querySelectorAll('h1, .diary th, .diary td .line b')].map((each) => getComputedStyle(each).color)"
    )
    assert not {each for each in page.evaluate(colours) if min(map(int, re.findall(r"\d+", each)[:3])) > 128}


def test_blocking_from_the_diary_in_a_dialog(enter, clinic):
    page = enter()
    page.locator(".more-tools summary").click()
    page.locator(".more-tools a", has_text="Block time").click()
    page.locator("dialog h1", has_text="Block time").wait_for()
    assert barriers(page) == []
    page.locator("dialog label", has_text="Dr. Elif Yılmaz").click()
    page.locator("#block-begins").fill("08:00")
    page.locator("#block-ends").fill("12:00")
    page.locator("dialog button", has_text="Block the time").click()
    page.locator("dialog .note", has_text=HANNAH["name"]).wait_for()
    page.locator("#block-begins").fill("12:00")
    page.locator("#block-ends").fill("13:00")
    page.locator("dialog button", has_text="Block the time").click()
    page.locator(".toast", has_text="Blocked: Dr. Elif Yılmaz, Wed 2 Dec, 12:00–13:00").wait_for()
    page.locator('[data-cell="dr-yilmaz:2026-12-02"] a.block').click()
    page.locator("dialog button", has_text="Make it free again").click()
    page.locator(".toast", has_text="Free again").wait_for()


def test_a_finger_that_stays_lifts_a_line_and_one_that_moves_at_once_scrolls(enter, clinic):
    page, tom = enter(width=1280), clinic.references[1]
    finger = page.context.new_cdp_session(page)
    line, there = (
        page.locator(each).first for each in (f'#diary [data-ref="{tom}"]', '[data-cell="dr-yilmaz:2026-12-03"]')
    )
    start, end = ((box["x"] + 20, box["y"] + 10) for box in (line.bounding_box(), there.bounding_box()))

    def touch(kind, at=None):
        points = [{"x": at[0], "y": at[1]}] if at else []
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", start)
    touch("touchMove", (start[0] + 40, start[1]))
    assert page.locator(".ghost").count() == 0
    touch("touchEnd")
    touch("touchStart", start)
    page.locator(".ghost").wait_for()
    for part in (0.3, 0.7, 1):
        touch("touchMove", tuple(a + (b - a) * part for a, b in zip(start, end, strict=True)))
    touch("touchEnd")
    page.locator("dialog .from.to", has_text="Thu 3 Dec, 09:40").wait_for()
    assert cell_of(page, tom) == "dr-yilmaz:2026-12-02", "nothing has happened yet"
