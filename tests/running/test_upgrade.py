"""``make upgrade``: keep, fetch, install, migrate, look; whatever fails, the way back is named."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from running.upgrade import main

# Stands for the program's own Python: writes down what it is asked, keeps a small backup, and fails where it is told to.
PYTHON = """#!{python}
import json, sys, zipfile
from pathlib import Path
asked = sys.argv[5:] if "flask" in sys.argv else sys.argv[1:]
with open("asked", "a") as file:
    file.write(" ".join(asked[:1]) + "\\n")
if Path("fails").exists() and Path("fails").read_text() == asked[0]:
    sys.exit(1)
if asked[0] == "backup":
    with zipfile.ZipFile(asked[1], "w") as file:
        file.writestr("manifest.json", json.dumps({{"house": "Praxis am Park"}}))
"""
INSTALL = "import sys; open('asked', 'a').write('install\\n'); sys.exit(open('fails').read() == 'install')"


def git(folder: Path, *arguments: str) -> str:
    environ = {
        **os.environ,
        **{f"GIT_{who}_{what}": "a@b.example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }
    return subprocess.check_output(["git", *arguments], cwd=folder, env=environ, text=True, stderr=subprocess.STDOUT)


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """A clone that is one version behind."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch", "main")
    (origin / "running").mkdir()
    (origin / "running" / "environment.py").write_text(INSTALL)
    (origin / "version").write_text("1")
    git(origin, "add", ".")
    git(origin, "commit", "--quiet", "-m", "one")
    git(origin, "tag", "v1")
    clone = tmp_path / "house"
    git(tmp_path, "clone", "--quiet", str(origin), str(clone))
    (origin / "version").write_text("2")
    git(origin, "commit", "--quiet", "-am", "two")
    git(origin, "tag", "v2")
    python = clone / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(PYTHON.format(python=sys.executable))
    python.chmod(0o755)
    (clone / "fails").write_text("")
    return clone


def asked(house: Path) -> list[str]:
    return (house / "asked").read_text().split()


def test_everything_is_kept_before_anything_changes(house: Path, capfd: pytest.CaptureFixture[str]):
    old = git(house, "rev-parse", "--short", "HEAD").strip()
    assert main([], house) == 0
    assert asked(house) == ["backup", "install", "migrate", "doctor"]
    assert (house / "version").read_text() == "2"
    (kept,) = (house / "backups").iterdir()
    told = capfd.readouterr().out
    assert f"git checkout {old} && make installed" in told
    assert f"restore backups/{kept.name} --replace 'Praxis am Park'" in told


def test_a_version_of_ones_own_choice_is_taken(house: Path):
    assert main(["v1"], house) == 0
    assert (house / "version").read_text() == "1"


def test_without_a_backup_nothing_changes(house: Path, capfd: pytest.CaptureFixture[str]):
    (house / "fails").write_text("backup")
    assert main([], house) == 1
    assert asked(house) == ["backup"]
    assert (house / "version").read_text() == "1"
    assert "Nothing was changed" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("step", "done"), [("install", ["backup", "install"]), ("migrate", ["backup", "install", "migrate"])]
)
def test_a_step_that_fails_is_the_last_one_and_the_way_back_is_named(
    house: Path, capfd: pytest.CaptureFixture[str], step: str, done: list[str]
):
    (house / "fails").write_text(step)
    assert main([], house) == 1
    assert asked(house) == done
    assert "To go back" in capfd.readouterr().err


def test_work_in_the_folder_that_stands_in_the_way_stops_it(house: Path, capfd: pytest.CaptureFixture[str]):
    (house / "version").write_text("mine")
    assert main([], house) == 1
    assert asked(house) == ["backup"]
    assert (house / "version").read_text() == "mine"


def test_a_doctor_who_is_not_content_is_heard(house: Path, capfd: pytest.CaptureFixture[str]):
    (house / "fails").write_text("doctor")
    assert main([], house) == 1
    told = capfd.readouterr()
    assert "not content" in told.err
    assert "To go back" in told.out


def test_a_folder_that_is_no_clone_takes_what_lies_there(house: Path, tmp_path: Path):
    shutil.rmtree(house / ".git")
    assert main([], house) == 0
    assert asked(house) == ["backup", "install", "migrate", "doctor"]
