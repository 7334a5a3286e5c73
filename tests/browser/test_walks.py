"""A day of every role at the desk, by the words of her language, on a phone and at a desk: what she does, and what she may not."""

from __future__ import annotations

import re
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from app import create_app
from models.base import db
from notifications import dispatch
from tests.browser.walking import Walker
from tests.factories import HANNAH, TOM, booked
from tests.support import databases
from tests.support.houses import settings
from tests.support.staff import account

# What a browser shows does not depend on the database.
pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database", ["sqlite"], indirect=True)]

NOW = datetime(2026, 12, 1, 10, 40, tzinfo=UTC)  # Tuesday, 11:40 in Berlin
BEFORE = NOW - timedelta(days=2)
NINE = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
LONG = {"name": "Maximiliane von Hohenstein-Wartburg", "email": "max@example.com"}
CAN = {"name": "Can Öztürk", "email": "can@example.com", "phone": "+49 152 28817386"}
MEI = {"name": "李梅", "phone": "+86 138 0013 8000", "email": "mei@example.com"}
BRAUN, YILMAZ = "Dr. Jonas Braun", "Dr. Elif Yılmaz"
# Everybody who works here, both sizes, both languages: each of them on a phone and in Chinese somewhere in these tests.
WALKS = [
    ("owner", 1280, "zh-CN"),
    ("owner", 390, "en"),
    ("manager", 390, "zh-CN"),
    ("front_desk", 1280, "en"),
    ("staff", 390, "zh-CN"),
]


@pytest.fixture
def clinic(serve):
    """The clinic shortly before noon: visits of Dr. Braun that are over, late and to come, one of a colleague, two requests."""
    served = serve("clinic", at="2026-12-01T10:40Z")
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder))
    with app.app_context():
        account("owner", name="Mara Lindner")
        account("manager", name="Mei Sun")
        account("front_desk", name="Can Aydın")
        account("staff", name=BRAUN, resource="dr-braun")
        here = {"resources": ["dr-braun"]}
        booked("check-up", BEFORE, start=NOW - timedelta(hours=3, minutes=40), customer=LONG, **here)
        booked("check-up", BEFORE, start=NOW - timedelta(minutes=10), customer=TOM, **here)
        served.ahead = booked("check-up", BEFORE, start=NINE, customer=HANNAH, **here).booking.reference
        served.other = booked("check-up", BEFORE, start=NINE, customer=MEI, resources=["dr-yilmaz"]).booking.reference
        served.asked = [
            booked(
                "ultrasound", BEFORE, start=NINE + after, customer=who, answers={"referral": False}
            ).booking.reference
            for after, who in ((timedelta(hours=1), CAN), (timedelta(hours=7), LONG))
        ]
        db.session.remove()
    databases.let_go(app)
    return served


@pytest.fixture
def walker(clinic, new_page, request):
    role, width, locale = request.param
    return Walker(new_page(width=width, height=844, locale=locale), clinic.url, role, locale)


@pytest.mark.parametrize("walker", WALKS, indirect=True, ids=["-".join(map(str, each)) for each in WALKS])
def test_a_day_at_the_desk(clinic, walker):
    _receives(walker)
    _moves(walker)
    _writes_and_cancels(clinic, walker)
    _keeps_time_free(walker)
    _answers_the_telephone(walker)
    _decides(clinic, walker)
    _falls_sick(walker)
    _may_not(clinic, walker)


def _receives(walker):
    """Somebody late arrives and goes, somebody else never came."""
    walker.seen("today")
    card = walker.page.get_by_role("article", name=TOM["name"])
    walker.press("Arrived", within=card)
    walker.reads("%(name)s is here", name=TOM["name"])
    walker.seen("arrived, with its undo")
    walker.press("Undo")
    walker.reads("Taken back.")
    walker.press("Arrived", within=card)
    walker.press("Complete", within=card)
    walker.reads("Completed: %(name)s", name=TOM["name"])
    walker.unfold("How did these end?")
    walker.seen("how they ended")
    walker.press("Did not come")
    walker.reads("%(name)s did not come", name=LONG["name"])


def _moves(walker):
    """From the diary to the consequence, and back again."""
    walker.goes("Diary")
    walker.press("Week")
    walker.press("Later")
    walker.page.get_by_role("link", name=re.compile(HANNAH["name"])).click()
    walker.page.get_by_role("heading", name=HANNAH["name"]).wait_for()
    walker.seen("one booking")
    walker.press("Move", role="link")
    walker.reads("Move %(name)s?", name=HANNAH["name"])
    walker.seen("when to")
    walker.write("Date", "2026-12-10")
    walker.press("Show the times")
    walker.page.get_by_role("button", name="15:20").click()
    walker.reads("Free, and within opening hours.")
    walker.reads("Who will be told")
    walker.seen("what moving does")
    walker.press("Move the booking", role="button")
    walker.reads("Moved to %(when)s.")
    walker.press("Undo")
    walker.reads("Taken back.")


