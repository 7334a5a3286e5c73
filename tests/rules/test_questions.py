"""A service's own questions: odd definitions are named when saved, answers are judged by the server alone."""

from __future__ import annotations

from typing import Any

import pytest

from rules import questions, text
from rules.attachments import Attached
from rules.errors import FieldError

REFUSED = FieldError("phone_odd")
PEOPLE = {"key": "people", "type": "integer", "label": "Participants", "min": 1, "max": 12}
TOPIC = {
    "key": "topic",
    "type": "choice",
    "label": {"en": "Topic", "zh": "主题"},
    "options": [{"value": "demo", "label": "Demo"}, {"value": "sale", "label": {"en": "Sale"}}],
}
PROJECTOR = {
    "key": "projector",
    "type": "yes_no",
    "label": "Projector",
    "required": True,
    "show_if": {"field": "people", "op": "ge", "value": 4},
}


def judged(asked: list[Any], raw: dict[str, Any]) -> tuple[dict[str, Any], dict[str, FieldError]]:
    return questions.validate(
        asked,
        raw,
        phone=lambda typed: REFUSED if typed == "110" else f"phone:{typed}",
        email=lambda typed: f"email:{typed}",
    )


def answer(kind: str, value: Any, **more: Any) -> Any:
    """The typed answer to one question of this kind, the FieldError, or None where there is no answer."""
    answers, errors = judged([{"key": "q", "type": kind, "label": "Q", **more}], {"q": value})
    return errors.get("q", answers.get("q"))


