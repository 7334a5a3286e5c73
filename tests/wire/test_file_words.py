"""Every reason of the business file's reader is said to people at the desk in their language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from wire import file_words
from wire.wording import wording

READERS = Path(__file__).resolve().parents[2] / "actions" / "businessfile"
# What only files can have wrong: no form sends it.
ONLY_FILES = {"stands twice", "must be a list", "must be a mapping"}


def reasons() -> Iterator[str]:
    """The texts that the reader names mistakes with, a digit for what it fills in."""
    for path in sorted(READERS.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "wrong":
                said = node.args[1]
                for each in (said.body, said.orelse) if isinstance(said, ast.IfExp) else (said,):
                    if isinstance(each, ast.Constant):
                        yield str(each.value)
                    if isinstance(each, ast.JoinedStr):
                        yield "".join(
                            str(part.value) if isinstance(part, ast.Constant) else "7" for part in each.values
                        )


@pytest.mark.parametrize("reason", sorted(set(reasons())))
def test_each_reason_has_a_sentence(reason):
    said = file_words.said(
        wording("zh"),
        reason.replace("must be 7, not 7", "must be a date like 12-24, not 7").replace("no 7 7", "no resource 7"),
    )
    assert said != reason and not said.isascii()
