"""What is written about the house is true of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask

import config

ROOT = config.ROOT
FOR_TESTS = {"CLOCK_OFFSET_FILE", "FAILPOINTS", "FLASK_DEBUG"}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def pages() -> list[Path]:
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def test_every_setting_is_described():
    table = text("docs/operating.md").split("## Settings")[1].split("\n## ")[0]
    described = {
        name
        for row in table.splitlines()
        if row.startswith("| `")
        for name in re.findall("`([A-Z_]+)`", row.split("|")[1])
    }
    assert described == config.NAMES - FOR_TESTS


def test_the_example_of_settings_is_taken(tmp_path: Path):
    lines = [line.lstrip("#") for line in text("deploy/env.example").splitlines() if "=" in line]
    values = dict(line.split("=", 1) for line in lines if re.match("[A-Z_]+=", line))
    found = config.load({**values, "SECRET_KEY": "k" * 32, "DATA_DIR": str(tmp_path)})
    assert found.production


@pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page: Path):
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_named_targets_exist():
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.M))
    named = {
        name for page in pages() for name in re.findall(r"\bmake ([a-z]+)\b(?=`|$|\s+#|\s+&&)", page.read_text(), re.M)
    }
    assert named - targets == set()


def test_named_commands_exist(database: object, make_app):
    app: Flask = make_app()
    runner = app.test_cli_runner()
    named = {name for page in pages() for name in re.findall(r"`(?:flask|business) ([a-z]+)", page.read_text())}
    known = set(app.cli.list_commands(None)) | {"dump", "load"}
    assert named - known == set()
    assert runner.invoke(args=["--help"]).exit_code == 0
