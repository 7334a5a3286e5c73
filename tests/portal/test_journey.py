"""The customer's way without scripts: pages, forms, links."""

from __future__ import annotations

import re

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from actions import visits
from models.base import db
from models.booking import Booking, Hold
from models.doors import Source, VisitCount
from tests.factories import HANNAH, TOM, booked, free


@pytest.fixture
def clinic(load_business, client):
    load_business("clinic")
    return client


def tree(answer):
    return BeautifulSoup(answer.data, "html.parser")


def form_of(answer, name="start"):
    form = next(each for each in tree(answer).find_all("form", method="post") if each.find(attrs={"name": name}))
    hidden = {each["name"]: each.get("value", "") for each in form.find_all("input", type="hidden")}
    return form["action"], hidden


def hold_first(client, service="check-up", **query):
    page = client.get(f"/book/{service}", query_string=query)
    action, hidden = form_of(page)
    start = tree(page).find("button", {"name": "start"})["value"]
    answer = client.post(action, data={**hidden, "start": start})
    assert answer.status_code == 303, answer.data
    return start, answer.headers["Location"]


def test_from_the_services_to_the_confirmation(clinic):
    first = clinic.get("/")
    assert "General check-up" in first.text
    assert "Next: today, 14:00" in " ".join(tree(first).get_text().split())
    _start, details = hold_first(clinic)
    page = clinic.get(details)
    action, hidden = form_of(page, "name")
    answer = clinic.post(action, data={**hidden, **HANNAH})
    assert answer.status_code == 303
    done = clinic.get(answer.headers["Location"])
    reference = db.session.execute(select(Booking.reference)).scalar_one()
    assert f"{reference[:4]} {reference[4:]}" in done.text
    assert clinic.get(answer.headers["Location"]).status_code == 200  # a reload is harmless


def test_a_second_tap_lands_on_the_same_booking(clinic):
    _, details = hold_first(clinic)
    action, hidden = form_of(clinic.get(details), "name")
    answers = [clinic.post(action, data={**hidden, **HANNAH}) for _ in range(2)]
    assert [each.status_code for each in answers] == [303, 303]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 1


def test_what_was_typed_stays_with_its_errors(clinic):
    _, details = hold_first(clinic)
    action, hidden = form_of(clinic.get(details), "name")
    answer = clinic.post(action, data={**hidden, "name": "Hannah", "phone": "110", "email": "hannah@"})
    page = tree(answer)
    assert answer.status_code == 422
    assert "2 things to mend" in page.get_text()
    assert page.find(id="name")["value"] == "Hannah"
    assert page.find(id="phone")["value"] == "110"
    assert page.find(id="phone")["aria-invalid"] == "true"
    assert page.find(id="phone-error")


def test_a_lost_race_offers_what_is_near_and_keeps_what_was_typed(clinic, clock):
    start, details = hold_first(clinic, **{"with": "dr-yilmaz"})
    action, hidden = form_of(clinic.get(details), "name")
    clock.tick(minutes=11)
    from datetime import datetime

    booked("check-up", clock.now, start=datetime.fromisoformat(start), resources=["dr-yilmaz"], customer=TOM)
    answer = clinic.post(action, data={**hidden, **HANNAH})
    assert answer.status_code == 409
    offers = tree(answer).find(class_="near").find_all("button")
    assert 1 <= len(offers) <= 4
    assert "Hannah Vogel" in answer.text
    action, hidden = form_of(answer)
    again = clinic.post(action, data={**hidden, "start": offers[0]["value"]})
    assert tree(clinic.get(again.headers["Location"])).find(id="name")["value"] == "Hannah Vogel"


def test_an_expired_hold_can_be_held_again(clinic, clock):
    start, details = hold_first(clinic)
    clock.tick(minutes=11)
    answer = clinic.get(details)
    assert answer.status_code == 409
    assert tree(answer).find(class_="near").find("button")["value"] == start


def test_choosing_another_time_swaps_the_hold(clinic):
    hold_first(clinic)
    page = clinic.get("/book/check-up")
    assert tree(page).find("button", class_="mine")
    action, hidden = form_of(page)
    other = tree(page).find_all("button", {"name": "start"})[3]["value"]
    clinic.post(action, data={**hidden, "start": other})
    assert sorted(db.session.execute(select(Hold.state)).scalars()) == ["open", "released"]


