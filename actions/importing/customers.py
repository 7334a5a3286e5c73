"""Customers from a file: checked row by row, written many at a time."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, func, insert, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import contacts
from actions.importing import values
from actions.importing.row import LEAVE, NEW, TAKE, Row
from actions.record import record, step_of
from models.base import dialect_of, table, upsert
from models.history import History
from models.imports import ImportRow
from models.people import Contact, Customer, CustomerContact
from rules.errors import FieldError
from rules.facts import Catalogue
from rules.rights import Viewer
from rules.text import family_first, folded

KINDS = ("phone", "email")
_QUIET = {"synchronize_session": False}
# What a customer keeps beside her name.
_COLUMNS, _EXTRA = ("level", "region"), ("company", "note")
Key = tuple[str, str]


class Judge:
    """Looks at rows of customers, and knows those before it in the same file."""

    def __init__(self, known: Catalogue, by: Viewer) -> None:  # noqa: ARG002  every kind is judged for somebody
        self.region = known.business.country
        # Of each contact and of each name with it only a hash of 64 bits: fifty thousand rows are few megabytes then.
        self.seen: set[int] = set()

    def judge(self, row: Row) -> None:
        """Types the fields of a row, and says what is wrong with it."""
        row.keep("name", values.line)
        row.keep("phone", partial(values.phone, region=self.region))
        row.keep("email", contacts.email)
        row.keep("company", values.line)
        row.keep("level", partial(values.line, longest=40))
        row.keep("region", partial(values.line, longest=60))
        row.keep("note", values.paragraph)
        row.need("name")
        if not row.wrong and not {"phone", "email"} & row.fields.keys():
            row.wrong["phone"] = FieldError("contact_required")

    def doubles(self, session: OrmSession, rows: Sequence[Row]) -> None:
        """Finds those that are there already, and those that stand in the file twice."""
        there = _there(session, (key for row in rows for key in _keys(row.fields)))
        for row in rows:
            name, keys = folded(row.fields["name"]), _keys(row.fields)
            found = {known: public for key in keys for known, _, public in there.get(key, ())}
            if any(hash((*key, name)) in self.seen for key in keys):
                row.doubles("twin", keys[0][1])
            elif name in found:
                row.doubles("known", found[name])
            elif found or any(hash(key) in self.seen for key in keys):
                row.doubles("shared", keys[0][1])
            for key in keys:
                self.seen |= {hash(key), hash((*key, name))}


def _keys(fields: Mapping[str, Any]) -> list[Key]:
    return [(kind, fields[kind].lower()) for kind in KINDS if fields.get(kind)]


def _there(session: OrmSession, keys: Iterable[Key]) -> dict[Key, list[tuple[str, int, str]]]:
    """Folded name, id and public id of everybody who has one of these contacts, the oldest first. By a name that was merged it is
    the other."""
    found: dict[Key, list[tuple[str, int, str]]] = defaultdict(list)
    # In two steps: as one join, a table that has grown by a file since its last ANALYZE is read whole for each hundred rows.
    known = {
        id: (kind, value)
        for id, kind, value in session.execute(select(Contact.id, Contact.kind, Contact.value).where(_among(keys)))
    }
    query = (
        select(
            CustomerContact.contact_id,
            Customer.folded_name,
            func.coalesce(Customer.merged_into, Customer.id),
            Customer.public_id,
        )
        .join(Customer, Customer.id == CustomerContact.customer_id)
        .where(CustomerContact.contact_id.in_(known), Customer.erased_at.is_(None))
        .order_by(Customer.merged_into.is_not(None), Customer.id)
    )
    for contact, name, id, public in session.execute(query) if known else ():
        found[known[contact]].append((name, id, public))
    return found


def _among(keys: Iterable[Key]) -> ColumnElement[bool]:
    """Kind by kind: by pairs of values no database uses its index well."""
    wanted = set(keys)
    values = {kind: sorted(value for of, value in wanted if of == kind) for kind in KINDS}
    return or_(*(and_(Contact.kind == kind, Contact.value.in_(found)) for kind, found in values.items()))


def write(
    session: OrmSession, rows: Sequence[ImportRow], *, actor: str, now: datetime
) -> dict[int, tuple[str, int | None]]:
    """Writes these rows in the current transaction: for each its state and its customer. Who is there already is taken, by
    the choice of her row, and never stands there twice because of it. Each who is new or knows more now has her step in
    the history."""
    writing = _Writing(session, actor, now)
    contact_ids = writing.contacts(key for row in rows for key in _keys(row.fields))
    there = _there(session, contact_ids)
    done: dict[int, tuple[str, int | None]] = {}
    fresh: dict[str, ImportRow] = {}
    taken: list[tuple[int, ImportRow]] = []
    for row in rows:
        if row.choice == LEAVE:
            done[row.number] = ("left", None)
        elif (id := _match(row, there)) is not None:
            done[row.number] = ("used", id)
            taken.append((id, row))
        else:
            public = secrets.token_hex(8)
            fresh[public] = row
            for key in _keys(row.fields):
                # One who stands twice in this part of the file is found by the second row.
                there[key].append((folded(row.fields["name"]), -row.number, public))
    made = writing.customers(fresh)
    numbers = made
    for number, (state, id) in list(done.items()):
        if id is not None and id < 0:
            done[number] = (state, numbers[-id])
    done |= {number: ("made", id) for number, id in made.items()}
    writing.fill((numbers.get(-id, id), row) for id, row in taken)
    writing.link(
        (id, contact_ids[key]) for row in rows if (id := done[row.number][1]) is not None for key in _keys(row.fields)
    )
    return done


def _match(row: ImportRow, there: Mapping[Key, list[tuple[str, int, str]]]) -> int | None:
    """Who it is of those that are there, by the row's choice."""
    if row.choice == NEW and row.double != "shared":
        return None
    name, keys = folded(row.fields["name"]), _keys(row.fields)
    everybody = [each for key in keys for each in there.get(key, ())]
    same = [id for known, id, _ in everybody if known == name]
    if same:
        return same[0]
    return everybody[0][1] if everybody and row.choice == TAKE and row.double == "shared" else None


