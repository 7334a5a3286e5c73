"""What a phone has to fetch stays small, and each own file is what it says."""

from __future__ import annotations

import gzip
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from web import drawings
from web.drawings import drawing, numbers
from wire.colour import tokens

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "web" / "static"
SPRITE = STATIC / "icons.svg"
SHEETS = [STATIC / "css" / "base.css", STATIC / "css" / "portal.css"]
SVG = "{http://www.w3.org/2000/svg}"


def compressed(text: str | bytes) -> int:
    return len(gzip.compress(text.encode() if isinstance(text, str) else text, 9))


def test_the_style_sheets_and_the_sprite_keep_their_weight():
    assert sum(compressed(each.read_bytes()) for each in SHEETS) < 8 * 1024
    assert compressed(SPRITE.read_bytes()) < 4 * 1024


def imported(name: str) -> set[str]:
    """A script and all that it brings along."""
    own = re.findall(r'(?:import|from) "\./([a-z-]+\.js)"', (STATIC / "js" / name).read_text())
    return {name}.union(*(imported(each) for each in own))


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_phone_gets_the_first_page_with_little_though_no_proxy_packs(load_business, client):
    load_business(ROOT / "demo" / "business.yaml")
    page = client.get("/")
    files = set(re.findall(r'(?:href|src)="(/(?:static|brand)[^"#]+)', page.text)) | {"/favicon.svg"}
    script = next(each for each in files if each.endswith("portal.js"))
    files |= {script.replace("portal.js", each) for each in imported("portal.js")}
    sent = len(page.data)
    for each in sorted(files):
        answer = client.get(each, headers={"Accept-Encoding": "gzip, br"})
        assert answer.status_code == 200, each
        sent += len(answer.data)
    assert sent < 60_000 / 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_cannot_unpack_gets_a_file_as_it_is(load_business, client):
    load_business("clinic")
    address = re.search(r'"(/static/[^"]+base.css)"', client.get("/").text)[1]
    packed = client.get(address, headers={"Accept-Encoding": "gzip"})
    plain = client.get(address, headers={"Accept-Encoding": "identity"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(packed.data) == plain.data == (STATIC / "css" / "base.css").read_bytes()
    assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
    assert plain.mimetype == packed.mimetype == "text/css"


@pytest.mark.parametrize(
    "path", ["/static/x/../../config.py", "/static/x/css/none.css", "/static/../js/page.js", "/static/x/css"]
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_but_own_files_is_sent(load_business, client, path):
    load_business("clinic")
    assert client.get(path).status_code == 404


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
def test_every_drawing_is_small_and_well_formed(number, dark):
    text = drawing(number, "#F26B3A", dark=dark)
    assert compressed(text) < 1024
    root = ElementTree.fromstring(text)
    assert root.tag == f"{SVG}svg"
    own = set(tokens("#F26B3A")["dark" if dark else "light"].values())
    fills = {each.get("fill") for each in root if each.get("fill")}
    assert fills <= own, "a drawing uses the business's colours only"


def test_a_service_keeps_its_drawing_when_another_comes():
    slugs = [f"service-{number}" for number in range(30)]
    for many in range(1, 30):
        assert list(numbers(slugs[: many + 1]).items())[:many] == list(numbers(slugs[:many]).items())


def test_no_drawing_is_seen_twice_before_all_were_seen():
    drawn = list(numbers(f"service-{number}" for number in range(24)).values())
    every = set(range(len(drawings._SHAPES)))
    assert set(drawn[:12]) == every
    assert set(drawn[12:]) == every


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_style_sheet_brings_nothing_from_elsewhere(sheet):
    text = sheet.read_text()
    assert "url(" not in text
    assert "@import" not in text
    assert text.count("{") == text.count("}")
