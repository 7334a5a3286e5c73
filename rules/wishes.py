"""When somebody on the telephone would like to come: "Thursdays after three", "下周四下午三点后", as a filter of times."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

DAY, NOON = 1440, 720
EVERY_DAY = frozenset(range(7))
PARTS = {
    "morning": (0, NOON), "noon": (690, 840), "midday": (690, 840), "lunchtime": (690, 840),
    "afternoon": (NOON, 1080), "evening": (1020, DAY), "night": (1020, DAY),
    "早上": (0, NOON), "早晨": (0, NOON), "上午": (0, NOON), "中午": (690, 840), "下午": (NOON, 1080),
    "傍晚": (1020, 1200), "晚上": (1080, DAY),
}  # fmt: skip
WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
FIGURES = "零一二三四五六七八九十"


@dataclass(frozen=True, slots=True)
class Wish:
    """Times that suit: ``weekdays`` (Monday is 0), starts from ``after`` on and ``before`` (minutes of the day), dates from
    ``first`` to ``last``, both included. ``unknown`` are the words that were not understood."""

    weekdays: frozenset[int] = EVERY_DAY
    after: int = 0
    before: int = DAY
    first: date | None = None
    last: date | None = None
    unknown: tuple[str, ...] = field(default=())

    def fits(self, local: datetime) -> bool:
        """True for a start, by the location's clock, that suits."""
        day, minute = local.date(), local.hour * 60 + local.minute
        dated = (self.first is None or self.first <= day) and (self.last is None or day <= self.last)
        return dated and day.weekday() in self.weekdays and self.after <= minute < self.before


def parse(typed: str, *, today: date) -> Wish:
    """The wish in what was typed, English or Chinese, in any order; nothing typed suits any time. An hour from one to seven
    without more is in the afternoon."""
    return _Reader(unicodedata.normalize("NFKC", typed[:200]).casefold(), today).wish()


_HOUR = rf"(\d{{1,2}}|{'|'.join(WORDS)}|noon|midday)(?:[:.h](\d\d))?\s*(am|pm|a\.m\.|p\.m\.)?(?:\s*o'?clock)?"
_PART = "|".join(each for each in PARTS if not each.isascii())
_CLOCK = rf"({_PART})?\s*(\d{{1,2}}|[一二两三四五六七八九十]{{1,3}})[点时](半|一刻|三刻|\d{{1,2}}分?)?"
_WEEK = "(?:周|星期|礼拜)"


