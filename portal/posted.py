"""What a form or an address brings along, read with care: each field once, and only what was asked for.

A field that comes twice counts with its first value. What is not asked for counts for nothing and is noted in the log.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from typing import Any

from flask import request

from actions import people
from rules.attachments import TYPES
from rules.consents import PURPOSES
from rules.facts import Service
from web.fields import whole

log = logging.getLogger("frontdesk")
CUSTOMER = people.FIELDS
_OURS = {"csrf_token", "key", "change", *(f"consent_{purpose}" for purpose in PURPOSES)}
WISH = frozenset({"start", "location", "length", "with", "seats", "src"})
_KEY = re.compile(r"[\x21-\x7e]{1,64}\Z")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
_NOTED = 10
# Before the key of a question: the file that is kept for it shall go.
WITHOUT = "without_"


def typed(service: Service | None, *, beside: Collection[str] = ()) -> dict[str, Any]:
    """Everything typed into the form of details, as it was; the ticks of one question as a list. ``beside`` are fields that
    the form has besides."""
    kinds = dict.fromkeys(CUSTOMER, "")
    questions = service.questions if service else ()
    kinds |= {f"q_{question['key']}": question["type"] for question in questions if question["type"] not in TYPES}
    ours = _OURS | {f"{WITHOUT}{question['key']}" for question in questions if question["type"] in TYPES}
    strange = [name for name in request.form if name not in kinds and name not in ours and name not in beside]
    if strange:
        log.warning("not asked for by %s: %s", request.path, ", ".join(name[:40] for name in strange[:_NOTED]))
    return {
        name: request.form.getlist(name) if kind == "choices" else request.form[name]
        for name, kind in kinds.items()
        if name in request.form
    }


def consents() -> dict[str, str]:
    """What was ticked beside the booking: ``consent_PURPOSE`` to the id of the text that was shown."""
    found = {f"consent_{purpose}": request.form.get(f"consent_{purpose}", "") for purpose in PURPOSES}
    return {name: value for name, value in found.items() if whole(value, digits=15) is not None}


def key() -> str | None:
    """The form's own key, which makes a second tap the first one; None for what cannot be one."""
    found = request.form.get("key", "")
    return found if _KEY.match(found) else None


def source(value: str | None) -> str | None:
    """The code of a sign or link, or None for what cannot be one."""
    return value if value and _CODE.match(value) else None
