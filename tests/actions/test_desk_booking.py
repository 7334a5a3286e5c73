"""Booking at the desk: what stands against it is named, set aside with a reason, or refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, select

from actions import availability, cancel, desk_booking, hold, move
from actions.idempotency import Key
from actions.steps import take_step
from models.base import db
from models.booking import Allocation, Booking, Session
from models.history import History
from models.outbox import Message
from rules import errors, wishes
from rules.rights import Viewer
from tests.factories import HANNAH, TOM, booked, free

TUESDAY = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)  # nine o'clock in Berlin
NEXT = TUESDAY + timedelta(days=7)
HALF = timedelta(minutes=30)


@pytest.fixture
def clinic(load_business, clock):
    load_business("clinic")
    return clock


def book(clock, start=NEXT, service="check-up", **more):
    given = {"customer": HANNAH, "answers": {}, "locale": "en", "actor": "staff:1", "now": clock.now, **more}
    return desk_booking.book(service=service, start=start, **given).booking


def squeeze(clock, start=NEXT, **more):
    return book(clock, start, **{"overrule": "an old friend", "may_overrule": True, **more})


def broken(refused):
    return [each.rule for each in refused.value.params["broken"]]


def spans(*of):
    rows = db.session.execute(
        select(Allocation.session_id, Allocation.resource_id, Allocation.busy_from, Allocation.busy_to)
        .where(Allocation.live, Allocation.session_id.in_([each.session_id for each in of]))
        .order_by(Allocation.id)
    )
    return {(row.session_id, row.resource_id): (row.busy_from, row.busy_to) for row in rows}


def test_an_ordinary_time_is_booked_at_once_and_nothing_is_overruled(clinic):
    done = book(clinic)
    assert (done.status, done.overruled, done.created_by) == ("confirmed", None, "staff:1")
    assert db.session.execute(select(Booking.id).where(Booking.overruled.is_not(None))).all() == []


def test_each_broken_rule_is_named_before_anything_is_booked(clinic):
    with pytest.raises(errors.MustOverrule) as refused:
        book(clinic, TUESDAY - timedelta(minutes=83), may_overrule=True)  # 07:37, an hour before the house opens
    assert broken(refused) == ["grid", "open"]
    assert refused.value.status == 409
    assert db.session.execute(select(Booking.id)).all() == []


def test_without_the_right_no_reason_helps(clinic):
    with pytest.raises(errors.NotAllowed) as refused:
        book(clinic, TUESDAY - timedelta(minutes=83), overrule="please")
    assert (refused.value.status, broken(refused)) == (403, ["grid", "open"])


def test_rules_and_reason_stay_on_the_booking_and_in_its_history(clinic):
    done = squeeze(clinic, TUESDAY - timedelta(minutes=83))
    assert done.overruled == {"rules": ["grid", "open"], "reason": "an old friend"}
    row = db.session.execute(select(History).where(History.object_id == done.id)).scalar_one()
    assert (row.after["overruled"], row.reason, row.actor) == (["grid", "open"], "an old friend", "staff:1")


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_blank_reason_is_none(clinic, reason):
    with pytest.raises(errors.MustOverrule):
        squeeze(clinic, TUESDAY - timedelta(hours=2), overrule=reason)


def test_a_reason_of_a_thousand_letters_is_refused(clinic):
    with pytest.raises(errors.Invalid) as refused:
        squeeze(clinic, TUESDAY - timedelta(hours=2), overrule="x" * 1000)
    assert "overrule" in refused.value.errors


def test_notice_horizon_and_somebody_on_leave(clinic):
    with pytest.raises(errors.MustOverrule) as soon:
        book(clinic, clinic.now + timedelta(hours=1), may_overrule=True)
    assert broken(soon) == ["notice"]
    with pytest.raises(errors.MustOverrule) as far:
        book(clinic, NEXT + timedelta(days=70), may_overrule=True)
    assert broken(far) == ["horizon"]
    leave = datetime(2026, 12, 15, 8, 0, tzinfo=UTC)
    with pytest.raises(errors.MustOverrule) as away:
        book(clinic, leave, resources=["dr-braun"], may_overrule=True)
    assert [(each.rule, each.params["resource"]) for each in away.value.params["broken"]] == [("open", "dr-braun")]
    assert squeeze(clinic, leave, resources=["dr-braun"]).staff == ("dr-braun",)


def test_somebody_who_is_there_goes_before_somebody_who_is_away(clinic):
    leave = datetime(2026, 12, 15, 8, 0, tzinfo=UTC)
    assert book(clinic, leave).staff == ("dr-yilmaz",)


def test_a_cap_of_the_customer_is_named_and_may_be_overruled(clinic):
    for n in range(2):
        book(clinic, NEXT + timedelta(hours=n))
    with pytest.raises(errors.MustOverrule) as refused:
        book(clinic, NEXT + timedelta(days=2, hours=6), may_overrule=True)
    assert [(each.rule, each.why) for each in refused.value.params["broken"]] == [("limits", "per_customer")]
    assert squeeze(clinic, NEXT + timedelta(days=2, hours=6)).overruled["rules"] == ["limits"]


def test_a_visit_that_is_over_is_written_down_without_a_reason_and_without_a_word(clinic):
    done = book(clinic, clinic.now - timedelta(hours=1))
    assert done.status == "confirmed"
    assert db.session.execute(select(Message.id).where(Message.audience == "customer")).all() == []


def test_any_length_and_a_room_that_customers_may_not_choose(clinic):
    done = book(clinic, minutes=50, resources=["room-2"])
    assert (done.end - done.start, done.resources[1]) == (timedelta(minutes=50), "room-2")
    assert done.terms["chosen"] == []


def test_a_visit_of_another_length_keeps_it_when_its_customer_moves_it(clinic):
    done = book(clinic, minutes=50)
    moved = move.move(reference=done.reference, start=NEXT + timedelta(days=2, hours=6), now=clinic.now).booking
    assert moved.end - moved.start == timedelta(minutes=50)


def test_a_name_is_enough(clinic):
    done = book(clinic, customer={"name": "The man with the hat"})
    assert (done.contact_id, done.phone, done.email) == (None, None, None)
    assert db.session.execute(select(Message.id).where(Message.audience == "customer")).all() == []
    with pytest.raises(errors.Invalid):
        book(clinic, NEXT + HALF * 2, customer={"phone": "030 23125114"})


def test_two_people_with_a_name_only_are_two(clinic):
    first = book(clinic, customer={"name": "Anna"})
    second = book(clinic, NEXT + timedelta(hours=2), customer={"name": "Anna"})
    ids = db.session.execute(select(Booking.customer_id).where(Booking.id.in_([first.id, second.id]))).scalars().all()
    assert len(set(ids)) == 2


def test_what_wants_approval_is_firm_where_who_decides_it_books_it_so(clinic):
    scan = {"service": "ultrasound", "answers": {"referral": False}}
    assert book(clinic, **scan, approving=Viewer(1, "Mara", "mara@example.com", "owner")).status == "confirmed"


def test_people_are_told_two_minutes_later_and_the_customer_only_if_wanted(clinic):
    book(clinic)
    due = db.session.execute(select(Message.due_at).where(Message.kind == "confirmation")).scalars().all()
    assert set(due) == {clinic.now + timedelta(minutes=2)}
    quiet = book(clinic, NEXT + timedelta(hours=2), customer=TOM, tell=False)
    kinds = db.session.execute(select(Message.kind).where(Message.object_id == quiet.id)).scalars().all()
    assert ("confirmation" in kinds, "staff_booked" in kinds) == (False, True)


def test_the_same_key_books_once(clinic):
    key = Key("desk", "k", "print")
    assert book(clinic, key=key).reference == book(clinic, key=key).reference


def test_the_time_of_another_visit_is_never_overruled_and_others_are_offered(clinic):
    booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"])
    with pytest.raises(errors.SlotTaken) as refused:
        squeeze(clinic, NEXT + timedelta(minutes=20), resources=["dr-yilmaz"], customer=TOM)
    assert len(refused.value.alternatives) == 3


def test_a_block_is_lifted_and_not_overruled(clinic):
    done = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
    db.session.execute(db.update(Session).where(Session.id == done.session_id).values(kind="block"))
    with pytest.raises(errors.SlotTaken):
        squeeze(clinic, NEXT, resources=["dr-yilmaz"], customer=TOM)
    db.session.rollback()


def test_what_nobody_here_can_do_is_not_overruled(clinic):
    with pytest.raises(errors.NobodyCan):
        squeeze(clinic, resources=["dr-yilmaz", "dr-braun"])


def test_only_the_house_books_what_only_the_house_may(clinic, load_business, tmp_path):
    from tests.support.houses import BUSINESSES

    edited = tmp_path / "clinic.yaml"
    text = (BUSINESSES / "clinic.yaml").read_text()
    edited.write_text(text.replace("    duration: 30\n", "    duration: 30\n    who: staff\n", 1))
    load_business(edited)
    with pytest.raises(errors.UnknownService):
        hold.hold(service="check-up", start=NEXT, now=clinic.now)
    assert book(clinic).status == "confirmed"


class TestBuffers:
    def test_the_own_buffer_gives_way_first(self, clinic):
        later = booked("check-up", clinic.now, start=NEXT + HALF, resources=["dr-yilmaz"]).booking
        with pytest.raises(errors.MustOverrule) as refused:
            book(clinic, resources=["dr-yilmaz"], customer=TOM, may_overrule=True)
        assert set(broken(refused)) == {"buffers"}
        assert {each.params["references"] for each in refused.value.params["broken"]} == {(later.reference,)}
        mine = squeeze(clinic, resources=["dr-yilmaz"], customer=TOM)
        assert mine.overruled["rules"] == ["buffers"]
        taken = spans(mine, later)
        doctor = mine.resource_ids[0]
        assert taken[mine.session_id, doctor] == (NEXT, NEXT + HALF)
        assert taken[later.session_id, doctor] == (NEXT + HALF, NEXT + HALF * 2 + timedelta(minutes=10))

    def test_a_neighbour_gives_way_only_where_it_must(self, clinic):
        earlier = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
        mine = squeeze(clinic, NEXT + HALF + timedelta(minutes=4), resources=["dr-yilmaz"], customer=TOM)
        assert mine.overruled["rules"] == ["grid", "buffers"]
        taken, doctor = spans(mine, earlier), mine.resource_ids[0]
        assert taken[earlier.session_id, doctor][1] == mine.start
        assert taken[mine.session_id, doctor] == (mine.start, mine.end + timedelta(minutes=10))

    def test_between_two_visits_there_is_room_for_one_more(self, clinic):
        earlier = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
        later = booked("check-up", clinic.now, start=NEXT + HALF * 2, resources=["dr-yilmaz"], customer=TOM).booking
        mine = squeeze(clinic, NEXT + HALF, resources=["dr-yilmaz"], customer={"name": "Eva"})
        taken, doctor = spans(earlier, mine, later), mine.resource_ids[0]
        ends = [taken[each.session_id, doctor] for each in (earlier, mine, later)]
        assert ends[0][1] == ends[1][0] == NEXT + HALF
        assert ends[1][1] == ends[2][0] == NEXT + HALF * 2

    def test_a_room_without_a_neighbour_keeps_its_buffer(self, clinic):
        booked("check-up", clinic.now, start=NEXT + HALF, resources=["dr-yilmaz"])
        mine = squeeze(clinic, resources=["dr-yilmaz"], customer=TOM)
        rows = {resource: span for (_, resource), span in spans(mine).items()}
        doctor, room = mine.resource_ids
        assert mine.resources[1] == "room-2"
        assert (rows[doctor][1] - mine.end, rows[room][1] - mine.end) == (timedelta(), timedelta(minutes=10))

    def test_why_it_was_she_is_kept_as_it_was(self, clinic):
        for person in ("dr-yilmaz", "dr-braun"):
            contact = {"name": person, "email": f"{person}@example.com"}
            booked("check-up", clinic.now, start=NEXT, resources=[person], customer=contact)
        mine = squeeze(clinic, NEXT + HALF, customer={"name": "Eva"})
        reasons = db.session.execute(
            select(Allocation.reason).where(Allocation.session_id == mine.session_id).order_by(Allocation.need)
        ).scalars()
        assert next(iter(reasons))["code"] != "only_one_free"

    def test_an_expired_hold_is_cleared_away_and_not_squeezed(self, clinic):
        mine = hold.hold(service="check-up", start=NEXT, resources=["dr-yilmaz"], now=clinic.now)
        clinic.tick(minutes=11)
        booked("check-up", clinic.now, start=NEXT + HALF, resources=["dr-yilmaz"])
        done = squeeze(clinic, resources=["dr-yilmaz"], customer=TOM)
        assert (done.start, hold.find_hold(secret=mine.secret, now=clinic.now).state) == (NEXT, "expired")

    def test_a_visit_whose_buffer_gave_way_is_completed_early_like_any_other(self, clinic):
        earlier = booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"]).booking
        squeeze(clinic, NEXT + HALF, resources=["dr-yilmaz"], customer=TOM)
        clinic.set(NEXT + timedelta(minutes=25))
        done = take_step(reference=earlier.reference, step="complete", actor="staff:1", now=clinic.now).booking
        assert (done.status, done.end) == ("completed", clinic.now)

    def test_after_a_cancellation_the_squeezed_one_is_as_good_as_any(self, clinic):
        booked("check-up", clinic.now, start=NEXT + HALF, resources=["dr-yilmaz"])
        mine = squeeze(clinic, resources=["dr-yilmaz"], customer=TOM)
        assert cancel.cancel(reference=mine.reference, actor="staff:1", now=clinic.now).booking.status == "cancelled"
        assert NEXT not in [each.start for each in free("check-up", clinic.now, resources=["dr-yilmaz"])]


def test_a_class_takes_another_one_before_its_notice_is_over(load_business, clock):
    load_business("studio")
    start = free("yoga", clock.now)[0].start
    first = booked("yoga", clock.now, start=start, seats=2).booking
    clock.set(start - timedelta(minutes=1))
    with pytest.raises(errors.MustOverrule) as refused:
        book(clock, start, "yoga", may_overrule=True)
    assert broken(refused) == ["notice"]
    assert squeeze(clock, start, service="yoga").session_id == first.session_id
    with pytest.raises(errors.SlotTaken) as full:
        squeeze(clock, start, service="yoga", seats=6, customer=TOM)
    assert full.value.params["seats_left"] == 5


def test_a_cap_of_the_day_is_named(load_business, clock, tmp_path):
    from tests.support.houses import BUSINESSES

    edited = tmp_path / "crowd.yaml"
    text = (BUSINESSES / "crowd.yaml").read_text()
    edited.write_text(
        text.replace(
            "    needs: [{kind: staff, any_of: [gina]}]",
            "    needs: [{kind: staff, any_of: [gina]}]\n    limits: {per_day: 1}",
        )
    )
    load_business(edited)
    booked("photo", clock.now, start=NEXT)
    with pytest.raises(errors.MustOverrule) as refused:
        book(clock, NEXT + HALF, "photo", customer=TOM, may_overrule=True)
    assert [each.params["count"] for each in refused.value.params["broken"]] == [1]
    assert squeeze(clock, NEXT + HALF, service="photo", customer=TOM).overruled["rules"] == ["limits"]


class TestNextFree:
    def test_thursdays_after_three(self, clinic):
        wish = wishes.parse("Thursdays after three", today=date(2026, 11, 30))
        found = desk_booking.next_free(service="check-up", wish=wish, count=4, now=clinic.now)
        assert found[0].start.isoformat() == "2026-12-03T14:00:00+00:00"
        assert all(each.free for each in found)
        assert len(found) == 4

    def test_with_one_person_all_over_the_horizon(self, clinic):
        wish = wishes.parse("", today=date(2026, 11, 30))
        found = desk_booking.next_free(service="check-up", who="dr-braun", wish=wish, count=10_000, now=clinic.now)
        assert found[-1].start > clinic.now + timedelta(days=50)
        day = [each for each in found if each.start.date() == date(2026, 12, 15)]
        assert day == []

    def test_in_a_fixed_number_of_queries_whatever_is_booked(self, clinic):
        def count():
            asked = []
            listen = lambda *_: asked.append(1)  # noqa: E731
            event.listen(db.engine, "before_cursor_execute", listen)
            availability.forget()
            db.session.rollback()
            try:
                wish = wishes.parse("mornings", today=date(2026, 11, 30))
                desk_booking.next_free(service="check-up", wish=wish, count=5, now=clinic.now)
            finally:
                event.remove(db.engine, "before_cursor_execute", listen)
            return len(asked)

        count()  # compiles the catalogue
        before = count()
        for n in range(3):
            booked(
                "check-up",
                clinic.now,
                start=NEXT + timedelta(hours=n),
                customer={"name": f"N{n}", "email": f"n{n}@example.com"},
            )
        assert count() == before <= 4


def test_what_the_desk_looks_up_never_changes_what_customers_may_choose(clinic):
    booked("check-up", clinic.now, start=NEXT, resources=["dr-yilmaz"])
    with pytest.raises(errors.SlotTaken):
        squeeze(clinic, resources=["room-1", "dr-yilmaz"], customer=TOM)
    offers = availability.view(availability.resolved(service="check-up"), now=clinic.now).offers
    assert {slug for each in offers for slug in each.resources} <= {"dr-yilmaz", "dr-braun"}


def test_a_visit_that_has_begun_waits_for_nobody_and_one_that_is_over_is_written_down(clinic):
    scan = {"service": "ultrasound", "answers": {"referral": False}}
    clinic.set(NEXT + timedelta(minutes=15))
    with pytest.raises(errors.NeedsApproval):
        squeeze(clinic, **scan)
    clinic.set(NEXT + timedelta(hours=1))
    assert book(clinic, **scan, overrule="came by", may_overrule=True).status == "confirmed"
