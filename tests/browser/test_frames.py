"""The portal in a frame of another site, in a real browser that blocks third-party cookies; two sites, two hosts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from tests.support import browser
from tests.support.browser import comes_true
from tests.support.servers import free_port

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

PAGE = """<!doctype html><html lang="en"><title>A site</title><h1>A site of somebody else</h1>
<iframe src="{house}/embed/{path}" title="Book" style="width:100%;height:300px;border:0"></iframe>
<p><a href="{house}/book/check-up">Book in a window of its own</a></p>
<script>heard = []; addEventListener("message", (event) => heard.push([event.origin, event.data]));</script>
<script src="{house}/embed.js" async></script></html>"""


class Site:
    """A site on a host of its own (``localhost``, where the house is ``127.0.0.1``) with a frame of the house on its page."""

    def __init__(self) -> None:
        self.port, self.house, self.path = free_port(), "", "check-up?day=2026-12-03"
        self.url = f"http://localhost:{self.port}"
        self.server = ThreadingHTTPServer(("127.0.0.1", self.port), self._handler())
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = PAGE.format(house=site.house, path=site.path).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        return Handler

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def house(serve: Callable[..., Any], site: Site) -> Any:
    served = serve("clinic", at="2026-12-01T09:06Z", EMBED_SITES=f"https://www.example.com {site.url}")
    site.house = served.url
    return served


@pytest.fixture
def strict(chromium: Any) -> Iterator[Callable[..., Any]]:
    """A page of a browser without third-party cookies."""
    flags = [*browser.FLAGS, "--test-third-party-cookie-phaseout"]
    started = chromium.browser_type.launch(executable_path=browser.found(), args=flags)

    def page(**options: Any) -> Any:
        found = started.new_context(locale="en", viewport={"width": 900, "height": 900}, **options).new_page()
        found.set_default_timeout(30_000)
        return found

    yield page
    started.close()


def framed(page: Any, site: Site) -> Any:
    page.goto(site.url)
    return page.frame_locator("iframe")


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_a_booking_goes_through_without_third_party_cookies(
    strict: Callable[..., Any], house: Any, site: Site, scripts: bool
):
    page = strict(java_script_enabled=scripts)
    inside = framed(page, site)
    inside.locator("[data-start]").first.click()
    inside.locator("#name").fill("Hannah Vogel")
    inside.locator("#email").fill("hannah@example.com")
    inside.get_by_role("button", name="Confirm booking").last.click()
    inside.get_by_role("heading", name="See you on").wait_for()
    assert page.context.cookies() == []
    with page.context.expect_page() as opened:
        inside.get_by_role("link", name="Move or cancel").click()
    assert opened.value.url.startswith(f"{house.url}/b/")
    opened.value.get_by_role("heading").first.wait_for()


def test_a_place_and_a_person_stand_in_frames_too(strict: Callable[..., Any], house: Any, site: Site):
    page = strict()
    site.path = "place/park?day=2026-12-03"
    inside = framed(page, site)
    inside.get_by_role("link", name="General check-up").click()
    inside.locator("[data-start]").first.wait_for()
    inside.get_by_role("link", name="All services").click()
    inside.get_by_role("heading", name="What would you like to book?").wait_for()
    site.path = "person/dr-braun"
    inside = framed(page, site)
    inside.locator("[data-start]").first.click()
    inside.locator("#name").fill("Hannah Vogel")
    inside.locator("#email").fill("hannah@example.com")
    inside.get_by_role("button", name="Confirm booking").last.click()
    inside.get_by_role("heading", name="See you on").wait_for()
    assert inside.get_by_text("Dr. Jonas Braun").count() > 0
    assert page.context.cookies() == []


def test_the_frame_grows_with_its_page_and_tells_nobody_else(strict: Callable[..., Any], house: Any, site: Site):
    page = strict()
    framed(page, site).locator("[data-start]").first.wait_for()
    comes_true(page, "document.querySelector('iframe').clientHeight > 400")
    inner = page.frames[1].evaluate("document.documentElement.scrollHeight")
    assert abs(page.locator("iframe").evaluate("each => each.clientHeight") - inner) <= 2
    heard = page.evaluate("heard")
    assert {origin for origin, _ in heard} == {house.url}
    assert {tuple(told["frontdesk"]) for _, told in heard} == {("height", "moved")}


def test_a_message_from_elsewhere_moves_nothing(strict: Callable[..., Any], house: Any, site: Site):
    page = strict()
    framed(page, site).locator("[data-start]").first.wait_for()
    comes_true(page, "document.querySelector('iframe').clientHeight > 400")
    before = page.locator("iframe").evaluate("each => each.clientHeight")
    page.evaluate("postMessage({frontdesk: {height: 9999}}, '*')")
    page.wait_for_timeout(200)
    assert page.locator("iframe").evaluate("each => each.clientHeight") == before


def test_a_site_that_is_not_named_shows_nothing(strict: Callable[..., Any], house: Any):
    other = Site()
    other.house = house.url
    try:
        page = strict()
        page.goto(other.url)
        page.wait_for_timeout(1000)
        assert page.frames[1].url == "chrome-error://chromewebdata/"
        assert page.evaluate("heard") == []
    finally:
        other.close()


def test_the_portal_itself_is_framed_by_nobody(strict: Callable[..., Any], house: Any, site: Site):
    page = strict()
    framed(page, site).locator("[data-start]").first.wait_for()
    for path in ("/book/check-up", "/desk/sign-in", "/find"):
        page.evaluate("address => { document.querySelector('iframe').src = address; }", f"{house.url}{path}")
        refused = "chrome-error://chromewebdata/"
        page.wait_for_timeout(100)
        for _ in range(50):
            if page.frames[1].url == refused:
                break
            page.wait_for_timeout(100)
        assert page.frames[1].url == refused, path
        page.goto(site.url)


def test_the_frame_shows_no_band_and_fits_a_phone(strict: Callable[..., Any], house: Any, site: Site):
    page = strict()
    page.set_viewport_size({"width": 360, "height": 740})
    inside = framed(page, site)
    inside.locator("[data-start]").first.wait_for()
    assert inside.locator("header").count() == 0
    assert page.frames[1].evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
