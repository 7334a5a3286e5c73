"""Phones and mailboxes as people type them."""

from __future__ import annotations

import pytest

from actions.contacts import email, may_text, phone, pretty
from rules.errors import FieldError

CHINESE = "+8613800138000"


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "138 0013 8000",
        "+86 138-0013-8000",
        "１３８００１３８０００",
        "١٣٨٠٠١٣٨٠٠٠",
        " 138\u30000013\u30008000 ",
        "0086 138 0013 8000",
    ],
)
def test_one_number_has_one_spelling(typed):
    assert phone(typed, region="CN") == CHINESE


@pytest.mark.parametrize(
    ("typed", "region", "stored"),
    [
        ("0152 28817386", "DE", "+4915228817386"),
        ("+49 (0) 152 28817386", "DE", "+4915228817386"),
        ("030 23125 114", "DE", "+493023125114"),
        ("+1 202-555-0143", "DE", "+12025550143"),
        ("(202) 555-0143", "US", "+12025550143"),
    ],
)
def test_a_number_is_read_in_the_country_of_the_place(typed, region, stored):
    assert phone(typed, region=region) == stored


@pytest.mark.parametrize(
    ("typed", "region"),
    [
        ("0013800138000", "CN"),
        ("110", "CN"),
        ("112", "DE"),
        ("+1 900 555 0143", "US"),
        ("+44 70 1234 5678", "GB"),
        ("+883 5100 1234 5678", "DE"),
        ("+49 152 28817386;ext=1", "DE"),
        ("0152 28817386 ext 5", "DE"),
        ("3" * 300, "DE"),
        ("", "DE"),
        ("+", "DE"),
        ("ring me", "DE"),
        ("1-800-FLOWERS", "US"),
        ("+8613800138000\r\nX: 1", "CN"),
        ("+8613800138000, +8613800138001", "CN"),
        ("0152 288", "DE"),
        ("+49\u0000 152 28817386", "DE"),
        (13800138000, "CN"),
        (None, "CN"),
        (["+8613800138000"], "CN"),
    ],
)
def test_what_is_no_number_to_call_is_refused(typed, region):
    assert isinstance(phone(typed, region=region), FieldError)


def test_too_short_a_number_is_told_so():
    assert phone("0152 288", region="DE") == FieldError("phone_short")


def test_only_numbers_that_take_texts_are_texted():
    assert may_text(CHINESE)
    assert may_text("+4915228817386")
    assert may_text("+12025550143")
    assert not may_text("+493023125114")


def test_a_number_is_shown_as_other_countries_read_it():
    assert pretty("+4915228817386") == "+49 1522 8817386"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("hannah.vogel@example.com", "hannah.vogel@example.com"),
        (" Hannah.Vogel+Spa@EXAMPLE.com ", "Hannah.Vogel+Spa@example.com"),
        ("a.b.c@mail.example.org", "a.b.c@mail.example.org"),
        ("post@müller-beispiel.de", "post@müller-beispiel.de"),
        ("o'neil@example.ie", "o'neil@example.ie"),
    ],
)
def test_a_mailbox_keeps_its_spelling_and_its_domain_is_lowered(typed, stored):
    assert email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "a@b",
        "a b@c.de",
        '"a b"@c.de',
        "a@[127.0.0.1]",
        "x" * 300 + "@example.com",
        "a@example.com, b@example.com",
        "a@example.com;b@example.com",
        "a@example.com\r\nBcc: all@example.com",
        "Hannah <a@example.com>",
        "a@@example.com",
        "a@.com",
        "a@example..com",
        ".a@example.com",
        "a@example.com\x00",
        "a@\u202eexample.com",
        "",
        "@",
        None,
        5,
        ["a@example.com"],
    ],
)
def test_what_is_no_single_mailbox_is_refused(typed):
    assert isinstance(email(typed), FieldError)


@pytest.mark.parametrize("typed", ["hannah.vogel@", "hannah.vogel", "hannah@example"])
def test_an_unfinished_mailbox_is_told_so(typed):
    assert email(typed) == FieldError("email_unfinished")