class TestDefinitions:
    def test_good_ones_have_no_problems(self) -> None:
        rest = [
            {"key": f"q{index}", "type": kind, "label": "Q", "help": "so"}
            for index, kind in enumerate(questions.TYPES)
            if kind not in ("choice", "choices")
        ] + [{"key": "stars", "type": "rating", "label": "Stars", "max": 10}]
        extras = {**TOPIC, "key": "extras", "type": "choices", "required": False}
        about = {"key": "about", "type": "text", "label": "About", "max_length": 80}
        asked = {**about, "show_if": {"field": "extras", "op": "contains", "value": "demo"}}
        assert questions.check([PEOPLE, TOPIC, PROJECTOR, extras, asked, *rest]) == []

    def test_they_are_a_list_of_mappings(self) -> None:
        assert questions.check({"people": PEOPLE}) == [("", "a list of questions")]
        assert questions.check(["people"]) == [("[0]", "a question is a mapping")]

    @pytest.mark.parametrize(
        ("changes", "path", "reason"),
        [
            ({"colour": "red"}, ".colour", "unknown key"),
            ({"key": "Wie viele"}, ".key", "lower-case letters, digits and _, starting with a letter"),
            ({"key": 4}, ".key", "lower-case letters, digits and _, starting with a letter"),
            ({"key": "people\n"}, ".key", "lower-case letters, digits and _, starting with a letter"),
            ({"key": "a" * 41}, ".key", "lower-case letters, digits and _, starting with a letter"),
            ({"type": "colour"}, ".type", f"one of {', '.join(questions.TYPES)}"),
            ({"type": ["text"]}, ".type", f"one of {', '.join(questions.TYPES)}"),
            ({"label": ""}, ".label", "a label is missing"),
            ({"required": 1}, ".required", "true or false"),
            ({"min": "1"}, ".min", "a number, for integer and number questions"),
            ({"min": True}, ".min", "a number, for integer and number questions"),
            ({"max": float("inf")}, ".max", "a number, for integer and number questions"),
            ({"min": 13}, ".max", "is below min"),
            ({"max_length": 5}, ".max_length", "1 to 2000, for text questions"),
            ({"options": []}, ".options", "only for choice and choices"),
            ({"type": "rating", "max": None}, ".min", "a number, for integer and number questions"),
            ({"type": "rating", "min": None, "max": 11}, ".max", "2 to 10 stars"),
            ({"type": "rating", "min": None, "max": 2.5}, ".max", "2 to 10 stars"),
            ({"type": "section", "min": None, "max": None, "required": True}, ".required", "a section has no answer"),
            ({"show_if": {"field": "people", "op": "empty"}}, ".show_if", "no such field 'people'"),
        ],
    )
    def test_an_odd_one_is_named_with_its_place(self, changes: dict[str, Any], path: str, reason: str) -> None:
        assert questions.check([{**PEOPLE, **changes}]) == [(f"[0]{path}", reason)]

    def test_only_numbers_have_bounds_and_only_texts_a_length(self) -> None:
        name = {"key": "name", "type": "text", "label": "Name"}
        assert questions.check([{**name, "min": 1}]) == [("[0].min", "a number, for integer and number questions")]
        for fitting in (1, text.MAX_TEXT):
            assert questions.check([{**name, "max_length": fitting}]) == []
        for length in (0, text.MAX_TEXT + 1, True, "10"):
            assert questions.check([{**name, "max_length": length}]) == [
                ("[0].max_length", "1 to 2000, for text questions")
            ]

    def test_bounds_may_stand_alone_or_be_the_same(self) -> None:
        for bounds in ({"min": 3}, {"max": 3}, {"min": 3, "max": 3}):
            assert questions.check([{"key": "n", "type": "number", "label": "N", **bounds}]) == []

    def test_a_key_is_asked_once(self) -> None:
        assert questions.check([PEOPLE, PEOPLE]) == [("[1].key", "'people' is asked twice")]

    @pytest.mark.parametrize(
        ("options", "path", "reason"),
        [
            (None, ".options", "a list with at least one option"),
            ([], ".options", "a list with at least one option"),
            (["demo"], ".options[0]", "value and label"),
            ([{"value": "a", "label": "A", "price": 1}], ".options[0]", "value and label"),
            ([{"value": "", "label": "A"}], ".options[0].value", "a text that no other option has"),
            ([{"value": 4, "label": "A"}], ".options[0].value", "a text that no other option has"),
            (
                [{"value": "a", "label": "A"}, {"value": "a", "label": "B"}],
                ".options[1].value",
                "a text that no other option has",
            ),
            ([{"value": "a"}], ".options[0].label", "a label is missing"),
        ],
    )
    def test_odd_options_are_named(self, options: Any, path: str, reason: str) -> None:
        assert questions.check([{**TOPIC, "options": options}]) == [(f"[0]{path}", reason)]

    def test_a_condition_asks_about_questions_above_only(self) -> None:
        assert questions.check([PROJECTOR, PEOPLE]) == [("[0].show_if", "no such field 'people'")]

    def test_a_condition_asks_for_an_option_that_exists(self) -> None:
        asked = {**PROJECTOR, "show_if": {"field": "topic", "op": "eq", "value": "party"}}
        assert questions.check([TOPIC, asked]) == [("[1].show_if", "'party' is not one of its options")]

    def test_odd_options_above_are_named_once(self) -> None:
        asked = {**PROJECTOR, "show_if": {"field": "topic", "op": "eq", "value": "party"}}
        assert questions.check([{**TOPIC, "options": 5}, asked]) == [("[0].options", "a list with at least one option")]


class TestAnswers:
    def test_typed_values_come_back_with_no_errors(self) -> None:
        assert judged([PEOPLE, TOPIC, PROJECTOR], {"people": "4", "topic": "demo", "projector": "yes"}) == (
            {"people": 4, "topic": "demo", "projector": True},
            {},
        )

    def test_what_is_not_asked_is_an_error(self) -> None:
        assert judged([PEOPLE], {"people": 2, "price": 0, "status": "confirmed"}) == (
            {"people": 2},
            {"price": FieldError("unknown_field"), "status": FieldError("unknown_field")},
        )

    @pytest.mark.parametrize("blank", [None, "", "  ", "\u3000", "\u200b", "\t\n"])
    @pytest.mark.parametrize("kind", [kind for kind in questions.TYPES if kind != "section"])
    def test_a_blank_is_no_answer_of_any_kind(self, kind: str, blank: str | None) -> None:
        asked = {**TOPIC, "key": "q", "type": kind}
        assert judged([asked], {"q": blank}) == ({}, {})
        code = "file_needed" if kind in ("file", "picture") else "required"
        assert judged([{**asked, "required": True}], {"q": blank}) == ({}, {"q": FieldError(code)})

    def test_what_is_required_and_not_sent_is_an_error(self) -> None:
        assert judged([{**PEOPLE, "required": True}], {}) == ({}, {"people": FieldError("required")})

    def test_no_is_an_answer_to_a_required_question(self) -> None:
        assert answer("yes_no", "no", required=True) is False

    def test_zero_is_an_answer_to_a_required_question(self) -> None:
        assert answer("integer", 0, required=True) == 0

    def test_no_choice_at_all_is_no_answer(self) -> None:
        assert judged([{**TOPIC, "type": "choices", "required": True}], {"topic": []}) == (
            {},
            {"topic": FieldError("required")},
        )


