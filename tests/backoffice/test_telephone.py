"""Booking while the telephone rings: who it is, when it suits, why another time is not offered, what may be overruled."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import func, select

from actions import consenting, review, rights
from models import bookings, staff_queries
from models.base import db
from models.booking import Booking
from models.consent import Consent, ConsentText
from models.history import steps_of
from models.people import Contact, Staff
from rules.errors import OwnRequest
from tests.factories import HANNAH, TOM, booked
from tests.support.staff import account, signed_in

TUESDAY = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def desk(clinic):
    return signed_in(clinic, account("front_desk"))


def part(visitor, name, **typed):
    return visitor.get("/desk/book", query_string={"service": "check-up", **typed}, headers={"X-Part": name})


def book(visitor, **typed):
    fields = {
        "service": "check-up",
        "name": "Tom Fischer",
        "length": "30",
        "start": "2026-12-08T10:30:00+01:00",
        **typed,
    }
    return visitor.post("/desk/book", data=fields)


def count():
    return db.session.execute(select(func.count()).select_from(Booking)).scalar_one()


def words_of(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text)).strip()


def test_a_name_and_a_time_are_enough(desk):
    answer = book(desk)
    assert answer.status_code == 303
    made = db.session.scalars(select(Booking)).one()
    assert (made.name, made.phone, made.email, made.status) == ("Tom Fischer", None, None, "confirmed")
    assert "Booked: Tom Fischer, Tue 8 Dec, 10:30" in desk.get(answer.headers["Location"]).text


def test_whoever_was_here_before_is_found_with_what_is_ahead_of_her(desk, clock):
    booked("check-up", clock.now, start=TUESDAY, resources=["dr-yilmaz"])
    found = words_of(part(desk, "customers", who="hann"))
    assert "Hannah Vogel" in found
    assert "Already booked: Tue 8 December, 09:00–09:30" in found
    assert "a new customer" in words_of(part(desk, "customers", who="nobody"))


def test_a_time_that_suits_is_typed_as_it_is_said(desk):
    page = part(desk, "times", wish="thursdays after three")
    starts = re.findall(r'name="start" value="([^"]+)"', page.text)[:-1]
    assert starts
    assert {datetime.fromisoformat(each).weekday() for each in starts} == {3}
    assert min(datetime.fromisoformat(each).hour for each in starts) >= 15
    assert "Not understood: zebra" in words_of(part(desk, "times", wish="zebra"))


def test_a_time_typed_by_hand_says_at_once_why_it_is_not_offered_and_who_would_get_it(desk, clock):
    first = booked("check-up", clock.now, start=TUESDAY, resources=["dr-yilmaz"]).booking
    typed = {"start": "other", "day": "2026-12-08", "hour": "09:00", "with": "dr-yilmaz"}
    said = words_of(part(desk, "why", **typed))
    spaced = f"{first.reference[:4]} {first.reference[4:]}"
    assert said.startswith("Tue 8 December, 09:00")
    assert f"Dr. Elif Yılmaz is taken Tue 8 Dec, 09:00–09:30 by {spaced}." in said
    assert "This time is offered." not in said
    anyone = words_of(part(desk, "why", **{**typed, "with": ""}))
    assert "This time is offered." in anyone
    assert "Dr. Jonas Braun , would get it The only one who was free." in anyone
    assert f"Dr. Elif Yılmaz Dr. Elif Yılmaz is taken Tue 8 Dec, 09:00–09:30 by {spaced}." in anyone


def test_of_two_who_are_free_one_gets_it_and_it_says_why(desk, clock):
    booked("check-up", clock.now, start=TUESDAY + timedelta(days=1), resources=["dr-yilmaz"])
    said = words_of(part(desk, "why", start="other", day="2026-12-08", hour="14:00"))
    assert "Dr. Jonas Braun , would get it Fewest bookings that week: 0 against 1." in said
    assert "Dr. Elif Yılmaz free" in said


def test_without_scripts_the_page_that_comes_back_says_it_too(desk):
    page = desk.get("/desk/book?service=check-up&start=other&day=2026-12-12&hour=10:00&name=Tom")
    assert "Praxis am Park is closed on Sat 12 December." in page.text
    assert "Who would get this?" in page.text
    refused = book(desk, start="other", day="2026-12-12", hour="10:00", name="")
    assert refused.status_code == 422
    assert "Praxis am Park is closed on Sat 12 December." in refused.text


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"start": "other", "day": "2026-12-08"},
        {"start": "other", "day": "soon", "hour": "late"},
        {"start": "2026-12-08T10:30:00+01:00", "day": "2026-12-08", "hour": "09:00"},
        {"start": "other", "day": "2026-12-08", "hour": "09:00", "with": "nobody"},
        {"start": "other", "day": "2026-12-08", "hour": "09:00", "length": "0"},
    ],
)
def test_nothing_is_said_of_a_time_that_is_none_or_was_not_typed(desk, typed):
    answer = part(desk, "why", **typed)
    assert answer.status_code == 200
    assert words_of(answer) == ""


def test_rules_are_overruled_by_name_with_one_reason(desk):
    saturday = {"start": "other", "day": "2026-12-12", "hour": "10:00"}
    stopped = book(desk, **saturday)
    assert stopped.status_code == 409
    assert "Overrule?" in stopped.text
    assert "Praxis am Park is closed on Sat 12 December." in stopped.text
    assert count() == 0
    assert book(desk, **saturday, overrule="An emergency").status_code == 303
    assert db.session.scalars(select(Booking)).one().overruled["reason"] == "An emergency"


def test_who_may_not_overrule_is_told_the_rules_and_books_nothing(clinic):
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    answer = book(braun, start="other", day="2026-12-12", hour="10:00", overrule="I may")
    assert answer.status_code in (403, 409)
    assert "Overrule?" not in answer.text
    assert count() == 0


def test_a_time_that_was_just_taken_is_answered_with_those_beside_it(desk, clock):
    for person in ("dr-yilmaz", "dr-braun"):
        booked(
            "check-up", clock.now, start=TUESDAY, resources=[person], customer=TOM if person == "dr-braun" else HANNAH
        )
    answer = book(desk, start="2026-12-08T09:00:00+01:00")
    assert answer.status_code == 409
    assert "These are the nearest free times." in answer.text
    assert 'value="Tom Fischer"' in answer.text
    assert count() == 2


def test_a_second_tap_books_nothing_twice(desk):
    assert book(desk, key="one-and-the-same").status_code == 303
    assert book(desk, key="one-and-the-same").status_code == 303
    assert count() == 1


def test_who_reads_no_contacts_finds_nobody_by_half_a_name(clinic, clock):
    booked("check-up", clock.now, start=TUESDAY, resources=["dr-yilmaz"])
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    assert "Hannah" not in part(braun, "customers", who="hann").text
    whole = part(braun, "customers", who=HANNAH["phone"]).text
    assert "H*** V***" in whole
    assert not any(each in whole.replace(" ", "") for each in ("Hannah", "23456789", "hannah@example.com"))


def test_an_auditor_books_nothing(clinic):
    auditor = signed_in(clinic, account("auditor"))
    assert auditor.get("/desk/book").status_code == 403
    assert book(auditor).status_code == 403
    assert count() == 0


def by_hand(visitor, **typed):
    given = {"service": "check-up", "name": "Hannah Vogel", "start": "other", **typed}
    return visitor.post("/desk/book", data=given)


def test_rules_give_way_for_ones_own_time_and_not_for_whoever_is_free(clinic, clock):
    owner = staff_queries.viewer_of(db.session(), db.session.get(Staff, account()))
    rights.switch(role="staff", name="overrule", on=True, by=owner, now=clock.now)
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    night = {"day": "2026-12-08", "hour": "03:00", "overrule": "She cannot come at another time"}
    assert by_hand(braun, **night).status_code in (403, 409)
    assert by_hand(braun, **night, **{"with": "dr-yilmaz"}).status_code in (403, 409)
    assert count() == 0
    done = by_hand(braun, **night, **{"with": "dr-braun"})
    assert done.status_code == 303
    assert "Booked: Hannah Vogel, Tue 8 Dec, 03:00" in braun.get(done.location).text


@pytest.mark.parametrize("start", ["0001-01-01T10:00+14:00", "9999-12-31T23:00-14:00", "1969-01-01T10:00+00:00"])
def test_a_start_beyond_the_calendar_is_none(clinic, start):
    assert by_hand(signed_in(clinic, account()), start=start).status_code == 422
    assert count() == 0


def test_an_hour_that_the_clocks_skip_is_not_booked_as_another_one(clinic):
    manager = signed_in(clinic, account("manager"))
    skipped = by_hand(manager, day="2027-03-28", hour="02:30", overrule="As agreed")
    assert skipped.status_code == 422
    assert count() == 0
    assert by_hand(manager, day="2027-03-28", hour="03:30", overrule="As agreed").status_code == 303
    assert db.session.scalar(select(Booking)).status == "confirmed"


def test_an_hour_that_is_there_twice_is_the_first_one_unless_it_is_chosen(clinic):
    manager = signed_in(clinic, account("manager"))
    assert by_hand(manager, day="2027-10-31", hour="02:30", overrule="As agreed").status_code == 303
    made = bookings.many(db.session(), bookings.columns())[0]
    assert made.start == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


SCAN = {"service": "ultrasound", "length": "45", "q_referral": "no", "start": "2026-12-08T10:30:00+01:00"}


def test_what_wants_approval_waits_as_a_request_unless_who_may_decide_approves_it_at_once(desk):
    offered = words_of(part(desk, "questions", service="ultrasound"))
    assert "Approve at once" in offered
    answer = book(desk, **SCAN)
    assert "waits for somebody to approve it" in desk.get(answer.headers["Location"]).text
    answer = book(desk, **SCAN | {"name": "Hannah Vogel", "approve": "1", "start": "2026-12-07T09:00:00+01:00"})
    assert answer.status_code == 303, words_of(answer)
    asked, firm = db.session.scalars(select(Booking).order_by(Booking.id)).all()
    assert (asked.status, firm.status) == ("requested", "confirmed")
    steps = {row.action: row.actor for row in steps_of(db.session(), "booking", firm.id)}
    assert steps == {"confirmed": firm.created_by, "approved": firm.created_by}
    with pytest.raises(OwnRequest):
        review.approve(reference=asked.reference, actor=asked.created_by, now=asked.created_at)


def test_nobody_approves_what_she_books_for_herself_or_may_not_decide(clinic, desk):
    own = {"name": "Front Desk", "approve": "1"}
    for mine in (own, own | {"name": "Somebody", "email": "FRONT_DESK@praxis.example"}):
        answer = book(desk, **SCAN | mine)
        assert (answer.status_code, count()) == (403, 0)
        assert "Somebody else decides this, because it is yours." in answer.text
    staff = signed_in(clinic, account("staff"))
    assert "Approve at once" not in words_of(part(staff, "questions", service="ultrasound"))
    answer = book(staff, **SCAN | {"approve": "1"})
    assert (answer.status_code, count()) == (403, 0)
    assert "Approving this is for somebody else." in answer.text


def needs(clock, words="We keep what you tell us of your health."):
    said = {"purpose": "sensitive", "said": {"en": words}, "asked": True, "needed": True}
    consenting.write_text(**said, actor="staff:1", now=clock.now)


def agreed():
    db.session.rollback()
    query = select(Consent.channel, Consent.given_by, Consent.booking_id, ConsentText.version)
    return db.session.execute(query.join(ConsentText).order_by(Consent.id)).all()


def test_what_is_needed_is_agreed_to_on_the_telephone_with_one_tick(desk, clock):
    assert 'name="consent"' not in desk.get("/desk/book").text
    needs(clock)
    page = desk.get("/desk/book")
    assert "We keep what you tell us of your health." in page.text
    box = re.search(r'name="consent" value="([\d,]+)"( checked)?', page.text)
    assert box[2] is None, "nobody has said it yet"
    person = {"name": "Tom Fischer", "phone": "0151 98765432"}
    refused = book(desk, **person)
    assert (refused.status_code, count(), agreed()) == (422, 0, [])
    assert "Nothing can be booked without this." in refused.text
    assert book(desk, **person, consent=box[1], consent_by="paper").status_code == 303
    made = db.session.execute(select(Booking.id, Booking.created_by)).one()
    assert agreed() == [("paper", made.created_by, made.id, 1)]
    # Who has agreed is not asked again; somebody else with the same name is.
    assert book(desk, **person, start="2026-12-09T10:30:00+01:00").status_code == 303
    assert book(desk, **{**person, "phone": "0151 11111111"}, start="2026-12-10T10:30:00+01:00").status_code == 422
    assert len(agreed()) == 1


def test_a_consent_that_lacks_is_named_with_whatever_else_is_wrong(desk, clock):
    needs(clock)
    lacks, odd = "Nothing can be booked without this.", "This is needed."
    box = re.search(r'name="consent" value="([\d,]+)"', desk.get("/desk/book").text)[1]
    asks = {"service": "ultrasound", "start": "2026-12-08T10:30:00+01:00", "q_referral": ""}
    tom = {"name": "Tom Fischer", "phone": "0151 98765432"}

    def named(visitor=desk, **typed):
        answer = book(visitor, **{**asks, **typed})
        assert (answer.status_code, odd in answer.text or "right length" in answer.text) == (422, True)
        return lacks in answer.text

    assert named(**tom)
    assert not named(**tom, consent=box), "she has just agreed"
    assert named(**tom, consent="99"), "to no words of ours"
    assert named(name="", phone="030 1"), "nobody has agreed yet"
    assert not named(**tom, start="2026-11-27T10:30:00+01:00"), "what is over is written down without"
    assert (count(), agreed()) == (0, [])
    # Once he has agreed he is not asked again, however much of him is typed right; whoever he cannot be is.
    assert book(desk, **tom, consent=box).status_code == 303
    assert not named(**tom)
    assert not named(name="tom  FISCHER", phone="+49 151 98765432", email="tom@new.example")
    assert not named(name="", phone=tom["phone"]) and not named(name=tom["name"], phone="030 1")
    assert named(name="Tom Fischer") and named(name="Ann", phone=tom["phone"]) and named(name="Ann", phone="030 1")
    assert named(name="", phone="0151 11111111")


def test_who_has_taken_a_consent_back_is_asked_for_it_with_the_rest(desk, clock):
    needs(clock)
    box = re.search(r'name="consent" value="([\d,]+)"', desk.get("/desk/book").text)[1]
    tom = {"name": "Tom Fischer", "phone": "0151 98765432"}
    assert book(desk, **tom, consent=box).status_code == 303
    wrong = {"service": "ultrasound", "q_referral": "", "start": "2026-12-09T10:30:00+01:00"}
    assert "Nothing can be booked" not in book(desk, **tom, **wrong).text
    said = {"purpose": "sensitive", "channel": "telephone", "actor": "staff:1", "now": clock.tick(minutes=1)}
    assert consenting.withdraw(customer_id=1, **said)
    assert "Nothing can be booked" in book(desk, **tom, **wrong).text


def test_words_that_changed_while_the_page_was_open_are_read_out_anew(desk, clock):
    needs(clock)
    old = re.search(r'name="consent" value="([\d,]+)"', desk.get("/desk/book").text)[1]
    needs(clock, "Other words.")
    refused = book(desk, consent=old)
    assert (refused.status_code, "Other words." in refused.text, count()) == (422, True, 0)
    new = re.search(r'name="consent" value="([\d,]+)"', refused.text)[1]
    assert book(desk, consent=new, consent_by="odd").status_code == 303
    assert [(each.channel, each.version) for each in agreed()] == [("telephone", 2)]


def test_a_visit_that_is_over_is_written_down_without(desk, clock):
    needs(clock)
    answer = book(desk, start="2026-11-27T10:30:00+01:00", overrule="was here")
    assert answer.status_code == 303, words_of(answer)
    assert agreed() == []


def test_a_field_that_is_left_is_told_what_booking_tells(desk, clinic):
    def told(*fields, visitor=desk, **typed):
        answer = visitor.post(
            "/desk/book/check", data={"service": "check-up", "name": "Tom", **typed, "field": list(fields)}
        )
        return answer.status_code, re.findall(r'id="(\w+)-error">.*?</svg>([^<]+)<', answer.text)

    fields = ("who", "name", "phone", "email", "q_referral", "start")
    assert told(*fields) == (204, [])
    wrong = {"name": " ", "phone": "030 1", "email": "tom@", "start": "never"}
    assert told(*fields, **wrong) == (
        200,
        [
            ("name", "This is needed."),
            ("phone", "This number does not have the right length."),
            ("email", "Something is missing after the @. For example: name@example.com"),
        ],
    )
    assert told("q_referral", service="ultrasound", q_referral="") == (200, [("q_referral", "This is needed.")])
    assert told("phone", phone="030 1", visitor=signed_in(clinic, account("auditor")))[0] == 403
    assert count() == 0
    assert db.session.execute(select(func.count()).select_from(Contact)).scalar_one() == 0


def test_a_company_and_an_address_are_asked_for_where_they_are_wanted(load_business, app, clock):
    load_business("practice")
    desk = signed_in(app, account("front_desk"))
    assert not re.findall('id="(?:company|address)"', part(desk, "service", service="asked").text)
    asked = part(desk, "service", service="visit", company="Vogel AG").text
    assert re.search(r'for="company">Company <span class="quiet">if you like', asked)
    assert re.search(r'<input id="company"[^>]* value="Vogel AG"', asked)
    visit = {"service": "visit", "location": "north", "company": "Vogel AG"}
    refused = book(desk, **visit)
    assert refused.status_code == 422
    assert re.search('id="address-error">.*This is needed.', refused.text)
    assert book(desk, **visit, address="Parkweg 4").status_code == 303
    made = db.session.scalars(select(Booking)).one()
    assert (made.company, made.address) == ("Vogel AG", "Parkweg 4")


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        (
            {"service": "ultrasound", "length": "45", "name": "", "phone": "030 1", "q_referral": ""},
            {
                "name": "Name: This is needed.",
                "phone": "Mobile number: This number does not have the right length.",
                "q_referral": "Do you have a referral: This is needed.",
            },
        ),
        ({"length": "0"}, {"length": "Minutes: This length is not offered."}),
        ({"start": ""}, {"start": "When: Choose a time, or type a day and an hour."}),
    ],
)
def test_what_has_to_be_mended_is_named_and_leads_to_its_field(desk, typed, named):
    answer = book(desk, **typed)
    page = BeautifulSoup(answer.data, "html.parser")
    assert {each["href"][1:]: each.get_text() for each in page.find(id="mend").find_all("a")} == named
    assert all(page.find(id=name) for name in named)
