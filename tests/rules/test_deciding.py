"""Who is asked to decide a request, and who is told when nobody does."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from rules import deciding
from rules.deciding import Member
from rules.messages import Planned
from scheduling.hours import Absence
from tests.rules.cast import at

PARK, LAKE = 1, 2
NOW, START = at("2026-12-01T10:00+01:00"), at("2026-12-10T15:00+01:00")
DAY = timedelta(days=1)


def team(*people: Member) -> dict[int, Member]:
    return {each.id: each for each in people}


def away(first: str, last: str, *, whole_days: bool = True, unit: int | None = None) -> Absence:
    return Absence(datetime.fromisoformat(first), datetime.fromisoformat(last), unit=unit, whole_days=whole_days)


def planned(members: dict[int, Member], **changes: object) -> list[Planned]:
    given: dict[str, object] = {
        "role": "manager", "location": PARK, "start": START, "now": NOW, "within": 1440, "locale": "en",
    }  # fmt: skip
    return deciding.plan(members, **{**given, **changes})


def mails(found: list[Planned]) -> list[tuple[str, str, datetime]]:
    return [(each.kind, each.recipient, each.due_at) for each in found]


BOSS = Member(1, "boss@x", "owner")
MEI = Member(2, "mei@x", "manager", locations=frozenset({PARK}), leader=1)
TIM = Member(3, "tim@x", "manager", locations=frozenset({LAKE}), leader=1)
DESK = Member(4, "desk@x", "front_desk", leader=2)


def test_those_of_the_role_at_the_place_are_asked_reminded_at_half_time_and_their_leader_is_told() -> None:
    assert mails(planned(team(BOSS, MEI, TIM, DESK))) == [
        ("staff_request", "mei@x", NOW),
        ("request_reminder", "mei@x", NOW + DAY / 2),
        ("request_escalated", "boss@x", NOW + DAY),
    ]


def test_without_a_time_they_are_asked_once() -> None:
    assert mails(planned(team(BOSS, MEI), within=None)) == [("staff_request", "mei@x", NOW)]


def test_a_time_that_ends_with_the_visit_leaves_nothing_to_escalate() -> None:
    soon = NOW + timedelta(hours=4)
    assert mails(planned(team(BOSS, MEI), start=soon)) == [
        ("staff_request", "mei@x", NOW),
        ("request_reminder", "mei@x", NOW + timedelta(hours=2)),
    ]


def test_where_nobody_has_the_role_who_leads_there_is_asked() -> None:
    assert mails(planned(team(BOSS, TIM, DESK, MEI), role="staff", within=None)) == [
        ("staff_request", "boss@x", NOW),
        ("staff_request", "mei@x", NOW),
    ]


def test_nobody_is_asked_where_there_is_nobody() -> None:
    assert planned({}) == []
    assert planned(team(Member(5, "a@x", "staff", leader=77))) == []


def test_who_has_no_leader_has_the_owners_above_and_nobody_is_above_herself() -> None:
    alone = Member(2, "mei@x", "manager")
    kinds = [(kind, who) for kind, who, _ in mails(planned(team(BOSS, alone)))]
    assert kinds[-1] == ("request_escalated", "boss@x")
    assert {kind for kind, _, _ in mails(planned(team(BOSS), role="owner"))} == {"staff_request", "request_reminder"}


def test_who_is_away_that_day_has_a_deputy() -> None:
    mei = Member(
        2, "mei@x", "manager", deputy=4, absences=(away("2026-12-02T00:00", "2026-12-05T00:00"),), zone="Europe/Berlin"
    )
    found = mails(planned(team(mei, DESK), within=2880))
    assert [who for _, who, _ in found] == ["mei@x", "desk@x"]


@pytest.mark.parametrize("deputy", [None, 9, 4])
def test_without_a_deputy_who_is_there_she_is_asked_herself(deputy: int | None) -> None:
    holidays = (away("2026-12-01T00:00", "2026-12-20T00:00"),)
    mei = Member(2, "mei@x", "manager", deputy=deputy, absences=holidays)
    desk = Member(4, "desk@x", "front_desk", absences=holidays)
    assert mails(planned(team(mei, desk), within=None)) == [("staff_request", "mei@x", NOW)]


@pytest.mark.parametrize(
    ("absence", "is_away"),
    [
        (away("2026-12-01T00:00", "2026-12-02T00:00"), True),
        (away("2026-11-30T00:00", "2026-12-01T00:00"), False),
        (away("2026-12-01T09:00", "2026-12-01T11:00", whole_days=False), True),
        (away("2026-12-01T11:00", "2026-12-01T12:00", whole_days=False), False),
        (away("2026-12-01T00:00", "2026-12-02T00:00", unit=3), False),
    ],
)
def test_away_is_a_day_or_an_hour_off(absence: Absence, is_away: bool) -> None:
    assert Member(2, "m@x", "staff", absences=(absence,), zone="Europe/Berlin").is_away(NOW) is is_away


def test_each_reads_her_own_language_and_a_shared_mailbox_one_mail() -> None:
    found = planned(
        team(Member(2, "a@x", "manager", locale="zh"), Member(3, "b@x", "manager"), Member(5, "b@x", "manager")),
        within=None,
    )
    assert [(each.recipient, each.locale) for each in found] == [("a@x", "zh"), ("b@x", "en")]
    assert {(each.audience, each.channel, each.deadline) for each in found} == {("staff", "mail", START)}
