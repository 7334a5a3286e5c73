"""A backup holds everything, either database reads it, and what wakes up in another time settles."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, text, update

from actions import hold, proposals, sending, upkeep
from actions.keeping import settling
from actions.keeping.backup import backup
from actions.keeping.restoring import restore
from models import guard, schema
from models import sending as facts
from models.base import Base, db
from models.booking import Booking, Hold
from models.outbox import Message
from models.people import SignIn
from notifications import dispatch
from rules import errors
from rules.attachments import Attached
from tests.factories import TOM, booked, free
from tests.keeping.conftest import PICTURE, keep, within
from tests.support.time import Clock


def put_back(app: Flask, path: Path, clock: Clock, **more: Any) -> Any:
    return restore(path, pictures_dir=app.config["SETTINGS"].pictures, now=clock.now, **more)


def digests(manifest: Any) -> dict[str, tuple[Any, ...]]:
    return {each.name: (each.columns, each.rows, each.sha256) for each in manifest.tables}


def test_every_row_and_picture_arrives_as_it_was(
    app: Flask, full: Any, other: Flask, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path, there = keep(app, tmp_path / "one.zip", clock)
    assert {each.name for each in there.tables} == set(Base.metadata.tables) - {"day_count", "day_stale"}, (
        "what is counted of other tables is counted again"
    )
    assert there.rows > 100
    monkeypatch.setattr(settling, "settle", lambda *_args, **_more: None)

    def arrived() -> Any:
        put_back(other, path, clock)
        return keep(other, tmp_path / "two.zip", clock)[1]

    here = within(other, arrived)
    assert digests(here) == digests(there)
    assert (other.config["SETTINGS"].pictures / "logo.png").read_bytes() == PICTURE
    # Where both keep it, no id comes again.
    following = {each.name: each.next_id for each in here.tables if each.next_id}
    behind = [each.name for each in there.tables if each.next_id and following.get(each.name, 10**9) < each.next_id]
    assert behind == []


def test_files_of_customers_arrive_and_those_of_the_old_house_go(
    app: Flask, full: Any, other: Flask, clock: Clock, tmp_path: Path
):
    folder, there = app.config["SETTINGS"].answers, other.config["SETTINGS"].answers
    shutil.rmtree(folder, ignore_errors=True)
    given = Attached("letter.pdf", "pdf", 4, "a" * 32).document()
    with db.engine.begin() as connection:
        connection.execute(update(Booking).where(Booking.id == full.first.id).values(answers={"paper": given}))
    (folder / "waiting" / "1-x").mkdir(parents=True)
    mine = f"{full.first.id}-{'a' * 32}"
    (folder / mine).write_bytes(b"mine")
    path = tmp_path / "one.zip"
    found = backup(path, pictures_dir=tmp_path / "none", answers_dir=folder, key_mark="mark", now=clock.now)
    assert [each.part for each in found.answers] == [f"answers/{mine}"]
    (there / "waiting" / "1-x").mkdir(parents=True)
    (there / f"{full.first.id}-{'b' * 32}").write_bytes(b"of the old house")
    within(other, lambda: put_back(other, path, clock, answers_dir=there))
    assert {each.name: each.read_bytes() for each in there.iterdir()} == {mine: b"mine"}


def test_json_null_and_no_value_stay_two_things(app: Flask, full: Any, other: Flask, clock: Clock, tmp_path: Path):
    with db.engine.begin() as connection:
        json = "'null'::jsonb" if connection.dialect.name == "postgresql" else "'null'"
        connection.execute(text(f"UPDATE booking SET overruled = {json} WHERE id = {full.first.id}"))
        connection.execute(text(f"UPDATE booking SET overruled = NULL WHERE id = {full.asked.id}"))
    path, _ = keep(app, tmp_path / "one.zip", clock)

    def found() -> list[str | None]:
        put_back(other, path, clock)
        with db.engine.connect() as connection:
            rows = connection.execute(text("SELECT id, CAST(overruled AS TEXT) FROM booking"))
            kept = {row.id: row[1] for row in rows}
            return [kept[each.id] for each in (full.first, full.asked)]

    assert within(other, found) == ["null", None]


def test_the_restored_house_goes_on(app: Flask, kept: Path, full: SimpleNamespace, other: Flask, clock: Clock):
    def goes_on() -> None:
        put_back(other, kept, clock)
        with db.engine.connect() as connection:
            assert guard.stands(connection)
            assert schema.version(connection) == schema.head()
            with pytest.raises(Exception, match="append_only"):
                connection.execute(text("DELETE FROM history"))
        last = db.session.execute(select(func.max(Booking.id))).scalar_one()
        made = booked("check-up", clock.tick(minutes=1), customer=TOM).booking
        assert made.id > last
        assert db.session.get(Booking, full.first.id).name == "Hannah Vogel"

    within(other, goes_on)


def test_ids_of_what_was_dropped_are_not_given_again(
    app: Flask, full: SimpleNamespace, other: Flask, clock: Clock, tmp_path: Path
):
    hold.release(secret=full.held.secret, now=clock.now)
    highest = db.session.execute(select(func.max(Hold.id))).scalar_one()
    upkeep.sweep(now=clock.tick(days=2, hours=1))
    assert db.session.execute(select(func.count()).select_from(Hold)).scalar_one() == 0
    path, _ = keep(app, tmp_path / "one.zip", clock)

    def held_again() -> int:
        put_back(other, path, clock)
        start = free("check-up", clock.now)[0].start
        hold.hold(service="check-up", start=start, now=clock.now)
        return int(db.session.execute(select(func.max(Hold.id))).scalar_one())

    assert within(other, held_again) > highest


def test_holds_and_sign_ins_have_ended_and_feeds_go_on(
    app: Flask, kept: Path, full: SimpleNamespace, other: Flask, clock: Clock
):
    taken = full.held.start

    def ended() -> None:
        put_back(other, kept, clock)
        upkeep.sweep(now=clock.now)
        assert db.session.execute(select(Hold.state).where(Hold.state == "open")).all() == []
        assert taken in [each.start for each in free("check-up", clock.now)]
        assert db.session.execute(select(SignIn.id).where(SignIn.ended_at.is_(None))).all() == []
        assert other.test_client().get(f"/feeds/{full.feed}.ics").status_code == 200

    assert taken not in [each.start for each in free("check-up", clock.now)]
    within(other, ended)


def test_nothing_leaves_until_somebody_says_so(app: Flask, full: Any, kept: Path, other: Flask, clock: Clock):
    def waits() -> None:
        put_back(other, kept, clock)
        stop = facts.paused(db.session())
        assert stop is not None
        assert sum(facts.waiting(db.session(), clock.now).values()) > 0
        assert dispatch.deliver_due() == 0
        id = db.session.execute(select(func.min(Message.id))).scalar_one()
        assert dispatch.deliver(id) is None, "a job that lay in the queue sends it all the same"
        clock.tick(minutes=10)
        new = booked("check-up", clock.now, customer=TOM).booking
        doubtful = facts.doubtful(db.session(), stop.since, clock.now)
        assert doubtful > 0
        assert sending.resume(again=False, actor="shell", now=clock.now) == doubtful
        assert sending.resume(again=False, actor="shell", now=clock.now) is None
        assert dispatch.deliver_due() > 0
        sent = db.session.execute(select(Message.object_id).where(Message.state == "sent")).scalars()
        # That it was cancelled was still waiting for the undo time when the backup was made.
        assert set(sent) == {full.gone.id, new.id}

    within(other, waits)


def test_what_may_have_left_before_leaves_again_when_that_is_wanted(app: Flask, kept: Path, other: Flask, clock: Clock):
    def again() -> None:
        put_back(other, kept, clock)
        assert sending.resume(again=True, actor="shell", now=clock.now) == 0
        assert dispatch.deliver_due() > 0

    within(other, again)


def test_calendars_take_what_comes_after_a_restore_for_newer(
    app: Flask, full: Any, kept: Path, other: Flask, clock: Clock
):
    def sequence(client: Any) -> int:
        lines = client.get(f"/feeds/{full.feed}.ics").text.splitlines()
        return max(int(line.partition(":")[2]) for line in lines if line.startswith("SEQUENCE:"))

    before = sequence(app.test_client())
    put = within(other, lambda: (put_back(other, kept, clock), sequence(other.test_client()))[1])
    assert put > before + 1000


def test_only_the_owner_of_the_file_may_read_it_and_it_holds_no_key(app: Flask, kept: Path):
    assert kept.stat().st_mode & 0o777 == 0o600
    assert app.config["SECRET_KEY"].encode() not in kept.read_bytes()


def test_a_file_that_is_there_is_never_overwritten(app: Flask, kept: Path, clock: Clock):
    before = kept.read_bytes()
    with pytest.raises(FileExistsError):
        keep(app, kept, clock)
    assert kept.read_bytes() == before


def test_a_backup_takes_less_than_a_row_each_of_memory(app: Flask, full: Any, clock: Clock, tmp_path: Path):
    """Ten times the history takes no more memory: rows pass through, none of them are kept."""
    import tracemalloc

    def peak(name: str) -> int:
        tracemalloc.start()
        backup(tmp_path / name, pictures_dir=tmp_path / "none", key_mark="", now=clock.now)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    def lengthen(by: int) -> None:
        row = "SELECT at, actor, object_kind, object_id, action, reason FROM history LIMIT 1"
        numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {by}) SELECT i FROM n"
        with db.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO history (at, actor, object_kind, object_id, action, reason) "
                    f"SELECT r.* FROM ({row}) r, ({numbers}) n"
                )
            )

    peak("warm.zip")
    lengthen(3_000)
    few = peak("few.zip")
    lengthen(30_000)
    assert peak("many.zip") < few * 1.5


def test_a_hold_that_a_customer_is_asked_about_outlives_the_restore(
    app: Flask, full: SimpleNamespace, other: Flask, clock: Clock, tmp_path: Path
):
    later = free("ultrasound", clock.now)[-1].start
    proposals.propose_time(
        reference=full.asked.reference,
        start=later,
        deadline=clock.now + timedelta(days=1),
        actor=f"staff:{full.owner}",
        now=clock.now,
    )
    path, _ = keep(app, tmp_path / "one.zip", clock)

    def still_kept() -> None:
        put_back(other, path, clock)
        upkeep.sweep(now=clock.tick(minutes=1))
        with pytest.raises(errors.Refusal):
            booked("ultrasound", clock.now, start=later, customer=TOM, answers={"referral": False})

    within(other, still_kept)
