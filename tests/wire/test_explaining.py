"""Each rule that stands against a time is a sentence, in both languages, with nothing left open."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from rules.broken import Broken
from wire import explaining
from wire.wording import Wording

EN, ZH = Wording("en"), Wording("zh")
START, END = datetime(2026, 12, 1, 8, 0, tzinfo=UTC), datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
SPAN = {"name": "Dr. Braun", "start": START, "end": END, "title": "Team", "references": ("ABCDEFGH",)}
DAY = {"day": date(2026, 12, 1), "place": {"en": "Park", "zh": "公园店"}}
CASES = [
    (Broken("grid", "step", {"step": 10}), "Visits start every 10 minutes.", "每 10 分钟一个时段。"),
    (
        Broken("grid", "starts", {"starts": (START, END)}),
        "Visits start at fixed times on that day: 08:00, 08:30.",
        "当天只有固定的开始时间：08:00、08:30。",
    ),
    (Broken("grid", "no_starts", DAY), "No visit starts on Tue 1 December.", "12月1日 周二没有开始时间。"),
    (
        Broken("open", "house", {**DAY, "windows": ((480, 720), (1320, 1560))}),
        "Park is open 08:00–12:00, 22:00–02:00 on Tue 1 December.",
        "公园店在 12月1日 周二的营业时间：08:00–12:00、22:00–02:00。",
    ),
    (Broken("open", "closed", DAY), "Park is closed on Tue 1 December.", "公园店在 12月1日 周二休息。"),
    (
        Broken("open", "holiday", {**DAY, "name": {"en": "Labour Day", "zh": "劳动节"}}),
        "Park is closed on Tue 1 December: Labour Day.",
        "公园店在 12月1日 周二休息：劳动节。",
    ),
    (
        Broken("open", "service", {"service": {"en": "Yoga", "zh": "瑜伽"}}),
        "Yoga is not offered at that hour.",
        "这个钟点不做瑜伽。",
    ),
    (Broken("open", "hours", {"name": "王磊"}), "王磊 does not work then.", "王磊那时不上班。"),
    (Broken("open", "away", {"name": "王磊", "until": None}), "王磊 is away then.", "王磊那时不在。"),
    (
        Broken("open", "away", {"name": "王磊", "until": datetime(2026, 12, 1, 12, 0), "whole_days": False}),
        "王磊 is away until Tue 1 Dec, 12:00.",
        "王磊不在，到 12月1日 周二 12:00 为止。",
    ),
    (
        Broken("free", "booking", SPAN),
        "Dr. Braun is taken Tue 1 Dec, 09:00–09:30 by ABCD EFGH.",
        "Dr. Braun 在 12月1日 周二 09:00–09:30 有预约 ABCD EFGH。",
    ),
    (
        Broken("free", "booking", {**SPAN, "references": ()}),
        "Dr. Braun is taken Tue 1 Dec, 09:00–09:30.",
        "Dr. Braun 在 12月1日 周二 09:00–09:30 有别的预约。",
    ),
    (
        Broken("buffers", "booking", {**SPAN, "references": ()}),
        "Dr. Braun would have no time to prepare or tidy up: another booking is Tue 1 Dec, 09:00–09:30.",
        "Dr. Braun 来不及准备或收拾：12月1日 周二 09:00–09:30 有别的预约。",
    ),
    (
        Broken("free", "hold", SPAN),
        "Dr. Braun is just being kept for somebody, Tue 1 Dec, 09:00–09:30.",
        "Dr. Braun 的 12月1日 周二 09:00–09:30 正为别的客人保留。",
    ),
    (
        Broken("free", "block", SPAN),
        "Dr. Braun is blocked Tue 1 Dec, 09:00–09:30. Team",
        "Dr. Braun 在 12月1日 周二 09:00–09:30 不可约。Team",
    ),
    (
        Broken("buffers", "booking", SPAN),
        "Dr. Braun would have no time to prepare or tidy up: ABCD EFGH is Tue 1 Dec, 09:00–09:30.",
        "Dr. Braun 来不及准备或收拾：12月1日 周二 09:00–09:30 有预约 ABCD EFGH。",
    ),
    (
        Broken("buffers", "hold", SPAN),
        "Dr. Braun would have no time to prepare or tidy up: somebody is just booking Tue 1 Dec, 09:00–09:30.",
        "Dr. Braun 来不及准备或收拾：有客人正在约 12月1日 周二 09:00–09:30。",
    ),
    (
        Broken("buffers", "block", SPAN),
        "Dr. Braun would have no time to prepare or tidy up before or after the block Tue 1 Dec, 09:00–09:30.",
        "Dr. Braun 来不及准备或收拾：12月1日 周二 09:00–09:30 不可约。",
    ),
    (Broken("needs", "nobody"), "Nobody and nothing here can do this.", "这里没有人或设备能做。"),
    (Broken("needs", "chosen"), "Those who were chosen cannot serve together.", "所选的几位不能一起服务。"),
    (
        Broken("needs", "together"),
        "Those who are free then cannot do all of it together.",
        "那时有空的人和房间凑不齐。",
    ),
    (Broken("notice", "short", {"min_notice": 120}), "Notice of 2 hours is needed.", "需要提前 2 小时。"),
    (Broken("notice", "past", {"min_notice": 0}), "This time is over.", "这个时间已经过了。"),
    (
        Broken("horizon", "far", {**DAY, "opens": date(2026, 10, 2)}),
        "Tue 1 December opens for booking on Fri 2 October.",
        "12月1日 周二从 10月2日 周五起可以预约。",
    ),
    (
        Broken("seats", "full", {"left": 2, "asked": 3, "seats": 8}),
        "2 places are left, 3 are wanted.",
        "只剩 2 位，需要 3 位。",
    ),
    (
        Broken("limits", "per_day", {**DAY, "limit": 4, "count": 4}),
        "4 of at most 4 are booked on Tue 1 December.",
        "12月1日 周二最多 4 个，已约 4 个。",
    ),
    (
        Broken("limits", "per_customer", {"limit": 2, "count": 2}),
        "This customer has 2 of at most 2 booked.",
        "这位客人最多约 2 个，已约 2 个。",
    ),
    (
        Broken("paused", "service", {"sentence": {"en": "Back in May.", "zh": "五月再见。"}, "name": None}),
        "Online booking of this service is paused. Back in May.",
        "这项服务的网上预约已暂停。五月再见。",
    ),
    (
        Broken("paused", "location", {"sentence": None}),
        "Online booking for this place is paused.",
        "这家店的网上预约已暂停。",
    ),
]


@pytest.mark.parametrize(("found", "english", "chinese"), CASES, ids=lambda each: getattr(each, "why", ""))
def test_what_stands_against_a_time_is_a_sentence(found: Broken, english: str, chinese: str) -> None:
    said = [explaining.broken(words, found, zone="Europe/Berlin") for words in (EN, ZH)]
    assert said == [english, chinese]
