"""Setting the house up at the desk: entries as fields and back, mistakes at their fields, visits that would be hit, versions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
from werkzeug.datastructures import MultiDict

from actions import catalogue, first_hour
from actions.businessfile.dumping import Dump
from backoffice.setup_typed import entry_of, field_of, typed_in, typed_of, windows_in
from models import snapshot
from models.base import db
from models.business import Business
from tests.actions.test_businessfile import DEMO
from tests.factories import booked
from tests.support.staff import account, signed_in


@pytest.fixture
def owner(load_business, app, clock):
    load_business("clinic")
    return signed_in(app, account("owner", now=clock.now))


@pytest.mark.parametrize("name", ["clinic", "rental", "studio", DEMO])
def test_a_form_that_is_sent_as_it_is_says_what_the_file_says(load_business, name):
    load_business(name)
    it = Dump(db.session())
    places = [row.slug for row in it.locations]
    for kind, rows in (("business", [it.business]), ("location", it.locations), ("resource", it.resources)):
        for row in rows:
            entry = it.entry(kind, row)
            form = MultiDict(typed_of(kind, entry, it.business.locale))
            sent = entry_of(kind, typed_in(kind, form, places), entry, it.business.locale, places)
            slug = None if kind == "business" else row.slug
            from tests.actions.test_catalogue import OWNER

            saved = catalogue.save(kind, slug, sent, by=OWNER, now=datetime(2026, 11, 30, 9, tzinfo=UTC))
            assert not saved.changed, (kind, slug)


@pytest.mark.parametrize(
    ("typed", "windows"),
    [
        ("9-12, 13.30–17", ["09:00-12:00", "13:30-17:00"]),
        ("9:00至12:00；22:00-06:00", ["09:00-12:00", "22:00-06:00"]),
        ("morning", ["morning"]),
        ("", []),
    ],
)
def test_hours_as_people_type_them(typed, windows):
    assert windows_in(typed) == windows


@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("hours.mon[0]", "hours-mon"),
        ("locations.park.hours.tue", "hours-park-tue"),
        ("hours[1].from", "hours--1-from"),
        ("locations.park.hours[2].sun[0]", "hours-park--2-sun"),
        ("name.en", "name"),
        ("location", "places"),
        ("time_off[0].from", "time_off"),
    ],
)
def test_a_place_of_the_file_is_a_field_of_the_form(place, field):
    assert field_of(place) == field


def form(page) -> MultiDict:
    """What a browser would send of the first form of a page."""
    html = re.search(r'<form method="post"[^>]*class="setting".*?</form>', page.text, re.DOTALL)[0]
    found: MultiDict[str, str] = MultiDict()
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and ('type="checkbox"' not in tag or " checked" in tag):
            found.add(name[1], value[1] if value else "")
    for name, value in re.findall(r'<textarea id="[^"]+" name="([^"]+)"[^>]*>(.*?)</textarea>', html, re.DOTALL):
        found.add(name, value)
    for name, body in re.findall(r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', html, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found.add(name, chosen[1] if chosen else "")
    return found


def typed_over(sent: MultiDict, typed: dict[str, str]) -> None:
    for name, value in typed.items():
        sent[name] = value


PARK = "/desk/setup/places/one?slug=park"


def test_a_place_is_changed_a_second_tap_is_nothing_and_it_can_be_put_back(owner, clock):
    sent = form(owner.get(PARK))
    sent["directions-en"] = "Ring twice"
    for _ in range(2):
        assert owner.post("/desk/setup/places/one", data=sent).status_code == 303
    assert snapshot.catalogue(db.session()).locations["park"].directions == "Ring twice"
    page = owner.get("/desk/setup/places/versions?slug=park")
    assert page.text.count("Ring twice") == 1
    id = re.search(r'name="id" value="(\d+)"', page.text)[1]
    assert owner.post("/desk/setup/places/versions", data={"slug": "park", "id": id}).status_code == 303
    assert snapshot.catalogue(db.session()).locations["park"].directions is None
    assert owner.get("/desk/history").status_code == 200


def test_mistakes_stand_at_their_fields_with_what_was_typed(owner):
    sent = form(owner.get(PARK))
    sent["hours-tue"], sent["closed"] = "all day", "some day"
    page = owner.post("/desk/setup/places/one", data=sent)
    assert page.status_code == 422
    assert 'id="hours-tue-error"' in page.text and 'id="closed-error"' in page.text
    assert 'value="all day"' in page.text and ">some day</textarea>" in page.text


def test_visits_that_would_be_hit_are_listed_and_kept_only_on_purpose(owner, clock):
    made = booked("check-up", clock.now).booking
    sent = form(owner.get(PARK))
    sent["closed"] = made.start.date().isoformat()
    page = owner.post("/desk/setup/places/one", data=sent)
    assert page.status_code == 409
    assert f"/desk/bookings/{made.reference}" in page.text or made.reference in page.text
    assert 'name="keep"' in page.text and "/desk/out?who=location:park&amp;from=2026-11-30" in page.text
    assert made.reference in owner.get(f"/desk/out?who=location:park&from={sent['closed']}&until={sent['closed']}").text
    assert owner.post("/desk/setup/places/one", data={**sent, "keep": "1"}).status_code == 303


def test_hours_of_a_week_lead_to_what_is_closed_of_a_day_and_not_to_the_whole_of_it(owner, clock):
    made = booked("check-up", clock.now, start=datetime(2026, 12, 1, 13, 30, tzinfo=UTC)).booking
    sent = form(owner.get(PARK))
    sent["hours-tue"] = "08:00-12:00"
    page = owner.post("/desk/setup/places/one", data=sent)
    assert page.status_code == 409
    address = unescape(re.search(r'href="(/desk/out[^"]*)">Tue 1 Dec', page.text)[1])
    assert "from_time=14:30" in address and "until_time=15:00" in address
    assert made.reference in owner.get(address).text


def test_what_is_put_back_lists_the_visits_that_it_hits_as_an_edit_does(owner, clock):
    sent = form(owner.get(PARK))
    first = sent["hours-tue"]
    typed_over(sent, {"hours-tue": "08:00-12:00"})
    assert owner.post("/desk/setup/places/one", data=sent).status_code == 303
    sent = form(owner.get(PARK))
    typed_over(sent, {"hours-tue": first})
    assert owner.post("/desk/setup/places/one", data=sent).status_code == 303
    made = booked("check-up", clock.now, start=datetime(2026, 12, 1, 13, 30, tzinfo=UTC)).booking
    where = "/desk/setup/places/versions"
    id = re.search(r'name="id" value="(\d+)"', owner.get(f"{where}?slug=park").text)[1]
    page = owner.post(where, data={"slug": "park", "id": id})
    assert page.status_code == 409 and made.reference in page.text
    assert "from_time=14:30" in page.text and page.text.count('name="keep"') == 1
    assert first in form(owner.get(PARK))["hours-tue"]
    assert owner.post(where, data={"slug": "park", "id": id, "keep": "1"}).status_code == 303
    assert form(owner.get(PARK))["hours-tue"] == "08:00-12:00"


def test_alternating_weeks_are_typed_shown_again_and_offered(owner):
    sent = form(owner.get("/desk/setup/things/one?slug=dr-yilmaz"))
    typed_over(sent, {"hours-park-mon": "08:00-12:00", "hours-park--0-from": "2026-11-30", "hours-park--0-every": "2"})
    typed_over(sent, {"hours-park--1-from": "2026-12-07", "hours-park--1-every": "2", "hours-park--1-tue": "14-18"})
    answer = owner.post("/desk/setup/things/one", data=sent)
    assert answer.status_code == 303
    assert catalogue.entry(db.session(), "resource", "dr-yilmaz")["hours"] == [
        {"from": "2026-11-30", "every": 2, "mon": ["08:00-12:00"]},
        {"from": "2026-12-07", "every": 2, "tue": ["14:00-18:00"]},
    ]
    assert 'value="14:00-18:00"' in owner.get("/desk/setup/things/one?slug=dr-yilmaz").text


def test_somebody_new_is_added_and_taken_out_and_back(owner):
    sent = form(owner.get("/desk/setup/things/one"))
    sent["name-en"] = "Zoe"
    assert owner.post("/desk/setup/things/one", data=sent).status_code == 303
    for step, there in (("retire", False), ("revive", True)):
        assert owner.post("/desk/setup/things/step", data={"slug": "zoe", "step": step}).status_code == 303
        assert ("zoe" in snapshot.catalogue(db.session()).resources) is there
    history = owner.get("/desk/history?lang=zh&kind=resource").text
    assert "类型：人员" in history, "the house's words, not its codes"
    assert "staff" not in re.findall(r"：([a-z-]+)", history)
    assert "park" not in re.findall(r"：([a-z-]+)", history)
    refused = owner.post("/desk/setup/places/step", data={"slug": "park", "step": "retire"})
    assert refused.status_code == 422 and "Nothing would be left" in refused.text


def test_a_year_without_official_dates_is_said_and_make_up_days_are_taken_over(owner, clock_at):
    sent = form(owner.get(PARK))
    typed_over(sent, {"holidays": "CN", "make_up": "1"})
    clock_at("2026-01-01T09:00Z")
    assert owner.post("/desk/setup/places/one", data={**sent, "keep": "1"}).status_code == 303
    entry = catalogue.entry(db.session(), "location", "park")
    assert entry["works_as"]["2026-10-10"] == "fri" and entry["works_as"]["2026-01-04"] == "mon"
    assert "No official dates for 2027 yet." in owner.get(PARK).text


def test_a_logo_that_is_no_picture_is_refused(owner):
    import io

    sent = form(owner.get("/desk/setup/business")).to_dict()
    page = owner.post("/desk/setup/business/one", data={**sent, "logo": (io.BytesIO(b"no"), "logo.png")})
    assert page.status_code == 422 and 'id="logo-error"' in page.text


HOUSE = {"step": "house", "template": "studio", "name": "Lotus", "timezone": "Asia/Shanghai", "hours-mon": "9-21"}


def first_account(app, clock, role):
    """Somebody signed in where there is no business yet."""
    from actions import accounts

    who = {"email": f"{role}@praxis.example", "password": "nine green bicycles"}
    accounts.add(**who, name="O", role=role, by=None, actor="shell", now=clock.now)
    visitor = app.test_client()
    visitor.post("/desk/sign-in", data=who)
    return visitor


@pytest.fixture
def empty(app, clock):
    return first_account(app, clock, "owner")


def test_an_empty_house_is_set_up_step_by_step_and_no_step_is_done_twice(empty, clock):
    assert empty.get("/desk/diary").headers["Location"].endswith("/desk/start")
    assert empty.post("/desk/start", data={**HOUSE, "hours-mon": "late"}).status_code == 422
    assert db.session.get(Business, 1) is None
    for _ in range(2):
        assert empty.post("/desk/start", data=HOUSE).status_code == 303
    known = snapshot.catalogue(db.session())
    assert (known.business.currency, known.business.country, list(known.locations)) == ("CNY", "CN", ["lotus"])
    assert empty.get("/desk/").headers["Location"].endswith("/desk/start")
    for _ in range(2):
        assert empty.post("/desk/start", data={"step": "person", "name": "小美"}).status_code == 303
    assert empty.post("/desk/start", data={"step": "service", "name": "Class", "minutes": "x"}).status_code == 422
    empty.post("/desk/start", data={"step": "service", "name": "Class", "minutes": "60", "price": "80"})
    known = snapshot.catalogue(db.session())
    assert len(known.resources) == 1 and known.services["class"].name == {"en": "Class", "zh": "团课"}
    assert "/book/class" in empty.get("/desk/start?ready=1").text
    assert empty.get("/desk/").status_code == 200


def test_guide_and_account_are_there_before_the_house_is(empty, app, clock):
    start = empty.get("/desk/start").text
    for path in ("/desk/guide/first-hour", "/desk/account"):
        assert f'href="{path}"' in start
    for path in ("/desk/guide/first-hour", "/desk/account", "/desk/more", "/desk/guide/"):
        page = empty.get(path)
        assert page.status_code == 200, path
        rooms = set(re.findall(r'href="(/desk/[^"]*)"', "".join(re.findall(r"<nav.*?</nav>", page.text, re.DOTALL))))
        assert rooms == {"/desk/", "/desk/start", "/desk/more", "/desk/guide/", "/desk/account"}, (
            "no room leads in a circle"
        )
    assert empty.post("/desk/account/preferences", data={"locale": "zh"}).status_code == 303
    assert "我的账号" in empty.get("/desk/account").text
    clock.tick(minutes=11)
    assert "/desk/prove" in empty.get("/desk/account/second-factor").headers["Location"], (
        "her password is asked here, too"
    )
    empty.post("/desk/prove", data={"password": "nine green bicycles", "to": "/desk/account/second-factor"})
    assert empty.get("/desk/account/second-factor").status_code == 200
    assert empty.get("/desk/rights").headers["Location"].endswith("/desk/start")


def test_who_cannot_set_it_up_has_her_account_and_is_told_that_nothing_is_open(app, clock):
    visitor = first_account(app, clock, "front_desk")
    assert visitor.get("/desk/account").status_code == 200
    assert visitor.get("/desk/start").status_code == 403
    page = visitor.get("/desk/")
    assert page.status_code == 503 and "Sign in" not in page.text


def test_a_browser_that_only_knows_utc_is_offered_a_place(empty):
    empty.set_cookie("tz", "UTC")
    assert '<option value="Europe/Berlin" selected>' in empty.get("/desk/start?template=studio&lang=en").text


def test_every_template_makes_a_house_that_can_be_booked(app, clock):
    from tests.actions.test_catalogue import OWNER

    for name, given in first_hour.templates().items():
        document = first_hour._checked(
            {
                "name": "A",
                "timezone": "Europe/Berlin",
                "country": "DE",
                "locale": "en",
                "currency": "EUR",
                **given["business"],
            },
            {"slug": "a", "name": "A", "hours": given["hours"]},
            clock.now,
        )
        assert document["locations"], name
    first_hour.found(template="rental", name="Räder", place="", address="", zone="Europe/Berlin", hours={"mon": ["09:00-18:00"]}, locale="en", by=OWNER, now=clock.now)  # fmt: skip
    assert not first_hour.found(template="rental", name="B", place="", address="", zone="Europe/Berlin", hours={}, locale="en", by=OWNER, now=clock.now)  # fmt: skip
