"""From every earlier release to this one, with data in every table: nothing is lost, and the way back and up again leads to the same.

Every migration of the house goes both ways. All of it happens in one transaction that is taken back: the database is brought down to
each release, filled with what that release would have written of a house, and brought up to this one as ``flask migrate`` does it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from flask import Flask

from actions import blocks, cancel, consenting, counting, customer_file, feedback, feeds, merging, notes, pauses
from actions.steps import take_step
from models import schema
from models.base import BEGIN_WRITING, Base, Instant, db
from models.consent import ConsentText
from tests.factories import HANNAH, TOM, booked, held
from tests.invariants import check
from tests.support.staff import account
from tests.support.time import Clock

Rows = dict[str, list[dict[str, Any]]]

# What constraints want of a row that no step below writes.
WANTED: dict[str, dict[str, Any]] = {
    "absence": {"to_local": datetime(2026, 12, 24, 12)},
    "export_file": {"state": "gone"},
    "import_row": {"state": "made"},
    "import_run": {"state": "done"},
    "likeness": {"other_id": 2},
    "proposal": {"kind": "choose", "state": "ended", "hold_id": None},
}
# Noted and counted anew by the database and the worker: more may be there than was.
COUNTED = {"day_stale"}
# What later migrations make of what was there, as the product writes it today.
MADE_OF_IT = {"contact": "backwards", "customer": "family_first"}


def releases() -> list[str]:
    """The revisions from the first to the one before this program's."""
    found = [each.revision for each in ScriptDirectory.from_config(schema._config()).walk_revisions()]
    return found[:0:-1]


@pytest.fixture
def house(app: Flask, load_business: Callable[..., Any], clock: Clock) -> Rows:
    """All rows of a house in two zones: visits with several ends, a class, a hold, a block, people who were merged, who agreed,
    who said how it was; and at least one row in every table."""
    load_business("studio")
    owner = f"staff:{account('owner')}"
    asks = {"answers": {"topic": "first", "people": 2}, "location": "jingan"}
    late = clock.now + timedelta(days=3)
    first = booked("consult", clock.now, **asks).booking
    other = booked("consult", clock.tick(minutes=1), customer={**HANNAH, "name": "Hanna Vogel"}, **asks).booking
    gone = booked("yoga", clock.now, customer=TOM, seats=2).booking
    booked("yoga", clock.now, start=gone.start, customer={"name": "张伟", "phone": "+86 138 0013 8000"})
    booked("airport-transfer", clock.now, customer=TOM)
    cancel.cancel(reference=gone.reference, actor=owner, now=clock.tick(minutes=1))
    held("consult", clock.now, location="jingan")
    feeds.add(resource="chen", location=None, now=clock.now)
    notes.add(booking_id=first.id, text="comes with her dog, 带狗", actor=owner, now=clock.now)
    pauses.pause(subject_kind="service", slug="yoga", sentence={"en": "Ill"}, until=None, actor=owner, now=clock.now)
    day_off = {"resources": ["wang"], "start": late, "end": late + timedelta(hours=2), "title": "dentist"}
    blocks.block(**day_off, actor=owner, now=clock.now)
    customer_file.change(id=first.customer_id, fields={"level": "Gold"}, tags=["loyal"], actor=owner, now=clock.now)
    said = {"en": "News?", "zh": "新闻？"}
    consenting.write_text(purpose="marketing", said=said, asked=True, needed=False, actor=owner, now=clock.now)
    text = db.session.scalars(sa.select(ConsentText.id)).one()
    agreed = {"customer_id": first.customer_id, "purpose": "marketing", "text_id": text, "locale": "zh"}
    consenting.give(**agreed, channel="paper", actor=owner, now=clock.now)
    merged = {"keep": first.customer_id, "other": other.customer_id, "take": {}, "actor": owner}
    merging.merge(**merged, now=clock.tick(minutes=1))
    clock.set((first.end + timedelta(minutes=5)).isoformat())
    take_step(reference=first.reference, step="complete", actor=owner, now=clock.now)
    feedback.answer(reference=first.reference, stars="5", words="很好", now=clock.tick(minutes=5))
    counting.count(now=clock.now)
    with db.engine.begin() as connection, _keys_later(connection):
        found = _read(connection)
        for table in Base.metadata.tables.values():
            if not found[table.name]:
                connection.execute(sa.insert(table), [_some(table, clock.now)])
    with db.engine.connect() as connection:
        return _read(connection)