class _Writing:
    """The statements, each for all rows at once."""

    def __init__(self, session: OrmSession, actor: str, now: datetime) -> None:
        self.session, self.actor, self.now = session, actor, now

    def contacts(self, keys: Iterable[Key]) -> dict[Key, int]:
        """The ids of these contacts, made where they are new, all locked: who books meanwhile with one of them waits, and finds the
        customer. Two that wait for each other in a circle are tried again."""
        wanted = sorted(set(keys))
        if not wanted:
            return {}
        rows = [
            {"kind": kind, "value": value, "backwards": value[::-1], "state": "good", "counted": 0}
            for kind, value in wanted
        ]
        make = upsert(Contact, dialect_of(self.session)).on_conflict_do_nothing(index_elements=["kind", "value"])
        self.session.execute(make, rows)
        query = select(Contact.kind, Contact.value, Contact.id)
        query = query.where(_among(wanted)).order_by(Contact.id).with_for_update()
        found = self.session.execute(query)
        return {(kind, value): id for kind, value, id in found}

    def customers(self, fresh: Mapping[str, ImportRow]) -> dict[int, int]:
        """Makes them, and returns the id of each by the number of its row."""
        if not fresh:
            return {}
        rows = [{"public_id": public, **_values(row.fields), "created_at": self.now} for public, row in fresh.items()]
        self.session.execute(insert(Customer.__table__), rows)  # type: ignore[arg-type]
        query = select(Customer.public_id, Customer.id).where(Customer.public_id.in_(list(fresh)))
        made = {fresh[public].number: id for public, id in self.session.execute(query)}
        step = step_of(self.session, at=self.now, actor=self.actor, kind="customer", action="imported")
        self.session.execute(insert(table(History)), [step | {"object_id": id} for id in made.values()])
        return made

    def fill(self, taken: Iterable[tuple[int, ImportRow]]) -> None:
        """What the file knows of somebody beyond what is known here. What is known stays."""
        more = [(id, row) for id, row in taken if any(row.fields.get(each) for each in (*_COLUMNS, *_EXTRA))]
        if not more:
            return
        query = select(Customer.id, Customer.level, Customer.region, Customer.extra)
        # Locked, so that what somebody writes down meanwhile is known here and stays.
        query = query.where(Customer.id.in_({id for id, _ in more})).order_by(Customer.id).with_for_update()
        there = {each.id: each for each in self.session.execute(query)}
        for id, row in more:
            old, given = there[id], _values(row.fields)
            new: dict[str, Any] = {each: getattr(old, each) or given[each] for each in _COLUMNS}
            new["extra"] = {**given["extra"], **(old.extra or {})}
            if any(new[each] != getattr(old, each) for each in new):
                self._filled(id, old, new)

    def _filled(self, id: int, old: Any, new: dict[str, Any]) -> None:
        known = old.extra or {}
        more = {each: new[each] for each in _COLUMNS if new[each] != getattr(old, each)}
        more |= {each: value for each, value in new["extra"].items() if value != known.get(each)}
        change = update(Customer).where(Customer.id == id).values(**new, revision=Customer.revision + 1)
        self.session.execute(change.execution_options(**_QUIET))
        record(
            self.session, at=self.now, actor=self.actor, object_kind="customer", object_id=id, action="changed",
            after={"fields": sorted(more)}, personal_after=more,
        )  # fmt: skip

    def link(self, pairs: Iterable[tuple[int, int]]) -> None:
        """How each is reached."""
        rows = [{"customer_id": customer, "contact_id": contact} for customer, contact in sorted(set(pairs))]
        if rows:
            self.session.execute(upsert(CustomerContact, dialect_of(self.session)).on_conflict_do_nothing(), rows)


def _values(fields: Mapping[str, Any]) -> dict[str, Any]:
    name = folded(fields["name"])
    return {
        "name": fields["name"],
        "folded_name": name,
        "family_first": family_first(name),
        **{each: fields.get(each) for each in _COLUMNS},
        "extra": {each: fields[each] for each in _EXTRA if fields.get(each)},
    }
