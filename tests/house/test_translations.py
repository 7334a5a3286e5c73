"""Everything that people read has its Chinese, and the Chinese fits its places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
SAID_IN = ("actions", "api", "backoffice", "notifications", "portal", "web", "wire")
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2"), ("**/templates/**.txt", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "n_": None}
PLACES = re.compile(r"%\((\w+)\)s")


def said() -> Iterator[tuple[str | tuple[str, ...], str]]:
    """Every text that the source marks for translation, and where it stands."""
    for folder in SAID_IN:
        for name, line, text, _comments, _context in extract_from_dir(str(ROOT / folder), METHODS, keywords=KEYWORDS):
            yield text, f"{folder}/{name}:{line}"


def chinese() -> Catalog:
    with (ROOT / "wire" / "translations" / "zh.po").open("rb") as file:
        return read_po(file, locale="zh_Hans_CN", abort_invalid=True)


def test_every_text_has_its_chinese() -> None:
    known = {message.id: message.string for message in chinese()}
    texts = dict(said())
    assert len(texts) > 200, "the texts were not found in the source"
    missing = [f"{where} {text!r}" for text, where in texts.items() if not any(known.get(text) or "")]
    assert not missing, "\n".join(missing)


def test_no_chinese_is_left_over_from_a_text_that_went() -> None:
    texts = {text for text, _ in said()}
    left = [message.id for message in chinese() if message.id and message.id not in texts]
    assert not left, left


def test_places_of_the_text_are_places_of_its_chinese() -> None:
    for message in chinese():
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        for string in strings if message.id else ():
            assert set(PLACES.findall(string)) <= set(PLACES.findall(" ".join(ids))), message.id
            # A figure may be left out where the English has none either, anything else may not.
            assert set(PLACES.findall(ids[-1])) == set(PLACES.findall(string)), message.id


def test_the_chinese_is_written_and_not_translated() -> None:
    for message in chinese():
        text = "".join(message.string) if message.id else ""
        assert "你" not in text, f"{text}: customers are 您"
        assert "亲" not in text
        assert "被" not in text, f"{text}: no passive"
        assert not re.search(r"[\u4e00-\u9fff][,;:!?]", text), f"{text}: half-width mark"
