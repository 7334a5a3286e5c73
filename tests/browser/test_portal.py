"""The portal in a real browser: nothing cut, nothing unreachable, everything said aloud."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.support.browser import comes_true
from tests.support.houses import BUSINESSES

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

WIDTHS = (320, 390, 768, 1280)
SIDEWAYS = "document.documentElement.scrollWidth - window.innerWidth"
# Whatever is wider than its box and cannot be scrolled to is cut.
CUT = """() => [...document.querySelectorAll('main *')].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width > 2 && box.height > 2 && !each.closest('.unseen, svg')
    && (box.right > document.documentElement.clientWidth + 1 || box.left < -1);
}).map((each) => each.outerHTML.slice(0, 120))"""

# What is larger than its box lies over its neighbours.
TOO_SMALL = """() => [...document.querySelectorAll('main :is(.day > *, .slot, .button, .pill, .choice, .card, .next, .first)')].filter(
  (each) => each.scrollHeight > each.clientHeight + 2 || each.scrollWidth > each.clientWidth + 2
).map((each) => each.outerHTML.slice(0, 120))"""


@pytest.fixture
def clinic(serve):
    return serve("clinic", at="2026-12-01T09:06Z")


@pytest.fixture
def studio(serve):
    return serve("studio", at="2026-12-01T01:06Z")


def hold(page, url, service="check-up", day="2026-12-03"):
    page.goto(f"{url}/book/{service}?day={day}")
    page.locator("[data-start]").first.click()
    page.wait_for_url("**/details")


def book(page, url, service="check-up", day="2026-12-03", email="hannah@example.com"):
    hold(page, url, service, day)
    page.fill("#name", "Hannah Vogel")
    page.fill("#email", email)
    page.get_by_role("button", name=re.compile("Confirm|确认预约")).click()
    page.wait_for_url("**/confirmed**")
    return page.url.replace("/confirmed", "")


def walk(page, served):
    """Every page of the portal, one after the other, with a name for each."""
    url = served.url
    page.goto(f"{url}/")
    yield "services"
    page.goto(f"{url}/book/check-up?day=2026-12-03")
    yield "times"
    hold(page, url)
    yield "details"
    page.fill("#email", "hannah@")
    page.get_by_role("button", name=re.compile("Confirm|确认预约")).click()
    page.wait_for_selector("#mend")
    yield "details with errors"
    link = book(page, url)
    yield "confirmed"
    page.goto(link)
    yield "manage"
    page.goto(link.replace("?", "/move?"))
    yield "move"
    page.goto(link.replace("?", "/cancel?"))
    yield "cancel"
    page.locator("button.stop").click()
    page.wait_for_url(re.compile("done=cancelled"))
    yield "cancelled"
    for path in ("find", "accessibility", "zone", "nothing"):
        page.goto(f"{url}/{path}")
        yield path


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_nothing_is_cut_at_any_width(clinic, new_page, width, locale):
    page = new_page(width=width, locale=locale, timezone_id="Europe/London")
    for name in walk(page, clinic):
        assert page.evaluate(SIDEWAYS) <= 0, f"{name} scrolls sideways"
        assert not page.evaluate(CUT), f"{name}: {page.evaluate(CUT)}"


def test_nothing_is_cut_with_text_twice_as_large(clinic, new_page):
    page = new_page(width=640, timezone_id="Europe/London")
    for name in walk(page, clinic):
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert page.evaluate(SIDEWAYS) <= 0, f"{name} scrolls sideways"
        assert not page.evaluate(TOO_SMALL), f"{name}: {page.evaluate(TOO_SMALL)}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("locale", ["en", "zh-CN"])
def test_every_page_is_free_of_barriers_that_a_machine_can_find(clinic, new_page, scheme, locale):
    page = new_page(width=390, locale=locale, color_scheme=scheme, timezone_id="Europe/London")
    for name in walk(page, clinic):
        found = Axe().run(page).response["violations"]
        said = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
        assert not said, f"{name}: {said}"


def test_classes_are_free_of_barriers_too(studio, new_page):
    page = new_page(width=390)
    for path in ("/", "/book/yoga?seats=2", "/book/consult"):
        page.goto(studio.url + path)
        found = Axe().run(page).response["violations"]
        assert not found, [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
        assert page.evaluate(SIDEWAYS) <= 0


def test_every_page_has_one_title_and_one_filled_button_at_most(clinic, new_page):
    page = new_page(width=390)
    for name in walk(page, clinic):
        assert page.locator("h1").count() == 1, name
        filled = "main .button:not(.outline):not([hidden]):visible"
        assert page.locator(filled).count() <= 1, name


def test_booking_with_the_keyboard_alone(clinic, new_page):
    page = new_page(width=1280)
    page.goto(clinic.url)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/book/check-up**")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.start ?? ''"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url("**/details")
    page.focus("#name")
    page.keyboard.type("Hannah Vogel")
    page.keyboard.press("Tab")
    page.keyboard.type("0152 28817386")
    page.keyboard.press("Enter")
    page.wait_for_url("**/confirmed**")
    assert page.evaluate("document.activeElement.tagName") == "H1"


def test_arrows_walk_through_the_month(clinic, new_page):
    page = new_page(width=1280)
    page.goto(f"{clinic.url}/book/check-up?day=2026-12-03")
    page.focus(".day.chosen a")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Friday 4 December")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Friday 11 December")
    page.keyboard.press("Home")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Monday 7 December")
    page.keyboard.press("Enter")
    page.locator("#day", has_text="Monday 7 December").wait_for()
    comes_true(page, "document.activeElement.id === 'day'")
    comes_true(page, "location.search.includes('day=2026-12-07')")


def test_the_month_is_one_stop_for_the_tab_key(clinic, new_page):
    page = new_page(width=1280)
    page.goto(f"{clinic.url}/book/check-up?day=2026-12-03")
    stops = (
        "[...document.querySelectorAll('.day > *')].filter((each) => each.tabIndex === 0).map((each) => each.ariaLabel)"
    )
    assert [each[:19] for each in page.evaluate(stops)] == ["Thursday 3 December"]
    page.focus(".day.chosen a")
    for _ in range(22):
        page.keyboard.press("ArrowRight")
    closed = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert closed == "Friday 25 December, Christmas Day", "closed days can be reached and say why"
    page.keyboard.press("PageDown")
    page.locator("#month", has_text="January 2027").wait_for()
    comes_true(page, "document.activeElement.closest('.day') !== null")
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('.day')")


def test_a_late_answer_does_not_take_the_keyboard_out_of_the_month(clinic, new_page):
    page = new_page(width=1280)
    asked = []
    page.route(
        "**/book/check-up?day=2026-12-03", lambda route: asked.append(route) if _a_part(route) else route.continue_()
    )
    page.goto(f"{clinic.url}/book/check-up?day=2026-12-03")
    page.focus(".day.chosen a")
    page.keyboard.press("ArrowRight")
    comes_true(page, "document.querySelector('#times').ariaBusy === 'true'")
    with page.expect_response(lambda answer: "check-up" in answer.url):
        asked.pop().continue_()
    comes_true(page, "document.querySelector('#times').ariaBusy === null")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Friday 4 December")


def _a_part(route):
    return "x-part" in route.request.headers


def test_another_person_keeps_the_day_and_the_finger(clinic, new_page):
    page = new_page(width=1280)
    page.goto(f"{clinic.url}/book/check-up?day=2026-12-03")
    page.evaluate("window.same = true")
    page.get_by_role("link", name="Tuesday 8 December").click()
    page.locator("#day", has_text="Tuesday 8 December").wait_for()
    page.focus("[name=with]:checked")
    page.keyboard.press("ArrowDown")
    page.wait_for_url("**with=dr-yilmaz**")
    page.locator("#day", has_text="Tuesday 8 December").wait_for()
    assert page.evaluate("document.activeElement.value") == "dr-yilmaz"
    assert page.evaluate("window.same"), "the page was loaded anew"
    page.go_back()
    page.locator("[name=with][value='']:checked").wait_for(state="attached")
    assert page.evaluate("window.same")


def test_a_day_brings_its_times_into_sight_on_a_phone(clinic, new_page):
    page = new_page(width=390, height=844)
    page.goto(f"{clinic.url}/book/check-up")
    page.get_by_role("link", name="Tuesday 8 December").click()
    page.locator("#day", has_text="Tuesday 8 December").wait_for()
    comes_true(page, "document.activeElement.id === 'day'")
    assert 0 <= page.locator("#day").bounding_box()["y"] < 300


def test_going_back_shows_the_own_hold(clinic, new_page):
    page = new_page(width=390)
    hold(page, clinic.url)
    page.go_back()
    page.locator(".slot.mine").wait_for()
    assert page.locator(".note.wait a").get_attribute("href").endswith("/details")


def test_copying_says_that_it_did(clinic, new_page):
    page = new_page(width=390)
    book(page, clinic.url)
    page.get_by_role("button", name="Copy the reference").click()
    page.locator("#said", has_text="Copied").wait_for(state="attached")


def test_inside_of_wechat_nothing_is_dead(clinic, new_page):
    page = new_page(
        width=390, locale="zh-CN", user_agent="Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 MicroMessenger/8.0.42"
    )
    book(page, clinic.url)
    assert page.locator("a[href*='calendar.ics']").count() == 0
    page.get_by_role("button", name="复制网址").click()
    page.locator("#said", has_text="已复制").wait_for(state="attached")
    assert page.evaluate(SIDEWAYS) <= 0


def test_a_time_that_goes_while_one_looks_stays_struck_through_in_its_place(clinic, new_page):
    looking, faster = new_page(width=390), new_page(width=390)
    looking.goto(f"{clinic.url}/book/check-up?day=2026-12-03&with=dr-yilmaz")
    wanted = looking.locator("[data-start]").nth(2)
    start = wanted.get_attribute("data-start")
    place = wanted.bounding_box()
    faster.goto(f"{clinic.url}/book/check-up?day=2026-12-03&with=dr-yilmaz")
    faster.locator(f"[data-start='{start}']").click()
    faster.wait_for_url("**/details")
    gone = looking.locator(f"[data-start='{start}'].gone")
    gone.wait_for(timeout=12_000)
    assert gone.bounding_box() == place
    assert gone.locator("small").inner_text() == "just taken"
    assert looking.locator("#said").text_content()


def test_a_lost_time_offers_others_and_keeps_what_was_typed(clinic, new_page):
    late, faster = new_page(width=390), new_page(width=390)
    hold(late, clinic.url)
    late.fill("#name", "Hannah Vogel")
    late.fill("#email", "hannah@example.com")
    late.get_by_role("button", name="Change").click()
    late.wait_for_url("**/book/check-up?**")
    late.route("**/*", lambda route: route.abort() if route.request.headers.get("x-part") else route.continue_())
    wanted = late.locator("[data-start]").nth(20)
    start = wanted.get_attribute("data-start")
    for person in ("dr-yilmaz", "dr-braun"):
        faster.context.clear_cookies()
        faster.goto(f"{clinic.url}/book/check-up?day=2026-12-03&with={person}")
        free = faster.locator(f"[data-start='{start}']")
        if free.count():
            free.click()
            faster.wait_for_url("**/details")
    wanted.click()
    late.wait_for_selector("h1[role=alert]")
    assert "has just been taken" in late.locator("h1").inner_text()
    assert "hannah@example.com" in late.locator("main").inner_text()
    late.locator(".near button").first.click()
    late.wait_for_url("**/details")
    assert late.input_value("#name") == "Hannah Vogel"
    assert late.input_value("#email") == "hannah@example.com"


def test_a_question_opens_with_the_answer_that_asks_for_it(clinic, new_page):
    page = new_page(width=390)
    hold(page, clinic.url, "ultrasound", "2026-12-08")
    page.locator("[name=q_referral][value=no]").check()
    assert not page.locator("[name=q_referred_by]").is_visible()
    page.locator("[name=q_referral][value=yes]").check()
    assert page.locator("[name=q_referred_by]").is_visible()


def test_what_was_typed_survives_leaving_and_coming_back(clinic, new_page):
    page = new_page(width=390)
    hold(page, clinic.url)
    page.fill("#name", "Hannah Vogel")
    page.goto(clinic.url)
    page.goto(f"{clinic.url}/book/check-up/details")
    assert page.input_value("#name") == "Hannah Vogel"


def test_the_list_of_errors_has_the_focus_and_leads_to_the_fields(clinic, new_page):
    page = new_page(width=390)
    hold(page, clinic.url, "ultrasound", "2026-12-08")
    page.get_by_role("button", name="Send request").click()
    page.wait_for_selector("#mend")
    assert page.evaluate("document.activeElement.id") == "mend"
    for link in page.locator("#mend a").all():
        target = link.get_attribute("href")
        assert page.locator(target).count() == 1, f"{target} leads nowhere"


def test_without_scripts_every_step_works(clinic, new_page):
    page = new_page(width=390, javascript=False)
    link = book(page, clinic.url)
    page.goto(link)
    page.get_by_role("link", name="Move to another time").click()
    page.get_by_role("link", name="Thursday 10 December").click()
    page.locator("[data-start]").nth(3).click()
    page.get_by_role("button", name="Move the booking").click()
    page.wait_for_url(re.compile("done=moved"))
    page.get_by_role("link", name="Cancel this booking").click()
    page.get_by_role("button", name="Cancel the booking").click()
    page.wait_for_url(re.compile("done=cancelled"))


def test_the_clock_runs_by_the_server_and_offers_to_hold_again(clinic, new_page):
    page = new_page(width=390)
    page.clock.install()
    hold(page, clinic.url)
    shown = page.locator(".clock b").inner_text()
    assert re.fullmatch(r"(10:00|9:5\d)", shown)
    page.clock.run_for(8 * 60_000 + 10_000)
    assert page.locator(".clock strong").inner_text().startswith("Please finish by")
    page.clock.run_for(2 * 60_000)
    assert page.locator(".clock.over").count() == 1
    assert page.get_by_role("button", name="Confirm booking").get_attribute("class").endswith("outline")
    page.fill("#name", "Hannah Vogel")
    page.get_by_role("button", name="Hold it again").click()
    page.wait_for_url("**/details")
    assert page.input_value("#name") == "Hannah Vogel"
    assert page.locator(".clock.over").count() == 0


def test_a_confirmation_is_printed_dark_on_white(clinic, new_page):
    page = new_page(width=800, color_scheme="dark")
    book(page, clinic.url)
    page.emulate_media(media="print")
    colours = (
        "[...document.querySelectorAll('h1, .when, .reference, .rows span')].map((e) => getComputedStyle(e).color)"
    )
    assert set(page.evaluate(colours)) == {"rgb(30, 28, 25)"}
    assert page.evaluate("getComputedStyle(document.querySelector('.card')).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator(".house").is_visible()
    assert not page.get_by_role("link", name="Add to my calendar").is_visible()


def test_forced_colours_keep_what_is_chosen_to_be_seen(clinic, new_page):
    page = new_page(width=390, forced_colors="active")
    page.goto(f"{clinic.url}/book/check-up?day=2026-12-03")
    outline = page.evaluate("getComputedStyle(document.querySelector('.day.chosen > *')).outlineStyle")
    assert outline == "solid"


def test_full_and_closed_days_differ_by_more_than_their_colour_and_are_explained(serve, new_page, tmp_path):
    path = tmp_path / "clinic.yaml"
    text = (BUSINESSES / "clinic.yaml").read_text()
    path.write_text(text.replace('fri: ["08:00-13:00"]', 'fri: ["08:00-08:30"]'))
    served = serve(path, at="2026-12-01T09:06Z")
    page = new_page(color_scheme="dark")
    book(page, served.url, day="2026-12-04")
    page.goto(f"{served.url}/book/check-up?day=2026-12-03")
    edge = "(each) => getComputedStyle(each).borderTopStyle"
    full, closed = (page.get_by_label(re.compile(day)) for day in ("^Friday 4 December", "^Saturday 5 December"))
    assert full.get_attribute("aria-label").endswith("full")
    assert (full.evaluate(edge), closed.evaluate(edge)) == ("dashed", "none")
    legend = page.locator(".legend")
    sign = "(each) => ['borderTopStyle', 'content'].map((name) => getComputedStyle(each, '::before')[name])"
    # Where there is no room for words, no day has a dash.
    for width, dash in ((320, '""'), (390, '"–"'), (1280, '"–"')):
        page.set_viewport_size({"width": width, "height": 800})
        assert legend.is_visible()
        assert legend.locator(".full").evaluate(sign) == ["dashed", '""']
        assert legend.locator(".shut").evaluate(sign) == ["none", dash]


def state_of(page, name):
    """What a field says of itself: its sentence, whether it is invalid, what describes it."""
    field, said = page.locator(f"#{name}"), page.locator(f"#{name}-error")
    return (
        said.inner_text() if said.count() else None,
        field.get_attribute("aria-invalid"),
        (field.get_attribute("aria-describedby") or "").strip(),
    )


def left(page, name, *, wrong):
    """Leaves the field with the focus; a sentence at the field of that name comes, or goes."""
    page.keyboard.press("Tab")
    page.wait_for_selector(f"#{name}-error", state="attached" if wrong else "detached")


def drawn(page):
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


UNFINISHED = "Something is missing after the @. For example: name@example.com"


def test_a_field_is_checked_on_leaving_it_and_never_while_one_types(clinic, new_page):
    page = new_page(width=390)
    hold(page, clinic.url, "ultrasound", "2026-12-08")
    asked = []
    page.on("request", lambda request: asked.append(request) if request.url.endswith("/check") else None)
    # Walked through, untouched: nobody is blamed for what she has not come to yet.
    page.focus("#name")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.focus("#email")
    page.keyboard.type("hannah@")
    assert not asked
    assert page.locator(".error").count() == 0
    left(page, "email", wrong=True)
    assert state_of(page, "email") == (UNFINISHED, "true", "email-hint email-error")
    assert page.locator("#said").inner_text() == UNFINISHED
    assert page.evaluate("document.activeElement.name") == "q_referral"
    assert page.locator("#mend").count() == 0
    # Mending: while she types it stands, on leaving it goes.
    page.fill("#email", "hannah@example.com")
    assert state_of(page, "email")[0] == UNFINISHED
    left(page, "email", wrong=False)
    assert state_of(page, "email") == (None, None, "email-hint")
    # A question that opened with an answer, emptied again.
    page.get_by_label("Yes").check()
    page.fill("#q_referred_by", "x")
    page.fill("#q_referred_by", "")
    left(page, "q_referred_by", wrong=True)
    assert state_of(page, "q_referred_by") == ("This is needed.", "true", "q_referred_by-error")
    # An e-mail stands in for the phone whose absence was told before.
    page.fill("#email", "")
    page.fill("#phone", "1")
    page.fill("#phone", "")
    left(page, "phone", wrong=True)
    assert state_of(page, "phone")[0] == "A phone number or an e-mail address is needed."
    page.fill("#email", "hannah@example.com")
    left(page, "phone", wrong=False)
    assert state_of(page, "phone")[0] is None


def test_what_was_wrong_with_a_number_or_a_choice_goes_as_soon_as_it_is_mended(studio, new_page):
    page = new_page(width=390)
    hold(page, studio.url, "consult", "2026-12-03")
    page.fill("#name", "Hannah Vogel")
    page.fill("#email", "hannah@example.com")
    page.fill("#q_people", "some")
    page.get_by_role("button", name="Confirm booking").click()
    page.wait_for_selector("#mend")
    assert state_of(page, "q_people") == ("A whole number is needed.", "true", "q_people-error")
    page.fill("#q_people", "5")
    left(page, "q_people", wrong=False)
    assert state_of(page, "q_people") == (None, None, "")
    assert page.locator("#q_topic-error").inner_text() == "This is needed."
    page.get_by_label("Product demo").check()
    page.wait_for_selector("#q_topic-error", state="detached")
    assert page.evaluate("document.activeElement.name") == "q_topic", "it is mended while one is still on it"
    assert page.locator(".field.wrong").count() == 0


def test_an_answer_that_is_late_or_fails_changes_nothing_and_no_press_goes_astray(clinic, new_page):
    page = new_page(width=390)
    hold(page, clinic.url)
    held = []
    page.route("**/check", lambda route: held.append(route))
    page.fill("#phone", "030 1")
    with page.expect_request("**/check"):
        page.keyboard.press("Tab")
    # She is back and types on before the answer comes.
    page.fill("#phone", "+49 151 23456789")
    with page.expect_response("**/check") as heard:
        held.pop().continue_()
    assert heard.value.status == 200
    heard.value.finished()
    drawn(page)
    assert state_of(page, "phone") == (None, None, "phone-hint")
    page.unroute("**/check")
    page.route("**/check", lambda route: route.abort())
    page.fill("#email", "hannah@")
    with page.expect_event("requestfailed", lambda request: "hannah%40" in request.post_data):
        page.keyboard.press("Tab")
    drawn(page)
    assert state_of(page, "email")[0] is None
    # What is said while a button is pressed does not take it away from under the finger.
    page.unroute("**/check")
    page.focus("#email")
    page.keyboard.type("x")
    button = page.get_by_role("button", name="Confirm booking")
    button.scroll_into_view_if_needed()
    before = button.bounding_box()
    page.mouse.move(before["x"] + before["width"] / 2, before["y"] + before["height"] - 4)
    with page.expect_response("**/check") as heard:
        page.mouse.down()
    heard.value.finished()
    drawn(page)
    assert button.bounding_box() == before
    page.mouse.up()
    page.wait_for_selector("#mend")
    assert state_of(page, "email")[0] == UNFINISHED
    # What was sent wrong is taken back on leaving as well.
    page.fill("#email", "hannah@example.com")
    left(page, "email", wrong=False)
    assert state_of(page, "email") == (None, None, "email-hint")
