"""Marks inside sentences that are already in the reader's words."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

from wire.wording import Wording

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Chinese characters with the marks and blanks between them.
_CHINESE = re.compile(f"[{_HAN}](?:[{_HAN}\\s\u3000-\u303f\uff00-\uffef]*[{_HAN}\u3000-\u303f\uff00-\uffef])?")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_RUN = Markup('<span lang="{}">{}</span>')


def whole(text: str, *parts: str) -> Markup:
    """``text`` with each of ``parts`` held together at the end of a line: a day and its time never break inside."""
    return _marked(text, parts, Markup('<span class="whole">{}</span>'))


def strong(text: str, *parts: str) -> Markup:
    """``text`` with each of ``parts`` strong, and held together."""
    return _marked(text, parts, Markup('<strong class="whole">{}</strong>'))


def _marked(text: str, parts: tuple[str, ...], mark: Markup) -> Markup:
    found = escape(text)
    for part in filter(None, parts):
        found = found.replace(escape(part), mark.format(part), 1)
    return found


def tongue(text: str, words: Wording) -> Markup:
    """``text`` of the business, or a name, with what of it is in another script than the page said to be so: the right glyphs
    are chosen for it, and it is read aloud in its own language."""
    if not words.tag.startswith("zh"):
        parts = _CHINESE.split(text)
        between = [_RUN.format("zh-CN", run) for run in _CHINESE.findall(text)]
        return Markup("").join(
            each for pair in zip(map(escape, parts), [*between, Markup("")], strict=True) for each in pair
        )
    if _CHINESE.search(text) or not _LATIN.search(text):
        return escape(text)
    return _RUN.format("en" if words.home.startswith("zh") else words.home, text)
