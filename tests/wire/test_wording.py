"""Dates, times, money and sentences, as the two languages write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from rules import errors
from rules.errors import FieldError, Refusal
from scheduling.availability import Length
from wire import wording as module
from wire.wording import LOCALES, PSEUDO, Wording, wording

EN, ZH = Wording("en"), Wording("zh")
DAY = date(2026, 12, 3)
BERLIN = ZoneInfo("Europe/Berlin")
START = datetime(2026, 12, 3, 8, 40, tzinfo=BERLIN)
END = datetime(2026, 12, 3, 9, 10, tzinfo=BERLIN)


def test_a_date_is_written_as_the_language_writes_it():
    assert EN.date(DAY, "short") == "Thu 3 Dec"
    assert EN.date(DAY) == "Thu 3 December"
    assert EN.date(DAY, "long") == "Thursday 3 December"
    assert ZH.date(DAY) == "12月3日 周四"
    assert ZH.date(DAY, "long") == "12月3日 星期四"
    assert EN.date(DAY, "month") == "December 2026"
    assert ZH.date(DAY, "month") == "2026年12月"


def test_the_year_stands_only_where_it_is_not_this_one():
    assert EN.date(DAY, today=date(2026, 11, 30)) == "Thu 3 December"
    assert EN.date(DAY, today=date(2025, 11, 30)) == "Thu 3 December 2026"
    assert ZH.date(DAY, today=date(2025, 11, 30)) == "2026年12月3日 周四"


def test_times_and_spans_have_an_en_dash_without_spaces():
    assert EN.time(START) == "08:40"
    assert EN.span(START, END) == "08:40–09:10"
    assert EN.day_and_time(START) == "Thu 3 Dec, 08:40"
    assert ZH.day_and_time(START) == "12月3日 周四 08:40"
    assert EN.day_and_span(START, END) == "Thu 3 December, 08:40–09:10"
    assert ZH.day_and_span(START, END) == "12月3日 周四 08:40–09:10"


def test_a_span_over_midnight_names_the_second_day():
    after = datetime(2026, 12, 4, 0, 30, tzinfo=BERLIN)
    assert EN.span(START, after) == "08:40 – Fri 4 Dec, 00:30"


@pytest.mark.parametrize(
    ("minor", "currency", "english", "chinese"),
    [
        (6500, "EUR", "€65.00", "€65"),
        (6550, "EUR", "€65.50", "€65.50"),
        (12000, "CNY", "¥120", "¥120"),
        (12050, "CNY", "¥120.50", "¥120.50"),
        (123456, "EUR", "€1,234.56", "€1,234.56"),
        (1200, "JPY", "JP¥1,200", "JP¥1,200"),
    ],
)
def test_money(minor, currency, english, chinese):
    assert EN.money(minor, currency) == english
    assert ZH.money(minor, currency) == chinese


def test_durations_are_told_in_their_own_unit():
    assert [EN.duration(Length(minutes=each)) for each in (30, 60, 90, 120, 240)] == [
        "30 min",
        "60 min",
        "90 min",
        "2 hours",
        "4 hours",
    ]
    assert EN.duration(Length(days=1)) == "1 day"
    assert EN.duration(Length(days=2)) == "2 days"
    assert ZH.duration(Length(minutes=60)) == "60 分钟"
    assert ZH.duration(Length(days=2)) == "2 天"


def test_a_zone_is_named_by_its_city():
    assert EN.zone("Europe/Berlin") == "Berlin time"
    assert ZH.zone("Asia/Shanghai") == "上海时间"
    assert EN.place_of_zone("America/New_York") == "New York"


def test_an_offset_tells_a_repeated_hour_apart():
    first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
    assert EN.offset(first) == "UTC+2"
    assert EN.offset(first.replace(fold=1)) == "UTC+1"
    assert EN.offset(datetime(2026, 1, 1, tzinfo=ZoneInfo("America/St_Johns"))) == "UTC−3:30"
    assert EN.offset(datetime(2026, 1, 1, tzinfo=ZoneInfo("Asia/Kathmandu"))) == "UTC+5:45"


def test_weekdays_begin_on_monday():
    assert EN.weekdays()[0] == ("Mon", "Monday")
    assert ZH.weekdays()[6] == ("日", "星期日")


def test_a_text_of_the_business_falls_back_to_what_there_is():
    both = {"en": "Tax advice", "zh": "税务咨询"}
    assert ZH.text(both) == "税务咨询"
    assert ZH.text({"en": "Tax advice", "de": "Steuer"}) == "Tax advice"
    assert Wording("zh", "de").text({"en": "Tax advice", "de": "Steuer"}) == "Steuer"
    assert EN.text({"fr": "Conseil"}) == "Conseil"
    assert EN.text("As it is %(s)s") == "As it is %(s)s"
    assert EN.text(None) == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Dr. Braun", "Dr. Braun 不在"),
        ("陈晓", "陈晓不在"),
        ("Room 1", "Room 1 不在"),
        ("", "不在"),
        ("%(x)s", "%(x)s 不在"),
    ],
)
def test_a_space_stands_where_latin_would_touch_chinese(name, said):
    assert ZH.gettext("%(name)s is not in", name=name) == said


def test_no_space_stands_beside_full_width_marks_or_inside_a_caption():
    assert ZH.gettext("Moved to %(when)s.", when="12月4日 周五 09:10") == "已改到 12月4日 周五 09:10。"
    assert ZH.gettext("%(n)s free", n=21) == "余21"


def test_what_a_customer_types_is_never_a_place_to_fill():
    typed = "%(code)s %d {0} 100%%"
    for say in (EN, ZH):
        assert typed in say.gettext("See you on %(day)s, %(name)s", day="Thu", name=typed)


def every_refusal():
    found, queue = [], [Refusal]
    while queue:
        each = queue.pop()
        found += [each] if each.__module__ == "rules.errors" else []
        queue += each.__subclasses__()
    return found


PARAMS = {
    "min_notice": 120,
    "next": None,
    "day": DAY,
    "opens": DAY,
    "step": 15,
    "why": "hours",
    "name": "",
    "seats": 8,
    "asked": 9,
    "days": 62,
    "start": datetime(2026, 12, 3, 8, 20, tzinfo=UTC),
    "limit": 2,
    "which": "per_customer",
    "deadline": datetime(2026, 12, 2, 7, 40, tzinfo=UTC),
    "revision": 1,
    "status": "cancelled",
    "at": datetime(2026, 12, 3, 9, 20, tzinfo=UTC),
    "reason": "A bill is open",
}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("kind", every_refusal(), ids=lambda kind: kind.__name__)
def test_every_refusal_has_its_sentence(kind, locale):
    said = Wording(locale).sentence(kind(**PARAMS), "Europe/Berlin")
    assert said
    assert "%(" not in said
    known = module._SENTENCES
    general = {"refused", "conflict"}
    assert kind.code in known or kind.code in general, f"{kind.code} has no sentence of its own"


def test_sentences_tell_times_by_the_clock_of_the_place():
    taken = errors.SlotTaken(start=datetime(2026, 12, 3, 8, 20, tzinfo=UTC))
    assert EN.sentence(taken, "Europe/Berlin").startswith("09:20 has just been taken")
    assert ZH.sentence(taken, "Europe/Berlin").startswith("09:20 刚刚约出去了")
    late = errors.TooLate(deadline=datetime(2026, 12, 2, 7, 40, tzinfo=UTC))
    assert "Wed 2 Dec, 08:40" in EN.sentence(late, "Europe/Berlin")


@pytest.mark.parametrize("code", sorted(module._FIELDS))
def test_every_field_error_has_its_sentence(code):
    for locale in LOCALES:
        said = Wording(locale).field(
            FieldError(
                code, {"max": 5, "min": 1, "most": 5, "found": "#REF!", "options": "a, b", "kinds": "PDF", "files": 5}
            )
        )
        assert said
        assert "%(" not in said


def test_an_unknown_code_is_still_said_somehow():
    assert EN.field(FieldError("never heard of")) == "This cannot be used."


def test_customers_read_no_words_of_the_machine():
    machine = {"error", "invalid", "submit", "slot", "resource"}
    for code, text in [*module._SENTENCES.items(), *module._FIELDS.items()]:
        assert not machine & set(text.lower().replace(".", "").split()), f"{code}: {text}"
        assert "!" not in text, f"{code}: {text}"


def test_the_pseudo_language_marks_all_that_passed_through():
    pseudo = Wording(PSEUDO)
    assert pseudo.gettext("Confirm booking") == "⟦Confirm booking⟧"
    assert pseudo.date(DAY).startswith("⟦")
    assert pseudo.money(100, "EUR").startswith("⟦")
    assert pseudo.number(3).startswith("⟦")


def test_a_wording_is_made_once():
    assert wording("zh", "en") is wording("zh", "en")
    assert Wording("fr").locale == "en"
