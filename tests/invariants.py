"""What is true of the database at any moment, read from its tables alone. Checked after every test that writes.

The statements hold on both databases and know nothing of the code that wrote the rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import Connection, Table, create_engine, select

import models.all  # noqa: F401  fills the metadata
from models import guard
from models.base import Base

LIVE = {"requested", "confirmed", "arrived", "completed", "no_show"}
STEPS = {
    None: {"requested", "confirmed"},
    "requested": {"requested", "confirmed", "declined", "expired", "cancelled"},
    "confirmed": {"confirmed", "requested", "arrived", "completed", "no_show", "cancelled"},
    "arrived": {"completed", "confirmed", "arrived"},
    "completed": {"arrived", "completed"},
    "no_show": {"arrived", "confirmed", "no_show"},
    "cancelled": {"confirmed", "requested", "cancelled"},
    "declined": {"declined"},
    "expired": {"expired"},
}
Rows = list[dict[str, Any]]


def check(connection: Connection, *, now: datetime | None = None) -> None:
    """Fails with every invariant that the database breaks. ``now``: holds that run are counted too."""
    broken = list(violations(connection, now=now))
    assert not broken, "the database is in a state that must not be:\n  " + "\n  ".join(broken)


def check_url(url: str) -> None:
    """The same for a database that other processes have written, unless a control took its guard away."""
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            if guard.stands(connection):
                check(connection)
    finally:
        engine.dispose()


def violations(connection: Connection, *, now: datetime | None = None) -> Iterator[str]:
    """One sentence for each thing that must not be."""
    store = _Store(connection, now)
    for each in CHECKS:
        yield from each(store)


class _Store:
    """All rows, read once."""

    def __init__(self, connection: Connection, now: datetime | None) -> None:
        self.now = now
        self._connection = connection
        self._read: dict[str, Rows] = {}

    def __getitem__(self, name: str) -> Rows:
        if name not in self._read:
            table: Table = Base.metadata.tables[name]
            found = self._connection.execute(select(table).order_by(*table.primary_key.columns))
            self._read[name] = [dict(row._mapping) for row in found]
        return self._read[name]

    def grouped(self, name: str, key: str) -> dict[Any, Rows]:
        groups: dict[Any, Rows] = defaultdict(list)
        for row in self[name]:
            groups[row[key]].append(row)
        return groups


def no_unit_is_taken_twice(store: _Store) -> Iterator[str]:
    for unit, rows in store.grouped("allocation", "unit_id").items():
        live = sorted((row for row in rows if row["live"]), key=lambda row: row["busy_from"])
        for earlier, later in pairwise(live):
            if later["busy_from"] < earlier["busy_to"]:
                yield f"unit {unit} is taken twice: allocations {earlier['id']} and {later['id']}"


def allocations_take_units_of_their_resource(store: _Store) -> Iterator[str]:
    owner = {row["id"]: row["resource_id"] for row in store["resource_unit"]}
    for row in store["allocation"]:
        if owner.get(row["unit_id"]) != row["resource_id"]:
            yield f"allocation {row['id']} takes a unit of another resource"


def a_session_owns_all_its_allocations_or_none(store: _Store) -> Iterator[str]:
    allocations = store.grouped("allocation", "session_id")
    needs = store.grouped("need", "service_id")
    squeezed = _somebody_was_squeezed_in(store)
    for session in store["session"]:
        mine = [row for row in allocations[session["id"]] if row["live"]]
        if bool(mine) != bool(session["live"]):
            yield f"session {session['id']} is live: {session['live']}, with {len(mine)} live allocations"
        for row in mine:
            if not _takes_its_time(row, session, squeezed):
                yield f"allocation {row['id']} takes another time than session {session['id']}"
            if row["held_until"] != session["held_until"]:
                yield f"allocation {row['id']} is held until {row['held_until']}, its session {session['held_until']}"
        taken = {(row["need"], row["resource_id"]) for row in mine}
        if len({need for need, _ in taken}) != len(taken) or len({resource for _, resource in taken}) != len(taken):
            yield f"session {session['id']} gives one resource to two needs, or two resources to one"
        if mine and len(taken) < min(1, len(needs[session["service_id"]])):
            yield f"session {session['id']} has nothing for a need"


def _somebody_was_squeezed_in(store: _Store) -> bool:
    """True once buffers were set aside: beside such a visit they have given way, also after it has moved on."""
    return any("buffers" in (row["overruled"] or {}).get("rules", []) for row in store["booking"])


def _takes_its_time(row: dict[str, Any], session: dict[str, Any], squeezed: bool) -> bool:
    whole = (session["busy_from"], session["busy_to"])
    if not squeezed:
        return (row["busy_from"], row["busy_to"]) == whole
    return whole[0] <= row["busy_from"] <= session["starts"] < session["ends"] <= row["busy_to"] <= whole[1]


def sessions_count_their_seats(store: _Store) -> Iterator[str]:
    bookings = store.grouped("booking", "session_id")
    holds = store.grouped("hold", "session_id")
    for session in store["session"]:
        if session["kind"] != "service":
            continue
        booked = sum(row["seats"] for row in bookings[session["id"]] if row["status"] in LIVE)
        open_ = [row for row in holds[session["id"]] if row["state"] == "open"]
        running = sum(row["seats"] for row in open_ if store.now and row["expires_at"] > store.now)
        most = booked + sum(row["seats"] for row in open_)
        if not booked + running <= session["seats_taken"] <= most:
            yield f"session {session['id']} counts {session['seats_taken']} seats, not {booked} + {running} to {most}"
        if booked and (not session["live"] or session["held_until"] is not None):
            yield f"session {session['id']} is booked and yet not firm"
        if session["live"] and not booked and (not open_ or session["held_until"] is None):
            yield f"session {session['id']} lives for nobody"


def a_used_hold_became_one_booking(store: _Store) -> Iterator[str]:
    states = {row["id"]: row["state"] for row in store["hold"]}
    for row in store["booking"]:
        if row["hold_id"] is not None and states.get(row["hold_id"], "used") != "used":
            yield f"booking {row['reference']} comes from a hold that is {states[row['hold_id']]}"


def history_tells_how_each_booking_came_to_be(store: _Store) -> Iterator[str]:
    steps = defaultdict(list)
    for row in store["history"]:
        if row["object_kind"] == "booking":
            steps[row["object_id"]].append(row)
    for booking in store["booking"]:
        told, status, revision = steps[booking["id"]], None, 0
        earlier = None
        for step in told:
            if not step["actor"] or not step["at"]:
                yield f"history {step['id']} names nobody or no time"
            after = (step["after"] or {}).get("status", status)
            if after not in ({earlier} if step["action"] == "undone" else STEPS[status]):
                yield f"booking {booking['reference']} went from {status} to {after}"
            if "revision" in (step["after"] or {}):
                earlier = status
            status, revision = after, (step["after"] or {}).get("revision", revision)
        if status != booking["status"]:
            yield f"booking {booking['reference']} is {booking['status']}, its history says {status}"
        if revision != booking["revision"]:
            yield f"booking {booking['reference']} has revision {booking['revision']}, its history {revision}"


def each_message_is_written_once_and_can_be_of_use(store: _Store) -> Iterator[str]:
    seen = set()
    revisions = {row["id"]: row["revision"] for row in store["booking"]}
    for row in store["message"]:
        names = ("object_kind", "object_id", "revision", "kind", "offset_minutes", "channel", "recipient", "copy")
        key = tuple(row[name] for name in names)
        if key in seen:
            yield f"message {row['id']} is written twice"
        seen.add(key)
        if row["deadline"] < row["due_at"]:
            yield f"message {row['id']} is due after it is of use"
        if row["state"] in ("sent", "delivered", "failed", "expired", "dropped") and row["settled_at"] is None:
            yield f"message {row['id']} is {row['state']} since never"
        if row["state"] in ("failed", "expired", "dropped") and not row["why"]:
            yield f"message {row['id']} is {row['state']} without a reason"
        if row["object_kind"] == "booking" and row["revision"] > revisions.get(row["object_id"], -1):
            yield f"message {row['id']} speaks of a revision that does not exist"


def instants_are_whole_and_zones_known(store: _Store) -> Iterator[str]:
    zones = available_timezones()
    for row in store["session"]:
        if row["zone"] not in zones:
            yield f"session {row['id']} lies in the unknown zone {row['zone']}"
        if row["starts"].second or row["ends"].second or row["starts"].tzinfo is not UTC:
            yield f"session {row['id']} does not start or end on a whole UTC minute"
        if not row["busy_from"] <= row["starts"] < row["ends"] <= row["busy_to"]:
            yield f"session {row['id']} is not inside the time that it takes"
        offset = row["starts"].astimezone(ZoneInfo(row["zone"])).utcoffset() if row["zone"] in zones else None
        if offset is not None and offset.total_seconds() != row["utc_offset"] * 60:
            yield f"session {row['id']} was written with the offset {row['utc_offset']}, its zone says {offset}"


def a_key_has_one_effect(store: _Store) -> Iterator[str]:
    for row in store["idempotency"]:
        if not row["answer"]:
            yield f"the key {row['id']} was kept without an answer"


CHECKS: list[Callable[[_Store], Iterator[str]]] = [
    no_unit_is_taken_twice,
    allocations_take_units_of_their_resource,
    a_session_owns_all_its_allocations_or_none,
    sessions_count_their_seats,
    a_used_hold_became_one_booking,
    history_tells_how_each_booking_came_to_be,
    each_message_is_written_once_and_can_be_of_use,
    instants_are_whole_and_zones_known,
    a_key_has_one_effect,
]
