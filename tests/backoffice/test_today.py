"""What needs somebody now: who is late and who is not any more, what is to decide, how visits ended."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions import desk_booking, upkeep
from actions.steps import take_step
from models import bookings
from models.base import db
from models.business import Business
from tests.conftest import BUSINESSES
from tests.factories import HANNAH, TOM, booked
from tests.support.staff import account, signed_in
from tests.support.statements import statements

NINE = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)  # Tuesday, 09:00 in Berlin
CAN = {"name": "Can Öztürk", "email": "can@example.com"}


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def visit(clinic, clock):
    return booked("check-up", clock.now, start=NINE, resources=["dr-yilmaz"]).booking


def today(app, role="owner", **more):
    return signed_in(app, account(role, **more)).get("/desk/")


def part(page, heading):
    """The part of a page under a heading, in words; empty where there is none."""
    found = page.text.partition(f'id="{heading}"')[2].partition("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found))


def over(page):
    """The folded card of visits that are over, in words."""
    found = page.text.partition('<details class="card over">')[2].partition("</details>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found))


def status_of(view):
    return bookings.by_id(db.session(), view.id).status


@pytest.mark.parametrize(("name", "greeted"), [("Mara Lindner", "Mara<"), ("Dr. Jonas Braun", "Dr. Jonas Braun<")])
def test_nobody_is_greeted_by_a_title_alone(clinic, name, greeted):
    assert f"Good morning, {greeted}" in today(clinic, name=name).text


def test_who_should_be_here_is_late_until_the_visit_is_over(clinic, visit, clock):
    clock.set(NINE + timedelta(minutes=12))
    page = today(clinic)
    assert "Hannah Vogel" in part(page, "needs")
    assert "12 min late" in part(page, "needs")
    assert not over(page)
    clock.set(NINE + timedelta(minutes=30))
    page = today(clinic, email="other@praxis.example")
    assert "Hannah Vogel" not in part(page, "needs")
    assert "late" not in page.text.partition("<main")[2].partition('class="card over"')[0].replace("plate", "")
    assert "Hannah Vogel" in over(page)


def test_how_a_visit_ended_is_said_with_one_tap(clinic, visit, clock):
    other = booked("check-up", clock.now, start=NINE + timedelta(hours=1), customer=TOM).booking
    clock.set(NINE + timedelta(hours=9))
    desk = signed_in(clinic, account("front_desk"))
    page = desk.get("/desk/")
    assert "0 here, 0 to come" in page.text
    assert "How did these end? 2" in over(page)
    assert over(page).index("Tom Fischer") < over(page).index("Hannah Vogel")
    assert "Did not come" in over(page)
    for view, step in ((visit, "complete"), (other, "miss")):
        assert desk.post(f"/desk/b/{view.reference}/step", data={"step": step, "to": "/desk/"}).status_code == 303
    assert (status_of(visit), status_of(other)) == ("completed", "no_show")
    assert not over(desk.get("/desk/"))


def test_the_clock_ends_what_the_house_does_not_want_to_be_asked(clinic, visit, clock):
    clock.set(NINE + timedelta(days=1))
    upkeep.sweep(now=clock.now)
    assert not over(today(clinic))
    assert status_of(visit) == "completed"


def test_a_house_that_wants_to_be_asked_is_asked_on_the_days_after_too(clinic, visit, clock):
    business = db.session.scalars(select(Business)).one()
    business.extra = {**(business.extra or {}), "at_day_end": "ask"}
    db.session.commit()
    clock.set(NINE + timedelta(days=3))
    upkeep.sweep(now=clock.now)
    assert "Hannah Vogel General check-up, Tue 8 December, 09:00–09:30" in over(today(clinic))
    clock.set(NINE + timedelta(days=8))
    assert not over(today(clinic, email="other@praxis.example"))


def test_nobody_is_asked_how_the_visits_of_others_ended(clinic, visit, clock):
    clock.set(NINE + timedelta(hours=1))
    assert not over(today(clinic, "staff", resource="dr-braun"))
    assert "Hannah Vogel" in over(today(clinic, "staff", email="elif@praxis.example", resource="dr-yilmaz"))
    assert not over(today(clinic, "auditor"))


def test_an_empty_day_says_so_and_who_comes_next(clinic, clock, monkeypatch):
    assert "Messages are not being sent" in part(today(clinic, email="third@praxis.example"), "needs")
    monkeypatch.setattr("backoffice.today.worker_sleeps", lambda _session, _now: False)
    assert "Nothing needs you." in part(today(clinic), "needs")
    clock.set(NINE - timedelta(hours=1))
    booked("check-up", clock.now, start=NINE + timedelta(hours=7), customer=TOM)
    page = today(clinic, email="other@praxis.example")
    assert "Next: Tom Fischer, 16:00." in part(page, "needs")
    assert "1 booking today" in page.text


def test_who_is_still_to_come_is_listed_and_all_of_the_day_is_one_tap_away(clinic, clock, monkeypatch):
    for hours, customer in ((0, HANNAH), (1, TOM), (2, CAN)):
        booked("check-up", clock.now, start=NINE + timedelta(hours=hours), customer=customer, resources=["dr-yilmaz"])
    booked("ultrasound", clock.now, start=NINE + timedelta(hours=5), customer=TOM, answers={"referral": False})
    clock.set(NINE + timedelta(minutes=5))
    page = today(clinic)
    assert 'href="/desk/diary?view=day&amp;day=2026-12-08"' in page.text.partition("4 bookings today")[0]
    ahead = part(page, "ahead")
    assert "10:00 Tom Fischer General check-up, Dr. Elif Yılmaz" in ahead
    assert "11:00 Can Öztürk" in ahead
    assert "14:00 Tom Fischer Ultrasound" in ahead and "waiting" in ahead
    assert "Hannah Vogel" not in ahead, "she should be here"
    assert "All of today" not in ahead
    monkeypatch.setattr("backoffice.today.LISTED", 2)
    ahead = part(today(clinic, email="other@praxis.example"), "ahead")
    assert "Still to come today 3" in ahead and "All of today" in ahead
    assert "14:00" not in ahead


def test_staff_read_of_who_is_to_come_what_they_read_in_the_diary(clinic, visit, clock):
    booked("check-up", clock.now, start=NINE + timedelta(hours=1), customer=TOM, resources=["dr-braun"])
    clock.set(NINE - timedelta(hours=1))
    ahead = part(today(clinic, "staff", resource="dr-yilmaz"), "ahead")
    assert "Hannah Vogel" in ahead and "T*** F***" in ahead
    assert "Tom" not in ahead


def test_who_is_to_come_costs_no_statement_each(clinic, visit, clock):
    def counted(desk):
        with statements() as asked:
            desk.get("/desk/")
        return len(asked)

    desk = signed_in(clinic, account("owner"))
    clock.set(NINE - timedelta(minutes=30))
    desk.get("/desk/")
    few = counted(desk)
    for hours in (2, 5, 6, 7):
        customer = {"name": f"Guest {hours}", "email": f"g{hours}@example.com"}
        booked("check-up", clock.now, start=NINE + timedelta(hours=hours), customer=customer, resources=["dr-yilmaz"])
    assert counted(desk) == few


def test_more_than_twenty_of_a_kind_are_counted_and_not_piled_up(clinic, clock, monkeypatch):
    monkeypatch.setattr("backoffice.today.MOST", 1)
    for hours, customer in ((0, HANNAH), (1, TOM), (2, CAN)):
        booked("check-up", clock.now, start=NINE + timedelta(hours=hours), customer=customer, resources=["dr-yilmaz"])
    clock.set(NINE - timedelta(minutes=30))
    coming = part(today(clinic), "coming")
    assert "Hannah Vogel" in coming
    assert "Tom Fischer" not in coming
    assert "2 more" in coming


def test_requests_come_by_their_deadline_and_lead_to_their_card(clinic, clock):
    late = booked("ultrasound", clock.now, start=NINE + timedelta(days=14), answers={"referral": False}).booking
    soon = booked("ultrasound", clock.now, start=NINE, customer=TOM, answers={"referral": False}).booking
    page = today(clinic)
    assert part(page, "needs").index("Tom Fischer") < part(page, "needs").index("Hannah Vogel")
    for view in (late, soon):
        assert f'href="/desk/requests?open={view.reference}#{view.reference}"' in page.text


def test_an_answer_that_was_due_says_so(clinic, clock, load_business, tmp_path):
    text = (BUSINESSES / "clinic.yaml").read_text()
    path = tmp_path / "clinic.yaml"
    path.write_text(text.replace("approval: manual", "approval: {by: manager, decide_within: 1440}"))
    load_business(path)
    booked("ultrasound", clock.now, start=NINE, answers={"referral": False})
    assert "answer due Tue 1 Dec, 10:00" in part(today(clinic), "needs")
    clock.tick(hours=26)
    owner = signed_in(clinic, account("manager"))
    assert "the answer was due Tue 1 Dec, 10:00" in part(owner.get("/desk/"), "needs")
    assert "answer overdue by 2 h" in owner.get("/desk/requests").text


def test_the_day_has_its_hours_where_they_are(clinic, visit, clock):
    clock.set(NINE)
    page = today(clinic).text
    hours = re.search(r'<svg class="hours".*?</svg>', page)[0]
    assert re.findall(r'x="([\d.]+)%" y="12">(\d\d)<', hours) == [("7.7", "08"), ("38.5", "12"), ("69.2", "16")]
    assert "Hannah" not in re.search(r'<svg class="strip".*?</svg>', page, re.S)[0]


def test_an_hour_that_comes_twice_moves_the_captions_after_it(clinic, clock):
    clock.set("2026-10-25T10:00Z")
    hours = re.search(r'<svg class="hours".*?</svg>', today(clinic).text)[0]
    assert re.findall(r">(\d\d)<", hours) == ["08", "12", "16"]


def test_who_is_here_can_be_completed(clinic, visit, clock):
    clock.set(NINE - timedelta(minutes=5))
    take_step(reference=visit.reference, step="arrive", actor="staff:1", now=clock.now)
    page = today(clinic)
    assert "Hannah Vogel" in part(page, "here")
    assert 'value="complete"' in page.text


def test_the_hours_under_the_strip_are_those_of_the_house(clinic, clock):
    early = NINE - timedelta(hours=3, minutes=30)
    desk_booking.book(
        service="check-up",
        start=early,
        resources=["dr-yilmaz"],
        customer=HANNAH,
        answers={},
        locale="en",
        overrule="She leaves at seven",
        may_overrule=True,
        actor="staff:7",
        now=clock.now,
    )
    clock.set(NINE)
    hours = re.findall(r'<text x="([\d.]+)%" y="12">(\d+)</text>', today(clinic).text)
    # From half past five to eight in the evening.
    assert hours == [(f"{(hour - 5.5) / 14.5 * 100:.1f}", f"{hour:02}") for hour in (8, 12, 16)]
