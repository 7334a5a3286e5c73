"""A shop assistant's week at the desk, by the words that stand on the pages alone and in at most fifteen steps each."""

from __future__ import annotations

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
import xlsxwriter

from actions import sources
from actions.confirm import Wish, confirm
from actions.steps import take_step
from app import create_app
from models import staff_queries
from models.base import db
from models.people import Staff
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import PASSWORD, account

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NOW = datetime(2026, 12, 1, 10, 40, tzinfo=UTC)
MOST = 15


class Hand:
    """Somebody who reads a page and touches it: each touch is a step, and only words lead her."""

    def __init__(self, page):
        self.page, self.steps = page, 0

    def press(self, words, *, within=None):
        """A link or a button with these words."""
        self.steps += 1
        where = self.page.get_by_role("group", name=within) if within else self.page
        name = re.compile(rf"^{re.escape(words)}")
        where.get_by_role("link", name=name).or_(where.get_by_role("button", name=name)).first.click()

    def open(self, words):
        """Something that unfolds."""
        self.steps += 1
        self.page.locator("summary", has_text=words).first.click()

    def write(self, words, text, *, exact=False):
        """A field under these words."""
        self.steps += 1
        self.page.get_by_label(words, exact=exact).last.fill(text)

    def choose(self, words, option):
        self.steps += 1
        self.page.get_by_label(words, exact=False).last.select_option(label=option)

    def tick(self, words):
        self.steps += 1
        self.page.get_by_label(re.compile(rf"^{re.escape(words)}")).first.check()

    def bring(self, words, name, content):
        """A file into the field under these words."""
        self.steps += 1
        self.page.get_by_label(words, exact=True).set_input_files({"name": name, "mimeType": "", "buffer": content})

    def reads(self, words):
        """Sees these words before her."""
        self.page.get_by_text(words).first.wait_for(timeout=20_000)


@pytest.fixture
def practice(serve):
    """The practice with two places, on the first of December, with a few visits of November."""
    served = serve("practice", at="2026-12-01T10:40Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("manager", name="Mei Sun")
        mei = staff_queries.viewer_of(db.session(), db.session.get(Staff, 1))
        window, flyer = (sources.add_campaign(label=each, by=mei, now=NOW) for each in ("Window", "Flyer"))
        for n, came_by in enumerate((window, window, flyer)):
            start = datetime(2026, 11, 3 + n, 9, 0, tzinfo=UTC)
            before = start - timedelta(days=2)
            who = {"name": f"Guest {n}", "email": f"guest{n}@example.com", "address": "Lake Street 1"}
            made = confirm(
                wish=Wish("visit", start, location="north"),
                customer=who,
                answers={},
                locale="en",
                source=came_by,
                now=before,
            )
            over = start + timedelta(minutes=31)
            take_step(reference=made.booking.reference, step="complete", actor="staff:1", now=over)
        db.session.remove()
    databases.let_go(app)
    return served


@pytest.fixture
def hand(practice, new_page):
    page = new_page(width=1280)
    page.goto(f"{practice.url}/desk/sign-in")
    page.fill("#email", "manager@praxis.example")
    page.fill("#password", PASSWORD)
    page.locator("main form .button").click()
    page.wait_for_url(re.compile(r"/desk/$"))
    found = Hand(page)
    yield found
    assert 0 < found.steps <= MOST


def test_monday_one_more_thing_is_asked(hand, practice, new_page):
    hand.press("Services")
    hand.press("Visit")
    hand.press("Questions")
    hand.choose("One more question, answered with", "yes or no")
    hand.press("Ask one more thing")
    hand.page.get_by_role("group", name="Question").last.get_by_label("English").fill("Do you come by car?")
    hand.steps += 1
    hand.press("Save")
    hand.reads("Saved")
    customer = Hand(new_page(width=390))
    customer.page.goto(f"{practice.url}/book/visit?location=north")
    customer.page.locator("button.slot").first.click()
    customer.reads("Do you come by car?")


def test_tuesday_a_service_opens_with_hours_for_a_season(hand, practice, new_page):
    hand.press("Services")
    hand.press("Add a service")
    hand.write("Name, in English", "Leaves and light")
    hand.press("Add it")
    hand.press("Time and price")
    hand.write("Thursday", "14:00-17:00")
    hand.open("Only for a time")
    hand.write("From day", "2026-12-10")
    hand.write("To day", "2026-12-17")
    hand.press("Save")
    hand.reads("Saved")
    hand.press("What customers read")
    hand.tick("everybody")
    hand.press("Save")
    hand.reads("Saved")
    customer = Hand(new_page(width=390))
    customer.page.goto(practice.url)
    customer.press("Leaves and light")
    customer.reads("Thu 10 Dec")
    assert customer.page.locator(".days a b").all_inner_texts() == ["10", "17"]


def test_wednesday_somebody_works_at_two_places(hand):
    hand.press("People and things")
    hand.press("Somebody or something new")
    hand.write("What it is called · English", "Emil")
    hand.tick("South")
    hand.press("Save")
    hand.reads("Saved")
    hand.press("People and things")
    hand.reads("Emil")
    hand.reads("Person · North · South")


def test_thursday_the_holidays_change(hand):
    hand.press("Places")
    hand.press("North")
    hand.write("Country or region", "DE-BE")
    hand.write("Closed days", "2026-12-24")
    hand.write("Make-up working days", "2026-12-12 fri")
    hand.press("Save")
    hand.reads("Saved")


def test_friday_the_equipment_list_comes_from_a_workbook(hand, practice, run_worker):
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True})
    sheet = book.add_worksheet()
    for row, cells in enumerate(
        [("Name", "Kind", "Place", "How many"), ("Mats", "Thing", "North", 8), ("Beamer", "Thing", "South", 1)]
    ):
        sheet.write_row(row, 0, cells)
    book.close()
    run_worker(practice)
    hand.press("Import")
    hand.tick("People, rooms and things")
    hand.bring("File", "equipment.xlsx", made.getvalue())
    hand.press("Look at it")
    hand.press("Look at the rows")
    hand.reads("to be written")
    hand.press("Write 2 rows")
    hand.reads("Made")
    hand.press("People and things")
    hand.reads("Beamer")


def test_saturday_two_signs_are_compared(hand):
    hand.press("Links and signs")
    hand.write("What it is for", "Tram")
    hand.press("Make the link")
    hand.reads("Tram")
    november(hand)
    hand.press("By channel")
    rows = {
        row.split("\t")[0]: row.split("\t")[1] for row in hand.page.locator("#table tbody").inner_text().split("\n")
    }
    assert (rows["Window"], rows["Flyer"]) == ("2", "1")


def november(hand):
    hand.press("Figures")
    hand.open("Choose")
    hand.write("From day", "2026-11-01", exact=True)
    hand.write("To day", "2026-11-30", exact=True)
    hand.press("Show")
    hand.reads("November 2026")


def test_sunday_the_month_is_read(hand):
    november(hand)
    hand.reads("€141.00")
