"""Any file at all: it is refused with places and reasons, or it loads and comes back out of a dump as it was."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

import config
from actions.businessfile.checking import check
from actions.businessfile.dumping import dump
from actions.businessfile.reading import Problem, Wrong, read
from models.base import db
from tests.actions.test_businessfile import DEMO, rows

FILES = [DEMO, *sorted((config.ROOT / "tests" / "businesses").glob("*.yaml"))]
JUNK: list[Any] = [
    *["", " ", "x", "-1", "0", "1e9", "NaN", "inf", "9223372036854775808", "true", "no", "~", "a" * 5000, "A b", "é"],
    *["2026-02-30", "12-24", "02-30", "13-01", "25:00", "24:00", "24:00-06:00", "10:00-10:00", "12:30", "09:00–17:00"],
    *["\u202e", "\0", "\U0001f600", "<b>", "{{7*7}}", "%s", "../x", "1d", "0d", "99d", ".5", "1.", "1_000", "0x10"],
    *["٣", "１２", [], {}, [[]], {"a": "b"}, None, [None], ["x", "x"], {"mon": None}, {"en": None}, {"en": ""}],
    *[{"mon": ["09:00-17:00", "09:00-17:00"]}, {"de": "nur deutsch"}, 3, 3.5, True, "#fff", "JPY", "KWD", "Asia/Tokyo"],
]


def paths(document: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value of a document."""
    keys = document if isinstance(document, dict) else range(len(document)) if isinstance(document, list) else ()
    for key in keys:
        yield (*here, key)
        yield from paths(document[key], (*here, key))


def spoilt(seed: int) -> bytes:
    """One of the files with one to three of its values replaced, left out or doubled."""
    chance = random.Random(seed)
    document = copy.deepcopy(yaml.safe_load(chance.choice(FILES).read_text(encoding="utf-8")))
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        *way, last = chance.choice(list(paths(document)))
        holder = document
        for key in way:
            holder = holder[key]
        act = chance.random()
        if act < 0.7:
            holder[last] = copy.deepcopy(chance.choice(JUNK))
        elif act < 0.85:
            del holder[last]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[last]))
        else:
            holder[str(chance.choice(JUNK[:20]))] = copy.deepcopy(holder[last])
    return yaml.safe_dump(document, allow_unicode=True).encode()


@pytest.mark.parametrize("first", range(0, 200, 50))
def test_whatever_is_wrong_has_a_place_and_a_reason(first):
    found = [problems(spoilt(seed)) for seed in range(first, first + 50)]
    assert all(each.reason and (each.place or each.line) for those in found for each in those)
    assert 20 < sum(1 for those in found if those) < 50


def problems(text: bytes) -> list[Problem]:
    """What is wrong with a file; nothing when it can be loaded."""
    try:
        check(read(text), today=date(2026, 3, 2))
    except Wrong as wrong:
        return wrong.problems
    return []


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_whatever_is_accepted_comes_back_out_of_a_dump(load_business, app, tmp_path, first):
    (tmp_path / "logo.svg").write_bytes((DEMO.parent / "logo.svg").read_bytes())
    accepted = 0
    for seed in range(first, first + 20):
        file: Path = tmp_path / "spoilt.yaml"
        file.write_bytes(spoilt(seed))
        try:
            load_business(file, retire_missing=True)
        except Wrong:
            db.session.rollback()
            continue
        accepted += 1
        before = rows()
        dump(pictures_dir=app.config["SETTINGS"].pictures, target=tmp_path / "dumped.yaml")
        db.session.rollback()
        report = load_business(tmp_path / "dumped.yaml")
        assert (report.added, report.changed, rows()) == ([], [], before), seed
    assert accepted
