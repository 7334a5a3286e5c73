"""What customers may be asked to agree to, how long things stay, names in plain letters."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rules import consents, retention, text

NOW = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)


def test_nobody_has_to_agree_to_offers_for_the_sake_of_a_visit():
    assert not consents.may_be_needed("marketing")
    assert consents.may_be_needed("minor")
    assert not consents.may_be_needed("anything")


def test_what_is_needed_and_not_given_is_lacking():
    asked = {"marketing": False, "sensitive": True, "minor": True}
    assert consents.lacking(asked, ["minor"]) == ["sensitive"]
    assert consents.lacking(asked, ["minor", "sensitive"]) == []


def test_a_figure_is_the_houses_or_the_usual_one():
    assert retention.figures({"bookings": 36}) == {"bookings": 36, "messages": 90, "sign_ins": 12}


def test_figures_have_bounds():
    found = retention.wrong({"bookings": 0, "messages": 10_000, "sign_ins": None})
    assert {name: error.code for name, error in found.items()} == {
        "bookings": "too_small", "messages": "too_large", "sign_ins": "not_a_whole_number",
    }  # fmt: skip
    assert retention.wrong({"bookings": 24, "messages": 90, "sign_ins": 12}) == {}


@pytest.mark.parametrize(
    ("months", "wanted"), [(24, "2024-12-31"), (10, "2026-02-28"), (12, "2025-12-31"), (1, "2026-11-30")]
)
def test_months_are_counted_by_the_calendar(months, wanted):
    assert retention.before("bookings", months, NOW).date().isoformat() == wanted


def test_days_are_days():
    assert retention.before("messages", 90, NOW).date().isoformat() == "2026-10-02"


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Anna Müller", "annamuller"), ("Øystein Łukasz", "oysteinlukasz"), ("Groß-Ægir", "grossaegir"), ("张伟", "")],
)
def test_names_in_plain_letters(name, plain):
    assert text.spelled(name) == plain