class TestHiddenQuestions:
    def test_a_hidden_answer_is_dropped_before_it_is_judged(self) -> None:
        assert judged([PEOPLE, PROJECTOR], {"people": 3, "projector": "nonsense"}) == ({"people": 3}, {})

    def test_a_hidden_question_is_not_required(self) -> None:
        assert judged([PEOPLE, PROJECTOR], {}) == ({}, {})

    def test_a_shown_question_is_required(self) -> None:
        assert judged([PEOPLE, PROJECTOR], {"people": 4}) == ({"people": 4}, {"projector": FieldError("required")})

    def test_a_dropped_answer_shows_nothing_below_it(self) -> None:
        cable = {
            "key": "cable",
            "type": "text",
            "label": "Cable",
            "show_if": {"field": "projector", "op": "eq", "value": True},
        }
        assert judged([PEOPLE, PROJECTOR, cable], {"people": 2, "projector": True, "cable": "HDMI"}) == (
            {"people": 2},
            {},
        )


class TestTexts:
    def test_one_line_is_cleaned(self) -> None:
        assert answer("text", " a\r\nb\x00 ") == "a b"

    def test_long_text_keeps_its_lines(self) -> None:
        assert answer("long_text", "a\r\nb") == "a\nb"

    def test_lengths_are_those_of_the_question_or_the_house(self) -> None:
        assert answer("text", "a" * 200) == "a" * 200
        assert answer("text", "a" * 201) == FieldError("too_long", {"max": 200})
        assert answer("text", "a" * 5, max_length=4) == FieldError("too_long", {"max": 4})
        assert answer("long_text", "a" * 2001) == FieldError("too_long", {"max": 2000})
        assert answer("long_text", "a" * 5, max_length=4) == FieldError("too_long", {"max": 4})

    def test_a_megabyte_is_refused(self) -> None:
        assert answer("long_text", "a\n" * 500_000) == FieldError("too_long", {"max": 2000})

    @pytest.mark.parametrize("value", [4, True, ["a"], {"a": 1}])
    @pytest.mark.parametrize("kind", ["text", "long_text", "date", "time", "phone", "email"])
    def test_only_text_is_text(self, kind: str, value: Any) -> None:
        assert answer(kind, value) == FieldError("not_text")

    def test_phones_and_mailboxes_are_judged_by_those_who_know(self) -> None:
        assert answer("phone", "030") == "phone:030"
        assert answer("phone", "110") == REFUSED
        assert answer("email", "a@example.com") == "email:a@example.com"


