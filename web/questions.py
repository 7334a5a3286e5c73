"""A service's own questions as fields of a form."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rules import attachments, conditions
from rules.facts import Service
from rules.questions import STARS
from wire.wording import Wording


def asked(question: Any, service: Service, typed: Mapping[str, Any], say: Wording) -> dict[str, Any]:
    """What the template ``web/question.html`` needs for one question of a service, with what was typed so far."""
    kind = question["type"]
    condition = question.get("show_if")
    value = typed.get(f"q_{question['key']}", [] if kind == "choices" else "")
    only_if = ""
    if condition is not None:
        by_key = {each["key"]: say.text(each["label"]) for each in service.questions}
        names = say.listed(by_key[field] for field in sorted(conditions.fields_of(condition)))
        only_if = say.gettext("Only if it applies, depending on: %(names)s", names=names)
    types = {each["key"]: each["type"] for each in service.questions}
    return {
        "name": f"q_{question['key']}",
        "type": kind,
        "input": {
            "integer": "text",
            "number": "text",
            "date": "date",
            "time": "time",
            "phone": "tel",
            "email": "email",
        }.get(kind, "text"),
        "inputmode": {"integer": "numeric", "number": "decimal", "phone": "tel", "email": "email"}.get(kind),
        "label": say.text(question["label"]),
        "help": say.text(question.get("help")) or None,
        "required": bool(question.get("required")),
        "options": _options(question, say),
        "value": value if kind != "choices" or isinstance(value, list) else [value],
        "maxlength": question.get("max_length") or (2000 if kind == "long_text" else 200),
        **(_file(question, value, say) if kind in attachments.TYPES else {}),
        "condition": json.dumps({"if": condition, "types": types}) if condition is not None else None,
        "only_if": only_if,
    }


def _file(question: Any, kept: Any, say: Wording) -> dict[str, Any]:
    """What a field for a file needs: what it takes, and the one that is there."""
    kinds = attachments.allowed(question)
    given = kept if isinstance(kept, attachments.Attached) else None
    limit = say.gettext(
        "%(kinds)s, at most %(most)s MB.",
        kinds=say.listed(each.upper() for each in kinds),
        most=say.number(attachments.most_mb(question)),
    )
    return {
        "accept": ",".join(f".{each}" for each in (*kinds, *(("jpeg",) if "jpg" in kinds else ()))),
        "limit": limit,
        "most": attachments.most_mb(question),
        "kept": given.name if given else "",
        "without": f"without_{question['key']}",
        "value": "",
    }


def _options(question: Any, say: Wording) -> list[tuple[str, str]]:
    if question["type"] == "rating":
        return [(str(stars), say.number(stars)) for stars in range(1, (question.get("max") or STARS) + 1)]
    return [(option["value"], say.text(option["label"])) for option in question.get("options", [])]
