"""Bookings that are moved, cancelled, decided and cut while others want their time."""

from __future__ import annotations

import threading

import pytest

from tests.races.racing import told
from tests.support.houses import BUSINESSES

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]


def test_moving_into_a_time_that_others_want(town, sizes):
    starts = town.starts("photo")
    for round_ in range(sizes(3, 20)):
        old, new = starts[round_], starts[20 + round_ % 20]
        made = town.book("photo", old)
        answers = town.rush([town.moving(made, new), *(town.booking("photo", new) for _ in range(10))])
        assert told(answers) == {"": 1, "slot_taken": 10}
        assert town.now_of(made)["start"] == (new if answers[0].status == 200 else old)


def test_what_a_move_lets_go_is_had_by_one_and_only_afterwards(town, sizes):
    starts = town.starts("photo")
    for round_ in range(sizes(2, 20)):
        old, new = starts[round_], starts[39 - round_]
        made = town.book("photo", old)
        moved = threading.Event()

        def move(session, made=made, new=new, moved=moved):
            answer = town.moving(made, new)(session)
            moved.set()
            return answer

        def keep_asking(session, old=old, moved=moved):
            while True:
                last = moved.is_set()
                answer = town.booking("photo", old)(session)
                if last or answer.status_code != 409:
                    return answer

        answers = town.rush([move, *[keep_asking] * 20])
        assert answers[0].status == 200
        assert told(answers) == {"": 2, "slot_taken": 19}
        won = next(answer.body["reference"] for answer in answers[1:] if not answer.code)
        steps = "SELECT max(h.id) FROM history h JOIN booking b ON b.id = h.object_id WHERE b.reference = :reference"
        assert town.store.value(steps, reference=made["reference"]) < town.store.value(steps, reference=won)


def test_two_who_swap_are_both_told_and_keep_their_own(town, sizes):
    first, second = town.starts("photo")[:2]
    one, other = town.book("photo", first), town.book("photo", second)
    for _ in range(sizes(3, 30)):
        assert told(town.rush([town.moving(one, second), town.moving(other, first)])) == {"slot_taken": 2}
        assert [town.now_of(each)["start"] for each in (one, other)] == [first, second]


def test_cancelling_against_moving_has_one_final_state(town, sizes):
    starts = town.starts("photo")
    for round_ in range(sizes(4, 50)):
        made = town.book("photo", starts[round_ % 20])
        new = starts[20 + round_ % 20]
        cancelled, moved = town.rush([town.cancelling(made), town.moving(made, new)])
        now = town.now_of(made)
        if cancelled.code == "":
            # Cancelled before it could be moved, or after.
            assert now["status"] == "cancelled"
            assert moved.code in ("", "state_changed")
            assert now["revision"] == (2 if moved.code == "" else 1)
        else:
            assert (cancelled.code, moved.code) == ("state_changed", "")
            assert (now["status"], now["start"], now["revision"]) == ("confirmed", new, 1)
            town.rush([town.cancelling(made), town.cancelling(made)])


def test_ten_cancellations_are_one(town):
    made = town.book("photo", town.starts("photo")[0])
    assert told(town.rush([town.cancelling(made) for _ in range(10)])) == {"": 10}
    mine = "(SELECT id FROM booking WHERE reference = :reference)"
    counts = [
        town.store.value(f"SELECT count(*) FROM {where} AND object_id = {mine}", reference=made["reference"])
        for where in ("history WHERE action = 'cancelled'", "message WHERE kind = 'cancelled'")
    ]
    assert counts == [1, 2]  # a mail and a text


def test_overlapping_requests_are_one_request_and_two_managers_approve_it_once(town, sizes, crew):
    town.day()  # not tomorrow: the reminder of a day before is to be still ahead
    starts = town.starts("advice")
    for round_ in range(sizes(3, 18)):
        answers = town.rush([town.booking("advice", starts[round_ * 4 + late]) for late in (0, 1)])
        assert told(answers) == {"": 1, "slot_taken": 1}
        assert next(answer.body["status"] for answer in answers if not answer.code) == "requested"
        assert next(answer.body["alternatives"] for answer in answers if answer.code)
    asked = next(answer.body["reference"] for answer in answers if not answer.code)
    assert sorted(crew(town.served.environ, "approve", 2, asked).go()) == ["again", "approved"]
    mine = "(SELECT id FROM booking WHERE reference = :reference)"
    counts = [
        town.store.value(f"SELECT count(*) FROM {where} AND object_id = {mine}", reference=asked)
        for where in (
            "history WHERE action = 'approved'",
            "message WHERE kind = 'approved'",
            "message WHERE kind = 'reminder'",
        )
    ]
    assert counts == [1, 2, 4]


def test_a_capacity_that_is_cut_while_people_book_is_kept_or_refused(town, crew, tmp_path):
    start = town.starts("pitch")[0]
    cut = tmp_path / "cut.yaml"
    cut.write_text((BUSINESSES / "crowd.yaml").read_text().replace("capacity: 10", "capacity: 4"))
    loading = crew(town.served.environ, "load", 1, str(cut))
    loaded: list[str] = []

    def load(session):
        loaded.extend(loading.go())
        return session.get(f"{town.url}/healthz", timeout=60)

    answers = town.rush([load, *(town.booking("pitch", start) for _ in range(20))])
    booked = sum(answer.status == 201 for answer in answers)
    units = town.store.value(
        "SELECT count(*) FROM resource_unit u JOIN resource r ON r.id = u.resource_id"
        " WHERE r.slug = 'pitches' AND u.retired_at IS NULL"
    )
    if loaded == ["loaded"]:
        assert (units, booked) == (4, 4)
    else:
        assert (units, booked) == (10, 10)
        # It names the bookings that stand in the way.
        assert any(answer.body["reference"] in loaded[0] for answer in answers if answer.status == 201)
