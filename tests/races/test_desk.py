"""Staff at the desk, in threads of this process, against customers who reach the house by its web processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

import failpoints
from actions import cancel, review, upkeep
from actions.blocks import block
from actions.proposals import accept, decline, propose_time
from actions.steps import take_step
from actions.undo import undo
from app import create_app
from rules.errors import Refusal
from tests.races.racing import together
from tests.races.town import Town
from tests.support import databases
from tests.support.houses import settings
from tests.support.time import instant

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]
NOW = datetime(2026, 11, 30, 9, 5, tzinfo=UTC)


@pytest.fixture
def desk_of(tmp_path):
    """``desk_of(town)``: gives acts of staff on that town's database; each answers "" or the code of its refusal."""
    made = []

    def of(town: Town) -> Callable[..., Callable[[], str]]:
        app = create_app(settings(town.served.environ["DATABASE_URL"], tmp_path))
        made.append(app)

        def staff(action: Callable[..., Any], **given: Any) -> Callable[[], str]:
            def act() -> str:
                with app.app_context():
                    try:
                        done = action(**{"now": NOW, **given})
                    except Refusal as refusal:
                        return refusal.code
                return "again" if getattr(done, "replayed", False) else ""

            return act

        return staff

    yield of
    failpoints.arm({})
    for each in made:
        databases.let_go(each)


@pytest.fixture
def staff(town, desk_of):
    return desk_of(town)


def asking(act: Any) -> Callable[[], str]:
    """A customer's request as an act that answers "" or a code."""

    def ask() -> str:
        with requests.Session() as session:
            answer = act(session)
        assert answer.status_code < 500, answer.text
        return "" if answer.status_code < 300 else str(answer.json()["code"])

    return ask


def status_of(town: Town, made: dict[str, Any]) -> str:
    return str(town.now_of(made)["status"])


def test_a_customer_cancels_while_her_request_is_approved(town, staff, sizes):
    starts = town.starts("advice")
    for round_ in range(sizes(4, 50)):
        made = town.book("advice", starts[(round_ * 4) % len(starts)])
        approve = staff(review.approve, reference=made["reference"], actor="staff:1")
        cancelled, approved = together([asking(town.cancelling(made)), approve])
        assert cancelled == ""
        assert approved in ("", "state_changed")
        assert status_of(town, made) == "cancelled"
        # What would still leave says nothing of an approval.
        told = town.store.rows(
            "SELECT m.kind FROM message m JOIN booking b ON b.id = m.object_id AND b.revision = m.revision"
            " WHERE b.reference = :reference",
            reference=made["reference"],
        )
        assert {row.kind for row in told} == {"cancelled", "staff_cancelled"}


def test_one_approves_and_one_declines(town, staff, sizes):
    starts = town.starts("advice")
    for round_ in range(sizes(4, 50)):
        made = town.book("advice", starts[(round_ * 4) % len(starts)])
        given = {"reference": made["reference"]}
        answers = together(
            [staff(review.approve, actor="staff:1", **given), staff(review.decline, actor="staff:2", **given)]
        )
        assert sorted(answers) == ["", "state_changed"]
        assert status_of(town, made) == ("confirmed" if answers[0] == "" else "declined")
        if answers[0] == "":
            together([asking(town.cancelling(made))])


def test_a_request_whose_time_has_come_is_approved_or_has_expired(town, staff, sizes):
    starts = town.starts("advice")
    for round_ in range(sizes(4, 50)):
        start = starts[(round_ * 4 + 2) % len(starts)]
        made = town.book("advice", start)
        given = {"reference": made["reference"]}
        answers = together(
            [staff(review.approve, actor="staff:1", **given), staff(review.expire, now=instant(start), **given)]
        )
        assert sorted(answers) == ["", "state_changed"]
        assert status_of(town, made) == ("confirmed" if answers[0] == "" else "expired")
        if answers[0] == "":
            together([asking(town.cancelling(made))])


