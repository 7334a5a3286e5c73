"""Who gets a time that many want: as many as there are, and no one twice."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import pytest

from tests.races.racing import told
from tests.races.town import Town

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]


@pytest.mark.parametrize(("customers", "most"), [(2, 2), (10, 10), (50, 200)])
def test_one_of_many_gets_the_time(town, sizes, customers, most):
    customers = sizes(customers, most)
    starts = town.starts("photo")
    for start in starts[: sizes(3, 20)]:
        answers = town.rush([town.booking("photo", start) for _ in range(customers)])
        assert told(answers) == {"": 1, "slot_taken": customers - 1}
        assert all(answer.body["alternatives"] for answer in answers if answer.code)


def test_one_of_many_gets_the_person_and_the_room(town, sizes):
    for start in town.starts("lesson")[: sizes(1, 20)]:
        answers = town.rush([town.booking("lesson", start) for _ in range(50)])
        assert told(answers) == {"": 1, "slot_taken": 49}


# On SQLite the one writer is a lock that cannot be left out; that its guard refuses an overlap is seen in tests/house.
@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_without_the_guard_and_the_locks_it_is_given_away_twice(serve):
    town = Town(serve("crowd", processes=4, FAILPOINTS="guard_off=on,chosen=sleep:0.05"))
    town.store.drop_guard()
    for start in town.starts("photo")[:20]:
        town.rush([town.booking("photo", start) for _ in range(16)], may_overlap=True)
        if town.store.overlaps():
            return
    pytest.fail("the harness cannot see a double booking")


def test_forty_times_go_to_forty_of_two_hundred(town, sizes):
    """Each tries one time after the other until one is hers or none is left."""
    customers, times = sizes(40, 200), sizes(10, 40)
    day = town.day()
    wanted = set(town.starts("photo", day)[:times])

    def keen(number):
        def act(session):
            dice = random.Random(number)
            while True:
                free = sorted(wanted & set(town.starts("photo", day)))
                if not free:
                    return session.get(f"{town.url}/healthz", timeout=60)
                answer = town.booking("photo", dice.choice(free))(session)
                if answer.status_code != 409:
                    return answer

        return act

    answers = town.rush([keen(number) for number in range(customers)])
    assert [answer.status for answer in answers].count(201) == times
    assert not wanted & set(town.starts("photo", day))


def test_lengths_of_all_kinds_find_their_place_among_each_other(town, sizes):
    customers, tries = sizes(16, 48), sizes(3, 40)
    day = town.day()
    starts = town.starts("haircut", day, duration=30)

    def busy(number):
        def act(session):
            dice = random.Random(number)
            for _ in range(tries):
                answer = town.booking("haircut", dice.choice(starts), duration=dice.choice([30, 45, 60, 90]))(session)
                # 503 is what a crowd on a slow machine is promised: nothing was changed, and it comes with a time to wait.
                assert answer.status_code in (201, 409, 422, 503), answer.text
                assert answer.status_code != 503 or answer.json()["code"] == "busy", answer.text
            return session.get(f"{town.url}/healthz", timeout=60)

        return act

    before = len(town.store.rows("SELECT 1 FROM booking"))
    town.rush([busy(number) for number in range(customers)])
    assert len(town.store.rows("SELECT 1 FROM booking")) >= before + customers


def test_times_that_touch_are_two_times(town, sizes):
    for start in town.starts("haircut", duration=60)[::8][: sizes(2, 10)]:
        later = (datetime.fromisoformat(start) + timedelta(minutes=60)).isoformat()
        acts = [town.booking("haircut", each, duration=60, resource="ada") for each in (start, later)]
        assert told(town.rush(acts)) == {"": 2}


def test_neighbours_keep_both_their_buffers(town, sizes):
    day = town.day()
    for start in town.starts("massage", day)[10::20][: sizes(2, 5)]:
        first = datetime.fromisoformat(start)
        acts = [town.booking("massage", (first + timedelta(minutes=n)).isoformat()) for n in (0, 40)]
        answers = town.rush(acts)
        assert told(answers) == {"": 1, "slot_taken": 1}
        won = next(datetime.fromisoformat(answer.body["start"]) for answer in answers if not answer.code)
        free = [datetime.fromisoformat(each) for each in town.starts("massage", day)]
        # Thirty minutes, and ten before and after on either side.
        assert max(each for each in free if each < won) == won - timedelta(minutes=50)
        assert min(each for each in free if each > won) == won + timedelta(minutes=50)


def test_five_bikes_go_to_five_of_fifty(town, sizes):
    for start in town.starts("bike")[: sizes(1, 20)]:
        assert told(town.rush([town.booking("bike", start) for _ in range(50)])) == {"": 5, "slot_taken": 45}


def test_places_are_filled_and_whoever_was_refused_wanted_more_than_was_left(town, sizes):
    for start in town.starts("concert")[: sizes(1, 10)]:
        parties = [1 + n % 4 for n in range(100)]
        random.Random(start).shuffle(parties)
        answers = town.rush([town.booking("concert", start, seats=party) for party in parties])
        given = sum(party for party, answer in zip(parties, answers, strict=True) if not answer.code)
        refused = [party for party, answer in zip(parties, answers, strict=True) if answer.code]
        taken = town.store.value("SELECT seats_taken FROM session WHERE id = (SELECT max(session_id) FROM booking)")
        assert given == taken <= 30
        # Places only become fewer: who was refused later than anybody else did not fit into what is left now.
        assert min(refused) > 30 - given


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_without_the_guard_and_the_locks_a_class_is_overfilled(serve):
    town = Town(serve("crowd", processes=4, FAILPOINTS="guard_off=on,chosen=sleep:0.05"))
    town.store.drop_guard()
    start = town.starts("concert")[0]
    town.book("concert", start, seats=20)
    answers = town.rush([town.booking("concert", start, seats=4) for _ in range(16)])
    assert told(answers)[""] > 2, "the harness cannot see an overfilled class"


def test_any_of_three_people_is_had_by_three(town, sizes):
    for start in town.starts("haircut", duration=30)[::4][: sizes(1, 10)]:
        answers = town.rush([town.booking("haircut", start, duration=30) for _ in range(50)])
        assert told(answers) == {"": 3, "slot_taken": 47}
        assert {answer.body["resources"][0] for answer in answers if not answer.code} == {"ada", "ben", "cleo"}


def test_any_of_six_boxes_is_had_by_six(town, sizes):
    for start in town.starts("box")[: sizes(1, 10)]:
        answers = town.rush([town.booking("box", start) for _ in range(50)])
        assert told(answers) == {"": 6, "slot_taken": 44}


def test_person_then_room_and_room_then_person_never_wait_in_a_circle(town, sizes):
    for start in town.starts("lesson")[: sizes(2, 20)]:
        acts = [town.booking("lesson" if n % 2 else "rehearsal", start) for n in range(50)]
        assert told(town.rush(acts)) == {"": 1, "slot_taken": 49}


def test_three_of_six_each_in_any_order(town, sizes):
    boxes = [f"box-{each}" for each in "abcdef"]
    for start in town.starts("three-boxes")[: sizes(1, 10)]:
        dice = random.Random(start)
        acts = [town.booking("three-boxes", start, resource=dice.sample(boxes, 3)) for _ in range(60)]
        answers = town.rush(acts)
        won = [set(answer.body["resources"]) for answer in answers if not answer.code]
        assert [len(each) for each in won] in ([3], [3, 3])
        assert len(set().union(*won)) == 3 * len(won)
