"""The page of "somebody is sick": what it hits, what is proposed, and one confirm that does it all."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import insert, update

from models import bookings
from models.base import db
from models.business import Business
from models.catalogue import ResourceLocation
from models.snapshot import catalogue
from tests.factories import HANNAH, TOM, booked
from tests.support.staff import account, signed_in

START = datetime(2026, 12, 3, 13, 20, tzinfo=UTC)
DAY = "2026-12-03"


@pytest.fixture
def clinic(load_business, app, clock):
    load_business("clinic")
    return app


@pytest.fixture
def hannah(clinic, clock):
    return booked("check-up", clock.now, start=START, resources=["dr-braun"]).booking


def tree(answer):
    return BeautifulSoup(answer.text, "html.parser")


def ask(visitor, who="resource:dr-braun", **more):
    given = {"who": who, "from": DAY, "until": DAY, **more}
    return visitor.get("/desk/out", query_string=given)


def proposals(answer):
    """For each booking, by reference: the choices in the order shown, and the one that is ticked."""
    found: dict = {}
    for box in tree(answer).select("input[type=radio]"):
        values = found.setdefault(box["name"].removeprefix("do-"), ([], []))
        values[0].append(box["value"])
        if box.has_attr("checked"):
            values[1].append(box["value"])
    return found


def send(visitor, choices, who="resource:dr-braun", **more):
    given = {"who": who, "from": DAY, "until": DAY, "reason": "flu", **more}
    return visitor.post("/desk/out", data={**given, **{f"do-{code}": value for code, value in choices.items()}})


def now_is(view):
    db.session.rollback()
    return bookings.by_reference(db.session(), view.reference)


def test_looking_changes_nothing_and_proposes_a_colleague_first(clinic, hannah):
    manager = signed_in(clinic, account("manager"))
    answer = ask(manager)
    choices, ticked = proposals(answer)[hannah.reference]
    assert ticked == choices[:1]
    assert choices[0].startswith("colleague|dr-braun:dr-yilmaz|")
    assert choices[-1] == ""
    assert now_is(hannah) == hannah


def test_one_confirm_does_it_and_the_second_tap_says_so(clinic, hannah):
    manager = signed_in(clinic, account("manager"))
    chosen = {code: ticked[0] for code, (_, ticked) in proposals(ask(manager)).items()}
    answer = send(manager, chosen)
    assert answer.status_code == 200
    assert "1 done" in answer.text
    assert now_is(hannah).staff == ("dr-yilmaz",)
    assert "This was done already." in send(manager, chosen).text
    assert not proposals(ask(manager))


def test_whoever_is_left_alone_and_whoever_is_to_be_called_are_named(clinic, hannah, clock):
    tom = booked("check-up", clock.now, start=START.replace(hour=15), customer=TOM, resources=["dr-braun"]).booking
    manager = signed_in(clinic, account("manager"))
    page = tree(send(manager, {hannah.reference: "", tom.reference: "call|||"}))
    said = {section.h2.text: section.get_text(" ") for section in page.select("section.card")}
    assert "Hannah Vogel" in said["Left as they are"]
    assert "Tom Fischer" in said["To be called"]
    assert page.select("a[href='tel:+4915198765432']")


@pytest.mark.parametrize("given", [{"from": "soon"}, {"until": "2026-12-02"}, {"until": ""}, {"until": "2026-13-45"}])
def test_a_span_that_makes_no_sense_is_asked_for_again(clinic, hannah, given):
    manager = signed_in(clinic, account("manager"))
    answer = ask(manager, **given)
    assert answer.status_code == 422
    assert tree(answer).select(".error")
    assert send(manager, {}, **given).status_code == 422


@pytest.mark.parametrize(
    "value", ["colleague|dr-braun:nobody||", "other_time||2026-12-03T09:00|", "choose|||", "fire|||", "|" * 900, "\x00"]
)
def test_choices_that_were_never_offered_change_nothing(clinic, hannah, value):
    manager = signed_in(clinic, account("manager"))
    answer = send(manager, {hannah.reference: value})
    assert answer.status_code < 500
    assert now_is(hannah) == hannah


def test_staff_take_out_themselves_and_nobody_else(clinic, hannah):
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    assert hannah.reference in proposals(ask(braun))
    offered = [each["value"] for each in tree(braun.get("/desk/out")).select("#who option")]
    assert offered == ["resource:dr-braun"]
    for other in ("resource:dr-yilmaz", "location:park", "resource:nobody", "business:"):
        assert ask(braun, who=other).status_code == 403
        assert send(braun, {}, who=other).status_code == 403


def test_an_auditor_takes_out_nobody(clinic, hannah):
    auditor = signed_in(clinic, account("auditor"))
    assert ask(auditor).status_code == 403
    assert send(auditor, {hannah.reference: "call|||"}).status_code == 403
    assert now_is(hannah) == hannah


def test_a_phone_that_is_masked_stays_so_on_the_call_list(clinic, hannah, clock):
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    page = send(braun, {hannah.reference: "call|||"})
    assert "To be called" in page.text
    assert HANNAH["phone"].replace(" ", "")[-8:-4] not in page.text.replace(" ", "")


def test_a_second_tap_of_who_has_given_her_visits_away_says_so(clinic, hannah):
    braun = signed_in(clinic, account("staff", resource="dr-braun"))
    chosen = {code: ticked[0] for code, (_, ticked) in proposals(ask(braun)).items()}
    assert "1 done" in send(braun, chosen).text
    again = send(braun, chosen)
    assert again.status_code == 200
    assert "This was done already." in again.text


def test_the_end_of_the_calendar_is_an_end(clinic, hannah):
    manager = signed_in(clinic, account("manager"))
    assert ask(manager, until="9999-12-31").status_code == 200
    assert ask(manager, **{"from": "0001-01-01"}).status_code == 200


def test_visits_at_places_that_one_does_not_see_are_counted_and_nothing_more(load_business, app, clock):
    load_business("practice")
    known = catalogue(db.session())
    anna, south = known.resources["anna"].id, known.locations["south"].id
    db.session.execute(insert(ResourceLocation).values(resource_id=anna, location_id=south, position=1))
    db.session.execute(update(Business).values(catalogue_version=Business.catalogue_version + 1))
    db.session.commit()
    person = HANNAH | {"address": "Parkstraße 1"}
    wish = {"location": "south", "resources": ["anna"], "answers": {"wish": "Teeth"}}
    there = booked("visit", clock.now, start=START.replace(minute=30), customer=person, **wish).booking
    front = signed_in(app, account("front_desk", locations=["north"]))
    page = ask(front, "resource:anna")
    assert "1 more at another place" in page.text
    done = send(front, {}, "resource:anna")
    assert "1 more at another place" in done.text
    for answer in (page, done):
        assert "Vogel" not in answer.text
        assert there.reference not in answer.text