def test_who_arrives_while_she_cancels_has_done_one_of_both(town, staff, sizes):
    starts = town.starts("photo")
    for round_ in range(sizes(4, 40)):
        start = starts[round_ % len(starts)]
        made = town.book("photo", start)
        given = {"reference": made["reference"], "step": "arrive", "actor": "staff:1", "now": instant(start)}
        cancelled, arrived = together([asking(town.cancelling(made)), staff(take_step, **given)])
        assert sorted([cancelled, arrived]) == ["", "state_changed"]
        assert status_of(town, made) == ("cancelled" if cancelled == "" else "arrived")


def test_ten_taps_are_one_step(town, staff):
    start = town.starts("photo")[0]
    made = town.book("photo", start)
    given = {"reference": made["reference"], "step": "arrive", "actor": "staff:1", "now": instant(start)}
    assert Counter(together([staff(take_step, **given)] * 10)) == {"": 1, "again": 9}


def _freed_and_wanted(town: Town, staff: Any, start: str, customers: int) -> tuple[str, list[str]]:
    """A cancellation is undone while others want its time: what staff were told, and what the customers were."""
    made = town.book("photo", start)
    assert staff(cancel.cancel, reference=made["reference"], actor="staff:1")() == ""
    undoing = staff(undo, reference=made["reference"], actor="staff:1", now=NOW + timedelta(minutes=1))
    answers = together([undoing, *(asking(town.booking("photo", start)) for _ in range(customers))])
    return answers[0], answers[1:]


def test_a_time_that_is_undone_and_wanted_has_one_owner(town, staff, sizes):
    for start in town.starts("photo")[: sizes(4, 30)]:
        undone, others = _freed_and_wanted(town, staff, start, 10)
        assert sorted([undone, *others]) == ["", *["slot_taken"] * 10]
        assert town.store.overlaps() == 0


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_without_the_guard_it_has_two(serve, desk_of, database):
    town = Town(serve("crowd", processes=4, FAILPOINTS="guard_off=on,chosen=sleep:0.05"))
    town.store.drop_guard()
    staff = desk_of(town)
    failpoints.arm({"guard_off": "on"})
    for start in town.starts("photo")[:20]:
        _freed_and_wanted(town, staff, start, 5)
        if town.store.overlaps():
            return
    pytest.fail("nothing was taken twice: the control shows nothing")


def test_no_booking_enters_a_block(town, staff, sizes):
    for start in town.starts("photo")[: sizes(4, 30)]:
        given = {"start": instant(start), "end": instant(start) + timedelta(minutes=30), "title": "Holiday"}
        blocking = staff(block, resources=["gina"], actor="staff:1", **given)
        blocked, *others = together([blocking, *(asking(town.booking("photo", start)) for _ in range(20))])
        wins = Counter([blocked, *others])[""]
        assert wins == 1
        assert blocked in ("", "in_the_way")
        assert set(others) <= {"", "slot_taken"}
        assert town.store.overlaps() == 0


def test_a_proposal_that_is_accepted_declined_ended_and_cancelled_at_once_has_one_end(town, staff, sizes):
    starts = town.starts("photo")
    for round_ in range(sizes(4, 20)):
        old, new = starts[round_], starts[39 - round_]
        made = town.book("photo", old)
        given = {"reference": made["reference"]}
        deadline = NOW + timedelta(minutes=5)
        assert staff(propose_time, start=instant(new), deadline=deadline, actor="staff:1", **given)() == ""
        end = staff(upkeep.sweep, now=deadline)
        accepted, declined, cancelled, _ = together(
            [staff(accept, **given), staff(decline, **given), asking(town.cancelling(made)), end]
        )
        assert cancelled == ""
        assert accepted in ("", "state_changed", "hold_expired")
        assert declined in ("", "state_changed")
        assert [accepted, declined].count("") <= 1
        # She has cancelled in any case, so both times are free for one other each.
        assert status_of(town, made) == "cancelled"
        for start in (old, new):
            assert sorted(together([asking(town.booking("photo", start)) for _ in range(3)])) == [
                "",
                *["slot_taken"] * 2,
            ]
