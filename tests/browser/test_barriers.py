"""Every page of the desk in a real browser: whole, and free of barriers that a machine can find, on a phone and at a desk."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from actions import blocks
from app import create_app
from models.base import db
from models.customers import Customer
from models.people import Staff
from tests.browser.test_portal import SIDEWAYS
from tests.factories import HANNAH, TOM, booked
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import PASSWORD, account
from tests.support.web import SECRET_KEY
from wire.links import account_url

pytestmark = pytest.mark.browser

NOW = datetime(2026, 12, 1, 10, 40, tzinfo=UTC)
BEFORE = NOW - timedelta(days=2)
NINE = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
OPEN = "document.querySelectorAll('main details').forEach((each) => { each.open = true; })"

# Pages by the name of their route; braces are filled in by the house below.
PAGES = {
    "account": ["account"],
    "account_keys": ["account/keys"],
    "blocked": ["diary/block/{block}"],
    "cancel": ["b/{booking}/cancel"],
    "code": ["sign-in/code"],
    "exports": ["exports"],
    "feedback": ["feedback"],
    "forgotten": ["forgotten"],
    "guide": ["guide/", "guide/telephone"],
    "history": ["history"],
    "imports": ["import"],
    "more": ["more"],
    "new_password": ["{password}"],
    "people": ["people"],
    "people_new": ["people/new"],
    "people_one": ["people/3"],
    "prove": ["prove"],
    "retention": ["retention"],
    "consents": ["consents"],
    "rights_page": ["rights"],
    "second_factor": ["account/second-factor"],
    "services_new": ["services/new"],
    "setup": ["setup/business", "setup/places", "setup/things"],
    "setup_one": ["setup/places/one?slug=park", "setup/things/one?slug=dr-braun"],
    "setup_versions": ["setup/business/versions"],
    "sign_in": ["sign-in"],
    "signs_one": ["signs/one"],
}
# Walked with the same eyes by tests of their own.
ELSEWHERE = {
    "test_customers": {
        "customers", "customers_copy", "customers_doubles", "customers_edit", "customers_erase", "customers_merge", "customers_one",
    },
    "test_desk": {"booking", "correct", "propose", "requests", "telephone", "today"},
    "test_diary": {"block", "diary", "move", "pause"},
    "test_figures": {"figures"},
    "test_files": {"imports_one"},
    "test_first_hour": {"start"},
    "test_outage": {"out"},
    "test_services": {"services", "services_one", "services_versions"},
    "test_signs": {"signs", "signs_print"},
}  # fmt: skip
NO_PAGES = {
    "answer_file", "asked", "diary_version", "export_file", "guide_picture", "import_refused", "import_template", "services_first", "watermark",
}  # fmt: skip


@pytest.fixture
def house(serve):
    """The clinic with a visit, a request, a block, and a link to a new password."""
    served = serve("clinic", at="2026-12-01T10:40Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("owner", name="Mara Lindner")
        account("manager", name="Mei Sun")
        invited = db.session.get(Staff, account("staff", name="Dr. Jonas Braun", resource="dr-braun"))
        account("front_desk", name="Can Aydın")
        painter = {"resources": ["room-2"], "start": NINE - timedelta(hours=1), "end": NINE, "title": "Painter"}
        blocked = blocks.block(**painter, actor="staff:1", now=BEFORE)
        visit = booked("check-up", BEFORE, start=NINE, customer=HANNAH, resources=["dr-braun"]).booking
        booked("ultrasound", BEFORE, start=NINE + timedelta(hours=5), customer=TOM, answers={"referral": False})
        until = NOW + timedelta(days=1)
        served.named = {
            "booking": visit.reference,
            "block": blocked.session_id,
            "customer": db.session.get(Customer, visit.customer_id).public_id,
            "password": account_url("", invited.id, invited.password_hash, until, SECRET_KEY).removeprefix("/desk/"),
        }
        db.session.remove()
    databases.let_go(app)
    return served


def barriers(page):
    """What keeps somebody out of a page, in words."""
    found = [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in Axe().run(page).response["violations"]]
    if page.locator("h1").count() != 1:
        found.append("not one title")
    if page.evaluate(SIDEWAYS) > 0:
        found.append("scrolls sideways")
    return found


def signed_in(house, new_page, who, width, locale):
    page = new_page(width=width, locale=locale)
    page.goto(f"{house.url}/desk/sign-in")
    page.fill("#email", f"{who}@praxis.example")
    page.fill("#password", PASSWORD)
    page.locator("main form .button").click()
    page.wait_for_url(re.compile(r"/desk/$"))
    return page


def opened(page, address):
    """The barriers of a page, everything on it unfolded."""
    answer = page.goto(address)
    assert answer.status == 200, address
    page.evaluate(OPEN)
    return barriers(page)


# What a browser shows does not depend on the database.
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("who", "width", "locale"), [("owner", 390, "zh-CN"), ("manager", 1280, "en")])
def test_no_page_keeps_anybody_out(house, new_page, who, width, locale):
    found, page = {}, signed_in(house, new_page, who, width, locale)
    for path in (path.format(**house.named) for paths in PAGES.values() for path in paths):
        found[path] = opened(page, f"{house.url}/desk/{path}")
    page.goto(f"{house.url}/desk/account")
    page.locator("form[action$='/sign-out'] button").click()
    page.wait_for_url("**/desk/sign-in**")
    page.go_back()
    assert "/desk/sign-in" in page.url, "nothing is left behind for whoever comes next"
    assert {path: said for path, said in found.items() if said} == {}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_each_role_walks_through_all_her_rooms(house, new_page):
    found, rooms = {}, {}
    for who, width, locale in (("manager", 390, "zh-CN"), ("staff", 1280, "zh-CN"), ("front_desk", 390, "en")):
        page = signed_in(house, new_page, who, width, locale)
        page.goto(f"{house.url}/desk/more")
        hers = [link.get_attribute("href") for link in page.locator("main ul a").all()]
        rooms[who] = len(hers)
        for path in [*hers, "/desk/diary?view=week", f"/desk/b/{house.named['booking']}"]:
            found[path, who] = opened(page, house.url + path)
    assert {path: said for path, said in found.items() if said} == {}
    assert rooms["staff"] < rooms["front_desk"] < rooms["manager"]


def test_no_page_is_forgotten(tmp_path):
    app = create_app(settings(f"sqlite:///{tmp_path}/none.db", tmp_path))
    rules = [each for each in app.url_map.iter_rules() if each.endpoint.startswith("desk.")]
    routes = [each for each in rules if "GET" in (each.methods or ())]
    walked = PAGES.keys() | NO_PAGES | set().union(*ELSEWHERE.values())
    assert {each.endpoint.removeprefix("desk.") for each in routes} == walked
    beside = {each.stem for each in Path(__file__).parent.glob("test_*.py")}
    assert beside >= ELSEWHERE.keys()
