"""Signs in a real browser: they fit their paper, black on white, and their code is large enough to be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.test_frames import pytestmark  # noqa: F401
from tests.support.houses import settings
from wire.wording import wording

MILLIMETRE = 96 / 25.4
PAPER = {"a6": (105, 148), "a4": (210, 297)}


@pytest.fixture
def house(serve: Callable[..., Any]) -> Any:
    served = serve("clinic", at="2026-12-01T09:06Z")
    from app import create_app
    from tests.keeping.conftest import within
    from tests.support import databases
    from tests.support.staff import account

    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    within(app, lambda: account("owner"))
    databases.let_go(app)
    return served


@pytest.fixture
def desk(house: Any, new_page: Callable[..., Any]) -> Callable[..., Any]:
    """A page of the desk in a browser that is signed in."""

    def page(**options: Any) -> Any:
        from tests.support.staff import PASSWORD

        made = new_page(**options)
        made.goto(f"{house.url}/desk/sign-in")
        made.fill("#email", "owner@praxis.example")
        made.fill("#password", PASSWORD)
        made.locator("main form button:not([data-show])").last.click()
        made.wait_for_url("**/desk/**")
        return made

    return page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["a6", "a4"])
def test_a_sign_fills_one_sheet_in_black_on_white(desk: Callable[..., Any], house: Any, size: str, scheme: str):
    page = desk(color_scheme=scheme)
    page.goto(f"{house.url}/desk/signs/print?of=service:check-up&size={size}")
    page.emulate_media(media="print")
    wide, high = PAPER[size]
    sheet = page.locator(".sheet").bounding_box()
    assert (round(sheet["width"] / MILLIMETRE), round(sheet["height"] / MILLIMETRE)) == (wide, high)
    assert page.locator(".sheet").evaluate("each => each.scrollHeight - each.clientHeight") <= 0
    assert page.locator(".sheet").evaluate("each => getComputedStyle(each).backgroundColor") == "rgb(255, 255, 255)"
    # Four modules of quiet around at least 21 of code.
    code = page.locator(".square").evaluate("each => each.naturalWidth")
    share = (code / 8 - 8) / (code / 8)
    assert page.locator(".square").bounding_box()["width"] / MILLIMETRE * share >= 50
    assert not page.locator(".beside").is_visible()
    pdf = page.pdf(prefer_css_page_size=True, print_background=True)
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page/") <= 1


@pytest.mark.parametrize(("width", "locale"), [(390, "zh-CN"), (1280, "en")])
def test_links_are_found_and_copied_on_every_width(desk: Callable[..., Any], house: Any, width: int, locale: str):
    from axe_playwright_python.sync_playwright import Axe

    page, said = desk(width=width, locale=locale), wording(locale.partition("-")[0])
    for address in ("/desk/signs", "/desk/signs/one?of=service:check-up", "/desk/signs/print?of=service:check-up"):
        page.goto(f"{house.url}{address}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, address
        assert Axe().run(page).response["violations"] == [], address
    page.goto(f"{house.url}/desk/signs")
    page.get_by_label(said.gettext("What it is for")).fill("Autumn letter")
    page.get_by_role("button", name=said.gettext("Make the link")).click()
    page.get_by_role("heading", name="Autumn letter").wait_for()
    assert Axe().run(page).response["violations"] == []
