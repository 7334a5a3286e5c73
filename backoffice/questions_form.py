"""The questions of a service as rows of a form, and the rows as questions again."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from werkzeug.datastructures import MultiDict

from rules import attachments, conditions
from rules.questions import compared
from web.fields import whole

Given = MultiDict[str, str]
Texts = Callable[[str, Any], Any]
MOST, MOST_OPTIONS, MOST_LEAVES = 60, 60, 6
_NUMBER = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?\Z")
WITH_OPTIONS, WITH_BOUNDS, WITH_LENGTH = ("choice", "choices"), ("integer", "number"), ("text", "long_text")
# Operators in the order of their drop-down; those of two bounds and of lists are left to the business file.
OPERATORS = ("eq", "ne", "ge", "gt", "le", "lt", "contains", "starts", "filled", "empty")


def read(given: Given, was: Sequence[Mapping[str, Any]], texts: Texts) -> list[dict[str, Any]]:
    """The questions in the order of the rows, with the one thing done that a button asks for: a row more, less, up, down."""
    by_key = {each.get("key"): each for each in was}
    rows = [n for n in given.getlist("row")[:MOST] if n.isdigit() and len(n) < 5]
    rows = _moved(rows, given.get("do", ""))
    keys: list[str] = []
    found: list[dict[str, Any]] = []
    for n in rows:
        question = _question(given, f"q.{n}", by_key, texts, keys)
        keys.append(question["key"])
        found.append(question)
    if given.get("do") == "add":
        found.append({"key": _key("", keys), "type": given.get("new_type", "text")[:20], "label": ""})
    types = {each["key"]: each["type"] for each in found}
    for n, question in zip(rows, found, strict=False):
        tree = _condition(given, f"q.{n}", types)
        if tree is not None:
            question["show_if"] = tree
    return found


def _moved(rows: list[str], do: str) -> list[str]:
    what, _, n = do.partition("-")
    if n not in rows:
        return rows
    at = rows.index(n)
    if what == "drop":
        return rows[:at] + rows[at + 1 :]
    to = {"up": at - 1, "down": at + 1}.get(what, at)
    if 0 <= to < len(rows):
        rows[at], rows[to] = rows[to], rows[at]
    return rows


def _question(given: Given, field: str, by_key: Mapping[Any, Any], texts: Texts, keys: list[str]) -> dict[str, Any]:
    before = by_key.get(given.get(f"{field}.key", "")[:40], {})
    kind = given.get(f"{field}.type", "")[:20]
    label = texts(f"{field}.label", before.get("label"))
    key = before.get("key") or given.get(f"{field}.key", "")[:40]
    question: dict[str, Any] = {"key": key if key and key not in keys else _key(label, keys), "type": kind}
    question["label"] = label or ""
    found: dict[str, Any] = {"help": texts(f"{field}.help", before.get("help"))}
    if f"{field}.required" in given and kind != "section":
        found["required"] = True
    names: tuple[str, ...] = ("min", "max") if kind in WITH_BOUNDS else ("max",) if kind == "rating" else ()
    names += ("max_length",) if kind in WITH_LENGTH else ("max_mb",) if kind in attachments.TYPES else ()
    found |= {name: _number(given.get(f"{field}.{name}", "")) for name in names}
    if kind in WITH_OPTIONS:
        found["options"] = _options(given, field, before.get("options") or [], texts)
    if kind == "file":
        found["accept"] = [each for each in attachments.KINDS if f"{field}.accept.{each}" in given] or None
    return question | {name: value for name, value in found.items() if value not in (None, "")}


def _number(typed: str) -> Any:
    plain = typed.strip().replace(",", ".")[:20]
    if not _NUMBER.match(plain):
        return plain
    return float(plain) if "." in plain else int(plain)


def _options(given: Given, field: str, before: Sequence[Mapping[str, Any]], texts: Texts) -> list[dict[str, Any]]:
    """The options that have a label. What an option is called inside stays what it was: answers are kept by it."""
    labels = {each.get("value"): each.get("label") for each in before}
    values: list[str] = []
    found = []
    for n in range(min(whole(given.get(f"{field}.options", ""), digits=3) or 0, MOST_OPTIONS)):
        value = given.get(f"{field}.option.{n}", "")[:200]
        label = texts(f"{field}.option.{n}.label", labels.get(value))
        if label:
            value = value if value and value not in values else _key(label, values, "option")
            values.append(value)
            found.append({"value": value, "label": label})
    return found


def _key(label: Any, taken: Sequence[str], stem: str = "question") -> str:
    """A name for answers to be kept by: of the Latin letters of a label, the English one first, else ``question_3``."""
    spelled = (label.get("en") or next(iter(label.values()), "")) if isinstance(label, Mapping) else label
    plain = unicodedata.normalize("NFKD", spelled or "").encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:30].strip("_")
    base = base if base[:1].isalpha() else ""
    if base and base not in taken:
        return base
    number = 2 if base else len(taken) + 1
    while f"{base or stem}_{number}" in taken:
        number += 1
    return f"{base or stem}_{number}"


def _condition(given: Given, field: str, types: Mapping[str, str]) -> Any:
    kept = given.get(f"{field}.if.kept", "")[:10_000]
    if kept and f"{field}.if.drop" not in given:
        try:
            return json.loads(kept)
        except ValueError:
            return None
    leaves = [leaf for n in range(MOST_LEAVES) if (leaf := _leaf(given, f"{field}.if.{n}", types)) is not None]
    if len(leaves) < 2:
        return leaves[0] if leaves else None
    return {"any" if given.get(f"{field}.if") == "any" else "all": leaves}


def _leaf(given: Given, field: str, types: Mapping[str, str]) -> dict[str, Any] | None:
    name, op = given.get(field, "")[:40], given.get(f"{field}.op", "")[:20]
    if not name:
        return None
    if op in ("filled", "empty"):
        return {"field": name, "op": "empty", "value": op == "empty"}
    return {"field": name, "op": op, "value": _typed(given.get(f"{field}.value", "")[:200], types.get(name, "text"))}


def _typed(typed: str, kind: str) -> Any:
    """A value as answers to that question are."""
    if kind == "yes_no":
        return typed == "yes" if typed in ("yes", "no") else typed
    if conditions.KIND.get(kind) == "number":
        return _number(typed)
    return typed.strip()


def leaves(tree: Any) -> tuple[str, list[dict[str, Any]]] | None:
    """How a condition is joined, and its single ones, each with ``value`` as a form has it; None for what drop-downs cannot
    say."""
    if tree is None:
        return "all", []
    join, found = next(((name, tree[name]) for name in ("all", "any") if name in tree), ("all", [tree]))
    if len(found) > MOST_LEAVES or not all(_plain(each) for each in found):
        return None
    return join, [_as_typed(each) for each in found]


def _plain(leaf: Any) -> bool:
    simple = isinstance(leaf, Mapping) and "field" in leaf and leaf.get("op") in OPERATORS
    return simple and not isinstance(leaf.get("value"), list)


def _as_typed(leaf: Mapping[str, Any]) -> dict[str, Any]:
    op, value = leaf["op"], leaf.get("value", True)
    if op == "empty":
        return {"field": leaf["field"], "op": "empty" if value is True else "filled", "value": ""}
    if isinstance(value, bool):
        value = "yes" if value else "no"
    return {"field": leaf["field"], "op": op, "value": str(value)}


def operators(kind: str) -> list[str]:
    """The operators that fit a type of question."""
    fitting = conditions.BY_TYPE.get(conditions.KIND.get(kind, ""), frozenset())
    return [op for op in OPERATORS if op in fitting or (op == "filled" and "empty" in fitting)]


def asked_above(questions: Sequence[Mapping[str, Any]], at: int) -> list[Mapping[str, Any]]:
    """The questions that a condition can read: those above that have an answer."""
    return [each for each in questions[:at] if compared(each.get("type"))]
