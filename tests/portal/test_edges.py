"""What the front door does with second tries, odd addresses and changed minds."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import func, select

from actions import catalogue, visits
from models.base import db
from models.booking import Allocation, Booking, Hold
from models.catalogue import Resource
from models.doors import Source, VisitCount
from rules.rights import Viewer
from tests.factories import HANNAH, TOM, booked, free
from tests.portal.test_journey import form_of, hold_first, tree
from tests.support.houses import BUSINESSES
from wire.links import manage_token


@pytest.fixture
def clinic(load_business, client):
    load_business("clinic")
    return client


def people_of(booking_session):
    query = select(Resource.slug).join(Allocation, Allocation.resource_id == Resource.id)
    query = query.where(Allocation.session_id == booking_session, Allocation.live, Resource.kind == "staff")
    return db.session.execute(query).scalars().all()


def test_a_second_tap_without_a_cookie_finds_the_hold_of_the_first(clinic, app):
    page = clinic.get("/book/check-up")
    action, hidden = form_of(page)
    start = tree(page).find("button", {"name": "start"})["value"]
    for _ in range(2):
        clinic.delete_cookie("session")
        answer = clinic.post(action, data={**hidden, "csrf_token": "one page", "start": start})
        assert answer.status_code == 303, answer.text
        assert answer.headers["Location"].endswith("/details")
    assert db.session.execute(select(func.count()).select_from(Hold)).scalar_one() == 1


def test_the_same_button_works_again_once_its_hold_was_given_up_for_another(clinic):
    page = clinic.get("/book/check-up")
    action, hidden = form_of(page)
    buttons = [each["value"] for each in tree(page).find_all("button", {"name": "start"})]
    for start in (buttons[0], buttons[4], buttons[0]):
        answer = clinic.post(action, data={**hidden, "csrf_token": "one page", "start": start})
        assert answer.status_code == 303, answer.text
    states = db.session.execute(select(Hold.state).order_by(Hold.id)).scalars().all()
    assert states == ["released", "released", "open"]


def test_back_after_booking_shows_the_booking_whatever_is_sent(clinic):
    _, details = hold_first(clinic)
    action, hidden = form_of(clinic.get(details), "name")
    first = clinic.post(action, data={**hidden, **HANNAH})
    again = clinic.post(action, data={**hidden, **HANNAH, "name": "Hanna Vogel"})
    assert again.headers["Location"] == first.headers["Location"]
    assert clinic.get(details).headers["Location"] == first.headers["Location"]
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 1


def test_anyone_can_be_chosen_for_another_time(clinic, clock, app):
    both = [each.start for each in free("check-up", clock.now) if len(each.resources) == 2]
    mine = booked("check-up", clock.now, start=both[-1], resources=["dr-yilmaz"]).booking
    booked("check-up", clock.now, start=both[0], resources=["dr-yilmaz"], customer=TOM)
    token = manage_token(mine, app.config["SECRET_KEY"])
    asked = clinic.get(
        f"/b/{mine.reference}/move/confirm", query_string={"t": token, "start": both[0].isoformat(), "with": ""}
    )
    action, hidden = form_of(asked, "revision")
    assert hidden["with"] == ""
    assert clinic.post(action, data=hidden).status_code == 303
    mine_now = select(Booking.session_id).where(Booking.reference == mine.reference)
    session_id = db.session.execute(mine_now).scalar_one()
    assert people_of(session_id) == ["dr-braun"]


def test_another_time_is_looked_for_from_the_day_of_the_old_one(clinic, clock, app):
    late = free("check-up", clock.now, first=date(2027, 1, 13))[0].start
    mine = booked("check-up", clock.now, start=late, resources=["dr-yilmaz"]).booking
    asked = {"t": manage_token(mine, app.config["SECRET_KEY"])}

    def opened(**more):
        page = tree(clinic.get(f"/b/{mine.reference}/move", query_string=asked | more))
        return page.find(id="month").get_text(), page.find(id="day").get_text()

    assert opened() == ("January 2027", "Wednesday 13 January 2027")
    assert opened(month="2026-12") == ("December 2026", "Tuesday 1 December")
    assert opened(day="2026-12-08") == ("December 2026", "Tuesday 8 December")
    # Nobody else is in on that day: the first time that there is.
    assert opened(**{"with": "dr-braun"}) == ("December 2026", "Tuesday 1 December")


def test_before_it_is_moved_the_page_says_with_whom_it_was_and_will_be(clinic, clock, app):
    both = [each.start for each in free("check-up", clock.now) if len(each.resources) == 2]
    mine = booked("check-up", clock.now, start=both[-1], resources=["dr-yilmaz"]).booking
    asked = {"t": manage_token(mine, app.config["SECRET_KEY"]), "start": both[0].isoformat()}

    def people(**more):
        page = tree(clinic.get(f"/b/{mine.reference}/move/confirm", query_string=asked | more))
        return [each.get_text() for each in page.find(class_="fromto").find_all("dd", class_="quiet")]

    hers, his = "with Dr. Elif Yılmaz", "with Dr. Jonas Braun"
    assert people() == [hers, hers]
    assert people(**{"with": "dr-braun"}) == [hers, his]
    assert people(**{"with": ""}) == [hers, "with whoever is free"]
    booked("check-up", clock.now, start=both[0], resources=["dr-yilmaz"], customer=TOM)
    assert people(**{"with": ""}) == [hers, his]


def test_a_move_from_a_page_that_is_out_of_date_is_refused(clinic, clock, app):
    starts = [each.start for each in free("check-up", clock.now)][-12:]
    mine = booked("check-up", clock.now, start=starts[0]).booking
    token = manage_token(mine, app.config["SECRET_KEY"])
    forms = [
        form_of(
            clinic.get(
                f"/b/{mine.reference}/move/confirm", query_string={"t": token, "start": start.isoformat(), "with": ""}
            ),
            "revision",
        )
        for start in (starts[5], starts[9])
    ]
    assert clinic.post(forms[0][0], data=forms[0][1]).status_code == 303
    assert clinic.post(forms[1][0], data=forms[1][1]).status_code == 409


@pytest.mark.parametrize(
    "address", ["/?src=%00", "/q/%00", "/book/check-up?src=a%00b", "/book/check-up?src=" + "x" * 90]
)
def test_a_source_that_cannot_be_one_counts_as_none(clinic, address):
    assert clinic.get(address).status_code in (200, 302, 404)


def test_a_persons_sign_leads_to_the_place_where_that_person_works(load_business, client):
    load_business("studio")
    code = db.session.execute(
        select(Source.code).join(Resource, Resource.id == Source.resource_id).where(Resource.slug == "grace")
    ).scalar_one()
    address = client.get(f"/q/{code}").headers["Location"]
    assert "location=soho" in address
    assert "with=grace" in address


def test_steps_are_counted_for_the_sign_that_led_to_them(clinic, app, clock):
    visits.forget()
    code = db.session.execute(select(Source.code).where(Source.service_id.is_not(None))).scalars().first()
    address = clinic.get(f"/q/{code}").headers["Location"]
    page = clinic.get(address)
    action, hidden = form_of(page)
    start = tree(page).find("button", {"name": "start"})["value"]
    details = clinic.post(action, data={**hidden, "start": start}).headers["Location"]
    action, hidden = form_of(clinic.get(details), "name")
    assert clinic.post(action, data={**hidden, **HANNAH}).status_code == 303
    visits.flush(clock.now)
    rows = db.session.execute(select(VisitCount.step, VisitCount.source_id)).all()
    source = db.session.execute(select(Source.id).where(Source.code == code)).scalar_one()
    assert {step for step, of in rows if of == source} >= {"visit", "times", "held", "details", "booked"}


def test_the_address_is_asked_where_somebody_comes_to_the_customer(load_business, client, tmp_path):
    path = tmp_path / "visits.yaml"
    text = (BUSINESSES / "clinic.yaml").read_text()
    path.write_text(text.replace("  - slug: check-up\n", "  - slug: check-up\n    place: customer\n", 1))
    load_business(path)
    _, details = hold_first(client)
    action, hidden = form_of(client.get(details), "name")
    refused = client.post(action, data={**hidden, **HANNAH})
    assert refused.status_code == 422
    assert tree(refused).find(id="address")["aria-invalid"] == "true"
    done = client.post(action, data={**hidden, **HANNAH, "address": "Torstraße 1, 10119 Berlin"})
    assert done.status_code == 303
    assert db.session.execute(select(Booking.address)).scalar_one() == "Torstraße 1, 10119 Berlin"
    assert "Torstraße 1, 10119 Berlin" in client.get(done.headers["Location"]).text


OWNER = Viewer(id=7, name="Olga", email="owner@praxis.example", role="owner")


def serving(clock, *people):
    """These alone give check-ups."""
    service = catalogue.entry(db.session(), "service", "check-up")
    service["needs"][0] = {"kind": "staff", "any_of": list(people), "customer_may_choose": True}
    catalogue.save("service", "check-up", service, by=OWNER, now=clock.now)


def test_who_leaves_while_a_time_is_held_is_never_booked_and_others_are_offered(clinic, clock):
    serving(clock, "dr-braun", "dr-yilmaz")
    _, details = hold_first(clinic, **{"with": "dr-yilmaz"})
    action, hidden = form_of(clinic.get(details), "name")
    serving(clock, "dr-braun")
    assert catalogue.retire("resource", "dr-yilmaz", by=OWNER, now=clock.now)
    answer = clinic.post(action, data={**hidden, **HANNAH})
    assert answer.status_code == 409
    page = tree(answer)
    assert "Dr. Jonas Braun" in page.find("main").get_text()
    assert HANNAH["email"] in page.find("main").get_text()
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 0


def test_a_service_that_goes_while_a_time_is_held_says_so_and_is_never_booked(clinic, clock):
    _, details = hold_first(clinic)
    action, hidden = form_of(clinic.get(details), "name")
    assert catalogue.retire("service", "check-up", by=OWNER, now=clock.now)
    answer = clinic.post(action, data={**hidden, **HANNAH})
    assert answer.status_code == 409
    assert tree(answer).find("h1").get_text() == "This is not offered any more. Choose another time."
    assert clinic.get(details).status_code < 500
    assert db.session.execute(select(func.count()).select_from(Booking)).scalar_one() == 0
