"""Edits of a service in words: every field by its name, codes and numbers as people say them."""

from __future__ import annotations

import pytest

from actions.businessfile.offered import SERVICE
from wire import service_edits
from wire.wording import wording

NAMES = {"anna": "Anna Müller", "mitte": "Berlin Mitte"}


def test_whatever_the_business_file_says_of_a_service_has_a_name():
    assert {*SERVICE} - {"slug"} == {*service_edits.FIELDS}


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en", [
            ("Who may book it", "everybody", "by its own link"), ("Length", "30 min", "45 min, 2 days"),
            ("To tidy up", "15 minutes", "2 hours"), ("Price for", "a booking", "an hour"),
            ("Places of the house", "", "Berlin Mitte"), ("Needs", "one of the staff (Anna Müller)", "a room (projector)"),
            ("Cancelling", "until 2 days before", "not on the same day"), ("Asks how it was", "no", "yes"),
        ]),
        ("zh", [
            ("谁可以预约", "所有人", "凭专用链接"), ("时长", "30 分钟", "45 分钟、2 天"),
            ("整理时间", "15 分钟", "2 小时"), ("计价单位", "每次预约", "每小时"),
            ("提供的门店", "", "Berlin Mitte"), ("所需人和物", "一位员工 (Anna Müller)", "一个房间 (projector)"),
            ("取消", "最晚提前 2 天", "当天不可"), ("询问评价", "否", "是"),
        ]),
    ],
)  # fmt: skip
def test_an_edit_is_said_without_a_code_of_the_file(locale, said):
    before = {
        "who": "public", "duration": 30, "buffer_after": 15, "price_per": "booking", "cancel_until": 2880,
        "needs": [{"kind": "staff", "any_of": ["anna"]}], "feedback": False,
    }  # fmt: skip
    after = {
        "who": "link", "duration": [45, "2d"], "buffer_after": 120, "price_per": "hour", "locations": ["mitte"],
        "needs": [{"kind": "room", "skills": ["projector"]}], "cancel_until": {"days_before": 1}, "feedback": True,
    }  # fmt: skip
    assert service_edits.changes(wording(locale), before, after, NAMES) == said


def test_nothing_of_it_is_said_as_the_file_writes_it():
    after = {
        "name": {"en": "Fri", "zh": "周五"}, "group": "sun", "assign": "round_robin", "limits": {"per_customer": 2},
        "ask": {"phone": "required", "company": "hidden"}, "special_hours": {"2026-12-31": ["09:00-12:00"]},
        "hours": [{"until": "2026-12-31", "mon": ["09:00-12:00"]}],
    }  # fmt: skip
    assert service_edits.changes(wording("en"), {}, after, {}) == [
        ("What it is called", "", "Fri"), ("Heading", "", "sun"),
        ("When it is offered", "", "until 31 Dec 2026, Mon 09:00-12:00"),
        ("Special hours", "", "2026-12-31 09:00-12:00"), ("Who gets it", "", "everybody in turn"),
        ("Limits", "", "Bookings ahead of one customer: 2"),
        ("Contacts asked for", "", "Mobile number: has to be given, Company: is not asked"),
    ]  # fmt: skip
