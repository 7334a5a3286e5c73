"""Files that say what comes out, byte for byte, and are read when it changes.

``pytest tests/wire tests/notifications --write-golden`` writes them anew, and nothing else ever does; what changed is
then read in ``git diff``.
"""

from __future__ import annotations

import difflib
import itertools
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from actions import confirm


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-golden", action="store_true", help="writes the golden files anew instead of comparing")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, bytes], None]:
    """``golden("moved.ics", found)``: fails unless ``found`` is what ``golden/moved.ics`` beside the test holds."""
    folder = request.path.parent / "golden"
    write = request.config.getoption("--write-golden")

    def compare(name: str, found: bytes) -> None:
        path = folder / name
        if write:
            folder.mkdir(exist_ok=True)
            path.write_bytes(found)
        assert path.exists(), f"{path} does not exist: --write-golden writes it"
        if path.read_bytes() != found:
            pytest.fail(difference(path, found), pytrace=False)

    return compare


@pytest.fixture
def same_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ids and references of bookings count up from one, so that what is made of them is the same each time."""
    numbers, codes = itertools.count(1), itertools.product("23456789", repeat=2)
    monkeypatch.setattr(confirm.uuid, "uuid4", lambda: uuid.UUID(int=next(numbers)))
    monkeypatch.setattr(confirm.reference, "make", lambda _: "BADGES" + "".join(next(codes)))


def difference(path: Path, found: bytes) -> str:
    """What changed, line by line, ends of lines included."""
    before, after = (text.decode("utf-8", "replace").splitlines(keepends=True) for text in (path.read_bytes(), found))
    lines = difflib.unified_diff([*map(repr, before)], [*map(repr, after)], str(path), "what came out", lineterm="")
    return "\n".join(lines)
