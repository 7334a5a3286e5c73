"""The house itself: who may read the clock and the environment, what templates may hold, what is pinned."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

import config

ROOT = config.ROOT
NOT_THE_PRODUCT = {".venv", "build", "instance", "node_modules", "tests", "bench"}


def product() -> Iterator[Path]:
    """Every Python file of the product."""
    for path in sorted(ROOT.rglob("*.py")):
        if not NOT_THE_PRODUCT & set(path.relative_to(ROOT).parts):
            yield path


def calls(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of every call and attribute in a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            yield node.lineno, ast.unparse(node)


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


CLOCKS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "datetime.datetime.now", "datetime.datetime.utcnow", "date.today",
    "datetime.date.today", "time.time", "time.time_ns", "time.localtime", "time.gmtime",
}  # fmt: skip


def test_only_the_clock_reads_the_clock():
    read = [
        f"{where(path, line)} {name}"
        for path in product()
        if path.name != "clock.py" or path.parent != ROOT
        for line, name in calls(path)
        if name in CLOCKS
    ]
    assert read == []


def test_only_the_settings_read_the_environment():
    # The supervisor hands the environment on to its children; the steps before there is an environment have no settings.
    allowed = {"config.py", "running/supervisor.py", "running/environment.py"}
    read = [
        f"{where(path, line)} {name}"
        for path in product()
        if str(path.relative_to(ROOT)) not in allowed
        for line, name in calls(path)
        if name in ("os.environ", "os.getenv", "os.environb")
    ]
    assert read == []


def test_every_package_stands_on_a_floor():
    floors = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    listed = set(re.findall(r'"([a-z]+)"', floors.split("root_packages")[1].split("]")[0]))
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"bench", "demo", "running", "tests"}
    assert packages == listed


def test_no_room_is_called_after_nothing():
    named = [path for path in product() if path.stem in {"utils", "util", "helpers", "common", "services", "misc"}]
    assert named == []


INLINE = re.compile(
    r"""<[^>]*\s(?:style|on[a-z]+)\s*=\s*["'{]|<style\b|<script(?![^>]*\ssrc=)[^>]*>|href\s*=\s*["']javascript:""", re.I
)


def templates() -> list[Path]:
    return [path for room in ("web", "portal", "backoffice", "api") for path in (ROOT / room).rglob("*.html")]


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_hold_no_script_or_style_of_their_own(path: Path):
    assert INLINE.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", templates(), ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_load_nothing_from_another_host(path: Path):
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"""\s(?:src|srcset)\s*=\s*["'](?:https?:)?//""", text) == []
    assert re.findall(r"""<link[^>]*href\s*=\s*["'](?:https?:)?//""", text) == []


def test_pages_escape_what_they_show():
    unsafe = [
        f"{path.relative_to(ROOT)}: {found}"
        for path in templates()
        for found in re.findall(r"\|\s*safe\b|autoescape\s+false", path.read_text(encoding="utf-8"))
    ]
    assert unsafe == []


def pins(name: str) -> dict[str, str]:
    """Package → everything that follows it up to its hashes."""
    found = re.findall(r"^([a-zA-Z0-9_.\[\]-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.M)
    return {re.sub(r"\[.*\]", "", package.lower()): version for package, version in found}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_with_hashes_and_name_no_address(name: str):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text
    blocks = re.split(r"^(?=[a-zA-Z0-9])", text, flags=re.M)[1:]
    assert len(blocks) > 50
    assert [each.split()[0] for each in blocks if "--hash=sha256:" not in each] == []


def test_every_library_is_asked_for_with_its_reason():
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and " # " not in line and not line.startswith("#")] == []


def test_tests_run_on_the_versions_that_the_product_runs_on():
    product, everything = pins("requirements.txt"), pins("requirements-dev.txt")
    assert {name: everything.get(name) for name in product} == product


def test_nothing_has_taken_the_place_of_urllib3():
    installed = {each.metadata["Name"].lower().replace("-", "_") for each in metadata.distributions()}
    assert "urllib3_future" not in installed


def test_an_installed_package_is_the_pinned_one():
    wanted = pins("requirements-dev.txt")
    installed = {each.metadata["Name"].lower().replace("_", "-"): each.version for each in metadata.distributions()}
    other = {
        name: installed[name] for name, version in wanted.items() if name in installed and installed[name] != version
    }
    # Two pins of one package carry markers for different Pythons; the file's last one wins above.
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    assert [name for name, version in other.items() if f"{name}=={version}" not in text] == []
