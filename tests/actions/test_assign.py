"""Giving a visit to somebody else by hand, at the same time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from actions import cancel, undo
from actions.assign import reassign
from models import bookings
from models.base import db
from models.booking import Allocation
from models.history import History
from models.outbox import Message
from rules import errors
from tests.actions.test_desk_booking import squeeze
from tests.conftest import BUSINESSES
from tests.factories import TOM, booked, free

NEXT = datetime(2026, 12, 8, 8, 0, tzinfo=UTC)
HALF = timedelta(minutes=30)


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


def give(clock, done, to, **more):
    return reassign(reference=done.reference, to=to, actor="staff:3", now=clock.now, **more)


def reasons(view):
    rows = select(Allocation.resource_id, Allocation.reason).where(Allocation.session_id == view.session_id)
    return {row.resource_id: row.reason for row in db.session.execute(rows.where(Allocation.live))}


def told(view, since):
    rows = select(Message.kind, Message.recipient).where(Message.object_id == view.id, Message.revision >= since)
    return {(row.kind, row.recipient) for row in db.session.execute(rows)}


def test_another_doctor_has_it_at_the_same_time_and_why_is_kept(clinic):
    before = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    room = reasons(before)[before.resource_ids[1]]
    after = give(clinic, before, "dr-braun").booking
    assert (after.start, after.staff, after.revision) == (NEXT, ("dr-braun",), 1)
    assert after.resources[1] == before.resources[1]
    assert reasons(after) == {
        after.resource_ids[0]: {"code": "by_hand", "by": "staff:3"},
        after.resource_ids[1]: room,
    }
    assert NEXT in [each.start for each in free("check-up", clinic.now, resources=["dr-yilmaz"])]
    row = db.session.execute(select(History).where(History.action == "reassigned")).scalar_one()
    assert (row.actor, row.after["resources"]) == ("staff:3", ["dr-braun", after.resources[1]])


def test_both_people_and_the_customer_are_told_and_the_customer_only_if_wanted(clinic):
    one = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    give(clinic, one, "dr-braun")
    kinds = told(one, 1)
    assert {("staff_booked", "braun@example.com"), ("staff_cancelled", "yilmaz@example.com")} <= kinds
    assert ("reassigned", "hannah@example.com") in kinds
    other = booked(
        "check-up", clinic.now, start=NEXT + timedelta(hours=1), resources=["dr-yilmaz"], customer=TOM
    ).booking
    give(clinic, other, "dr-braun", tell=False)
    assert "reassigned" not in {kind for kind, _ in told(other, 1)}


def test_another_room_is_of_no_matter_to_the_customer(clinic):
    one = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    after = give(clinic, one, "room-2").booking
    assert (after.staff, after.resources[1]) == (("dr-yilmaz",), "room-2")
    assert "reassigned" not in {kind for kind, _ in told(one, 1)}


def test_the_one_to_be_relieved_is_named_by_need_or_by_name(clinic):
    one = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    assert give(clinic, one, "dr-braun", need=0).booking.staff == ("dr-braun",)
    assert give(clinic, one, "dr-yilmaz", old="dr-braun").booking.staff == ("dr-yilmaz",)
    with pytest.raises(errors.Stale):
        give(clinic, one, "dr-braun", old="dr-braun-sen")
    with pytest.raises(errors.Stale):
        give(clinic, one, "dr-braun", revision=0)


def test_the_second_tap_changes_nothing(clinic):
    one = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    give(clinic, one, "dr-braun")
    again = give(clinic, one, "dr-braun")
    assert (again.replayed, again.booking.revision) == (True, 1)


def test_who_is_taken_cannot_have_it(clinic):
    one = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    booked("check-up", clinic.now, start=NEXT, resources=["dr-braun"], customer=TOM)
    with pytest.raises(errors.SlotTaken):
        give(clinic, one, "dr-braun", overrule="please", may_overrule=True)
    assert bookings.by_reference(db.session(), one.reference).staff == ("dr-yilmaz",)


def test_who_is_away_can_have_it_only_with_a_reason(clinic):
    one = booked("check-up", clinic.now, start=NEXT + timedelta(days=7), resources=["dr-yilmaz"]).booking
    with pytest.raises(errors.NotAllowed):
        give(clinic, one, "dr-braun", overrule="he comes in")
    with pytest.raises(errors.MustOverrule) as refused:
        give(clinic, one, "dr-braun", may_overrule=True)
    assert [each.rule for each in refused.value.params["broken"]] == ["open"]
    after = give(clinic, one, "dr-braun", overrule="he comes in", may_overrule=True).booking
    assert after.overruled == {"rules": ["open"], "reason": "he comes in"}
    assert bookings.by_reference(db.session(), one.reference).overruled == after.overruled


def test_who_cannot_serve_is_unknown_here(clinic):
    one = booked("ultrasound", clinic.now, start=NEXT, answers={"referral": False}).booking
    for slug in ("dr-yilmaz", "room-1", "nobody"):
        with pytest.raises(errors.UnknownResource):
            give(clinic, one, slug)
    with pytest.raises(errors.Missing):
        reassign(reference="XXXXXXXX", to="dr-braun", actor="staff:3", now=clinic.now)


def test_what_is_cancelled_is_given_to_nobody(clinic):
    one = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    cancel.cancel(reference=one.reference, actor="staff:1", now=clinic.now)
    with pytest.raises(errors.StateChanged):
        give(clinic, one, "dr-braun", old="dr-yilmaz")


def test_a_visit_within_the_notice_is_given_away_just_as_well(clinic):
    soon = booked("check-up", clinic.now, start=clinic.now + timedelta(hours=4)).booking
    clinic.set(soon.start - timedelta(minutes=5))
    to = "dr-braun" if soon.staff == ("dr-yilmaz",) else "dr-yilmaz"
    if to == "dr-yilmaz":
        assert give(clinic, soon, to).booking.staff == (to,)
    else:
        assert give(clinic, soon, to, overrule="he steps in", may_overrule=True).booking.staff == (to,)


def test_a_visit_that_was_squeezed_in_can_be_given_away(clinic):
    booked("check-up", clinic.now, start=NEXT + HALF, resources=["dr-yilmaz"])
    tight = squeeze(clinic, NEXT, resources=["dr-yilmaz", "room-1"], customer=TOM)
    assert give(clinic, tight, "dr-braun").booking.staff == ("dr-braun",)


def test_giving_away_can_be_undone(clinic):
    one = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    give(clinic, one, "dr-braun")
    assert undo.undo(reference=one.reference, actor="staff:3", now=clinic.now).booking.staff == ("dr-yilmaz",)


def test_a_class_goes_to_its_new_teacher_with_everybody_in_it(load_business, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    people = [{"name": f"N {n}", "email": f"n{n}@example.com"} for n in range(3)]
    views = [booked("yoga", clock.now, start=start, seats=2, customer=each).booking for each in people]
    teacher = views[0].staff[0]
    other = "li" if teacher == "chen" else "chen"
    give(clock, views[1], other)
    now = [bookings.by_reference(db.session(), each.reference) for each in views]
    assert [each.staff for each in now] == [(other,)] * 3
    assert [each.revision for each in now] == [1, 1, 1]
    assert {each.session_id for each in now} == {views[0].session_id}
    heard = db.session.execute(select(Message.recipient).where(Message.kind == "reassigned")).scalars().all()
    assert set(heard) == {each["email"] for each in people}
    joined = booked("yoga", clock.now, start=start, seats=1, customer=TOM).booking
    assert joined.staff == (other,)
    rows = db.session.execute(select(History.action).where(History.object_id == views[0].id)).scalars().all()
    assert rows == ["confirmed", "class_given"]
    assert give(clock, views[2], other).replayed


def test_a_service_by_region_is_given_to_who_is_at_home_there(load_business, clock, tmp_path):
    path = tmp_path / "business.yaml"
    text_ = (BUSINESSES / "studio.yaml").read_text().replace("assign: round_robin", "assign: region")
    text_ = text_.replace("name: Grace Okafor, location: soho", "name: Grace Okafor, locations: {soho: {}, jingan: {}}")
    text_ = text_.replace("name: 王磊, location: jingan", "name: 王磊, locations: {soho: {}, jingan: {}}")
    path.write_text(text_)
    load_business(path)
    made = booked("consult", clock.now, answers={"topic": "first", "people": 2}, location="jingan").booking
    kept = db.session.scalars(select(Allocation.reason).where(Allocation.session_id == made.session_id)).all()
    assert made.staff == ("chen",)
    assert {"code": "same_region"} in kept