def _writes_and_cancels(clinic, walker):
    """A note, a correction that has to be mended, contacts for a reason, and an end that is taken back."""
    walker.page.goto(f"{clinic.url}/desk/b/{clinic.ahead}")
    walker.write("A note", "Rings twice · 按两下门铃")
    walker.press("Add the note")
    walker.page.get_by_text("Rings twice · 按两下门铃").wait_for()
    number = walker.page.get_by_role("link", name=re.compile("^.49"))
    if walker.role == "staff":
        assert number.count() == 0
        walker.press("to call")
    number.first.wait_for()
    walker.seen("a note, and the contacts")
    walker.press("Correct")
    walker.write("Name", "")
    walker.press("Save the correction")
    walker.page.get_by_role("alert").wait_for()
    walker.seen("to be mended")
    walker.write("Name", "Hannah Vogel-Braun")
    walker.press("Save the correction")
    walker.reads("Corrected.")
    walker.unfold("More steps")
    walker.press("Cancel the booking")
    walker.reads("Cancel %(name)s?", name="Hannah Vogel-Braun")
    walker.write("Why? The customer reads it.", "The doctor is ill")
    walker.seen("before it is cancelled")
    walker.press("Cancel the booking")
    walker.reads("Cancelled: %(name)s", name="Hannah Vogel-Braun")
    walker.press("Undo")
    walker.reads("Taken back.")


def _keeps_time_free(walker):
    """An hour that nobody can book, and free again."""
    walker.goes("Diary")
    walker.unfold("Block or pause")
    assert walker.offered("Pause online booking").count() == (walker.role != "staff")
    walker.press("Block time")
    walker.page.get_by_role("checkbox", name=BRAUN).wait_for()
    assert walker.page.get_by_role("checkbox", name=YILMAZ).count() == (walker.role != "staff")
    for field, typed in (
        ("First day", "2026-12-10"), ("First time", "14:00"), ("Last day", "2026-12-10"), ("Last time", "13:00"), ("What for", "Course"),
    ):  # fmt: skip
        walker.write(field, typed)
    walker.page.get_by_role("checkbox", name=BRAUN).check()
    walker.press("Block the time")
    walker.reads("The end has to be after the start.")
    walker.seen("a block to be mended")
    walker.write("Last time", "15:00")
    walker.press("Block the time")
    walker.reads("Blocked: %(who)s, %(when)s", who=BRAUN)
    walker.press("Later")
    walker.page.get_by_role("link", name=re.compile("Course")).click()
    walker.press("Make it free again")
    walker.reads("Free again: %(who)s, %(when)s", who=BRAUN)


def _answers_the_telephone(walker):
    """Somebody new gets the first time that is free."""
    walker.goes("Book")
    walker.write("Name or number", "Li Lei")
    walker.write("Name", "")
    walker.press("Book", role="button")
    walker.page.get_by_role("alert").wait_for()
    walker.seen("a call to be mended")
    walker.write("Name", "Li Lei")
    walker.write("Mobile number", "015228817387")
    with walker.page.expect_response(lambda answer: "with=dr-braun" in answer.url):
        walker.page.get_by_label(walker.say.gettext("With"), exact=True).select_option(label=BRAUN)
    walker.page.get_by_role("radio").first.check()
    walker.press("Book", role="button")
    walker.reads("Booked: %(name)s, %(when)s", name="Li Lei")


def _decides(clinic, walker):
    """Yes, taken back; another time; no. Staff are not asked."""
    if walker.role == "staff":
        assert not walker.leads("Requests")
        walker.page.goto(f"{clinic.url}/desk/requests")
        walker.reads("This cannot be done here")
        walker.reads("Your account may not do this. Ask whoever looks after the accounts.")
        walker.seen("refused")
        return
    walker.goes("Requests")
    walker.seen("what is asked")
    walker.press("Approve")
    walker.reads("Approved: %(who)s", who=CAN["name"])
    walker.press("Undo")
    walker.reads("Taken back.")
    walker.press("Other time")
    walker.page.get_by_role("radio").first.check()
    walker.write("Reason", "The device is being repaired")
    walker.seen("another time")
    walker.press("Ask the customer")
    walker.reads("%(name)s is asked, until %(when)s", name=CAN["name"])
    walker.page.get_by_role("heading", name=LONG["name"]).click()
    walker.page.locator(f"[id='{clinic.asked[1]}'] summary").last.click()
    walker.write("In other words", "The device is being repaired")
    walker.seen("before it is declined")
    walker.press("Decline the request")
    walker.reads("Declined: %(who)s", who=LONG["name"])


