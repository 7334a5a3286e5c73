"""The same wish, sent more than once: it is done once, and everybody is told the same."""

from __future__ import annotations

import pytest
import requests
from bs4 import BeautifulSoup

from tests.races.racing import together, told
from tests.races.town import Town
from tests.support.web import Served

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]


def test_the_same_key_thirty_times_is_one_booking(town):
    act = town.booking("photo", town.starts("photo")[0], key="one")
    answers = town.rush([act] * 30)
    assert told(answers) == {"": 30}
    assert len({str(answer.body) for answer in answers}) == 1


def test_thirty_keys_are_thirty_wishes(town):
    """The control of the one above."""
    start, customer = town.starts("photo")[0], town.customer()
    answers = town.rush([town.booking("photo", start, customer=customer) for _ in range(30)])
    assert told(answers) == {"": 1, "slot_taken": 29}


def test_the_same_key_with_another_wish_is_refused_and_leaves_nothing(town):
    start, other = town.starts("photo")[:2]
    acts = [town.booking("photo", each, key="two") for each in (start, other)]
    answers = town.rush(acts)
    assert told(answers) == {"": 1, "idempotency_key_reused": 1}
    assert next(answer.status for answer in answers if answer.code) == 422


def test_after_a_crash_before_the_commit_the_same_key_books(serve):
    served = serve("crowd", FAILPOINTS="before_commit=exit")
    town = Town(served)
    start, customer = town.starts("photo")[0], town.customer()
    act = town.booking("photo", start, key="crash", customer=customer)
    with requests.Session() as session, pytest.raises(requests.RequestException):
        act(session)
    assert [town.store.value(f"SELECT count(*) FROM {each}") for each in ("booking", "idempotency", "message")] == [
        0
    ] * 3
    served.stop()
    healthy = {name: value for name, value in served.environ.items() if name not in ("FAILPOINTS", "BASE_URL", "PORT")}
    again = Town(Served(healthy, served.folder))
    try:
        answers = again.rush([again.booking("photo", start, key="crash", customer=customer)])
        assert told(answers) == {"": 1}
    finally:
        again.close()


def twenty_by_four(town, phones):
    """What twenty customers are told who book at once with four phones by turns. No visit, tidying up included, touches
    another: only the limit refuses."""
    starts = [start for day in ("2026-12-01", "2026-12-03", "2026-12-08") for start in town.starts("check-up", day)]
    acts = [
        town.booking("check-up", starts[n * 4], customer={"name": f"N {n}", "phone": phones[n % 4]}) for n in range(20)
    ]
    return told(town.rush(acts))


def test_one_phone_in_four_spellings_gets_its_two(new_town):
    spellings = ["015123456789", "+49 151 23456789", "0151/23456789", "+49(0)151-23456789"]
    assert twenty_by_four(new_town("clinic"), spellings) == {"": 2, "limit_reached": 18}


def test_four_phones_get_more_than_two(new_town):
    """The control of the one above: there are times enough."""
    phones = [f"+49 151 2345678{n}" for n in range(4)]
    assert 2 < twenty_by_four(new_town("clinic"), phones)[""] <= 8


# The portal: a double click, two tabs, a reload, the way back.


class Browser:
    """One browser without scripts; its tabs share their cookies."""

    def __init__(self, url):
        self.url, self.session = url, requests.Session()

    def get(self, path):
        return self.session.get(f"{self.url}{path}", timeout=60)

    def form(self, path, field):
        page = BeautifulSoup(self.get(path).text, "html.parser")
        form = next(each for each in page.find_all("form", method="post") if each.select(f"[name={field}]"))
        hidden = {each["name"]: each.get("value", "") for each in form.find_all("input", type="hidden")}
        button = form.select_one(f"button[name={field}]")
        return form["action"], {**hidden, field: button["value"]} if button else hidden

    def post(self, action, data):
        # Each with the cookies as they are now, like clicks that leave before the first answer has come.
        cookies = self.session.cookies.get_dict()
        return requests.post(f"{self.url}{action}", data=data, cookies=cookies, allow_redirects=False, timeout=60)


@pytest.fixture
def browser(town):
    found = Browser(town.url)
    action, data = found.form(f"/book/photo?day={town.day()}", "start")
    held = found.session.post(f"{town.url}{action}", data=data, timeout=60)
    found.details = held.url.removeprefix(town.url)
    found.typed = town.customer()
    yield found
    found.session.close()


def remember(town, answers):
    assert {answer.status_code for answer in answers} == {303}, [answer.text for answer in answers]
    places = {answer.headers["Location"] for answer in answers}
    assert len(places) == 1
    place = places.pop()
    town.yes.add(place.split("/")[2])
    return place


def test_a_double_click_books_once(town, browser):
    action, data = browser.form(browser.details, "name")
    answers = together([lambda: browser.post(action, {**data, **browser.typed})] * 2)
    confirmed = remember(town, answers)
    # Reloading shows it again; the form of the page before, sent again, leads to the same.
    assert [browser.get(confirmed).status_code for _ in range(2)] == [200, 200]
    assert remember(town, [browser.post(action, {**data, **browser.typed})]) == confirmed
    assert town.store.value("SELECT count(*) FROM booking WHERE name = :name", name=browser.typed["name"]) == 1


def test_two_tabs_book_once(town, browser):
    tabs = [browser.form(browser.details, "name") for _ in range(2)]
    assert tabs[0][1]["key"] != tabs[1][1]["key"]
    answers = together([lambda tab=tab: browser.post(tab[0], {**tab[1], **browser.typed}) for tab in tabs])
    confirmed = remember(town, answers)
    assert browser.get(confirmed).status_code == 200
    assert town.store.value("SELECT count(*) FROM booking WHERE name = :name", name=browser.typed["name"]) == 1
