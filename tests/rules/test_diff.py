"""What a history row keeps of two records: only what differs."""

from __future__ import annotations

from rules.diff import diff


def test_only_what_changed_is_kept() -> None:
    before = {"status": "confirmed", "start": "10:00", "resources": ["anna"]}
    after = {"status": "cancelled", "start": "10:00", "resources": ["anna"]}
    assert diff(before, after) == ({"status": "confirmed"}, {"status": "cancelled"})


def test_what_is_not_there_counts_as_none() -> None:
    assert diff({"email": "a@example.com"}, {"phone": "110", "company": None}) == (
        {"email": "a@example.com", "phone": None},
        {"email": None, "phone": "110"},
    )


def test_without_a_change_both_are_empty() -> None:
    assert diff({"a": 1}, {"a": 1}) == ({}, {})
