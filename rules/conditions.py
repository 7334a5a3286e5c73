"""The one condition language: a tree of ``all``, ``any``, ``not`` and ``{field, op, value}``, never text that runs.

A missing value never equals and never compares; only ``empty`` sees it. ``web/static/js/conditions.js`` is its twin in
the browser; both are proven by ``tests/vectors/conditions.json``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

MAX_DEPTH = 8
MAX_NODES = 100
_EMPTY: tuple[Any, ...] = (None, "", (), [])


def missing(value: Any) -> bool:
    """True for what ``empty`` sees: nothing, an empty text, an empty list."""
    return any(value is each or (type(value) is type(each) and value == each) for each in _EMPTY)


def _same(one: Any, other: Any) -> bool:
    # True is not 1 here and a list equals nothing, as in the browser's strict comparison.
    if isinstance(one, list | tuple) or isinstance(other, list | tuple):
        return False
    return isinstance(one, bool) == isinstance(other, bool) and one == other


def _ordered(one: Any, other: Any) -> bool:
    """True when the two can be compared by size: numbers with numbers, texts (dates, times) with texts."""
    if isinstance(one, bool) or isinstance(other, bool):
        return False
    return all(isinstance(each, int | float) for each in (one, other)) or all(
        isinstance(each, str) for each in (one, other)
    )


def _compare(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda one, other: _ordered(one, other) and test(one, other)


def _one_of(value: Any, options: Any) -> bool:
    return isinstance(options, list | tuple) and any(_same(value, each) for each in options)


def _contains(value: Any, part: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(_same(each, part) for each in value)
    return isinstance(value, str) and isinstance(part, str) and part in value


def _between(value: Any, bounds: Any) -> bool:
    low_high = isinstance(bounds, list | tuple) and len(bounds) == 2
    return low_high and _ordered(value, bounds[0]) and _ordered(value, bounds[1]) and bounds[0] <= value <= bounds[1]


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": _same,
    "ne": lambda one, other: not _same(one, other),
    "lt": _compare(lambda one, other: one < other),
    "le": _compare(lambda one, other: one <= other),
    "gt": _compare(lambda one, other: one > other),
    "ge": _compare(lambda one, other: one >= other),
    "between": _between,
    "in": _one_of,
    "not_in": lambda value, options: isinstance(options, list | tuple) and not _one_of(value, options),
    "contains": _contains,
    "starts": lambda value, part: isinstance(value, str) and isinstance(part, str) and value.startswith(part),
}

BY_TYPE: dict[str, frozenset[str]] = {
    "text": frozenset({"eq", "ne", "in", "not_in", "contains", "starts", "empty"}),
    "number": frozenset({"eq", "ne", "lt", "le", "gt", "ge", "between", "in", "not_in", "empty"}),
    "yes_no": frozenset({"eq", "ne", "empty"}),
    "choice": frozenset({"eq", "ne", "in", "not_in", "empty"}),
    "choices": frozenset({"contains", "empty"}),
    "date": frozenset({"eq", "ne", "lt", "le", "gt", "ge", "between", "empty"}),
}
VALUES: dict[str, tuple[type, ...]] = {
    "text": (str,),
    "number": (int, float),
    "yes_no": (bool,),
    "choice": (str,),
    "choices": (str,),
    "date": (str,),
}
SAID = {
    "text": "a text (put it into quotes)",
    "number": "a number",
    "yes_no": "true or false",
    "choice": "a text (put it into quotes)",
    "choices": "a text (put it into quotes)",
    "date": "a text (put it into quotes)",
}
KIND = {
    "text": "text",
    "long_text": "text",
    "phone": "text",
    "email": "text",
    "integer": "number",
    "number": "number",
    "rating": "number",
    "yes_no": "yes_no",
    "choice": "choice",
    "choices": "choices",
    "date": "date",
    "time": "date",
}


def holds(tree: Any, values: Mapping[str, Any]) -> bool:
    """Whether a checked tree holds for ``values``."""
    if "all" in tree:
        return all(holds(each, values) for each in tree["all"])
    if "any" in tree:
        return any(holds(each, values) for each in tree["any"])
    if "not" in tree:
        return not holds(tree["not"], values)
    value = values.get(tree["field"])
    if tree["op"] == "empty":
        return missing(value) == (tree.get("value", True) is True)
    if missing(value):
        return False
    return OPERATORS[tree["op"]](value, tree["value"])


def fields_of(tree: Any) -> set[str]:
    """The fields that a checked tree reads."""
    if "field" in tree:
        return {tree["field"]}
    children = [tree["not"]] if "not" in tree else tree.get("all", tree.get("any"))
    return set().union(*(fields_of(each) for each in children)) if children else set()


def check(
    tree: Any, fields: Mapping[str, str], options: Mapping[str, Collection[str]] | None = None
) -> list[tuple[str, str]]:
    """What is wrong with a tree, as (path, reason); empty when it can be used. ``fields`` maps names to question types,
    ``options`` those of them that are choices to their values."""
    problems: list[tuple[str, str]] = []
    nodes = 0

    def walk(node: Any, path: str, depth: int) -> None:
        nonlocal nodes
        nodes += 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            if not problems or problems[-1][1] != "too large a condition":
                problems.append((path, "too large a condition"))
            return
        if not isinstance(node, Mapping):
            problems.append((path, "a condition is a mapping"))
        elif len(node) == 1 and ("all" in node or "any" in node):
            name = next(iter(node))
            if not isinstance(node[name], list) or not node[name]:
                problems.append((f"{path}.{name}", "a list with at least one condition"))
            else:
                for index, each in enumerate(node[name]):
                    walk(each, f"{path}.{name}[{index}]", depth + 1)
        elif len(node) == 1 and "not" in node:
            walk(node["not"], f"{path}.not", depth + 1)
        else:
            problems.extend((path, reason) for reason in _leaf(node, fields, options or {}))

    walk(tree, "", 1)
    return problems


def _leaf(node: Mapping[str, Any], fields: Mapping[str, str], options: Mapping[str, Collection[str]]) -> list[str]:
    unknown = set(node) - {"field", "op", "value"}
    if unknown:
        return [f"unknown key {min(map(str, unknown))!r}"]
    name, op = node.get("field"), node.get("op")
    if not isinstance(name, str) or name not in fields:
        return [f"no such field {name!r}"]
    kind = KIND[fields[name]]
    if not isinstance(op, str) or op not in BY_TYPE[kind]:
        return [f"operator {op!r} does not fit a {fields[name]} field"]
    if op == "empty":
        return [] if isinstance(node.get("value", True), bool) else ["empty takes true or false"]
    if "value" not in node:
        return ["a value is missing"]
    value = node["value"]
    if op in ("in", "not_in") and not (isinstance(value, list) and value):
        return [f"{op} takes a list with at least one value"]
    if op == "between" and not (isinstance(value, list) and len(value) == 2):
        return ["between takes two bounds"]
    wanted = value if op in ("in", "not_in", "between") else [value]
    return [reason for each in wanted for reason in _value(each, kind, options.get(name))]


def _value(value: Any, kind: str, options: Collection[str] | None) -> list[str]:
    # A value of another type than its field never equals and never compares: the question would never be seen.
    if not isinstance(value, VALUES[kind]) or (isinstance(value, bool) and kind != "yes_no"):
        return [f"{value!r} is not {SAID[kind]}"]
    if options is not None and value not in options:
        return [f"{value!r} is not one of its options"]
    return []
