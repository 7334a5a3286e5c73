"""When a step at the desk is possible, when people hear of it, and until when it can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rules import desk
from rules.errors import NotYet, TooLateToUndo
from tests.rules.cast import at

BERLIN = "Europe/Berlin"
START = at("2026-10-25T09:00+01:00")  # the day of 25 hours
END = at("2026-10-25T09:30+01:00")
ANNA = "staff:7"
SECOND = timedelta(seconds=1)


def test_only_who_is_signed_in_stands_at_the_desk() -> None:
    assert desk.at_desk(ANNA)
    assert not any(desk.at_desk(actor) for actor in ("customer", "shell", "clock", "program"))


def test_a_request_is_her_own_by_who_made_it_and_by_its_mailbox() -> None:
    assert desk.is_own(ANNA, [], created_by=ANNA, email=None)
    assert desk.is_own(
        ANNA, ["anna@praxis.example", "Anna@example.com"], created_by="customer", email="anna@EXAMPLE.com"
    )
    assert not desk.is_own(ANNA, ["anna@example.com"], created_by="staff:8", email="bo@example.com")
    assert not desk.is_own(ANNA, [], created_by="customer", email=None)
    assert not desk.is_own("shell", ["anna@example.com"], created_by="shell", email="anna@example.com")


def test_a_step_at_the_desk_can_be_undone_for_two_minutes_and_no_other_can() -> None:
    assert desk.undo_until("moved", ANNA, START) == START + timedelta(minutes=2)
    assert desk.undo_until("moved", "customer", START) is None
    assert desk.undo_until("restored", ANNA, START) is None


@pytest.mark.parametrize(
    ("actor", "before", "waits"),
    [
        (ANNA, timedelta(days=1), True),
        (ANNA, timedelta(hours=1), False),
        (ANNA, timedelta(hours=1) + SECOND, True),
        (ANNA, timedelta(), False),
        (ANNA, -SECOND, True),
        ("customer", timedelta(days=1), False),
        ("shell", timedelta(days=1), False),
    ],
)
def test_people_hear_of_it_after_that_and_at_once_within_the_hour(actor: str, before: timedelta, waits: bool) -> None:
    now = START - before
    assert desk.told_at(actor, [START], now) == (now + desk.UNDO if waits else now)


def test_a_move_is_told_at_once_when_either_time_is_within_the_hour() -> None:
    soon, later = START + timedelta(minutes=30), START + timedelta(days=3)
    assert desk.told_at(ANNA, [later, soon], START) == START
    assert desk.told_at(ANNA, [soon, later], START) == START


def test_undoing_is_in_time_at_the_last_moment() -> None:
    desk.refuse_undo(START, START, zone=BERLIN)
    with pytest.raises(TooLateToUndo) as refused:
        desk.refuse_undo(START, START + SECOND, zone=BERLIN)
    assert refused.value.params == {"deadline": START, "zone": BERLIN}


@pytest.mark.parametrize("step", ["arrive", "complete"])
def test_nobody_arrives_before_the_day(step: str) -> None:
    midnight = at("2026-10-25T00:00+02:00")
    desk.refuse_early(step, START, midnight, zone=BERLIN)
    with pytest.raises(NotYet) as refused:
        desk.refuse_early(step, START, midnight - SECOND, zone=BERLIN)
    assert refused.value.params == {"at": midnight, "zone": BERLIN}


def test_nobody_is_missed_before_the_start() -> None:
    desk.refuse_early("miss", START, START, zone=BERLIN)
    with pytest.raises(NotYet):
        desk.refuse_early("miss", START, START - SECOND, zone=BERLIN)


def test_what_is_corrected_is_never_too_early() -> None:
    desk.refuse_early("not_arrived", START, START - timedelta(days=9), zone=BERLIN)


@pytest.mark.parametrize(("status", "step"), sorted(desk.TAKEN_BACK))
def test_a_correction_is_possible_until_the_end_of_the_next_local_day(status: str, step: str) -> None:
    last = at("2026-10-27T00:00+01:00")
    desk.refuse_late(status, step, END, last, zone=BERLIN)
    with pytest.raises(TooLateToUndo):
        desk.refuse_late(status, step, END, last + SECOND, zone=BERLIN)


def test_an_ordinary_step_has_no_such_end() -> None:
    desk.refuse_late("confirmed", "complete", END, END + timedelta(days=30), zone=BERLIN)


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-10-25T09:10:00+01:00", "2026-10-25T09:10+01:00"),
        ("2026-10-25T09:10:01+01:00", "2026-10-25T09:11+01:00"),
        ("2026-10-25T09:29:01+01:00", "2026-10-25T09:30+01:00"),
        ("2026-10-25T10:00:00+01:00", "2026-10-25T09:30+01:00"),
        ("2026-10-25T08:40:00+01:00", "2026-10-25T09:01+01:00"),
    ],
)
def test_who_is_done_early_frees_the_rest(now: str, ends: str) -> None:
    assert desk.shortened(START, END, at(now)) == at(ends)


def test_a_booking_is_for_herself_by_its_name_and_by_its_mailbox() -> None:
    mine = ["anna@example.com"]
    assert desk.is_herself(mine, "Anna Berg", name=" anna  berg", email=None)
    assert desk.is_herself(mine, "Anna Berg", name="A. Berg", email="ANNA@example.com")
    assert not desk.is_herself(mine, "Anna Berg", name="Bo", email="bo@example.com")
    assert not desk.is_herself(["anna@example.com", ""], "Anna Berg", name="Bo", email=None)