def test_changing_the_time_keeps_what_was_typed(clinic):
    _, details = hold_first(clinic)
    action, hidden = form_of(clinic.get(details), "name")
    clinic.post(action, data={**hidden, **HANNAH, "change": "1"})
    assert tree(clinic.get(details)).find(id="email")["value"] == HANNAH["email"]


def booked_link(client, service="check-up", day="2026-12-08", **query):
    _, details = hold_first(client, service, day=day, **query)
    action, hidden = form_of(client.get(details), "name")
    return client.post(action, data={**hidden, **HANNAH}).headers["Location"].replace("/confirmed", "")


def test_moving_through_the_link(clinic):
    link = booked_link(clinic)
    path, _, query = link.partition("?")
    page = clinic.get(f"{path}/move?{query}")
    start = tree(page).find_all("button", {"name": "start"})[5]["value"]
    asked = clinic.get(f"{path}/move/confirm?{query}", query_string=None)
    assert asked.status_code == 302
    asked = clinic.get(f"{path}/move/confirm", query_string={"t": query.removeprefix("t="), "start": start})
    action, hidden = form_of(asked, "revision")
    done = clinic.post(action, data=hidden)
    assert done.status_code == 303
    assert "Moved to" in clinic.get(done.headers["Location"]).text


def test_who_has_just_booked_reads_where_the_confirmation_goes_and_nobody_else_does(clinic, app, clock):
    link = booked_link(clinic).replace("?", "/confirmed?")

    def told(browser):
        return tree(browser.get(link)).find_all(class_="rows")[-1].get_text()

    assert "is on its way to hannah@example.com." in told(clinic)
    assert "We text you at +49 1512 3456789." in told(clinic)
    assert "is on its way to h***@example.com." in told(app.test_client())
    assert "We text you at +49151****6789." in told(app.test_client())
    clock.tick(hours=1)
    assert "is on its way to h***@example.com." in told(clinic)


