"""Somebody is sick, a room is out, a person leaves, a place closes: one flow for all of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from actions.businessfile.dumping import dump
from actions.desk_booking import book
from actions.outage import carry_out
from actions.outage_hits import Choice, hits
from models import bookings
from models.base import db
from models.booking import Allocation
from models.business import Absence, SpecialDay
from models.desk import Proposal
from models.history import History
from models.outbox import Message
from rules import errors
from tests.factories import TOM, booked, free
from tests.support.houses import BUSINESSES

DAY = datetime(2026, 12, 7, 23, 0, tzinfo=UTC)  # Tuesday 8 December, midnight in Berlin
NEXT = DAY + timedelta(hours=9)
SICK = {"resources": ["dr-yilmaz"], "start": DAY, "end": DAY + timedelta(days=1)}


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


@pytest.fixture
def crowd(load_business, clock):
    load_business("crowd")
    return clock


def person(n):
    return {"name": f"N {n}", "email": f"n{n}@example.com"}


def now_of(view):
    return bookings.by_reference(db.session(), view.reference)


def proposed(clock, **outage):
    return {each.reference: each.choice for each in hits(**outage, now=clock.now)}


def do(clock, choices=None, **outage):
    wanted = proposed(clock, **outage) if choices is None else choices
    return carry_out(**outage, reason="sick", choices=wanted, actor="staff:1", now=clock.now)


def test_a_colleague_who_is_free_is_proposed_first_then_another_time(clinic):
    first = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    second = booked(
        "check-up", clinic.now, start=NEXT + timedelta(hours=1), resources=["dr-yilmaz"], customer=TOM
    ).booking
    booked("check-up", clinic.now, start=NEXT + timedelta(hours=1), resources=["dr-braun"], customer=person(1))
    found = proposed(clinic, **SICK)
    assert found[first.reference] == Choice("colleague", gives={"dr-yilmaz": "dr-braun"})
    other = found[second.reference]
    assert (other.kind, other.resources) == ("other_time", ("dr-yilmaz",))
    assert not DAY <= other.start < DAY + timedelta(days=1)


def test_all_proposals_together_can_be_carried_out(clinic):
    views = [
        booked(
            "check-up", clinic.now, start=NEXT + timedelta(minutes=40 * n), resources=["dr-yilmaz"], customer=person(n)
        ).booking
        for n in range(4)
    ]
    for n in (0, 2):
        booked(
            "check-up",
            clinic.now,
            start=NEXT + timedelta(minutes=40 * n),
            resources=["dr-braun"],
            customer=person(9 + n),
        )
    found = proposed(clinic, **SICK)
    starts = [each.start for each in found.values() if each.kind == "other_time"]
    assert len(set(starts)) == len(starts) == 2
    outcome = do(clinic, **SICK)
    assert (len(outcome.done), outcome.failed, outcome.left, outcome.calls) == (4, (), (), ())
    assert hits(**SICK, now=clinic.now) == []
    assert {now_of(each).status for each in views} == {"confirmed"}


def test_the_time_off_is_written_and_nothing_of_it_is_offered(clinic):
    booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"])
    do(clinic, **SICK)
    row = db.session.execute(
        select(Absence).where(Absence.reason.is_not(None), Absence.from_local < datetime(2026, 12, 9))
    ).scalar_one()
    assert (row.from_local, row.to_local, row.whole_days, row.reason) == (
        datetime(2026, 12, 8),
        datetime(2026, 12, 9),
        True,
        "sick",
    )
    assert [
        each
        for each in free("check-up", clinic.now, resources=["dr-yilmaz"])
        if DAY <= each.start < DAY + timedelta(days=1)
    ] == []
    said = db.session.execute(select(History).where(History.action == "out")).scalar_one()
    assert (said.object_kind, said.actor, said.reason) == ("resource", "staff:1", "sick")


def test_the_second_thumb_changes_nothing(clinic):
    booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"])
    booked("ultrasound", clinic.now, start=NEXT + timedelta(days=2, hours=6), answers={"referral": False}, customer=TOM)
    choices = proposed(clinic, **SICK)
    do(clinic, choices, **SICK)
    tables = ("absence", "history", "message", "proposal", "allocation", "booking")
    counts = [db.session.execute(text(f"SELECT count(*) FROM {each}")).scalar() for each in tables]
    again = do(clinic, choices, **SICK)
    assert (again.replayed, again.done, again.messages) == (True, (), ())
    assert [db.session.execute(text(f"SELECT count(*) FROM {each}")).scalar() for each in tables] == counts


def test_the_customer_chooses_by_link_and_stays_marked(clinic):
    view = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    outcome = do(clinic, {view.reference: Choice("choose")}, **SICK)
    assert now_of(view).status == "confirmed"
    row = db.session.execute(select(Proposal)).scalar_one()
    assert (row.kind, row.state, row.deadline) == ("choose", "open", clinic.now + timedelta(days=2))
    assert len(outcome.messages) == 2
    left = hits(**SICK, now=clinic.now)
    assert [(each.reference, each.waits) for each in left] == [(view.reference, True)]
    assert do(clinic, {view.reference: Choice("choose")}, **SICK).replayed


def test_everybody_is_told_once(clinic):
    view = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    do(clinic, **SICK)
    rows = db.session.execute(
        select(Message.kind, Message.recipient).where(
            Message.object_id == view.id, Message.revision == 1, Message.kind.not_like("%reminder")
        )
    )
    told = [tuple(row) for row in rows]
    assert len(told) == len(set(told))
    assert {"reassigned", "staff_booked", "staff_cancelled"} == {kind for kind, _ in told}


def test_whom_nothing_reaches_is_on_the_call_list(clinic):
    only_name = book(
        service="check-up", start=NEXT, resources=["dr-yilmaz"], customer={"name": "The man with the hat"}, answers={},
        locale="en", actor="staff:1", now=clinic.now,
    ).booking  # fmt: skip
    landline = booked(
        "check-up",
        clinic.now,
        start=NEXT + timedelta(hours=1),
        resources=["dr-yilmaz"],
        customer={"name": "L", "phone": "030 23125114"},
    ).booking
    bounced = booked(
        "check-up", clinic.now, start=NEXT + timedelta(hours=2), resources=["dr-yilmaz"], customer=person(1)
    ).booking
    reached = booked(
        "check-up", clinic.now, start=DAY + timedelta(hours=15), resources=["dr-yilmaz"], customer=TOM
    ).booking
    db.session.execute(text("UPDATE contact SET state = 'bad' WHERE value = 'n1@example.com'"))
    db.session.commit()
    outcome = do(clinic, **SICK)
    assert {each.reference for each in outcome.calls} == {only_name.reference, landline.reference, bounced.reference}
    assert reached.reference in {each.reference for each in outcome.done}


def test_whoever_is_to_be_called_stays_as_she_is(clinic):
    view = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    outcome = do(clinic, {view.reference: Choice("call")}, **SICK)
    assert [each.reference for each in outcome.calls] == [view.reference]
    assert now_of(view).revision == 0


def test_what_cannot_be_done_is_said_and_the_rest_is_done(clinic):
    first = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    second = booked(
        "check-up", clinic.now, start=NEXT + timedelta(hours=1), resources=["dr-yilmaz"], customer=TOM
    ).booking
    choices = proposed(clinic, **SICK)
    booked("check-up", clinic.now, start=NEXT, resources=["dr-braun"], customer=person(1))
    late = booked(
        "check-up", clinic.now, start=NEXT + timedelta(hours=2), resources=["dr-yilmaz"], customer=person(2)
    ).booking
    outcome = do(clinic, choices, **SICK)
    assert [(each.booking.reference, each.refusal.code) for each in outcome.failed] == [(first.reference, "slot_taken")]
    assert [each.reference for each in outcome.done] == [second.reference]
    assert [each.reference for each in outcome.left] == [late.reference]
    assert now_of(first).staff == ("dr-yilmaz",)
    # The next look has something else for her.
    assert proposed(clinic, **SICK)[first.reference].kind == "other_time"


def test_a_room_that_is_out_changes_the_room_and_no_customer_hears_of_it(clinic):
    view = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    outage = {"resources": [view.resources[1]], "start": DAY, "end": DAY + timedelta(days=1)}
    do(clinic, **outage)
    assert (now_of(view).staff, now_of(view).resources[1]) == (("dr-yilmaz",), "room-2")
    heard = db.session.execute(select(Message.kind).where(Message.object_id == view.id, Message.audience == "customer"))
    assert "reassigned" not in set(heard.scalars())


def test_somebody_and_a_room_at_once(clinic):
    view = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    do(clinic, resources=["dr-yilmaz", "room-1"], start=DAY, end=DAY + timedelta(days=1))
    assert now_of(view).resources == ("dr-braun", "room-2")


def test_a_place_that_closes_moves_its_visits_and_opens_only_for_what_is_left(clinic):
    morning = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    afternoon = booked("check-up", clinic.now, start=DAY + timedelta(hours=15), customer=TOM).booking
    outage = {"location": "park", "start": DAY + timedelta(hours=8), "end": DAY + timedelta(hours=13)}
    assert {each: choice.kind for each, choice in proposed(clinic, **outage).items()} == {
        morning.reference: "other_time"
    }
    do(clinic, **outage)
    row = db.session.execute(select(SpecialDay).where(SpecialDay.source == "desk")).scalar_one()
    assert (row.kind, row.windows) == ("special_hours", [[840, 1080]])
    assert (now_of(afternoon).start, now_of(morning).start != NEXT) == (afternoon.start, True)
    assert do(clinic, {}, **outage).replayed


def test_a_place_that_closes_for_days_is_closed_on_them(clinic):
    do(clinic, {}, location="park", start=DAY, end=DAY + timedelta(days=3))
    rows = db.session.execute(select(SpecialDay.date, SpecialDay.kind).where(SpecialDay.source == "desk")).all()
    assert [row.kind for row in rows] == ["closed"] * 3
    with pytest.raises(errors.Invalid):
        do(clinic, {}, location="park", start=DAY)


def test_what_makes_no_sense_is_refused(clinic):
    for wrong in ({}, {"resources": ["dr-yilmaz"], "end": DAY}):
        with pytest.raises(errors.Invalid):
            hits(start=DAY, now=clinic.now, **wrong)
    with pytest.raises(errors.UnknownResource):
        hits(resources=["nobody"], start=DAY, now=clinic.now)
    with pytest.raises(errors.UnknownLocation):
        hits(location="nowhere", start=DAY, now=clinic.now)


def test_a_class_goes_to_another_teacher_as_a_whole(load_business, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    views = [booked("yoga", clock.now, start=start, seats=2, customer=person(n)).booking for n in range(3)]
    outage = {"resources": list(views[0].staff), "start": start, "end": start + timedelta(hours=1)}
    outcome = do(clock, **outage)
    now = [now_of(each) for each in views]
    assert {each.staff for each in now} == {tuple({"chen", "li"} - set(views[0].staff))}
    assert (outcome.failed, len(outcome.messages)) == ((), 3)


def test_a_person_leaves_with_fifty_visits_ahead_and_ten_requests(load_business, clock, tmp_path):
    edited = tmp_path / "crowd.yaml"
    again = (BUSINESSES / "crowd.yaml").read_text().replace("any_of: [franz]", "any_of: [franz, ada]")
    edited.write_text(again)
    load_business(edited)
    starts = [each.start for each in free("haircut", clock.now, length=30, resources=["ada"])][8:308:6]
    visits = [
        booked("haircut", clock.now, start=each, length=30, resources=["ada"], customer=person(n)).booking
        for n, each in enumerate(starts)
    ]
    days = [datetime(2026, 12, 14, 9, 0, tzinfo=UTC) + timedelta(days=n) for n in range(10)]
    for n, day in enumerate(days):
        booked("advice", clock.now, start=day, customer=person(100 + n))
    given = {"resources": ["franz"], "start": clock.now, "end": None}
    do(clock, **given)  # so that the requests are ada's
    requests = bookings.listed(db.session(), status=("requested",))
    assert (len(visits), {each.staff for each in requests}, len(requests)) == (50, {("ada",)}, 10)
    leaving = {"resources": ["ada"], "start": clock.now, "end": None}
    found = proposed(clock, **leaving)
    assert len(found) == 60
    outcome = do(clock, found, **leaving)
    assert (outcome.failed, outcome.left) == ((), ())
    # Nothing is left to her but what its customer has been asked to choose; the others share the rest evenly.
    rest = hits(**leaving, now=clock.now)
    assert all(each.waits for each in rest)
    mine = [now_of(each) for each in visits]
    shares = [sum(each.staff == (slug,) for each in mine) for slug in ("ben", "cleo")]
    assert (sum(shares), abs(shares[0] - shares[1]) <= 1) == (50, True)
    # The history still names her.
    said = (
        db.session.execute(
            select(History.after)
            .where(History.object_kind == "booking", History.object_id == visits[0].id)
            .order_by(History.id)
        )
        .scalars()
        .all()
    )
    assert (said[0]["resources"], said[-1]["resources"]) == (["ada"], list(mine[0].resources))
    live = db.session.execute(select(Allocation.session_id).where(Allocation.live)).scalars().all()
    assert len(live) == len(set(live)) == 60


def test_a_load_of_the_business_file_leaves_what_the_desk_wrote(clinic, load_business, tmp_path):
    do(clinic, {}, **SICK)
    do(clinic, {}, location="park", start=DAY + timedelta(days=7), end=DAY + timedelta(days=8))
    report = load_business("clinic")
    assert not report.changed
    off = [each for each in db.session.execute(select(Absence)).scalars() if each.source == "desk"]
    closed = [each for each in db.session.execute(select(SpecialDay)).scalars() if each.source == "desk"]
    assert len(off) == len(closed) == 1
    written = tmp_path / "business.yaml"
    dump(pictures_dir=tmp_path, target=written)
    assert "2026-12-08" in written.read_text(), "the file says what holds"
    report = load_business(written)
    assert not report.changed, "what the file says is there already"
