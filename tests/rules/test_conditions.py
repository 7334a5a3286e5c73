"""A condition means the same to the server and to the browser, and an unusable one is named when it is saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rules import conditions

ROOT = Path(__file__).parents[2]
VECTORS: list[dict[str, Any]] = json.loads((ROOT / "tests/vectors/conditions.json").read_text("utf-8"))
FIELDS = {
    "people": "integer",
    "price": "number",
    "projector": "yes_no",
    "note": "long_text",
    "phone": "phone",
    "topic": "choice",
    "extras": "choices",
    "day": "date",
    "at": "time",
}
OPTIONS = {"topic": ["demo", "sale"], "extras": ["tea", "cake"]}
GOOD = {"field": "people", "op": "ge", "value": 4}


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_the_server_agrees_with_the_vectors(vector: dict[str, Any]) -> None:
    assert conditions.holds(vector["tree"], vector["values"]) is vector["holds"]


def test_the_vectors_use_every_operator_both_ways() -> None:
    def operators(tree: Any) -> set[str]:
        if "op" in tree:
            return {tree["op"]}
        children = [tree["not"]] if "not" in tree else tree.get("all") or tree["any"]
        return set().union(*(operators(each) for each in children))

    for outcome in (True, False):
        used = set().union(*(operators(vector["tree"]) for vector in VECTORS if vector["holds"] is outcome))
        assert used == {*conditions.OPERATORS, "empty"}


@pytest.mark.parametrize(
    "tree",
    [
        GOOD,
        {"field": "price", "op": "between", "value": [1, 2.5]},
        {"field": "projector", "op": "eq", "value": True},
        {"field": "projector", "op": "empty"},
        {"field": "note", "op": "contains", "value": "x"},
        {"field": "note", "op": "empty", "value": False},
        {"field": "phone", "op": "starts", "value": "+49"},
        {"field": "topic", "op": "in", "value": ["demo", "sale"]},
        {"field": "extras", "op": "contains", "value": "tea"},
        {"field": "day", "op": "lt", "value": "2026-03-29"},
        {"field": "at", "op": "between", "value": ["09:00", "12:00"]},
        {"all": [GOOD, {"any": [GOOD, {"not": GOOD}]}]},
    ],
)
def test_a_usable_tree_has_no_problems(tree: Any) -> None:
    assert conditions.check(tree, FIELDS, OPTIONS) == []


@pytest.mark.parametrize(
    ("tree", "path", "reason"),
    [
        ("people > 4", "", "a condition is a mapping"),
        ({"all": []}, ".all", "a list with at least one condition"),
        ({"any": GOOD}, ".any", "a list with at least one condition"),
        ({"all": [GOOD, {"not": 5}]}, ".all[1].not", "a condition is a mapping"),
        ({"all": [GOOD], "any": [GOOD]}, "", "unknown key 'all'"),
        ({**GOOD, "then": 1}, "", "unknown key 'then'"),
        ({3: 1}, "", "unknown key '3'"),
        ({}, "", "no such field None"),
        ({"field": "nobody", "op": "eq", "value": 1}, "", "no such field 'nobody'"),
        ({"field": ["people"], "op": "eq", "value": 1}, "", "no such field ['people']"),
        ({"field": "people"}, "", "operator None does not fit a integer field"),
        ({"field": "people", "op": ["eq"], "value": 1}, "", "operator ['eq'] does not fit a integer field"),
        ({"field": "people", "op": "starts", "value": "1"}, "", "operator 'starts' does not fit a integer field"),
        ({"field": "extras", "op": "eq", "value": "tea"}, "", "operator 'eq' does not fit a choices field"),
        ({"field": "people", "op": "eq"}, "", "a value is missing"),
        ({"field": "people", "op": "empty", "value": 1}, "", "empty takes true or false"),
        ({"field": "people", "op": "in", "value": 4}, "", "in takes a list with at least one value"),
        ({"field": "people", "op": "not_in", "value": []}, "", "not_in takes a list with at least one value"),
        ({"field": "people", "op": "between", "value": [1, 2, 3]}, "", "between takes two bounds"),
        ({"field": "people", "op": "between", "value": 3}, "", "between takes two bounds"),
        ({"field": "people", "op": "between", "value": [1, "2"]}, "", "'2' is not a number"),
        ({"field": "people", "op": "eq", "value": "4"}, "", "'4' is not a number"),
        ({"field": "people", "op": "gt", "value": True}, "", "True is not a number"),
        ({"field": "projector", "op": "eq", "value": "yes"}, "", "'yes' is not true or false"),
        ({"field": "note", "op": "eq", "value": 4}, "", "4 is not a text (put it into quotes)"),
        ({"field": "note", "op": "eq", "value": None}, "", "None is not a text (put it into quotes)"),
        ({"field": "topic", "op": "eq", "value": True}, "", "True is not a text (put it into quotes)"),
        ({"field": "topic", "op": "in", "value": ["demo", "demos"]}, "", "'demos' is not one of its options"),
        ({"field": "extras", "op": "contains", "value": "te"}, "", "'te' is not one of its options"),
    ],
)
def test_an_unusable_tree_is_named_with_its_place(tree: Any, path: str, reason: str) -> None:
    assert conditions.check(tree, FIELDS, OPTIONS) == [(path, reason)]


def test_without_known_options_any_text_may_be_asked_for() -> None:
    assert conditions.check({"field": "topic", "op": "eq", "value": "anything"}, FIELDS) == []


def test_all_problems_are_named_at_once() -> None:
    tree = {"any": [{"field": "x", "op": "eq", "value": 1}, GOOD, {"field": "people", "op": "in", "value": ["a", "b"]}]}
    assert conditions.check(tree, FIELDS) == [
        (".any[0]", "no such field 'x'"),
        (".any[2]", "'a' is not a number"),
        (".any[2]", "'b' is not a number"),
    ]


def nested(depth: int) -> Any:
    tree: Any = GOOD
    for _ in range(depth - 1):
        tree = {"not": tree}
    return tree


def test_a_tree_may_be_eight_deep_and_no_deeper() -> None:
    assert conditions.check(nested(8), FIELDS) == []
    assert conditions.check({"any": [{"all": [nested(6)]}]}, FIELDS) == []
    assert conditions.check({"any": [{"all": [nested(7)]}]}, FIELDS) == [
        (".any[0].all[0]" + ".not" * 6, "too large a condition")
    ]
    assert conditions.check(nested(9), FIELDS) == [(".not" * 8, "too large a condition")]
    assert conditions.check(nested(900), FIELDS) == [(".not" * 8, "too large a condition")]


def test_a_tree_may_have_a_hundred_parts_and_its_excess_is_named_once() -> None:
    assert conditions.check({"all": [GOOD] * 99}, FIELDS) == []
    assert conditions.check({"all": [GOOD] * 150}, FIELDS) == [(".all[99]", "too large a condition")]


def test_a_tree_knows_its_fields() -> None:
    tree = {"all": [GOOD, {"any": [{"field": "topic", "op": "empty"}]}, {"not": {"field": "day", "op": "empty"}}]}
    assert conditions.fields_of(tree) == {"people", "topic", "day"}
    assert conditions.fields_of({"any": []}) == set()