def _some(table: sa.Table, now: datetime) -> dict[str, Any]:
    """A row of a table, made of its columns alone."""
    values = ((sa.JSON, {"some": [1, "zwei", "三"]}), (Instant, now), (sa.DateTime, now.replace(tzinfo=None)))
    more = ((sa.Date, now.date()), (sa.Boolean, False), (sa.Integer, 1), (sa.Float, 1.5), (sa.String, "some"))
    made = {
        column.name: next(value for kind, value in (*values, *more) if isinstance(column.type, kind))
        for column in table.columns
    }
    return {**made, **WANTED.get(table.name, {})}


def _read(connection: sa.Connection, columns: Mapping[str, set[str]] | None = None) -> Rows:
    """All rows of all tables in the order of their keys; of some columns only, by table."""
    found: Rows = {}
    for name, table in Base.metadata.tables.items():
        if columns is None or name in columns:
            wanted = [each for each in table.columns if columns is None or each.name in columns[name]]
            rows = connection.execute(sa.select(*wanted).order_by(*table.primary_key.columns))
            found[name] = [dict(row._mapping) for row in rows]
    return found


@contextmanager
def _keys_later(connection: sa.Connection) -> Iterator[None]:
    """Rows that point at each other in circles come in any order; no trigger of PostgreSQL fires."""
    if connection.dialect.name == "sqlite":
        begin, end = "PRAGMA defer_foreign_keys = ON", "PRAGMA defer_foreign_keys = OFF"
    else:
        begin, end = (f"SET LOCAL session_replication_role = {each}" for each in ("replica", "origin"))
    connection.exec_driver_sql(begin)
    yield
    connection.exec_driver_sql(end)