def _falls_sick(walker):
    """A day of Dr. Braun is handed on; staff speak for themselves alone."""
    walker.goes("Out sick, out of order")
    who = walker.page.get_by_label(walker.say.gettext("Who or what"), exact=True)
    assert who.locator("option", has_text=YILMAZ).count() == (walker.role != "staff")
    who.select_option(label=BRAUN)
    walker.write("From day", "2026-12-08")
    walker.unfold("Another end")
    walker.write("Last day", "2026-12-08")
    walker.press("See what it hits")
    walker.reads("%(who)s is out", who=BRAUN)
    walker.seen("what it hits")
    hit = walker.page.locator(".hit").count()
    walker.page.get_by_role(
        "button", name=walker.say.ngettext("Do it for %(n)s booking", "Do it for %(n)s bookings", hit)
    ).click()
    walker.offered("To today", role="link").wait_for()
    assert walker.page.get_by_role("link", name=re.compile(HANNAH["name"])).count() == 1
    walker.seen("who was handed on")
    walker.press("To today", role="link")
    walker.page.wait_for_url(re.compile(r"/desk/$"))


def _may_not(clinic, walker):
    """What is not hers is not offered: a colleague's visit, a price, figures."""
    page, runs_it = walker.page, walker.role in ("owner", "manager")
    page.goto(f"{clinic.url}/desk/b/{clinic.other}")
    hers = walker.role != "staff"
    for step in ("Move", "Correct", "Add the note", "Arrived"):
        assert (walker.offered(step).count() > 0) == hers, step
    assert (page.get_by_role("heading", name=MEI["name"], exact=True).count() == 1) == hers
    page.goto(f"{clinic.url}/desk/b/{clinic.asked[0]}/correct")
    assert (walker.offered("Correct the price").count() == 1) == runs_it
    assert walker.leads("Figures") == runs_it
    assert walker.leads("People and rights") == runs_it


@pytest.mark.parametrize(("width", "locale"), [(1280, "en"), (390, "zh-CN")])
def test_an_owner_closes_the_door_to_customers_and_opens_it_to_a_colleague(serve, new_page, clock_at, width, locale):
    served = serve("clinic", at="2026-12-01T10:40Z", processes=1)
    with _inside(served):
        account("owner", name="Mara Lindner")

    def walks(role):
        return Walker(new_page(width=width, height=844, locale=locale), served.url, role, locale)

    owner = walks("owner")
    _pauses(owner, walks(None))
    _invites(owner, walks(None), served, clock_at)


def _pauses(owner, customer):
    """Online booking stops with a sentence that is read on a page that was open, and goes on there too."""
    page, looks = customer.page, "document.dispatchEvent(new Event('visibilitychange'))"
    page.goto(f"{customer.url}/book/check-up")
    page.locator(".slot").first.wait_for()
    said = {"en": "A pipe has burst. Back tomorrow.", "zh": "水管破裂，明天恢复。"}
    owner.goes("Diary")
    owner.unfold("Block or pause")
    owner.press("Pause online booking")
    for locale, sentence in said.items():
        owner.write("What customers read, in %(language)s", sentence, language=owner.say.language(locale))
    owner.press("Pause it")
    owner.reads("Online booking is paused.")
    owner.seen("paused")
    page.evaluate(looks)
    page.get_by_text(said[customer.say.locale]).wait_for()
    assert page.locator(".slot, .day").count() == 0
    customer.seen("a customer's page while it is paused")
    owner.press("Let customers book again")
    owner.reads("Customers can book online again.")
    page.evaluate(looks)
    page.locator(".slot").first.wait_for()
    assert page.get_by_text(said[customer.say.locale]).count() == 0


def _invites(owner, colleague, served, clock_at):
    """The link of a mail leads somebody new to a password and in; she is out with the next page once her access has ended."""
    name, mailbox, password = "Yusuf Demir", "yusuf@praxis.example", "seven slow green trams"
    owner.goes("People and rights")
    owner.press("Add somebody")
    owner.write("Name", name)
    owner.write("E-mail", mailbox)
    owner.page.get_by_label(owner.say.gettext("Role")).select_option(label=owner.say.gettext("Front desk"))
    owner.press("Add and invite")
    owner.reads("A link to choose a password is on its way to %(mailbox)s.", mailbox=mailbox)
    clock_at("2026-12-01T10:50Z")
    colleague.page.goto(_link_mailed(served))
    colleague.write("New password", password)
    colleague.write("Once more", password)
    colleague.press("Save the password")
    colleague.signs_in(mailbox, password)
    colleague.page.wait_for_url(re.compile(r"/desk/$"))
    owner.press(name)
    owner.press("Has left: end the access now")
    owner.reads("%(name)s cannot sign in any more.", name=name)
    colleague.press("Diary")
    colleague.signs_in(mailbox, password)
    colleague.reads("E-mail or password is not right.")


def _link_mailed(served):
    """Where the one mail leads that has left the house."""
    with _inside(served) as app:
        dispatch.deliver_due()
        [mail] = app.config["SETTINGS"].outgoing.glob("*.eml")
    text = message_from_bytes(mail.read_bytes(), policy=policy.default).get_body(("plain",)).get_content()
    return re.search(r"https?://\S+/desk/password/\S+", text)[0]


@contextmanager
def _inside(served):
    """The application on the database of a served house."""
    app = create_app(settings(served.environ["DATABASE_URL"], served.folder, BASE_URL=served.url))
    with app.app_context():
        yield app
        db.session.remove()
    databases.let_go(app)