class TestNumbers:
    @pytest.mark.parametrize(
        ("typed", "number"),
        [(4, 4), (4.0, 4), ("4", 4), (" +4 ", 4), ("-4", -4), ("04", 4), ("４", 4), ("１２", 12)],
    )
    def test_whole_numbers(self, typed: Any, number: int) -> None:
        found = answer("integer", typed)
        assert (found, type(found)) == (number, int)

    @pytest.mark.parametrize(
        "typed",
        [
            1.5,
            "1.5",
            "1e3",
            "0x10",
            "NaN",
            "Infinity",
            float("nan"),
            float("inf"),
            True,
            "四",
            "٤",
            "1 000",
            [4],
            {},
            "9" * 16,
        ],
    )
    def test_what_is_no_whole_number(self, typed: Any) -> None:
        assert answer("integer", typed) == FieldError("not_a_whole_number")

    @pytest.mark.parametrize(("typed", "number"), [(1.5, 1.5), (2, 2), ("1.5", 1.5), ("1,5", 1.5), ("-0,25", -0.25)])
    def test_decimals_with_a_point_or_a_comma(self, typed: Any, number: float) -> None:
        assert answer("number", typed) == number

    @pytest.mark.parametrize("typed", ["1.5.0", "1,", "NaN", "1e3", float("-inf"), False, [1.5]])
    def test_what_is_no_number(self, typed: Any) -> None:
        assert answer("number", typed) == FieldError("not_a_number")

    @pytest.mark.parametrize(
        ("typed", "refused"),
        [
            (0, FieldError("too_small", {"min": 1})),
            ("-1", FieldError("too_small", {"min": 1})),
            (13, FieldError("too_large", {"max": 12})),
            (10**6, FieldError("too_large", {"max": 12})),
        ],
    )
    def test_bounds_are_kept(self, typed: Any, refused: FieldError) -> None:
        assert answer("integer", typed, min=1, max=12) == refused

    def test_the_bounds_themselves_are_allowed(self) -> None:
        assert [answer("integer", typed, min=1, max=12) for typed in (1, 12)] == [1, 12]

    def test_numbers_beyond_all_use_are_refused_without_a_bound(self) -> None:
        assert answer("integer", 10**15) == 10**15
        assert answer("integer", -(10**15)) == -(10**15)
        for huge in (10**15 + 1, 10**400, 1e300):
            assert answer("integer", huge) == FieldError("too_large", {"max": questions.LARGEST})
            assert answer("number", -huge) == FieldError("too_small", {"min": -questions.LARGEST})


class TestChoices:
    @pytest.mark.parametrize("typed", [True, "yes", "true", "on", "1", " YES "])
    def test_yes(self, typed: Any) -> None:
        assert answer("yes_no", typed) is True

    @pytest.mark.parametrize("typed", [False, "no", "false", "off", "0"])
    def test_no(self, typed: Any) -> None:
        assert answer("yes_no", typed) is False

    @pytest.mark.parametrize("typed", ["maybe", 1, 0, 2, ["yes"]])
    def test_neither(self, typed: Any) -> None:
        assert answer("yes_no", typed) == FieldError("yes_or_no")

    @pytest.mark.parametrize("typed", ["party", "Demo", 1, True, ["demo"], {"value": "demo"}])
    def test_only_an_option_can_be_chosen(self, typed: Any) -> None:
        assert judged([TOPIC], {"topic": typed}) == ({}, {"topic": FieldError("not_an_option")})

    @pytest.mark.parametrize(
        ("typed", "chosen"),
        [
            (["sale", "demo"], ["demo", "sale"]),
            (["demo", "demo"], ["demo"]),
            ("sale", ["sale"]),
            (("sale",), ["sale"]),
        ],
    )
    def test_several_come_back_once_each_in_the_order_of_the_options(self, typed: Any, chosen: list[str]) -> None:
        assert judged([{**TOPIC, "type": "choices"}], {"topic": typed}) == ({"topic": chosen}, {})

    @pytest.mark.parametrize("typed", [["demo", "party"], [["demo"]], 5, {"demo": True}])
    def test_several_are_options_all(self, typed: Any) -> None:
        assert judged([{**TOPIC, "type": "choices"}], {"topic": typed}) == (
            {},
            {"topic": FieldError("not_an_option")},
        )


class TestDatesAndTimes:
    def test_the_documented_forms(self) -> None:
        assert answer("date", " 2028-02-29 ") == "2028-02-29"
        assert answer("time", "09:30") == "09:30"

    @pytest.mark.parametrize("typed", ["2026-02-30", "0000-01-01", "12/03/2026", "20260312", "2026-3-1", "２026-03-01"])
    def test_no_date(self, typed: str) -> None:
        assert answer("date", typed) == FieldError("not_a_date")

    @pytest.mark.parametrize("typed", ["24:00", "9:30", "09:60", "09:30:00", "09:30Z", "٠٩:30"])
    def test_no_time(self, typed: str) -> None:
        assert answer("time", typed) == FieldError("not_a_time")


