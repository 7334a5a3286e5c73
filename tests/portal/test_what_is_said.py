"""What the pages say beside the times: why not, until when, what else, and how it is taken along."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from sqlalchemy import select

from models.base import db
from models.booking import Booking, Hold
from tests.factories import HANNAH, TOM, booked, free
from tests.portal.test_journey import booked_link, form_of, hold_first, tree
from tests.support.houses import BUSINESSES

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.42"
WECOM = "Mozilla/5.0 (Linux; Android 13) AppleWebKit/537.36 wxwork/4.1.10 MicroMessenger/7.0.1"
DINGTALK = "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 AliApp(DingTalk/7.5.0)"


@pytest.fixture
def clinic(load_business, client):
    load_business("clinic")
    return client


@pytest.fixture
def studio(load_business, client):
    load_business("studio")
    return client


def words_of(answer):
    page = tree(answer)
    for held in page(class_="whole"):
        held.unwrap()
    page.smooth()
    return " ".join(page.get_text(" ").split())


def lines(answer):
    """The folded lines of what cannot be had."""
    return [" ".join(each.get_text(" ").split()) for each in tree(answer).find_all(class_="refused")]


def test_the_lunch_of_the_place_has_its_line(clinic):
    page = clinic.get("/book/check-up?day=2026-12-08")
    assert "12:00–14:00 closed for lunch" in lines(page)


def test_what_goes_through_the_night_has_no_lunch(load_business, client, tmp_path):
    path, whole = tmp_path / "rental.yaml", 'tue: ["08:00-18:00"]'
    text = (BUSINESSES / "rental.yaml").read_text()
    assert whole in text
    path.write_text(text.replace(whole, 'tue: ["08:00-12:00", "13:00-18:00"]'))
    load_business(path)
    day, lunch = "day=2026-12-08", "12:00–13:00 closed for lunch"
    assert lunch in lines(client.get(f"/book/bench-time?{day}&length=60"))
    for length in ("240", "1d"):
        page = client.get(f"/book/van-hire?{day}&length={length}")
        starts = [each.get_text() for each in tree(page).find_all("b") if each.parent.get("name") == "start"]
        assert {"12:00", "13:00"} <= set(starts), length
        assert lunch not in lines(page)


def test_times_that_come_too_soon_say_how_far_ahead(clinic, clock_at):
    clock_at("2026-12-08T07:05Z")
    page = clinic.get("/book/check-up?day=2026-12-08")
    assert lines(page)[0] == "08:10–10:00 too soon, book 2 hours ahead"
    assert "too soon" not in " ".join(lines(clinic.get("/book/check-up?day=2026-12-09")))


def test_a_taken_run_does_not_reach_over_lunch(clinic, clock):
    for offer in free("check-up", clock.now, first=datetime(2026, 12, 8).date()):
        if offer.start.strftime("%d %H:%M") in ("08 10:30", "08 13:00"):
            for person in ("dr-yilmaz", "dr-braun"):
                customer = {"name": "Tom Fischer", "email": f"{person}-{offer.start:%H}@example.com"}
                booked("check-up", clock.now, start=offer.start, resources=[person], customer=customer)
    told = lines(clinic.get("/book/check-up?day=2026-12-08"))
    lunch = told.index("12:00–14:00 closed for lunch")
    assert told[lunch - 1].endswith("11:30 taken")
    assert told[lunch + 1].startswith("14:00")


def test_a_person_who_is_away_leads_to_the_others(clinic):
    page = clinic.get("/book/check-up?day=2026-12-15&with=dr-braun")
    link = tree(page).find("a", string=re.compile("with somebody else"))
    assert link.get_text().startswith("44 times are free")
    assert len(tree(clinic.get(link["href"])).find_all("button", {"name": "start"})) == 44


def test_a_month_without_free_time_leads_to_the_first_one(clinic):
    for month in ("2026-12", "2027-01"):
        page = clinic.get(f"/book/check-up?month={month}")
        assert "Nothing is free" not in page.text
    page = clinic.get("/book/check-up?with=dr-braun&month=2027-02")
    note = tree(page).find(class_="list").find(class_="note")
    assert "Nothing is free in February 2027." in note.get_text()
    assert "day=2026-12-01" in note.find("a")["href"]


def test_of_a_class_the_places_decide_what_is_few(studio, clock):
    def caption():
        cell = tree(studio.get("/book/yoga?month=2026-12&lang=en")).find(
            "a", attrs={"aria-label": re.compile("^Saturday 5 December")}
        )
        return cell.find("small").get_text(), cell.parent["class"][1]

    before = caption()
    assert before == ("5 free", "free"), "five lessons of eight places"
    offers = [each for each in free("yoga", clock.now) if each.start.astimezone().date().isoformat() == "2026-12-05"]
    booked("yoga", clock.now, start=offers[2].start, seats=6, customer=TOM)
    assert caption() == ("2 left", "few")


def test_the_time_page_says_what_is_kept_and_until_when(clinic):
    hold_first(clinic)
    page = clinic.get("/book/check-up")
    note = tree(page).find(class_="note wait")
    assert "Mon 30 Nov, 14:00 is yours until 10:10." in " ".join(note.get_text().split())
    assert clinic.get(note.find("a")["href"]).status_code == 200
    mine = tree(page).find("button", class_="mine")
    assert mine.find("small").get_text() == "until 10:10"
    assert mine["aria-label"].endswith("yours until 10:10")


def test_another_person_at_the_same_time_swaps_the_hold(clinic):
    start, _ = hold_first(clinic, **{"day": "2026-12-08", "with": "dr-yilmaz"})
    page = clinic.get("/book/check-up?day=2026-12-08&with=dr-braun")
    assert not tree(page).find("button", class_="mine"), "it is not hers with this person"
    action, hidden = form_of(page)
    assert hidden["with"] == "dr-braun"
    taken = clinic.post(action, data={**hidden, "start": start})
    assert "Dr. Jonas Braun" in words_of(clinic.get(taken.headers["Location"]))
    assert sorted(db.session.execute(select(Hold.state)).scalars()) == ["open", "released"]


def test_another_length_at_the_same_time_swaps_the_hold(load_business, client):
    load_business("rental")
    start, _ = hold_first(client, "bench-time", day="2026-12-08", length="60")
    action, hidden = form_of(client.get("/book/bench-time?day=2026-12-08&length=120"))
    taken = client.post(action, data={**hidden, "start": start})
    assert "2 hours" in words_of(client.get(taken.headers["Location"]))


def test_what_is_offered_instead_is_near_in_different_ways(clinic, clock):
    start, details = hold_first(clinic, **{"day": "2026-12-08", "with": "dr-yilmaz"})
    action, hidden = form_of(clinic.get(details), "name")
    clock.tick(minutes=11)
    booked("check-up", clock.now, start=datetime.fromisoformat(start), resources=["dr-yilmaz"], customer=TOM)
    answer = clinic.post(action, data={**hidden, **HANNAH})
    ways = [each.get_text() for each in tree(answer).find(class_="near").find_all(class_="caption")]
    assert ways == ["Closest, same day", "With somebody else", "Same day", "A day earlier"]
    assert len({each["value"] for each in tree(answer).find(class_="near").find_all("button")}) == 4


def test_a_hold_that_is_over_is_held_again_with_what_was_typed(clinic, clock):
    start, details = hold_first(clinic, day="2026-12-08")
    page = tree(clinic.get(details))
    again = page.find("button", string="Hold it again")
    assert again["form"] == "details"
    assert again["type"] == "button", "Enter in a field would press it"
    _, hidden = form_of(clinic.get(details), "name")
    clock.tick(minutes=11)
    answer = clinic.post(again["formaction"], data={**hidden, **HANNAH, "start": again["value"]})
    assert answer.status_code == 303
    page = tree(clinic.get(answer.headers["Location"]))
    assert page.find(id="name")["value"] == "Hannah Vogel"
    assert again["value"] == start


def test_a_limit_is_said_above_the_form_and_not_at_the_name(clinic, clock):
    for day in (8, 9):
        offer = free("check-up", clock.now, first=datetime(2026, 12, day).date())[0]
        booked("check-up", clock.now, start=offer.start)
    _, details = hold_first(clinic, day="2026-12-10")
    action, hidden = form_of(clinic.get(details), "name")
    answer = clinic.post(action, data={**hidden, **HANNAH})
    note = tree(answer).find(id="mend")
    assert "You already have 2 of these booked." in note.get_text()
    assert note.find("a")["href"] == "/find"
    assert not tree(answer).find(class_="wrong")


def test_who_has_two_times_kept_is_led_to_them(load_business, client):
    load_business("rental")
    for service in ("bench-time", "design-talk"):
        hold_first(client, service)
    action, hidden = form_of(client.get("/book/laser-induction"))
    start = tree(client.get("/book/laser-induction")).find("button", {"name": "start"})["value"]
    answer = client.post(action, data={**hidden, "start": start})
    assert answer.status_code == 409
    assert "2 times are kept for you already." in words_of(answer)
    links = tree(answer).find(class_="near").find_all("a")
    assert [each["href"] for each in links] == ["/book/bench-time/details", "/book/design-talk/details"]


def test_a_deadline_is_told_as_a_day_and_not_at_all_once_it_is_over(clinic):
    _, details = hold_first(clinic, day="2026-12-08")
    assert "You can move or cancel it until Mon 7 December, 08:00." in words_of(clinic.get(details))
    _, details = hold_first(clinic, day="2026-11-30")
    page = words_of(clinic.get(details))
    assert "To move or cancel it at such short notice, please call us." in page
    assert "until Sun" not in page


def test_a_booking_that_could_never_be_changed_blames_no_deadline(clinic):
    link = booked_link(clinic, day="2026-11-30")
    page = words_of(clinic.get(link))
    assert "at such short notice" in page
    assert "deadline" not in page


def test_days_and_times_hold_together(clinic):
    link = booked_link(clinic, day="2026-12-08")
    for path in ("/confirmed", "", "/cancel"):
        held = [each.get_text() for each in tree(clinic.get(link.replace("?", f"{path}?"))).find_all(class_="whole")]
        assert any(re.search(r"\d December", each) for each in held), path
        assert all("\n" not in each for each in held)


@pytest.mark.parametrize(("agent", "name"), [(WECHAT, "WeChat"), (WECOM, "WeCom"), (DINGTALK, "DingTalk")])
def test_inside_of_an_app_no_file_is_offered_that_it_cannot_open(clinic, agent, name):
    link = booked_link(clinic, day="2026-12-08")
    for path in (link, link.replace("?", "/confirmed?")):
        page = tree(clinic.get(path, headers={"User-Agent": agent}))
        assert not [each for each in page.find_all("a") if "calendar.ics" in each["href"]]
        assert f"{name} opens no calendar entries" in page.get_text()
        reference = db.session.execute(select(Booking.reference)).scalar_one()
        address = page.find("input", class_="copied")["value"]
        assert address.startswith(f"http://localhost/b/{reference}?t=")
        assert page.find("button", attrs={"data-copy": address})
    assert "calendar.ics" in clinic.get(link).text, "a real browser gets the file"


def test_chinese_pages_have_chinese_marks(clinic):
    link = booked_link(clinic, day="2026-12-08")
    for path in ("/book/check-up?day=2026-12-08", link, link.replace("?", "/confirmed?"), "/find", "/zone"):
        clinic.set_cookie("lang", "zh")
        clinic.set_cookie("tz", "Asia/Shanghai")
        text = words_of(clinic.get(path))
        assert not re.search(r"[\u4e00-\u9fff][,:;!?]", text), re.findall(r".{9}[\u4e00-\u9fff][,:;!?].{5}", text)
        assert not re.search(r"[，。：；？！] ?[，。：；？！]", text)


CLOCKS = [
    ("clinic", "check-up", "Asia/Shanghai", "Shanghai below it, 7 hours later.", "下方为上海时间，早7小时。"),
    ("clinic", "check-up", "Europe/London", "London below it, one hour earlier.", "下方为伦敦时间，晚1小时。"),
    ("studio", "yoga", "Europe/Berlin", "Berlin below it, 7 hours earlier.", "下方为柏林时间，晚7小时。"),
]


@pytest.mark.parametrize(("house", "service", "zone", "english", "chinese"), CLOCKS)
def test_a_clock_that_is_behind_is_earlier_in_english_and_late_in_chinese(
    load_business, client, house, service, zone, english, chinese
):
    load_business(house)
    client.set_cookie("tz", zone)
    said = {each: words_of(client.get(f"/book/{service}?day=2026-12-09&lang={each}")) for each in ("en", "zh")}
    assert english in said["en"]
    assert chinese in re.sub(r"\s", "", said["zh"])


def test_before_a_business_is_loaded_the_page_says_so(client):
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Nothing can be booked here yet" in answer.text and 'href="/desk/sign-in"' in answer.text
    sheet = re.search(r'"(/brand/[^"]+)"', answer.text)[1]
    assert "--accent" in client.get(sheet).text
