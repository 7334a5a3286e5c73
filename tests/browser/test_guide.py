"""The guide's pictures, taken of the desk as it is. ``pytest tests/browser/test_guide.py --write-golden`` keeps them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from actions import feedback
from actions.steps import take_step
from app import create_app
from backoffice.guide import GUIDE
from models.base import db
from tests.factories import HANNAH, TOM, booked
from tests.support import databases
from tests.support.houses import BUSINESSES, settings
from tests.support.staff import PASSWORD, account

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NOW = datetime(2026, 12, 1, 10, 40, tzinfo=UTC)  # Tuesday, 11:40 in Berlin
BEFORE = NOW - timedelta(days=2)
MEI = {"name": "李梅", "phone": "+86 138 0013 8000", "email": "mei@example.com"}
CAN = {"name": "Can Öztürk", "email": "can@example.com", "phone": "+49 152 28817386"}
PHONE, TALL = {"width": 390, "height": 760}, {"width": 1200, "height": 900}
HOURS = "section.card:nth-of-type(2)"
SAID = {
    0: ("5", ""),
    1: ("5", "Nobody hurried me."),
    2: ("4", ""),
    5: ("2", "I waited for half an hour."),
    7: ("5", ""),
}
PAGES = {
    "today": ("/desk/", PHONE),
    "requests": ("/desk/requests", None),
    "telephone": ("/desk/book?service=check-up&who=Tom", TALL),
    "diary": ("/desk/diary?view=day&day=2026-12-08", None),
    "booking": ("/desk/b/{ahead}", None),
    "away": ("/desk/out?who=resource:dr-braun&from=2026-12-08&until=2026-12-08", None),
    "history": ("/desk/history", None),
    "people": ("/desk/people", None),
    "signs": ("/desk/signs/one?of=service:check-up", None),
    "figures": ("/desk/figures?from=2026-11-01&to=2026-11-30", None),
    "services": ("/desk/services/check-up/time", {"width": 1200, "height": 760}),
    "places": ("/desk/setup/places/one?slug=park", None, HOURS),
    "things": ("/desk/setup/things", None),
    "customers": ("/desk/customers", None),
    "import": ("/desk/import", None),
    "feedback": ("/desk/feedback", None),
    "book": ("/book/check-up", PHONE),
}


@pytest.fixture
def clinic(serve, tmp_path):
    """The clinic shortly before noon, with what there is to see of it."""
    business = (
        (BUSINESSES / "clinic.yaml").read_text().replace("- slug: check-up\n", "- slug: check-up\n    feedback: true\n")
    )
    path = tmp_path / "clinic.yaml"
    path.write_text(business)
    served = serve(path, at="2026-12-01T10:40Z", BASE_URL="http://book.praxis.example")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("owner", name="Mara Lindner")
        account("front_desk", name="Mei Sun")
        account("staff", name="Dr. Jonas Braun", resource="dr-braun")
        month_ago = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
        for n in range(12):
            start = month_ago + timedelta(days=7 * (n // 4), minutes=40 * (n % 4))
            who = {"name": f"Gast {n}", "email": f"guest{n}@example.com"}
            made = booked("check-up", start - timedelta(days=2 + n % 3), start=start, customer=who).booking
            step = "miss" if n == 3 else "complete"
            take_step(reference=made.reference, step=step, actor="staff:1", now=start + timedelta(minutes=31))
            if n in SAID:
                stars, words = SAID[n]
                feedback.answer(reference=made.reference, stars=stars, words=words, now=start + timedelta(hours=3))
        here = {"resources": ["dr-braun"]}
        booked("check-up", BEFORE, start=NOW - timedelta(hours=3, minutes=40), customer=MEI, **here)
        booked("check-up", BEFORE, start=NOW - timedelta(minutes=10), customer=TOM, **here)
        nine = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
        served.ahead = booked("check-up", BEFORE, start=nine, customer=HANNAH, **here).booking.reference
        for hours, who in ((1, CAN), (5, TOM), (7, MEI)):
            booked("ultrasound", BEFORE, start=nine + timedelta(hours=hours), customer=who, answers={"referral": False})
        db.session.remove()
    databases.let_go(app)
    return served


@pytest.mark.parametrize(("language", "locale"), [("en", "en"), ("zh", "zh-CN")])
def test_every_picture_is_one_of_the_page_as_it_is(clinic, new_page, request, language, locale):
    page = new_page(width=1000, height=640, locale=locale)
    page.goto(f"{clinic.url}/desk/sign-in")
    page.fill("#email", "owner@praxis.example")
    page.fill("#password", PASSWORD)
    page.locator("main form .button").click()
    page.wait_for_url(re.compile(r"/desk/$"))
    folder = GUIDE / "pictures" / language
    for name, (address, size, *part) in PAGES.items():
        page.set_viewport_size(size or {"width": 1000, "height": 640})
        answer = page.goto(clinic.url + address.format(ahead=clinic.ahead))
        assert answer is not None and answer.status == 200, name
        page.wait_for_load_state("networkidle")
        for each in part:
            page.locator(each).evaluate("(part) => window.scrollTo(0, part.offsetTop - 12)")
        # As few bytes as will do: the pictures are read beside the text.
        taken = page.screenshot(type="jpeg", quality=72)
        if request.config.getoption("--write-golden"):
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.jpg").write_bytes(taken)
        assert (folder / f"{name}.jpg").exists(), f"{name}: --write-golden takes the picture"
