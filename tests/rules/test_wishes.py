"""What people say on the telephone, as times that suit."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from rules.wishes import EVERY_DAY, Wish, parse

TODAY = date(2026, 12, 2)  # a Wednesday
MON, TUE, WED, THU, FRI, SAT, SUN = range(7)


@pytest.mark.parametrize(
    ("typed", "weekdays", "after", "before"),
    [
        ("", EVERY_DAY, 0, 1440),
        ("Thu after 3", {THU}, 900, 1440),
        ("Thursdays after three", {THU}, 900, 1440),
        ("thurs from 15:30", {THU}, 930, 1440),
        ("after half past three", EVERY_DAY, 930, 1440),
        ("Tuesday or Wednesday, mornings", {TUE, WED}, 0, 720),
        ("weekends", {SAT, SUN}, 0, 1440),
        ("weekdays before 9", {MON, TUE, WED, THU, FRI}, 0, 540),
        ("Mon-Wed", {MON, TUE, WED}, 0, 1440),
        ("Sat to Mon", {SAT, SUN, MON}, 0, 1440),
        ("after 8 pm", EVERY_DAY, 1200, 1440),
        ("before 12 am", EVERY_DAY, 0, 0),
        ("before noon", EVERY_DAY, 0, 720),
        ("between 3 and 5 on Fridays", {FRI}, 900, 1020),
        ("from 10 to 11:30 am", EVERY_DAY, 600, 690),
        ("3-5 pm", EVERY_DAY, 900, 1020),
        ("at four o'clock", EVERY_DAY, 960, 1020),
        ("evenings", EVERY_DAY, 1020, 1440),
        ("Saturdays 10", {SAT}, 600, 660),
        ("07:00", EVERY_DAY, 420, 480),
        ("周四下午三点后", {THU}, 900, 1440),
        ("星期四三点以后", {THU}, 900, 1440),
        ("周二、周四上午", {TUE, THU}, 0, 720),
        ("周二四", {TUE, THU}, 0, 1440),
        ("周一到周五", {MON, TUE, WED, THU, FRI}, 0, 1440),
        ("周末", {SAT, SUN}, 0, 1440),
        ("工作日晚上", {MON, TUE, WED, THU, FRI}, 1080, 1440),
        ("礼拜天十点半前", {SUN}, 0, 630),
        ("下午两点到四点", EVERY_DAY, 840, 960),
        ("晚上八点一刻起", EVERY_DAY, 1215, 1440),
        ("中午十二点", EVERY_DAY, 720, 780),
        ("中午一点", EVERY_DAY, 780, 840),
        ("上午11点20分之前", EVERY_DAY, 0, 680),
        ("二十点后", EVERY_DAY, 1200, 1440),
        ("二十一点三刻以后", EVERY_DAY, 1305, 1440),
        ("15:30后", EVERY_DAY, 930, 1440),
        ("周五17:00之前", {FRI}, 0, 1020),
        ("上午", EVERY_DAY, 0, 720),
    ],
)
def test_a_wish_is_read_in_both_languages(typed: str, weekdays: set[int], after: int, before: int) -> None:
    assert parse(typed, today=TODAY) == Wish(frozenset(weekdays), after, before)


@pytest.mark.parametrize(
    ("typed", "first", "last", "weekdays"),
    [
        ("today", "2026-12-02", "2026-12-02", EVERY_DAY),
        ("tomorrow", "2026-12-03", "2026-12-03", EVERY_DAY),
        ("the day after tomorrow", "2026-12-04", "2026-12-04", EVERY_DAY),
        ("this week", "2026-12-02", "2026-12-06", EVERY_DAY),
        ("next week", "2026-12-07", "2026-12-13", EVERY_DAY),
        ("Thursday next week", "2026-12-07", "2026-12-13", {THU}),
        ("今天", "2026-12-02", "2026-12-02", EVERY_DAY),
        ("明天", "2026-12-03", "2026-12-03", EVERY_DAY),
        ("后天", "2026-12-04", "2026-12-04", EVERY_DAY),
        ("这周", "2026-12-02", "2026-12-06", EVERY_DAY),
        ("下周", "2026-12-07", "2026-12-13", EVERY_DAY),
        ("下个星期四", "2026-12-07", "2026-12-13", {THU}),
        ("下周四", "2026-12-07", "2026-12-13", {THU}),
    ],
)
def test_days_are_counted_from_today(typed: str, first: str, last: str, weekdays: set[int]) -> None:
    wanted = Wish(frozenset(weekdays), first=date.fromisoformat(first), last=date.fromisoformat(last))
    assert parse(typed, today=TODAY) == wanted


def test_several_limits_hold_together() -> None:
    found = parse("Thursday afternoons after 3, not with children", today=TODAY)
    assert (found.after, found.before, found.unknown) == (900, 1080, ("not", "with", "children"))


@pytest.mark.parametrize("typed", ["99", "after 99", "二十五点后", "9:99"])
def test_hours_that_no_clock_shows_never_end_after_midnight(typed: str) -> None:
    assert 0 <= parse(typed, today=TODAY).after <= 1440


@pytest.mark.parametrize(
    ("local", "fits"),
    [
        ("2026-12-10T15:00", True),
        ("2026-12-10T14:59", False),
        ("2026-12-10T18:00", False),
        ("2026-12-09T15:00", False),
        ("2026-12-03T15:00", False),
        ("2026-12-17T15:00", False),
    ],
)
def test_a_time_suits_when_day_date_and_hour_do(local: str, fits: bool) -> None:
    wish = parse("Thursday afternoons after 3 next week", today=TODAY)
    assert wish.fits(datetime.fromisoformat(local)) == fits
