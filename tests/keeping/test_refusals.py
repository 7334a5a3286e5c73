"""What must not be restored is refused before anything is written, in one line that says why."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from actions import accounts, feeds
from actions.keeping import checking, manifest
from actions.keeping.backup import backup
from actions.keeping.manifest import Damaged
from actions.keeping.restoring import NotRestored, restore
from models import schema
from models.base import db
from models.booking import Booking
from models.people import Staff
from tests.factories import TOM, booked
from tests.keeping.conftest import keep, within
from tests.support.time import Clock

HOUSE = "Praxis am Park"


def again(path: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    """A copy of a backup in which each part is what ``change`` makes of it; None leaves it out."""
    target = path.with_name(f"changed-{path.name}")
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(target, "w") as changed:
        for name in source.namelist():
            data = change(name, source.read(name))
            if data is not None:
                changed.writestr(name, data)
    return target


def said(path: Path) -> dict[str, Any]:
    with zipfile.ZipFile(path) as file:
        return dict(json.loads(file.read(manifest.NAME)))


def refused(app: Flask, path: Path, clock: Clock, **more: Any) -> str:
    """Why it is refused; nothing of it arrives."""

    def tried() -> str:
        before = schema.version(db.session.connection())
        db.session.rollback()
        with pytest.raises((Damaged, NotRestored)) as refusal:
            restore(path, pictures_dir=app.config["SETTINGS"].pictures, now=clock.now, **more)
        assert db.session.execute(select(Booking.id)).all() == []
        assert schema.version(db.session.connection()) == before
        return str(refusal.value)

    return str(within(app, tried))


def test_a_file_cut_anywhere_is_refused(app: Flask, kept: Path, other: Flask, clock: Clock, tmp_path: Path):
    whole = kept.read_bytes()
    for share in (0.0, 0.3, 0.9, 0.999):
        cut = tmp_path / "cut.zip"
        cut.write_bytes(whole[: int(len(whole) * share)])
        assert "cut off" in refused(other, cut, clock)


def test_a_byte_that_changed_on_its_way_is_seen(app: Flask, kept: Path, clock: Clock, tmp_path: Path):
    whole = kept.read_bytes()
    with zipfile.ZipFile(kept) as file:
        last = file.getinfo(manifest.NAME)
        end = last.header_offset + last.compress_size
    for place in range(200, end, max(1, end // 40)):
        changed = tmp_path / "changed.zip"
        changed.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        try:
            with checking.opened(changed) as (archive, found):
                checking.check(archive, found)
                # Names of parts stand twice in a zip file; the second one counts.
                with zipfile.ZipFile(kept) as file:
                    assert [archive.read(each) for each in archive.namelist()] == [
                        file.read(each) for each in file.namelist()
                    ]
        except Damaged:
            continue


def test_a_part_that_is_missing_too_many_or_other_is_seen(app: Flask, kept: Path, other: Flask, clock: Clock):
    def without(name: str, data: bytes) -> bytes | None:
        return None if name == "tables/booking.jsonl" else data

    def one_row_less(name: str, data: bytes) -> bytes:
        return data.split(b"\n", 1)[1] if name == "tables/booking.jsonl" else data

    def another_name(name: str, data: bytes) -> bytes:
        return data.replace(b"Hannah", b"Johann")

    assert "list of contents" in refused(other, again(kept, without), clock)
    assert "booking.jsonl is not what was written" in refused(other, again(kept, one_row_less), clock)
    assert "is not what was written" in refused(other, again(kept, another_name), clock)
    copy = shutil.copy(kept, kept.with_name("more.zip"))
    with zipfile.ZipFile(copy, "a") as file:
        file.writestr("tables/more.jsonl", b"[]\n")
    assert "list of contents" in refused(other, Path(copy), clock)


def test_a_picture_that_would_leave_its_folder_is_refused(app: Flask, kept: Path, other: Flask, clock: Clock):
    evil = kept.with_name("evil.zip")
    found = said(kept)
    found["pictures"][0]["name"] = "../../evil.png"
    with zipfile.ZipFile(kept) as source, zipfile.ZipFile(evil, "w") as target:
        for name in source.namelist():
            data = json.dumps(found).encode() if name == manifest.NAME else source.read(name)
            target.writestr("pictures/../../evil.png" if name.startswith("pictures/") else name, data)
    assert "no name of a picture" in refused(other, evil, clock)


@pytest.mark.parametrize("content", [b"", b"nothing of a backup" * 99])
def test_any_other_file_is_refused(app: Flask, other: Flask, clock: Clock, tmp_path: Path, content: bytes):
    path = tmp_path / "letter.zip"
    path.write_bytes(content)
    assert "no backup of Frontdesk" in refused(other, path, clock)


def test_another_zip_is_refused(app: Flask, other: Flask, clock: Clock, tmp_path: Path):
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("photo.jpg", b"x")
    assert refused(other, path, clock) == "it is no backup of Frontdesk"


def test_a_copy_of_a_database_file_is_no_backup(app: Flask, other: Flask, clock: Clock, tmp_path: Path):
    path = tmp_path / "frontdesk.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE booking (id)")
    connection.close()
    assert "`flask backup` makes a backup" in refused(other, path, clock)


def test_what_a_newer_version_made_is_refused(app: Flask, kept: Path, other: Flask, clock: Clock):
    def later(name: str, data: bytes) -> bytes:
        return json.dumps({**json.loads(data), "schema": "9999"}).encode() if name == manifest.NAME else data

    def other_format(name: str, data: bytes) -> bytes:
        return json.dumps({**json.loads(data), "format": 2}).encode() if name == manifest.NAME else data

    assert "newer than this program" in refused(other, again(kept, later), clock)
    assert "newer version of Frontdesk" in refused(other, again(kept, other_format), clock)


def test_a_row_that_points_nowhere_stops_it_all(
    app: Flask, full: SimpleNamespace, other: Flask, clock: Clock, tmp_path: Path
):
    """A file that is whole and yet wrong: the database has the last word, and nothing of it stays."""
    path, _ = keep(app, tmp_path / "one.zip", clock)
    found = said(path)
    lost = again(path, lambda name, data: b"" if name == "tables/customer.jsonl" else data)
    for each in found["tables"]:
        if each["name"] == "customer":
            each["rows"], each["sha256"] = 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    lost = again(lost, lambda name, data: json.dumps(found).encode() if name == manifest.NAME else data)

    def tried() -> None:
        with pytest.raises(Exception, match=r"booking|customer"):
            restore(lost, pictures_dir=tmp_path, now=clock.now)
        assert db.session.execute(text("SELECT count(*) FROM business")).scalar() == 0

    within(other, tried)


def test_a_house_that_is_open_is_replaced_by_its_name_only(app: Flask, kept: Path, full: Any, clock: Clock):
    later = booked("check-up", clock.now, customer=TOM).booking
    pictures = app.config["SETTINGS"].pictures
    for name in (None, "Praxis", HOUSE.lower()):
        with pytest.raises(NotRestored, match=HOUSE):
            restore(kept, pictures_dir=pictures, now=clock.now, replace=name)
    assert db.session.get(Booking, later.id) is not None
    db.session.rollback()
    db.session.remove()
    restore(kept, pictures_dir=pictures, now=clock.now, replace=HOUSE)
    assert db.session.get(Booking, later.id) is None
    assert db.session.get(Booking, full.first.id) is not None


def test_a_house_whose_worker_runs_is_not_replaced(app: Flask, kept: Path, clock: Clock):
    from notifications.worker import tick

    tick()
    db.session.remove()
    with pytest.raises(NotRestored, match="a worker runs"):
        restore(kept, pictures_dir=kept.parent, now=clock.now, replace=HOUSE)


def test_who_lost_access_since_does_not_get_it_back(app: Flask, kept: Path, full: Any, clock: Clock):
    """A key that was revoked after the backup stays revoked, and a person who left stays out."""
    left = accounts.add(
        email="left@praxis.example", name="Left", role="staff", password="nine green bicycles", resource=None, by=None,
        actor="shell", now=clock.now,
    ).id  # fmt: skip
    path = kept.with_name("two.zip")
    keep(app, path, clock)
    accounts.leave(id=left, by=None, actor="shell", now=clock.tick(minutes=1))
    feeds.revoke(id=feeds.listed()[0].id, now=clock.now)
    db.session.remove()
    done = restore(path, pictures_dir=kept.parent, now=clock.now, replace=HOUSE)
    assert len(done.since.tokens) == 1
    assert done.since.left == {"left@praxis.example"}
    assert app.test_client().get(f"/feeds/{full.feed}.ics").status_code == 404
    assert db.session.get(Staff, left).disabled_at is not None


def test_who_was_erased_since_is_named(app: Flask, kept: Path, full: Any, clock: Clock):
    with db.engine.begin() as connection:
        when = "now()" if connection.dialect.name == "postgresql" else "0"
        connection.execute(text(f"UPDATE customer SET erased_at = {when} WHERE name = 'Hannah Vogel'"))
        gone = connection.execute(text("SELECT public_id FROM customer WHERE name = 'Hannah Vogel'")).scalar_one()
    done = restore(kept, pictures_dir=kept.parent, now=clock.now, replace=HOUSE)
    assert done.since.erased == {gone}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_full_disk_leaves_nothing_behind(app: Flask, full: Any, clock: Clock, tmp_path: Path):
    """The kernel's own limit on a file's size stands for the disk: the write fails in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    folder = tmp_path / "full"
    folder.mkdir()
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(OSError, match="too large"):
            backup(folder / "one.zip", pictures_dir=tmp_path / "none", key_mark="", now=clock.now)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handler)
    assert os.listdir(folder) == []
