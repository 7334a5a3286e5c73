"""``python3 -m running.upgrade [VERSION]``: keeps everything, takes the new version, brings the tables up, looks, and says
how to go back.

Runs on the system's Python, since the packages change under it; so it uses the standard library only.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import zipfile
from pathlib import Path

import clock

ROOT = Path(__file__).resolve().parents[1]
BACKUPS = "backups"


class Failed(Exception):
    """A step that did not succeed; its own lines above say why."""


def main(arguments: list[str], root: Path = ROOT) -> int:
    """0 when all of it was done and the doctor is content, 1 otherwise; the last lines say what to do."""
    version = arguments[0] if arguments and arguments[0] else None
    before = _now_at(root)
    kept = root / BACKUPS / f"before-upgrade-{clock.now():%Y%m%d-%H%M%S}.zip"
    try:
        _step("Keeping everything", _flask(root, "backup", str(_room_for(kept))), root)
    except Failed:
        return _say("Nothing was changed: without a backup there is no way back.")
    try:
        _take(root, version, before)
        _step("Installing", [sys.executable, "running/environment.py", "requirements.txt"], root)
        _step("Bringing the tables up", _flask(root, "migrate"), root)
    except Failed as failed:
        _say(f"{failed}. {_way_back(before, kept, root)}")
        return 1
    content = subprocess.call(_flask(root, "doctor"), cwd=root) == 0
    print("\nThe new version is here. Now: systemctl reload frontdesk-web && systemctl restart frontdesk-worker")
    print(_way_back(before, kept, root))
    return 0 if content else _say("The doctor is not content; its lines that begin with FAIL say why.")


def _take(root: Path, version: str | None, before: str | None) -> None:
    """The new version by git; a folder that is no clone has it already, laid there by hand."""
    if before is None:
        print("This is no git clone: the version that lies here is installed.")
        return
    if version is None:
        _step("Fetching the newest version", ["git", "pull", "--ff-only"], root)
        return
    _step("Fetching", ["git", "fetch", "--tags"], root)
    _step(f"Taking {version}", ["git", "checkout", "--detach", version], root)


def _step(title: str, command: list[str], root: Path) -> None:
    print(f"{title} ...", flush=True)
    if subprocess.call(command, cwd=root) != 0:
        raise Failed(f"{title} did not succeed")


def _flask(root: Path, *arguments: str) -> list[str]:
    return [str(root / ".venv" / "bin" / "python"), "-m", "flask", "--app", "wsgi", *arguments]


def _room_for(kept: Path) -> Path:
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    return kept


def _now_at(root: Path) -> str | None:
    """The commit that lies here; None where git does not know."""
    try:
        asked = ["git", "rev-parse", "--short", "HEAD"]
        return subprocess.check_output(asked, cwd=root, stderr=subprocess.DEVNULL, text=True).strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _way_back(before: str | None, kept: Path, root: Path) -> str:
    with zipfile.ZipFile(kept) as file:
        house = json.loads(file.read("manifest.json"))["house"]
    take = f"git checkout {before}" if before else "put the old version here again"
    restore = f"restore {kept.relative_to(root)} --replace {shlex.quote(house or 'NAME')}"
    return (
        "To go back: stop the web server and the worker, wait a minute, then\n"
        f"  {take} && make installed && .venv/bin/python -m flask --app wsgi {restore}\n"
        "What was booked since the backup is lost by that."
    )


def _say(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