class TestRatings:
    @pytest.mark.parametrize(("typed", "stars"), [("4", 4), (5, 5), ("１", 1), (3.0, 3)])
    def test_stars_are_whole_numbers(self, typed: Any, stars: int) -> None:
        assert answer("rating", typed) == stars

    def test_five_stars_are_the_most_unless_the_question_says_so(self) -> None:
        assert answer("rating", 6) == FieldError("too_large", {"max": 5})
        assert answer("rating", 6, max=10) == 6
        assert answer("rating", 0, max=10) == FieldError("too_small", {"min": 1})

    def test_a_condition_may_read_them(self) -> None:
        why = {"key": "why", "type": "text", "label": "Why", "required": True}
        why |= {"show_if": {"field": "stars", "op": "lt", "value": 3}}
        asked = [{"key": "stars", "type": "rating", "label": "Stars"}, why]
        assert questions.check(asked) == []
        assert judged(asked, {"stars": "4"}) == ({"stars": 4}, {})
        assert judged(asked, {"stars": "2"})[1] == {"why": FieldError("required")}


LARGE = {"key": "large", "type": "section", "label": "Large groups"}
SHOWN = {"show_if": {"field": "people", "op": "ge", "value": 4}}
BUS = {"key": "bus", "type": "text", "label": "Bus", "required": True}
END = {"key": "end", "type": "section", "label": "At the end"}


class TestSections:
    def test_a_section_has_no_answer(self) -> None:
        assert judged([LARGE], {"large": "x"}) == ({}, {"large": FieldError("unknown_field")})
        assert judged([{**LARGE, **SHOWN}], {}) == ({}, {})

    def test_a_hidden_one_takes_along_what_stands_below_it_up_to_the_next(self) -> None:
        asked = [PEOPLE, {**LARGE, **SHOWN}, BUS, END, {**BUS, "key": "word"}]
        assert judged(asked, {"people": 2, "bus": "red"}) == ({"people": 2}, {"word": FieldError("required")})
        assert set(judged(asked, {"people": 5})[1]) == {"bus", "word"}

    def test_no_condition_reads_one_and_no_key_is_given_twice(self) -> None:
        reads = {**BUS, "show_if": {"field": "large", "op": "empty"}}
        assert questions.check([LARGE, reads]) == [("[1].show_if", "no such field 'large'")]
        assert questions.check([LARGE, {**BUS, "key": "large"}]) == [("[1].key", "'large' is asked twice")]


PAPER = {"key": "paper", "type": "file", "label": "Paper", "required": True, "max_mb": 10, "accept": ["pdf"]}
KEPT = Attached("letter.pdf", "pdf", 12, "a" * 32)


class TestFiles:
    @pytest.mark.parametrize(
        ("change", "problem"),
        [
            ({"max_mb": 11}, (".max_mb", "1 to 10, for file and picture questions")),
            ({"max_mb": 0}, (".max_mb", "1 to 10, for file and picture questions")),
            ({"max_mb": 2.5}, (".max_mb", "1 to 10, for file and picture questions")),
            ({"accept": []}, (".accept", "a list of pdf, png, jpg, webp, docx, xlsx, txt, for file questions")),
            ({"accept": ["exe"]}, (".accept", "a list of pdf, png, jpg, webp, docx, xlsx, txt, for file questions")),
            ({"type": "picture"}, (".accept", "a list of pdf, png, jpg, webp, docx, xlsx, txt, for file questions")),
            (
                {"type": "text", "accept": None},
                (".max_mb", "1 to 10, for file and picture questions"),
            ),
        ],
    )
    def test_what_cannot_be_asked(self, change: dict[str, Any], problem: tuple[str, str]) -> None:
        assert questions.check([{**PAPER, **change}]) == [(f"[0]{problem[0]}", problem[1])]

    def test_it_can_be_asked_and_no_condition_reads_it(self) -> None:
        assert questions.check([PAPER]) == []
        reads = {"key": "why", "type": "text", "label": "Why", "show_if": {"field": "paper", "op": "empty"}}
        assert questions.check([PAPER, reads]) == [("[1].show_if", "no such field 'paper'")]

    def test_only_what_was_looked_at_answers_it(self) -> None:
        assert judged([PAPER], {"paper": KEPT}) == ({"paper": KEPT.document()}, {})
        assert judged([PAPER], {"paper": FieldError("no_picture")}) == ({}, {"paper": FieldError("no_picture")})
        assert judged([PAPER], {}) == ({}, {"paper": FieldError("file_needed")})
        for typed in ("letter.pdf", KEPT.document(), ["x"]):
            assert judged([PAPER], {"paper": typed}) == ({}, {"paper": FieldError("file_by_page_only")})
