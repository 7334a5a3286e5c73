"""Every refusal has a code and a status of its own; what it carries stays as it was given."""

from __future__ import annotations

import pytest

from rules import errors
from rules.errors import FieldError, Refusal


def refusals(kind: type[Refusal] = Refusal) -> list[type[Refusal]]:
    return [kind, *(found for each in kind.__subclasses__() for found in refusals(each))]


def test_codes_are_the_promised_ones() -> None:
    promised = {
        404: {"not_found", "unknown_service", "unknown_location", "unknown_resource", "unknown_hold"},
        409: {
            "slot_taken", "hold_expired", "hold_used", "limit_reached", "resource_gone", "too_late", "stale",
            "state_changed", "in_progress", "not_yet", "too_late_to_undo", "in_the_way", "paused",
        },
        403: {"own_request"},
        422: {
            "invalid", "too_soon", "too_far", "off_grid", "closed", "bad_duration", "too_many_seats",
            "no_such_local_time", "location_required", "range_too_long", "idempotency_key_reused",
        },
        429: {"rate_limited"},
        503: {"busy", "uncertain"},
    }  # fmt: skip
    known = {(kind.status, kind.code) for kind in refusals()}
    assert {(status, code) for status, codes in promised.items() for code in codes} <= known


def test_no_two_refusals_answer_with_one_code_and_another_status() -> None:
    statuses: dict[str, set[int]] = {}
    for kind in refusals():
        statuses.setdefault(kind.code, set()).add(kind.status)
    assert {code: found for code, found in statuses.items() if len(found) > 1} == {}


def test_a_refusal_carries_what_its_sentence_needs() -> None:
    refusal = errors.SlotTaken(alternatives=["10:00", "11:00"], start="09:00", seats_left=2)
    assert (refusal.code, refusal.status) == ("slot_taken", 409)
    assert refusal.params == {"start": "09:00", "seats_left": 2}
    assert refusal.alternatives == ("10:00", "11:00")
    assert (refusal.retry_after, refusal.errors) == (None, {})
    assert str(refusal) == "slot_taken"


def test_fields_to_mend_are_named_one_by_one() -> None:
    given = {"customer.phone": FieldError("phone_odd"), "answers.people": FieldError("too_large", {"max": 12})}
    refusal = errors.Invalid(errors=given)
    given.clear()
    assert refusal.errors["answers.people"].params == {"max": 12}
    assert refusal.errors["customer.phone"] == FieldError("phone_odd", {})


def test_a_caller_may_be_told_when_to_come_again() -> None:
    with pytest.raises(Refusal) as refused:
        raise errors.Busy(retry_after=3)
    assert refused.value.retry_after == 3
