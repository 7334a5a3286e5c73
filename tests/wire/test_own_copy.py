"""The copy of somebody's own data: codes of the house by their names, her own words as she said them."""

from __future__ import annotations

from wire.own_copy import OwnCopy
from wire.wording import wording

NAMES = {"anna": "Anna Müller", "massage": "Back massage", "park": "Clinic at the park"}
QUESTIONS = {
    "status": "How are you insured?",
    "since_at": "Since when?",
    "letter": "Your letter",
    "pain": "Does it hurt?",
}


def lines(**values):
    copy = OwnCopy(wording("en"), "Europe/Berlin", {"state": {"sent": "Sent"}}, NAMES, QUESTIONS)
    return dict(copy.lines(values))


def test_what_is_offered_is_called_by_its_name():
    said = lines(service="massage", location="park", **{"with": ["anna"]}, after={"resources": ["anna"]})
    assert said == {
        "Service": "Back massage",
        "Place": "Clinic at the park",
        "With": "Anna Müller",
        "After": "With: Anna Müller",
    }


def test_her_own_words_stay_as_they_are():
    said = lines(name="anna", also_written=["park"], rated={"stars": 4, "words": "massage"}, text="anna", reason="park")
    assert said == {
        "Name": "anna", "Also written": "park", "What you said of it": "Stars: 4; Words: massage", "Text": "anna",
        "Reason": "park",
    }  # fmt: skip


def test_answers_stand_beside_their_questions_and_mean_nothing_else():
    letter = {"name": "massage", "type": "pdf", "size": 9}
    given = {
        "status": "confirmed",
        "since_at": "2026-11-30T09:00:00Z",
        "letter": letter,
        "pain": True,
        "gone": ["anna", "x"],
    }
    assert lines(answers=given) == {
        "Answers": "How are you insured?: confirmed; Since when?: 2026-11-30T09:00:00Z; "
        "Your letter: Name: massage; Kind: pdf; Bytes: 9; Does it hurt?: yes; gone: anna, x"
    }