class Walk:
    """One transaction in which the schema goes up and down."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.config = schema._config()
        self.config.attributes["connection"] = connection

    def up(self, to: str = "head") -> None:
        command.upgrade(self.config, to)

    def down(self, to: str) -> None:
        command.downgrade(self.config, to)

    def columns(self) -> dict[str, set[str]]:
        """The columns of each table as it now stands."""
        look = sa.inspect(self.connection)
        names = set(look.get_table_names()) - {schema.VERSIONS}
        return {name: {each["name"] for each in look.get_columns(name)} for name in names}

    def room_for(self, house: Rows) -> Rows:
        """Of the house what there are tables and columns for."""
        return {
            name: [{key: value for key, value in row.items() if key in columns} for row in house[name]]
            for name, columns in self.columns().items()
        }

    def fill(self, house: Rows) -> Rows:
        """Writes of the house what there is room for, and returns it."""
        there = self.room_for(house)
        with _keys_later(self.connection):
            for name, rows in sorted(there.items(), key=lambda each: each[0] in COUNTED):
                if name in COUNTED:
                    # On SQLite the triggers have noted what the house had noted already.
                    self.connection.execute(sa.delete(Base.metadata.tables[name]))
                table = Base.metadata.tables[name]
                alike = defaultdict(list)
                for row in rows:
                    # Left out where it is empty, or JSON would say null.
                    given = {key: value for key, value in row.items() if value is not None}
                    alike[frozenset(given)].append(given)
                for some in alike.values():
                    written = sa.table(name, *(sa.column(each, table.c[each].type) for each in some[0]))
                    self.connection.execute(sa.insert(written), some)
        assert (self.lost(there), _lost_keys(self.connection)) == ([], [])
        return there

    def lost(self, there: Rows) -> list[str]:
        """The tables of which some row is not as it was."""
        found = _read(self.connection, {name: set(rows[0]) for name, rows in there.items()})
        return sorted(name for name, rows in there.items() if name not in COUNTED and found[name] != rows)

    def shape(self) -> dict[str, Any]:
        """Everything that makes up the schema as it now stands, by name."""
        return dict(_shape_on_sqlite(self.connection) if self._sqlite else _shape_on_postgresql(self.connection))

    @property
    def _sqlite(self) -> bool:
        return self.connection.dialect.name == "sqlite"


def _lost_keys(connection: sa.Connection) -> list[Any]:
    return list(connection.exec_driver_sql("PRAGMA foreign_key_check")) if connection.dialect.name == "sqlite" else []


def _shape_on_sqlite(connection: sa.Connection) -> Iterator[tuple[str, str]]:
    made = "SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'"
    yield from ((row.name, row.sql) for row in connection.execute(sa.text(made)))


def _shape_on_postgresql(connection: sa.Connection) -> Iterator[tuple[str, Any]]:
    for query in (
        "SELECT table_name || '.' || column_name, data_type || is_nullable || coalesce(column_default, '') "
        "FROM information_schema.columns WHERE table_schema = current_schema()",
        "SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = current_schema()::regnamespace",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema()",
        "SELECT tgrelid::regclass || ' ' || tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid) FROM pg_proc p "
        "WHERE pronamespace = current_schema()::regnamespace AND prorettype = 'trigger'::regtype",
    ):
        yield from ((str(name), definition) for name, definition in connection.execute(sa.text(query)))


@pytest.fixture
def walk(app: Flask, house: Rows, monkeypatch: pytest.MonkeyPatch) -> Iterator[Walk]:
    """The way up and down from where the schema is. What was there before is there afterwards."""
    db.session.remove()
    # Read once: each step would compile every migration anew, which takes longer than all the rest.
    scripts = ScriptDirectory.from_config(schema._config())
    monkeypatch.setattr(ScriptDirectory, "from_config", lambda _config: scripts)
    with db.engine.connect().execution_options(**{BEGIN_WRITING: True}) as connection:
        begun = connection.begin()
        yield Walk(connection)
        begun.rollback()


def test_whoever_comes_from_an_earlier_release_loses_nothing(walk: Walk, house: Rows, clock: Clock):
    assert [name for name, rows in house.items() if not rows] == []
    newest = walk.shape()
    walk.down("base")
    for release in releases():
        walk.up(release)
        with walk.connection.begin_nested() as tried:
            there = walk.fill(house)
            walk.up()
            assert (walk.lost(there), _lost_keys(walk.connection)) == ([], []), release
            assert walk.shape() == newest, release
            check(walk.connection, now=clock.now)
            _made_of_what_was_there(walk, release, house)
            tried.rollback()


def _made_of_what_was_there(walk: Walk, release: str, house: Rows) -> None:
    found = _read(walk.connection)
    for table, column in MADE_OF_IT.items():
        assert [each[column] for each in found[table]] == [each[column] for each in house[table]], release
    if release < "0008":
        noted = {(each["location_id"], each["day"]) for each in found["day_stale"]}
        booked = {each["session_id"] for each in found["booking"]}
        assert noted == {(each["location_id"], _day(each)) for each in found["session"] if each["id"] in booked}, (
            release
        )


def _day(session: Mapping[str, Any]) -> int:
    return int((session["starts"].timestamp() // 60 + session["utc_offset"]) // 1440)


def test_the_way_down_with_all_that_is_there_leads_up_to_the_same(walk: Walk, house: Rows):
    newest, shapes = walk.shape(), {}
    for release in reversed(releases()):
        walk.down(release)
        assert walk.lost(walk.room_for(house)) == [], release
        shapes[release] = walk.shape()
    walk.down("base")
    assert walk.columns() == {}
    for release, shape in reversed(shapes.items()):
        walk.up(release)
        assert walk.shape() == shape, release
    walk.up()
    assert walk.shape() == newest


def test_a_migration_that_loses_something_is_seen(walk: Walk, house: Rows):
    """The control: what the walk looks for is there to be missed."""
    walk.down(releases()[-1])
    there = walk.room_for(house)
    walk.up()
    assert walk.lost(there) == []
    walk.connection.execute(sa.text("UPDATE message SET locale = 'fr' WHERE id = 1"))
    walk.connection.execute(sa.text("DELETE FROM feedback"))
    assert walk.lost(there) == ["feedback", "message"]