def test_cancelling_through_the_link(clinic):
    link = booked_link(clinic)
    path, _, query = link.partition("?")
    action, hidden = form_of(clinic.get(f"{path}/cancel?{query}"), "revision")
    first, second = (clinic.post(action, data=hidden) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert "cancelled" in clinic.get(first.headers["Location"]).text.lower()


def test_opening_every_link_five_times_changes_nothing(clinic):
    link = booked_link(clinic)
    path, _, query = link.partition("?")
    before = db.session.execute(select(Booking.status, Booking.revision)).one()
    for _ in range(5):
        for page in ("", "/confirmed", "/cancel", "/move", "/calendar.ics"):
            assert clinic.get(f"{path}{page}?{query}").status_code == 200
    assert db.session.execute(select(Booking.status, Booking.revision)).one() == before


def test_odd_tokens_get_one_and_the_same_page(clinic):
    link = booked_link(clinic)
    path, _, query = link.partition("?t=")
    flipped = query[:-1] + ("A" if query[-1] != "A" else "B")
    pages = {
        clinic.get(f"{path}?t={odd}").data for odd in ("", "x", flipped, query.upper(), query + "%20", "x" * 10_000)
    }
    assert len(pages) == 1
    assert clinic.get(f"{path}?t={flipped}").status_code == 404


def test_finding_a_booking_needs_both(clinic):
    booked_link(clinic)
    reference = db.session.execute(select(Booking.reference)).scalar_one()
    for contact in (HANNAH["email"].upper(), "0151 23456789"):
        answer = clinic.post(
            "/find", data={"reference": f"{reference[:4].lower()} {reference[4:]}", "contact": contact}
        )
        assert answer.status_code == 303
    wrong = [
        clinic.post("/find", data={"reference": reference, "contact": "other@example.com"}),
        clinic.post("/find", data={"reference": "ZZZZZZZZ", "contact": HANNAH["email"]}),
    ]
    sentences = {tree(each).find(role="alert").get_text(strip=True) for each in wrong}
    assert [each.status_code for each in wrong] == [404, 404]
    assert len(sentences) == 1


def test_a_sign_leads_to_its_service_and_the_booking_remembers_it(clinic):
    from models.snapshot import catalogue

    service = catalogue(db.session()).services["check-up"]
    code = db.session.execute(select(Source.code).where(Source.service_id == service.id)).scalar_one()
    page = clinic.get(f"/q/{code}")
    assert page.status_code == 302
    shown = clinic.get(page.headers["Location"])
    action, hidden = form_of(shown)
    start = tree(shown).find("button", {"name": "start"})["value"]
    details = clinic.post(action, data={**hidden, "start": start}).headers["Location"]
    action, hidden = form_of(clinic.get(details), "name")
    clinic.post(action, data={**hidden, **HANNAH})
    row = db.session.execute(select(Source.code).join(Booking, Booking.source_id == Source.id)).scalar_one()
    assert row == code


@pytest.mark.parametrize("form", ["svg", "png"])
def test_codes_are_drawn(clinic, form):
    answer = clinic.get(f"/qr/service/check-up.{form}")
    assert answer.status_code == 200
    assert len(answer.data) > 300


def test_steps_are_counted_without_a_cookie_for_it(clinic, clock):
    visits.forget()
    clinic.get("/")
    hold_first(clinic)
    visits.flush(clock.now)
    counted = dict(
        db.session.execute(select(VisitCount.step, func.sum(VisitCount.count)).group_by(VisitCount.step)).all()
    )
    assert counted == {"visit": 1, "times": 1, "held": 1}


def test_the_browser_chooses_the_language_and_the_hand_another(clinic):
    assert "您想预约什么" in clinic.get("/", headers={"Accept-Language": "zh-CN,zh;q=0.9"}).text
    clinic.get("/?lang=zh")
    assert 'lang="zh-CN"' in clinic.get("/", headers={"Accept-Language": "en"}).text


def test_the_customers_zone_stands_beside_the_venues(clinic):
    clinic.set_cookie("tz", "Asia/Shanghai")
    page = tree(clinic.get("/book/check-up"))
    assert "Berlin time" in page.get_text()
    assert page.find("button", class_="slot").find("small").get_text() != ""


PAGES = [
    "/",
    "/book/check-up",
    "/book/nothing",
    "/find",
    "/zone",
    "/accessibility",
    "/nothing",
    "/healthz",
    "/readyz",
    "/api/v1/services",
    "/feeds/x.ics",
]


@pytest.mark.parametrize("path", PAGES)
def test_the_strict_policy_is_on_every_answer(clinic, path):
    answer = clinic.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    page = answer.get_data(as_text=True)
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*src)", page)
    assert not re.findall(r"(?:src|href)=\"https?://(?!localhost|example\.com)", page)


def test_no_get_route_is_a_door_for_changes(app):
    for rule in app.url_map.iter_rules():
        assert not ("GET" in rule.methods and "POST" in rule.methods), rule.rule


def test_forms_want_their_token(clinic, app):
    app.config["WTF_CSRF_ENABLED"] = True
    assert clinic.post("/book/check-up", data={"start": "2026-12-08T08:00:00Z"}).status_code == 403
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize(
    "back",
    [
        "//evil.example.com",
        "/\\evil.example.com",
        "https:evil",
        "javascript:alert(1)",
        "/book/x//evil",
        "\\\\evil",
        "/\tevil",
    ],
)
def test_returning_never_leaves_the_portal(clinic, back):
    assert clinic.get("/zone", query_string={"tz": "Europe/Berlin", "back": back}).headers["Location"] == "/"


def test_classes_show_places_left(load_business, client, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    booked("yoga", clock.now, start=start, seats=6)
    page = client.get("/book/yoga", headers={"Accept-Language": "en"})
    assert "2 places left" in page.text


def test_nothing_free_says_so(load_business, client, tmp_path):
    from tests.conftest import BUSINESSES

    path = tmp_path / "clinic.yaml"
    path.write_text((BUSINESSES / "clinic.yaml").read_text().replace("horizon_days: 60", "horizon_days: 0"))
    load_business(path)
    page = client.get("/book/check-up?day=2026-12-08")
    assert page.status_code == 200
