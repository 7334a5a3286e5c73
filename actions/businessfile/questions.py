"""The questions of a service, as a business file gives them."""

from __future__ import annotations

import re
from typing import Any

from actions.businessfile.reading import Mapping, Scalar, Sequence
from actions.businessfile.values import FALSE, TRUE, Check, once
from rules import attachments, questions, text


def asked_questions(it: Check, raw: Any, place: str) -> list[dict[str, Any]]:
    """The questions as JSON keeps them; no key stands with its default."""
    found = []
    before = len(it.problems)
    for where, each in it.items(raw, place):
        value = it.mapping(each, where, questions.KEYS)
        question: dict[str, Any] = {
            "key": it.word(value.get("key"), f"{where}.key") or "",
            "type": it.one_of(value.get("type"), f"{where}.type", questions.TYPES, "text"),
        }
        question["label"] = it.localised(value.get("label"), f"{where}.label", required=True)
        for name in ("help",):
            if value.get(name) is not None:
                question[name] = it.localised(value[name], f"{where}.{name}", longest=500, lines=True)
        if it.yes(value.get("required"), f"{where}.required"):
            question["required"] = True
        for name in ("min", "max"):
            if value.get(name) is not None:
                question[name] = it.matched(
                    value[name], f"{where}.{name}", re.compile(r"-?\d{1,12}(?:\.\d{1,6})?\Z"), "a number", _number, 0
                )
        if value.get("max_length") is not None:
            question["max_length"] = it.whole(value["max_length"], f"{where}.max_length", 200, 1, text.MAX_TEXT)
        if value.get("max_mb") is not None:
            question["max_mb"] = it.whole(
                value["max_mb"], f"{where}.max_mb", attachments.USUAL_MB, 1, attachments.MOST_MB
            )
        if value.get("accept") is not None:
            question["accept"] = [
                it.one_of(one, at, tuple(attachments.KINDS), "pdf")
                for at, one in once(it, it.items(value["accept"], f"{where}.accept"))
            ]
        if value.get("options") is not None:
            question["options"] = [_option(it, one, at) for at, one in it.items(value["options"], f"{where}.options")]
        if value.get("show_if") is not None:
            question["show_if"] = _tree(value["show_if"])
            it.know(value["show_if"], f"{where}.show_if")
        found.append(question)
    if len(it.problems) == before:
        for path, reason in questions.check(found):
            it.wrong(f"{place}{path}", reason)
    return found


def _number(written: str) -> Any:
    return float(written) if "." in written else int(written)


def _option(it: Check, raw: Any, place: str) -> dict[str, Any]:
    value = it.mapping(raw, place, ("value", "label"))
    return {
        "value": it.word(value.get("value"), f"{place}.value") or "",
        "label": it.localised(value.get("label"), f"{place}.label", required=True),
    }


def _tree(value: Any) -> Any:
    """A condition with its scalars as JSON would have them: quoted text stays text, plain numbers and truths are those."""
    if isinstance(value, Mapping):
        return {key: _tree(each) for key, each in value.items()}
    if isinstance(value, Sequence):
        return [_tree(each) for each in value]
    if isinstance(value, Scalar) and not value.quoted:
        if value in TRUE + FALSE:
            return value in TRUE
        if re.match(r"-?\d{1,12}(\.\d{1,6})?\Z", value):
            return _number(value)
    return str(value) if value is not None else None
