"""A service's own questions: checked when saved, answered by customers, judged here whatever a browser says."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, time
from typing import Any

from rules import attachments, conditions, text
from rules.errors import FieldError

TYPES = (
    *("text", "long_text", "integer", "number", "yes_no", "choice", "choices", "date", "time", "phone", "email"),
    *("rating", "section", *attachments.TYPES),
)
KEYS = {
    "key",
    "type",
    "label",
    "help",
    "required",
    "min",
    "max",
    "max_length",
    "options",
    "show_if",
    "max_mb",
    "accept",
}
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_WHOLE = re.compile(r"[+-]?[0-9]{1,15}\Z")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}([.,][0-9]{1,6})?\Z")
_NUMERIC = ("integer", "number")
# Chinese keyboards write figures in full width. Nothing else counts as one: with every compatible form, 5² would be 52.
_WIDE = str.maketrans("０１２３４５６７８９＋－．，", "0123456789+-.,")
LARGEST = 10**15
MOST_STARS, STARS = 10, 5
Question = Mapping[str, Any]
Judge = Callable[[str], "str | FieldError"]


def check(questions: Any) -> list[tuple[str, str]]:
    """What is wrong with a list of questions, as (path, reason); empty when it can be used."""
    if not isinstance(questions, list):
        return [("", "a list of questions")]
    problems: list[tuple[str, str]] = []
    seen: dict[str, str] = {}
    keys: set[str] = set()
    options: dict[str, list[str]] = {}
    for index, question in enumerate(questions):
        found = _check_one(question, keys, seen, options)
        problems += [(f"[{index}]{path}", reason) for path, reason in found]
        if isinstance(question, Mapping) and isinstance(question.get("key"), str) and compared(question.get("type")):
            seen[question["key"]] = question["type"]
            if "options" in question and not found:
                options[question["key"]] = _values(question)
    return problems


def compared(kind: Any) -> bool:
    """True for questions whose answers a condition can read."""
    return isinstance(kind, str) and kind in conditions.KIND


def _check_one(
    question: Any, keys: set[str], seen: Mapping[str, str], options: Mapping[str, list[str]]
) -> list[tuple[str, str]]:
    if not isinstance(question, Mapping):
        return [("", "a question is a mapping")]
    problems = [(f".{key}", "unknown key") for key in question if key not in KEYS]
    key, kind = question.get("key"), question.get("type")
    if not isinstance(key, str) or not _KEY.match(key):
        problems.append((".key", "lower-case letters, digits and _, starting with a letter"))
    elif key in keys:
        problems.append((".key", f"{key!r} is asked twice"))
    else:
        keys.add(key)
    if kind not in TYPES:
        return [*problems, (".type", f"one of {', '.join(TYPES)}")]
    if not question.get("label"):
        problems.append((".label", "a label is missing"))
    if not isinstance(question.get("required", False), bool):
        problems.append((".required", "true or false"))
    elif kind == "section" and "required" in question:
        problems.append((".required", "a section has no answer"))
    problems += _check_bounds(question, kind) + _check_files(question, kind)
    if kind in ("choice", "choices"):
        problems += _check_options(question.get("options"))
    elif "options" in question:
        problems.append((".options", "only for choice and choices"))
    if question.get("show_if") is not None:
        # Only questions above can be asked about, so that no circle is possible.
        found = conditions.check(question["show_if"], seen, options)
        problems += [(f".show_if{path}", reason) for path, reason in found]
    return problems


def _check_bounds(question: Question, kind: str) -> list[tuple[str, str]]:
    problems = []
    for name in ("min", "max"):
        bound = question.get(name)
        if bound is None:
            continue
        if kind == "rating" and name == "max":
            if type(bound) is not int or not 2 <= bound <= MOST_STARS:
                problems.append((".max", f"2 to {MOST_STARS} stars"))
        elif kind not in _NUMERIC or not _finite(bound):
            problems.append((f".{name}", "a number, for integer and number questions"))
    low, high = question.get("min"), question.get("max")
    if not problems and low is not None and high is not None and low > high:
        problems.append((".max", "is below min"))
    longest = question.get("max_length")
    fits = kind in ("text", "long_text") and type(longest) is int and 1 <= longest <= text.MAX_TEXT
    if longest is not None and not fits:
        problems.append((".max_length", f"1 to {text.MAX_TEXT}, for text questions"))
    return problems


def _check_files(question: Question, kind: str) -> list[tuple[str, str]]:
    problems = []
    most, accept = question.get("max_mb"), question.get("accept")
    if most is not None and not (kind in attachments.TYPES and type(most) is int and 1 <= most <= attachments.MOST_MB):
        problems.append((".max_mb", f"1 to {attachments.MOST_MB}, for file and picture questions"))
    known = isinstance(accept, list) and accept and all(each in attachments.KINDS for each in accept)
    if accept is not None and not (kind == "file" and known):
        problems.append((".accept", f"a list of {', '.join(attachments.KINDS)}, for file questions"))
    return problems


def _check_options(options: Any) -> list[tuple[str, str]]:
    if not isinstance(options, list) or not options:
        return [(".options", "a list with at least one option")]
    problems, values = [], set()
    for index, option in enumerate(options):
        if not isinstance(option, Mapping) or set(option) - {"value", "label"}:
            problems.append((f".options[{index}]", "value and label"))
            continue
        value = option.get("value")
        if not isinstance(value, str) or not value or value in values:
            problems.append((f".options[{index}].value", "a text that no other option has"))
        values.add(value if isinstance(value, str) else "")
        if not option.get("label"):
            problems.append((f".options[{index}].label", "a label is missing"))
    return problems


def validate(
    questions: Sequence[Question], raw: Mapping[str, Any], *, phone: Judge, email: Judge
) -> tuple[dict[str, Any], dict[str, FieldError]]:
    """Typed answers and an error per question. Hidden answers are dropped before anything is judged, those below a hidden
    section as well; unknown keys are errors. ``raw`` holds JSON values or the strings of a form, and for a file what was taken
    or why it was not; dates and times come back as ISO text."""
    answers: dict[str, Any] = {}
    known = {question["key"] for question in questions if question["type"] != "section"}
    errors = {key: FieldError("unknown_field") for key in raw if key not in known}
    section_shown = True
    for question in questions:
        condition = question.get("show_if")
        shown = condition is None or conditions.holds(condition, answers)
        if question["type"] == "section":
            section_shown = shown
            continue
        if not (shown and section_shown):
            continue
        value = _typed(question, raw.get(question["key"]), phone, email)
        if isinstance(value, FieldError):
            errors[question["key"]] = value
        elif conditions.missing(value):
            if question.get("required"):
                errors[question["key"]] = FieldError(_needed(question))
        else:
            answers[question["key"]] = value
    return answers, errors


def _needed(question: Question) -> str:
    return "file_needed" if question["type"] in attachments.TYPES else "required"


def _typed(question: Question, value: Any, phone: Judge, email: Judge) -> Any:
    if value is None or (isinstance(value, str) and text.blank(value)):
        return None
    kind = question["type"]
    if kind in attachments.TYPES:
        return _attached(value)
    if kind == "text":
        return text.line(value, longest=question.get("max_length") or text.MAX_LINE)
    if kind == "long_text":
        return text.paragraph(value, longest=question.get("max_length") or text.MAX_TEXT)
    if kind == "rating":
        return _number({"type": "integer", "min": 1, "max": question.get("max") or STARS}, value)
    if kind in _NUMERIC:
        return _number(question, value)
    if kind == "yes_no":
        return _yes_no(value)
    if kind == "choice":
        return value if value in _values(question) else FieldError("not_an_option")
    if kind == "choices":
        return _choices(question, value)
    if not isinstance(value, str):
        return FieldError("not_text")
    if kind == "date":
        return _iso(value, date)
    if kind == "time":
        return _iso(value, time)
    return phone(value) if kind == "phone" else email(value)


def _attached(value: Any) -> Any:
    """Only a page that takes files has looked at one: what a program writes here is none."""
    if isinstance(value, attachments.Attached):
        return value.document()
    return value if isinstance(value, FieldError) else FieldError("file_by_page_only")


def _number(question: Question, value: Any) -> Any:
    whole = question["type"] == "integer"
    odd = FieldError("not_a_whole_number" if whole else "not_a_number")
    if isinstance(value, str):
        plain = value.translate(_WIDE).strip()
        if not (_WHOLE if whole else _DECIMAL).match(plain):
            return odd
        value = int(plain) if whole else float(plain.replace(",", "."))
    if not _finite(value) or (whole and value != int(value)):
        return odd
    if whole:
        value = int(value)
    low, high = question.get("min"), question.get("max")
    if (low is not None and value < low) or value < -LARGEST:
        return FieldError("too_small", {"min": low if low is not None else -LARGEST})
    if (high is not None and value > high) or value > LARGEST:
        return FieldError("too_large", {"max": high if high is not None else LARGEST})
    return value


def _finite(value: Any) -> bool:
    # An integer of any size is finite; math.isfinite overflows on large ones.
    return type(value) is int or (isinstance(value, float) and math.isfinite(value))


def _yes_no(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("yes", "true", "on", "1"):
        return True
    if isinstance(value, str) and value.strip().lower() in ("no", "false", "off", "0"):
        return False
    return FieldError("yes_or_no")


def _values(question: Question) -> list[str]:
    return [option["value"] for option in question["options"]]


def _choices(question: Question, value: Any) -> Any:
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(each in _values(question) for each in given):
        return FieldError("not_an_option")
    return [each for each in _values(question) if each in given]


def _iso(value: str, kind: Any) -> Any:
    plain = value.strip()
    code = "not_a_date" if kind is date else "not_a_time"
    if not re.match(r"\d{4}-\d\d-\d\d\Z" if kind is date else r"\d\d:\d\d\Z", plain, re.ASCII):
        return FieldError(code)
    try:
        return kind.fromisoformat(plain).isoformat()[: 10 if kind is date else 5]
    except ValueError:
        return FieldError(code)
