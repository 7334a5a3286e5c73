"""Somebody falls sick, or her visits become longer, while customers are booking her."""

from __future__ import annotations

import pytest

from tests.races.racing import at_once, together
from tests.races.test_squeezing import plus

pytestmark = [pytest.mark.timeout(900), pytest.mark.race]


def test_whoever_was_faster_is_named_and_nobody_is_booked_afterwards(town, sizes, crew):
    for _ in range(sizes(3, 15)):
        starts = town.starts("photo")
        sick = crew(town.served.environ, "fall_sick", 1, "gina", starts[0], starts[-1])
        wishes = [town.booking("photo", start) for start in starts[:10]]
        named, answers = together([sick.go, lambda wishes=wishes: at_once(wishes)])
        made = {answer.body["reference"] for answer in answers if not answer.code}
        assert set(named[0]) == made
        assert {answer.code for answer in answers} <= {"", "closed"}
        assert [each for each in town.starts("photo", starts[0][:10]) if each < starts[-1]] == []


# A massage of half an hour and the next one, with what is tidied up and prepared between them.
APART = 50


def neighbours(made):
    """Pairs of visits of half an hour between which there is no room for a longer one."""
    short = {each["start"] for each in made if plus(each["start"], 30) == each["end"]}
    return [start for start in short if plus(start, APART) in short]


def test_longer_visits_are_refused_or_saved_before_anybody_stands_in_their_way(town, sizes, crew):
    for _ in range(sizes(3, 15)):
        first = town.starts("massage")[30]
        editor = crew(town.served.environ, "lengthen", 1, "massage", "40")
        told: list[str] = []

        def lengthen(session, editor=editor, told=told):
            told.extend(editor.go())
            return session.get(f"{town.url}/healthz", timeout=60)

        answers = town.rush([lengthen, *(town.booking("massage", plus(first, APART * n)) for n in range(8))])
        made = [each.body for each in answers[1:] if not each.code]
        assert told == (["refused"] if neighbours(made) else ["saved"])
        town.rush([town.cancelling(each) for each in made])
        if told == ["saved"]:
            assert crew(town.served.environ, "lengthen", 1, "massage", "30").go() == ["saved"]


def test_control_asked_before_the_lock_it_is_saved_in_spite_of_them(town, crew):
    first = town.starts("massage")[30]
    made = crew(town.served.environ, "lengthen_asking_before", 1, "massage", "40", first, plus(first, APART)).go()[0]
    town.yes.update(made)
    assert len(made) == 2
    # The guarded edit refuses just these two.
    assert crew(town.served.environ, "lengthen", 1, "massage", "30").go() == ["saved"]
    assert crew(town.served.environ, "lengthen", 1, "massage", "40").go() == ["refused"]
