"""The browser's twin of the condition language, in a real browser, against the same vectors as the server."""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.test_conditions import ROOT, VECTORS

RUN = """([source, vectors]) => import(URL.createObjectURL(new Blob([source], {type: "text/javascript"}))).then(
  ({ holds }) => vectors.map(({ tree, values }) => holds(tree, values)))"""


def answers(page: Any, vectors: list[dict[str, Any]]) -> list[bool]:
    source = (ROOT / "web/static/js/conditions.js").read_text("utf-8")
    found: list[bool] = page.evaluate(RUN, [source, vectors])
    return found


@pytest.mark.browser
def test_the_browser_agrees_with_the_vectors(page: Any) -> None:
    found = answers(page, VECTORS)
    wrong = [vector["name"] for vector, answer in zip(VECTORS, found, strict=True) if answer is not vector["holds"]]
    assert wrong == []


@pytest.mark.browser
def test_what_is_no_number_counts_as_missing(page: Any) -> None:
    typed = {"people": float("nan")}
    asked: list[dict[str, Any]] = [
        {"tree": {"field": "people", "op": "ne", "value": 4}, "values": typed},
        {"tree": {"field": "people", "op": "empty"}, "values": typed},
    ]
    assert answers(page, asked) == [False, True]
