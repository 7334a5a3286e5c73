"""The portal in a frame of another site: without any cookie, and only for the sites that may."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from models.base import db
from models.booking import Booking, Hold
from models.doors import sign_of
from models.snapshot import catalogue
from tests.support.time import Clock
from web import frames

SITE, OTHER = "https://www.practice.example", "https://*.partner.example"
MAYA = {"name": "Maya Lindqvist", "phone": "+49 151 23456780", "email": "maya@example.com"}


class Frame:
    """A browser that keeps no cookie: it follows links and sends forms, as they stand on the page."""

    def __init__(self, app: Flask, address: str, **headers: str) -> None:
        self.app, self.headers = app, headers
        self.get(address)

    def get(self, address: str) -> None:
        self._take(self._client().get(address, headers=self.headers), address)

    def send(self, form: Any, **values: Any) -> None:
        fields: dict[str, Any] = {}
        for each in form.find_all("input", attrs={"name": True}):
            if each.get("type") == "hidden":
                fields.setdefault(each["name"], []).append(each.get("value", ""))
        action = form.get("action") or self.address
        self._take(self._client().post(action, data={**fields, **values}, headers=self.headers), action)

    def _client(self) -> Any:
        return self.app.test_client(use_cookies=False)

    def _take(self, answer: Any, address: str) -> None:
        while answer.status_code == 303 or answer.status_code == 302:
            address = answer.headers["Location"]
            assert "Set-Cookie" not in answer.headers
            answer = self._client().get(address, headers=self.headers)
        assert "Set-Cookie" not in answer.headers
        self.answer, self.address, self.page = answer, address, BeautifulSoup(answer.data, "html.parser")

    @property
    def title(self) -> str:
        return str(self.page.h1.get_text(" ", strip=True))

    def take(self) -> str:
        """Takes the first free time on the page."""
        button = self.page.select_one("button.slot, .session button, .near button")
        self.send(button.find_parent("form"), start=button["value"])
        return str(button["value"])

    def fill(self, **values: str) -> None:
        """Sends the form of details."""
        self.send(self.page.find("form", id="details"), **{**MAYA, **values})


@pytest.fixture
def framed(load_business: Callable[..., Any], make_app: Callable[..., Flask]) -> Flask:
    load_business("clinic")
    app = make_app(EMBED_SITES=f"{SITE} {OTHER}", RATE_LIMITS="on")
    app.config.update(WTF_CSRF_ENABLED=True)
    return app


def frame(app: Flask, address: str = "/embed/check-up", **headers: str) -> Frame:
    return Frame(app, address, **headers)


def test_a_booking_from_times_to_confirmed_without_a_cookie(framed: Flask):
    visit = frame(framed)
    assert visit.title == "Choose a time"
    visit.take()
    assert visit.title == "Your details"
    visit.fill()
    assert visit.title.startswith("See you on")
    assert db.session.scalars(select(Booking.name)).all() == ["Maya Lindqvist"]


def test_a_place_shows_what_it_offers_and_a_time_leads_back_to_it(framed: Flask):
    visit = frame(framed, "/embed/place/park")
    assert visit.title == "What would you like to book?"
    visit.get(visit.page.select_one(".service a")["href"])
    assert visit.title == "Choose a time"
    visit.take()
    visit.get(visit.page.find("p", class_="back").a["href"])
    back = visit.page.find("p", class_="back").a["href"]
    assert "/embed/~" in back, "what the visitor carries is kept on the way back, her held time too"
    visit.get(back)
    assert visit.title == "What would you like to book?"
    assert framed.test_client().get("/embed/place/nowhere").status_code == 200


def test_somebody_is_chosen_already_and_nobody_unknown_is(framed: Flask):
    visit = frame(framed, "/embed/person/dr-braun")
    assert visit.title == "Choose a time"
    assert visit.page.select_one("input[name=with]:checked, [aria-current]") is not None
    assert "with=dr-braun" in visit.address
    visit.take()
    visit.fill()
    assert "Dr. Jonas Braun" in visit.page.get_text()
    assert framed.test_client().get("/embed/person/nobody").status_code == 404
    # Who cannot be chosen leads to what can be booked.
    assert frame(framed, "/embed/person/room-1").title == "What would you like to book?"


@pytest.fixture
def practice(load_business: Callable[..., Any], make_app: Callable[..., Flask]) -> Flask:
    """Where everybody serves two things, one of them at two places."""
    load_business("practice")
    app = make_app(EMBED_SITES=SITE)
    app.config.update(WTF_CSRF_ENABLED=True)
    return app


def names(visit: Frame) -> list[str]:
    return [each.get_text(" ", strip=True) for each in visit.page.select(".service .name")]


def test_among_several_services_of_somebody_one_is_chosen_first(practice: Flask):
    visit = frame(practice, "/embed/person/anna")
    assert visit.title == "What would you like to book with Anna?"
    assert names(visit) == ["Visit", "On request"]
    assert "North" in visit.page.select_one(".service .facts").get_text(), "where she is"
    visit.get(visit.page.select(".service a")[1]["href"])
    assert visit.title == "Choose a time"
    assert visit.page.select_one("input[name=with]:checked")["value"] == "anna"
    assert visit.page.select_one("input[name=location]:checked")["value"] == "north"
    visit.take()
    # Every way back stays inside the frame and with her.
    visit.get(visit.page.find("p", class_="back").a["href"])
    back = visit.page.find("p", class_="back").a
    assert back.get_text(strip=True) == "Services with Anna"
    visit.get(back["href"])
    assert (names(visit), "/embed/~" in visit.address) == (["Visit", "On request"], True)
    visit.get(visit.page.select(".service a")[0]["href"])
    visit.take()
    visit.fill(address="Dorfstraße 1")
    assert "Anna" in visit.page.get_text()
    inside = visit.address.partition("/b/")[0].partition("/book/")[0]
    outside = practice.test_client(use_cookies=False).get(f"{inside}/")
    assert (outside.status_code, outside.headers["Location"]) == (303, "/"), (
        "what others offer does not stand in her frame"
    )


def test_a_frame_of_somebody_speaks_the_language_of_its_site(practice: Flask):
    visit = frame(practice, "/embed/person/anna?lang=zh")
    assert visit.title == "您想预约 Anna 的什么服务？"
    visit.get(visit.page.select_one(".service a")["href"])
    assert visit.page.find("p", class_="back").a.get_text(strip=True) == "Anna 的服务"


def test_a_link_and_a_sign_of_somebody_lead_to_her_services(practice: Flask):
    client = practice.test_client()
    page = BeautifulSoup(client.get("/with/anna?src=abc").data, "html.parser")
    links = [each["href"] for each in page.select(".service a")]
    assert links == [f"/book/{service}?location=north&src=abc&with=anna" for service in ("visit", "asked")]
    code = sign_of(db.session(), "resource", catalogue(db.session()).resources["anna"].id)
    assert client.get(f"/q/{code}").headers["Location"] == f"/with/anna?src={code}"
    # Outside of a frame the way back leads to everything, as from any other link.
    times = BeautifulSoup(client.get(links[0]).data, "html.parser")
    assert times.find("p", class_="back").a.get_text(strip=True) == "All services"


def test_what_is_wrong_comes_back_and_the_hold_stays(framed: Flask):
    visit = frame(framed)
    visit.take()
    visit.fill(email="maya@")
    assert visit.answer.status_code == 422
    assert visit.page.find("input", id="name")["value"] == "Maya Lindqvist"
    visit.fill()
    assert visit.title.startswith("See you on")
    assert list(db.session.scalars(select(Hold.state))) == ["used"]


def test_a_field_is_checked_where_the_form_stands(framed: Flask):
    visit = frame(framed)
    visit.take()
    form = visit.page.find("form", id="details")
    token = form.find("input", attrs={"name": "csrf_token"})["value"]
    asked = {"csrf_token": token, "email": "maya@", "field": "email"}
    answer = framed.test_client(use_cookies=False).post(form["data-check"], data=asked)
    assert answer.status_code == 200
    assert BeautifulSoup(answer.data, "html.parser").find(id="email-error") is not None
    assert "Set-Cookie" not in answer.headers


def test_a_lost_time_keeps_what_was_typed(framed: Flask, clock: Clock):
    visit = frame(framed)
    visit.take()
    clock.tick(minutes=11)
    visit.fill()
    assert visit.title == "The time kept for you is over"
    assert "Maya Lindqvist" in visit.page.get_text()
    visit.take()
    assert visit.title == "Your details"
    assert visit.page.find("input", id="email")["value"] == "maya@example.com"
    visit.fill()
    assert visit.title.startswith("See you on")


def test_a_second_tap_finds_the_hold_of_the_first(framed: Flask):
    visit = frame(framed)
    button = visit.page.select_one("button.slot")
    for _ in range(2):
        visit.send(button.find_parent("form"), start=button["value"])
        assert visit.title == "Your details"
    assert len(db.session.scalars(select(Hold)).all()) == 1


def test_a_new_choice_gives_the_old_time_back(framed: Flask):
    visit = frame(framed)
    visit.take()
    visit.get(visit.page.find("p", class_="back").a["href"])
    visit.send(
        visit.page.select("button.slot")[-1].find_parent("form"), start=visit.page.select("button.slot")[-1]["value"]
    )
    assert sorted(db.session.scalars(select(Hold.state))) == ["open", "released"]


def test_visitors_of_one_site_do_not_see_each_others_holds(framed: Flask):
    one, two = frame(framed), frame(framed)
    one.take()
    assert two.page.select_one(".note.wait") is None
    two.get(two.address)
    assert two.page.select_one(".note.wait") is None
    assert two.page.select_one(".slot.mine") is None


@pytest.mark.parametrize("page", ["/embed/check-up", "/embed/nothing"])
def test_the_configured_sites_may_frame_it_and_nobody_else(framed: Flask, page: str):
    policy = frame(framed, page).answer.headers["Content-Security-Policy"]
    assert f"frame-ancestors {SITE} {OTHER};" in policy
    assert policy.count("frame-ancestors") == 1


def test_no_other_page_may_be_framed(framed: Flask):
    client = framed.test_client()
    for path in ("/", "/book/check-up", "/find", "/b/K7MQ4XWT?t=x", "/desk/", "/desk/sign-in", "/accessibility"):
        assert "frame-ancestors 'none'" in client.get(path).headers["Content-Security-Policy"], path


def test_without_sites_nobody_may_frame_it(load_business: Callable[..., Any], make_app: Callable[..., Flask]):
    load_business("clinic")
    answer = make_app().test_client().get("/embed/check-up")
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    ["/find", "/desk/", "/desk/sign-in", "/", "/zone", "/b/K7MQ4XWT", "/api/v1/services", "/metrics", "/healthz"],
)
def test_what_is_not_framed_leads_out_of_the_frame(framed: Flask, path: str):
    inside = frame(framed).page.find("form", method="post")["action"].partition("/book/")[0]
    answer = framed.test_client(use_cookies=False).get(f"{inside}{path}?t=x")
    assert answer.status_code == 303
    assert urlsplit(answer.headers["Location"])[2:4] == (path, "t=x")


def test_links_that_lead_out_open_beside_the_site(framed: Flask):
    visit = frame(framed)
    visit.take()
    visit.fill()
    out = [
        link for link in visit.page.find_all("a", href=True) if not link["href"].startswith(("/embed/", "#", "tel:"))
    ]
    assert out
    assert [link["href"] for link in out if link.get("target") != "_blank"] == []


def test_the_language_of_the_site_goes_along(framed: Flask):
    visit = frame(framed, "/embed/check-up?lang=zh")
    visit.take()
    assert visit.page.html["lang"] == "zh-CN"
    visit.fill()
    assert db.session.scalars(select(Booking.locale)).all() == ["zh"]


def test_a_forged_or_old_part_of_the_address_is_a_new_visitor(framed: Flask, monkeypatch: pytest.MonkeyPatch):
    visit = frame(framed)
    visit.take()
    mount, _, rest = visit.page.find("form", id="details")["action"].partition("/book/")
    for forged in (f"{mount[:-2]}xx", "/embed/~none", "/embed/~e30.aaa.bbb"):
        other = frame(framed, f"{forged}/book/{rest}")
        assert other.title == "Choose a time"
    monkeypatch.setattr(frames, "LASTS", -1)
    assert frame(framed, f"{mount}/book/{rest}").title == "Choose a time"


def test_the_form_token_of_another_visitor_is_refused(framed: Flask):
    one, two = frame(framed), frame(framed)
    token = two.page.find("input", attrs={"name": "csrf_token"})["value"]
    button = one.page.select_one("button.slot")
    one.send(button.find_parent("form"), start=button["value"], csrf_token=token)
    assert one.answer.status_code == 403
    assert db.session.scalars(select(Hold)).all() == []


def test_a_form_from_another_site_is_refused(framed: Flask):
    visit = frame(framed)
    visit.headers = {"Sec-Fetch-Site": "cross-site"}
    visit.take()
    assert visit.answer.status_code == 403
    # The way back leads into the frame again.
    visit.headers = {}
    visit.get(visit.page.select_one("main a.button")["href"])
    assert visit.title == "Choose a time"


def test_cookies_that_come_along_count_for_nothing(framed: Flask):
    """Where the browser sends them, the frame shows nothing of who is signed in and what is held outside."""
    client = framed.test_client()
    client.get("/book/check-up?lang=zh")
    answer = client.get("/embed/check-up")
    assert BeautifulSoup(answer.data, "html.parser").html["lang"] == "en"
    assert "Set-Cookie" not in answer.headers


def test_nothing_of_a_frame_is_kept_or_told_on(framed: Flask):
    headers = frame(framed).answer.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]


def test_what_was_typed_is_in_no_address(framed: Flask, clock: Clock):
    visit = frame(framed)
    visit.take()
    clock.tick(minutes=11)
    visit.fill()
    signed = visit.page.find("form")["action"].partition("~")[2].partition(".")[0]
    carried = base64.urlsafe_b64decode(signed + "=" * (-len(signed) % 4))
    assert b"maya" not in carried.lower()


def test_the_script_for_the_site_may_be_loaded_by_it(framed: Flask):
    answer = framed.test_client().get("/embed.js")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.mimetype == "text/javascript"
    static = framed.test_client().get("/favicon.svg")
    assert static.headers["Cross-Origin-Resource-Policy"] == "same-origin"
