"""Which characters of what people type stay, and how texts are compared and sent on."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import text
from rules.errors import FieldError

FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize(
    "kept",
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "' OR 1=1 --",
        "{{7*7}} {% x %} ${7*7} {0.__class__} %(x)s %n",
        "=1+1",
        "../../etc/passwd",
        "con.txt.",
        "Null",
        "0",
        "-",
        "李",
        "İstanbul straße",
        "𠮷野家",
        "\ue000",
        FAMILY,
        "Zoe\u0308 Müller".replace("e\u0308", "ë"),
    ],
)
def test_a_line_keeps_what_is_only_odd(kept: str) -> None:
    assert text.line(kept) == kept


@pytest.mark.parametrize(
    ("typed", "cleaned"),
    [
        ("  Anna  ", "Anna"),
        ("\u3000陈伟\u3000", "陈伟"),
        ("Zoe\u0308", "Zoë"),
        ("a\rb\nc\r\nd", "a b c d"),
        ("a\u0085b\u2028c\u2029d\x0be\x0cf", "a b c d e f"),
        ("a\tb", "a b"),
        ("a\x00\x07\x1b\x7f\x9fb", "ab"),
        ("e\u202a\u0301", "é"),
        ("a\x00\u0308", "ä"),
        (" \x1f x", "x"),
        ("abc\u202etxt.exe", "abctxt.exe"),
        ("a\u2066b\u2067c\u2068d\u2069e\u202af\u202bg\u202ch\u202di\u200ej\u200fk\u061cl", "abcdefghijkl"),
    ],
)
def test_a_line_loses_what_would_do_harm(typed: str, cleaned: str) -> None:
    assert text.line(typed) == cleaned


@given(st.one_of(st.text(), st.text("ae \u0301\u0308\u202a\x00\x1f\n\t\r\u115f")))
def test_what_was_cleaned_stays_as_it_is(typed: str) -> None:
    for clean in (text.line, text.paragraph):
        once = clean(typed)
        if not isinstance(once, FieldError):
            assert clean(once) == once
            assert unicodedata.is_normalized("NFC", once)


def test_no_mark_that_turns_the_direction_stays() -> None:
    turning = [0x061C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069]
    assert text.line("a" + "".join(map(chr, turning)) + "b") == "ab"
    # Their neighbours, a blank for thin numbers and an invisible sign of mathematics, stay.
    assert text.line("a\u202fb\u2065c") == "a\u202fb\u2065c"


@pytest.mark.parametrize(
    "nothing",
    [
        "",
        "   ",
        "\u3000",
        "\u200b\u200b",
        "\ufeff",
        "\u202e",
        "\x00",
        "\r\n",
        "\u3164",
        "\u2800",
        "\u2060\u00a0",
        "\ufe00\ufe0f",
    ],
)
def test_what_cannot_be_seen_is_blank(nothing: str) -> None:
    assert text.blank(nothing)
    assert text.line(nothing) == ""
    assert text.paragraph(nothing) == ""


def test_what_can_be_seen_is_not_blank() -> None:
    assert not any(text.blank(each) for each in ("-", "0", "\u200ba", "👍\ufe0f", "\ud800"))


@pytest.mark.parametrize("clean", [text.line, text.paragraph])
def test_broken_characters_are_refused(clean: object) -> None:
    assert callable(clean)
    assert clean("a\ud800") == FieldError("unreadable")
    assert clean("a\nb\udfff") == FieldError("unreadable")
    assert clean(5) == FieldError("not_text")
    assert clean(None) == FieldError("not_text")


def test_length_counts_characters() -> None:
    assert text.line("𠮷" * 200) == "𠮷" * 200
    assert text.line("a" * 201) == FieldError("too_long", {"max": 200})
    assert text.line("abc", longest=2) == FieldError("too_long", {"max": 2})
    assert text.paragraph("a\n" * 1000) == ("a\n" * 1000).strip()
    assert text.paragraph("a\n" * 999 + "aa") == "a\n" * 999 + "aa"
    assert text.paragraph("a\n" * 999 + "aaa") == FieldError("too_long", {"max": 2000})
    assert text.paragraph("ab\n" * 1000) == FieldError("too_long", {"max": 2000})


def test_marks_upon_marks_count_as_characters() -> None:
    assert text.line("a" + "\u0335" * 50, longest=50) == FieldError("too_long", {"max": 50})


def test_a_paragraph_keeps_its_lines_and_cleans_each() -> None:
    assert text.paragraph(" one \r\n\r\ntwo\u2028\x07three\x0b") == "one\n\ntwo\nthree"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Li Wei", "li  wei"),
        ("Li Wei", "Li\u3000Wei"),
        ("ADMIN", "ＡＤＭＩＮ"),
        ("Zoë", "Zoe\u0308"),
        ("STRASSE", "straße"),
        ("Li\u200b Wei", "Li Wei"),
        ("Li\u00adWei", "LiWei"),
    ],
)
def test_texts_are_compared_folded(one: str, other: str) -> None:
    assert text.folded(one) == text.folded(other)


def test_different_names_stay_different() -> None:
    assert text.folded("Li Wei") != text.folded("LiWei")
    assert text.folded("Müller") != text.folded("Muller")


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("Win at https://evil.example/x?y", "Win at evil. example/x?y"),
        ("HTTP://evil.com", "evil. com"),
        ("www.evil.shop now", "www. evil. shop now"),
        ("evil.co.uk/a.b", "evil. co. uk/a. b"),
        ("evil。com", "evil. com"),
        ("evil．com", "evil. com"),
        ("evil․com﹒cn", "evil. com. cn"),
        ("evil.\u200bcom", "evil. \u200bcom"),
        ("evil.\u00adcom", "evil. \u00adcom"),
        ("127.0.0.1", "127. 0. 0. 1"),
        ("javascript:alert(1)", "alert(1)"),
        ("mailto:a@evil.com", "a@evil. com"),
        ("Dr.Chen", "Dr. Chen"),
    ],
)
def test_an_address_in_a_name_cannot_be_tapped(typed: str, sent: str) -> None:
    assert text.without_addresses(typed) == sent


@pytest.mark.parametrize(
    "name", ["Anna Müller", "Dr. Chen", "J. R. R. Tolkien", "Müller & Co.", "陈伟", "Ann: the 2nd", "…", "a..."]
)
def test_a_plain_name_goes_out_as_it_is(name: str) -> None:
    assert text.without_addresses(name) == name


def test_long_names_are_read_at_once() -> None:
    assert text.without_addresses("a" * 50_000 + "!") == "a" * 50_000 + "!"


@pytest.mark.parametrize(
    ("name", "turned"),
    [("hannah vogel", "vogel hannah"), ("王小明", "王小明"), ("anna maria müller", "müller anna maria"), ("", "")],
)
def test_a_name_can_begin_with_the_family(name: str, turned: str) -> None:
    assert text.family_first(name) == turned
