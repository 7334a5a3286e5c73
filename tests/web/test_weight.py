"""What a phone has to fetch stays small, and each own file is what it says."""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from web import drawings
from web.drawings import drawing
from wire.colour import tokens

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "web" / "static"
SPRITE = STATIC / "icons.svg"
SVG = "{http://www.w3.org/2000/svg}"


def compressed(text: str | bytes) -> int:
    return len(gzip.compress(text.encode() if isinstance(text, str) else text, 9))


def test_the_style_sheet_and_the_sprite_keep_their_weight():
    assert compressed((STATIC / "css" / "portal.css").read_bytes()) < 8 * 1024
    assert compressed(SPRITE.read_bytes()) < 4 * 1024


def test_every_icon_that_a_page_asks_for_is_in_the_sprite():
    drawn = {each.get("id") for each in ElementTree.parse(SPRITE).iter(f"{SVG}symbol")}
    asked = set()
    for path in [*ROOT.glob("portal/templates/**/*.html"), *ROOT.glob("web/templates/**/*.html")]:
        asked |= set(re.findall(r'icon\("([a-z-]+)"', path.read_text()))
    for path in ROOT.glob("portal/*.py"):
        asked |= set(re.findall(r'icon(?:="| = [^\n]*, ")([a-z-]+)"', path.read_text()))
    assert len(asked) > 20
    assert asked <= drawn, asked - drawn


@pytest.mark.parametrize("number", range(len(drawings._SHAPES)))
@pytest.mark.parametrize("dark", [False, True])
def test_every_drawing_is_small_and_well_formed(monkeypatch, number, dark):
    monkeypatch.setattr(drawings, "_SHAPES", drawings._SHAPES[number : number + 1])
    text = drawing("any", "#F26B3A", dark=dark)
    assert compressed(text) < 1024
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    own = set(tokens("#F26B3A")["dark" if dark else "light"].values())
    fills = {each.get("fill") for each in root if each.get("fill")}
    assert fills <= own, "a drawing uses the business's colours only"


def test_a_service_keeps_its_drawing():
    assert drawing("yoga", "#F26B3A") == drawing("yoga", "#F26B3A")
    assert len({drawing(f"service-{number}", None) for number in range(100)}) == len(drawings._SHAPES)


def test_the_style_sheet_brings_nothing_from_elsewhere():
    text = (STATIC / "css" / "portal.css").read_text()
    assert "url(" not in text
    assert "@import" not in text
    assert text.count("{") == text.count("}")
