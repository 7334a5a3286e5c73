"""Fields of forms and addresses, read with care."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from wire.wording import Wording


def whole(typed: str, *, digits: int) -> int | None:
    """A whole number of at most so many figures, 0 to 9 only; None for anything else. What is longer is no number of ours,
    and Python itself refuses thousands of figures."""
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= digits else None


def labels(say: Wording, questions: Iterable[Mapping[str, Any]] = ()) -> dict[str, str]:
    """How a list of errors names the fields of a person and her ``questions``, which are as ``web.questions.asked`` gives them."""
    return {
        "name": say.gettext("Name"),
        "phone": say.gettext("Mobile number"),
        "email": say.gettext("E-mail"),
        "company": say.gettext("Company"),
        "address": say.gettext("Address"),
    } | {each["name"]: each["label"].rstrip("?？:： ") for each in questions}
