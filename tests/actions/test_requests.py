"""Requests that a role decides: who is asked, who is reminded, and who hears of it when nobody decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actions import review
from actions.undo import undo
from models.base import db
from models.people import Staff, StaffLocation, Team
from notifications import dispatch, jobs
from notifications.outcome import Sent
from tests.conftest import BUSINESSES
from tests.factories import booked

ANNA = "staff:99"
START = datetime(2026, 12, 8, 8, 15, tzinfo=UTC)


@pytest.fixture
def told(load_business, clock, monkeypatch, tmp_path):
    """``told()``: what staff were told since the last time. A manager decides an ultrasound within a day."""
    path = tmp_path / "clinic.yaml"
    text = (BUSINESSES / "clinic.yaml").read_text()
    path.write_text(text.replace("approval: manual", "approval: {by: manager, decide_within: 1440}"))
    load_business(path)
    sent: list[tuple[str, str]] = []

    def keep(message, composed, settings, *, others, now):
        if message.audience == "staff":
            sent.append((message.kind, message.recipient.split("@")[0]))
        return Sent("kept")

    def since():
        while dispatch.deliver_due():
            pass
        found = sorted(sent)
        sent.clear()
        return found

    monkeypatch.setattr(jobs, "_send", keep)
    return since


@pytest.fixture
def people(told):
    """Mei manages the park and Bo leads her team; another manager has left."""

    def account(name, role, **more):
        made = Staff(email=f"{name}@example.com", name=name, role=role, extra={}, **more)
        db.session.add(made)
        db.session.flush()
        return made

    bo = account("bo", "owner")
    team = Team(name="Park", leader_id=bo.id)
    db.session.add(team)
    db.session.flush()
    found = {"bo": bo, "mei": account("mei", "manager", team_id=team.id), "gone": account("gone", "manager")}
    found["gone"].disabled_at = datetime(2026, 1, 1, tzinfo=UTC)
    db.session.add(StaffLocation(staff_id=found["mei"].id, location_id=1))
    db.session.commit()
    return found


def ask(clock):
    return booked("ultrasound", clock.now, start=START, answers={"referral": False}).booking


def test_who_decides_is_asked_and_reminded_and_then_her_leader_hears_of_it(people, clock, told):
    ask(clock)
    assert told() == [("staff_request", "mei")]
    clock.tick(hours=11)
    assert told() == []
    clock.tick(hours=1)
    assert told() == [("request_reminder", "mei")]
    clock.tick(hours=12)
    assert told() == [("request_escalated", "bo")]


def test_nobody_is_reminded_of_what_is_decided(people, clock, told):
    made = ask(clock)
    told()
    review.decline(reference=made.reference, actor=ANNA, now=clock.now)
    clock.tick(hours=24)
    assert told() == [("staff_cancelled", "braun")]


def test_a_decision_that_is_undone_is_waited_for_as_before(people, clock, told):
    made = ask(clock)
    told()
    clock.tick(hours=12, minutes=-1)
    review.approve(reference=made.reference, actor=ANNA, now=clock.now)
    clock.tick(minutes=1)
    assert told() == []
    clock.tick(seconds=30)
    undo(reference=made.reference, actor=ANNA, now=clock.now)
    assert told() == [("request_reminder", "mei")]
    clock.tick(hours=12)
    assert told() == [("request_escalated", "bo")]


def test_her_deputy_is_asked_while_she_is_away(people, clock, told, load_business):
    people["mei"].deputy_id = people["bo"].id
    people["mei"].resource_id = 2  # Dr. Braun, at a congress from the 14th to the 18th
    db.session.commit()
    clock.set("2026-12-15T09:00Z")
    booked("ultrasound", clock.now, start=START + timedelta(days=14), answers={"referral": False})
    assert told() == [("staff_request", "bo")]


def test_without_accounts_the_person_assigned_is_asked(told, clock):
    ask(clock)
    assert told() == [("staff_request", "braun")]