class _Reader:
    """Takes out of a text, one after the other, what it understands."""

    def __init__(self, text: str, today: date) -> None:
        self.text, self.today = text, today
        self.weekdays: set[int] = set()
        self.after, self.before = 0, DAY
        self.first: date | None = None
        self.last: date | None = None

    def wish(self) -> Wish:
        for pattern, read in self._patterns():
            while found := re.search(pattern, self.text):
                self.text = f"{self.text[: found.start()]} {read(found) or ''} {self.text[found.end() :]}"
        unknown = tuple(each for each in re.findall(r"\w+", self.text) if each not in _FILLING)
        days = frozenset(self.weekdays) or EVERY_DAY
        return Wish(days, self.after, self.before, self.first, self.last, unknown)

    def _patterns(self) -> list[tuple[str, Callable[[re.Match[str]], str | None]]]:
        to = r"\s*(?:-|–|to|till|until|and)\s*"
        return [
            (r"day after tomorrow|后天", lambda _: self._dates(2, 2)),
            (r"\btomorrow\b|明天", lambda _: self._dates(1, 1)),
            (r"\btoday\b|今天", lambda _: self._dates(0, 0)),
            (rf"\bnext week\b|下个?(?={_WEEK})", lambda _: self._week(1)),
            (rf"\bthis week\b|[这本]个?(?={_WEEK})", lambda _: self._week(0)),
            (
                rf"{_WEEK}([一二三四五六日天])[到至~-]{_WEEK}?([一二三四五六日天])",
                lambda found: self._run(*map(_chinese_day, found.groups())),
            ),
            (rf"{_WEEK}((?:[一二三四五六日天](?![点时]))+)", lambda found: self._days(*map(_chinese_day, found[1]))),
            (r"\bweekends?\b|周末", lambda _: self._days(5, 6)),
            (r"\bweekdays?\b|工作日|平日", lambda _: self._run(0, 4)),
            (rf"{_DAY_NAME}{to}{_DAY_NAME}", lambda found: self._run(_english_day(found[1]), _english_day(found[2]))),
            (_DAY_NAME, lambda found: self._days(_english_day(found[1]))),
            (rf"{_CLOCK}[到至~-]{_CLOCK}", self._between_chinese),
            (rf"{_CLOCK}(?:以后|之后|后|起|开始)", lambda found: self._from(_chinese_minute(*found.groups()))),
            (rf"{_CLOCK}(?:以前|之前|前)", lambda found: self._until(_chinese_minute(*found.groups()))),
            (_CLOCK, lambda found: self._at(_chinese_minute(*found.groups()))),
            (rf"\bhalf past {_HOUR}", lambda found: f"{_minute(*found.groups()) // 60}:30"),
            (rf"\b(?:between\s+|from\s+)?{_HOUR}{to}{_HOUR}", self._between),
            (rf"\b{_HOUR}(?:以后|之后|后|起)", lambda found: self._from(_minute(*found.groups()))),
            (rf"\b{_HOUR}(?:以前|之前|前)", lambda found: self._until(_minute(*found.groups()))),
            (rf"\b(?:after|from|since)\s+{_HOUR}", lambda found: self._from(_minute(*found.groups()))),
            (rf"\b(?:before|until|till|by)\s+{_HOUR}", lambda found: self._until(_minute(*found.groups()))),
            (rf"\bat\s+{_HOUR}", lambda found: self._at(_minute(*found.groups()))),
            (rf"\b({'|'.join(each for each in PARTS if each.isascii())})s?\b|({_PART})", self._part),
            (rf"\b{_HOUR}\b", lambda found: self._at(_minute(*found.groups()))),
        ]

    def _dates(self, first: int, last: int) -> None:
        self.first, self.last = self.today + timedelta(days=first), self.today + timedelta(days=last)

    def _week(self, ahead: int) -> None:
        monday = self.today - timedelta(days=self.today.weekday()) + timedelta(weeks=ahead)
        self.first, self.last = max(monday, self.today), monday + timedelta(days=6)

    def _days(self, *days: int) -> None:
        self.weekdays.update(days)

    def _run(self, first: int, last: int) -> None:
        self.weekdays.update((first + n) % 7 for n in range((last - first) % 7 + 1))

    def _from(self, minute: int) -> None:
        self.after = max(self.after, minute)

    def _until(self, minute: int) -> None:
        self.before = min(self.before, minute)

    def _at(self, minute: int) -> None:
        self._from(minute)
        self._until(minute + 60)

    def _part(self, found: re.Match[str]) -> None:
        low, high = PARTS[found[1] or found[2]]
        self._from(low)
        self._until(high)

    def _between(self, found: re.Match[str]) -> None:
        hour, minutes, half, *later = found.groups()
        self._from(_minute(hour, minutes, half or later[2]))
        self._until(_minute(*later))

    def _between_chinese(self, found: re.Match[str]) -> None:
        part, hour, rest, *later = found.groups()
        self._from(_chinese_minute(part, hour, rest))
        self._until(_chinese_minute(later[0] or part, later[1], later[2]))


_DAY_NAME = r"\b(mon|tue|wed|thu|fri|sat|sun)(?:s|r|rs|nes|ur)?(?:days?)?s?\b"
_FILLING = frozenset(
    "a an any at come could day days every free i in like next o clock of on only or and please some that the then this time "
    "times week would 个 的 都 可以 想 要 和 或 或者 周 星期 礼拜 每 每个 每天 有空 来 约 in".split()
)


def _english_day(name: str) -> int:
    return ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(name)


def _chinese_day(figure: str) -> int:
    return 6 if figure in "日天" else "一二三四五六".index(figure)


def _minute(hour: str, minutes: str | None, half: str | None) -> int:
    """Minutes since midnight. Counters say three and mean the afternoon; 8 to 12 are as they stand."""
    if hour in ("noon", "midday"):
        return NOON
    number = int(hour) if hour.isdecimal() else WORDS.index(hour) + 1
    if half is None:
        number += 12 if 1 <= number <= 7 and not hour.startswith("0") else 0
    else:
        number = number % 12 + (12 if half.startswith("p") else 0)
    return min(number * 60 + int(minutes or 0), DAY)


def _chinese_minute(part: str | None, figures: str, rest: str | None) -> int:
    hour = int(figures) if figures.isdecimal() else _figures(figures)
    late = part in ("下午", "傍晚", "晚上") or (part == "中午" and hour < 6) or (part is None and 1 <= hour <= 7)
    minutes = {"半": 30, "一刻": 15, "三刻": 45}.get(rest or "", 0) or int((rest or "").rstrip("分") or 0)
    return min((hour + (12 if late and hour < 12 else 0)) * 60 + minutes, DAY)


def _figures(text: str) -> int:
    """十二 is 12, 两 is 2."""
    tens, ten, ones = text.replace("两", "二").rpartition("十")
    if not ten:
        return FIGURES.index(ones)
    return (FIGURES.index(tens) if tens else 1) * 10 + (FIGURES.index(ones) if ones else 0)
