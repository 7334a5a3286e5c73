"""Online booking that is paused: customers read why, staff book nevertheless."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actions import availability, move
from actions.pauses import pause, resume
from models.base import db
from models.history import steps_of
from rules import errors
from tests.actions.test_booking import confirm_hold
from tests.factories import HANNAH, TOM, booked, free, held

ANNA = "staff:7"
START = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
SAID = {"en": "We are moving house until Friday.", "zh": "周五前搬家。"}
HOUR = timedelta(hours=1)


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


def paused(clock, kind="business", slug=None, sentence=SAID, **more):
    return pause(subject_kind=kind, slug=slug, sentence=sentence, actor=ANNA, now=clock.now, **more)


def offered(clock, service="check-up", *, who=availability.PUBLIC, now=None, **wish):
    asked = availability.resolved(service=service, who=who, **wish)
    view = availability.view(asked, first=START.date(), last=START.date(), now=now or clock.now)
    return [each.start for each in view.offers if each.free]


@pytest.mark.parametrize(("kind", "slug"), [("business", None), ("location", "park"), ("service", "check-up")])
def test_customers_see_no_times_and_read_why(clinic, kind, slug):
    assert START in offered(clinic)
    paused(clinic, kind, slug)
    assert offered(clinic) == []
    with pytest.raises(errors.Paused) as refused:
        held("check-up", clinic.now, start=START)
    assert refused.value.params["said"] == SAID


def test_what_is_held_may_still_be_confirmed_and_staff_book_nevertheless(clinic):
    mine = held("check-up", clinic.now, start=START)
    paused(clinic)
    assert confirm_hold(mine, clinic.now).booking.status == "confirmed"
    assert free("check-up", clinic.now)
    assert booked("check-up", clinic.now, customer=TOM).booking.status == "confirmed"


def test_a_customer_cannot_move_into_it_and_staff_can(clinic):
    made = booked("check-up", clinic.now, start=START).booking
    paused(clinic)
    with pytest.raises(errors.Paused):
        move.move(reference=made.reference, start=START + HOUR, now=clinic.now)
    assert move.move(reference=made.reference, start=START + HOUR, actor=ANNA, now=clinic.now).booking.revision == 1


def test_it_ends_by_itself(clinic):
    paused(clinic, until=clinic.now + HOUR)
    assert offered(clinic) == []
    assert START in offered(clinic, now=clinic.now + HOUR)
    assert held("check-up", clinic.now + HOUR, start=START).start == START


def test_resumed_it_is_offered_again_and_resuming_twice_is_one_step(clinic):
    paused(clinic, "service", "check-up")
    assert [resume(subject_kind="service", slug="check-up", actor=ANNA, now=clinic.now) for _ in range(2)] == [
        True,
        False,
    ]
    assert START in offered(clinic)
    known = availability.resolved(service="check-up")
    assert [row.action for row in steps_of(db.session(), "service", known.service.id)] == ["resumed", "paused"]


def test_a_second_pause_takes_the_place_of_the_first(clinic):
    paused(clinic)
    paused(clinic, sentence="Back at ten", until=clinic.now + HOUR)
    with pytest.raises(errors.Paused) as refused:
        held("check-up", clinic.now, start=START)
    assert refused.value.params["said"] == "Back at ten"
    assert START in offered(clinic, now=clinic.now + HOUR)


def test_a_person_who_is_paused_is_left_out_and_the_others_are_not(clinic):
    paused(clinic, "resource", "dr-yilmaz")
    assert START in offered(clinic)
    assert offered(clinic, resources=["dr-yilmaz"]) == []
    with pytest.raises(errors.Paused):
        held("check-up", clinic.now, start=START, resources=["dr-yilmaz"])
    assert held("check-up", clinic.now, start=START).resources == ("dr-braun",)
    # Who is paused stands in nobody's way: the second time is gone with Dr. Braun.
    assert START not in offered(clinic)
    assert START in offered(clinic, who=availability.EVERYONE)


def test_without_the_only_person_the_service_is_paused(clinic):
    paused(clinic, "resource", "dr-braun", "Dr. Braun is on leave.")
    assert offered(clinic, "ultrasound") == []
    with pytest.raises(errors.Paused) as refused:
        held("ultrasound", clinic.now, start=START + HOUR / 4)
    assert refused.value.params["said"] == "Dr. Braun is on leave."


def test_nobody_joins_a_class_of_somebody_who_is_paused(load_business, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    made = booked("yoga", clock.now, start=start).booking
    asked = availability.resolved(service="yoga")
    before = availability.view(asked, first=start.date(), last=start.date(), now=clock.now).offers
    assert start in [each.start for each in before if each.free]
    paused(clock, "resource", made.staff[0])
    asked = availability.resolved(service="yoga")
    after = availability.view(asked, first=start.date(), last=start.date(), now=clock.now).offers
    assert start not in [each.start for each in after if each.free]
    with pytest.raises(errors.Refusal):
        held("yoga", clock.now, start=start)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"until": datetime(2026, 11, 1, tzinfo=UTC)}, "until"), ({"sentence": "x" * 201}, "sentence")],
)
def test_what_is_wrong_is_named(clinic, changes, field):
    with pytest.raises(errors.Invalid) as refused:
        paused(clinic, **changes)
    assert set(refused.value.errors) == {field}


@pytest.mark.parametrize(
    ("kind", "refusal"),
    [("location", errors.UnknownLocation), ("service", errors.UnknownService), ("resource", errors.UnknownResource)],
)
def test_what_there_is_not_is_not_paused(clinic, kind, refusal):
    with pytest.raises(refusal):
        paused(clinic, kind, "nothing")


class TestWhatCustomersRead:
    def test_on_the_pages(self, clinic, client):
        paused(clinic)
        for path in ("/", "/book/check-up"):
            assert SAID["en"] in client.get(f"{path}?lang=en", follow_redirects=True).get_data(as_text=True)
            assert SAID["zh"] in client.get(f"{path}?lang=zh", follow_redirects=True).get_data(as_text=True)

    def test_without_a_sentence_they_are_asked_to_call(self, clinic, client):
        paused(clinic, sentence=None)
        assert "Online booking is paused" in client.get("/book/check-up").get_data(as_text=True)

    def test_a_tap_on_a_page_that_is_older(self, clinic, client):
        page = client.get("/book/check-up")
        assert page.status_code == 200
        paused(clinic)
        answer = client.post("/book/check-up", data={"start": START.isoformat()})
        assert answer.status_code == 409
        assert SAID["en"] in answer.get_data(as_text=True)

    def test_programs(self, clinic, client):
        paused(clinic)
        slots = client.get("/api/v1/services/check-up/slots?include=taken").json["slots"]
        assert {each["reason"] for each in slots} == {"closed"}
        assert client.get("/api/v1/services/check-up/slots").json["slots"] == []
        wish = {"service": "check-up", "start": START.isoformat()}
        refused = [
            client.post("/api/v1/holds", json=wish),
            client.post("/api/v1/bookings", json={**wish, "customer": HANNAH}, headers={"Idempotency-Key": "k"}),
        ]
        assert [(each.status_code, each.json["code"], each.json["detail"]) for each in refused] == [
            (409, "paused", SAID["en"])
        ] * 2
