"""Houses that are open: a business, a database and a clock of their own, served by real processes."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import config
from app import create_app
from tests.support import databases
from tests.support.time import instant
from tests.support.web import SECRET_KEY, Served

BUSINESSES = Path(__file__).parents[1] / "businesses"


def settings(url: str, folder: Path, **more: str) -> config.Settings:
    """The settings of a trial on the database at ``url``, everything in ``folder``."""
    return config.load(
        {
            "DATABASE_URL": url,
            "DATA_DIR": str(folder),
            "SECRET_KEY": SECRET_KEY,
            "BASE_URL": "http://localhost",
            "RATE_LIMITS": "off",
            "DEMO": "0",
            **more,
        }
    )


def open_house(
    database: databases.Database,
    folder: Path,
    business: str | Path | None = "clinic",
    *,
    at: str = "2026-11-30T09:00Z",
    processes: int = 2,
    threads: int = 4,
    **environ: str,
) -> Served:
    """A gunicorn on a new database of the kind of ``database``, with a business loaded and a clock that goes on from ``at``."""
    folder.mkdir(parents=True, exist_ok=True)
    url = database.another(folder)
    now = instant(at)
    if business is not None:
        load_into(url, folder, business, now)
    set_clock(folder / "clock", now)
    given = {"DATABASE_URL": url, "CLOCK_OFFSET_FILE": str(folder / "clock"), **environ}
    return Served(given, folder, processes=processes, threads=threads)


def load_into(url: str, folder: Path, business: str | Path, now: datetime) -> None:
    """Loads one of ``tests/businesses/``, or any path, into the database at ``url``."""
    from actions.businessfile.loading import load
    from tests.support.loaded import loaded

    app = create_app(settings(url, folder))
    path = BUSINESSES / f"{business}.yaml" if isinstance(business, str) else business
    with app.app_context():
        if path.parent == BUSINESSES:
            loaded(path, now)
        else:
            load(path, pictures_dir=app.config["SETTINGS"].pictures, now=now)
    databases.let_go(app)


def set_clock(file: Path, now: datetime) -> None:
    """Makes it ``now`` for every process that reads its clock's offset from ``file``; nobody ever reads half of it."""
    part = file.with_suffix(".part")
    part.write_text(str((now - datetime.now(UTC)).total_seconds()))
    os.replace(part, file)
