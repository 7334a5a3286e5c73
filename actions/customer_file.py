"""What staff write down about a customer: her name, how she is reached, level, region, whose she is, tags."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions import contacts
from actions.record import record
from actions.transaction import run
from models.base import db, dialect_of, upsert
from models.people import Contact, Customer, CustomerContact, CustomerTag, Staff
from models.snapshot import catalogue
from rules import errors, text
from rules.diff import diff
from rules.errors import FieldError, Invalid

MOST_TAGS, MOST_WAYS = 20, 10
_QUIET = {"synchronize_session": False}


def change(
    *,
    id: int,
    fields: Mapping[str, Any],
    tags: Sequence[str] | None = None,
    ways: Mapping[str, Sequence[str]] | None = None,
    revision: int | None = None,
    actor: str,
    now: datetime,
) -> bool:
    """Writes down any of name, level, region, owner_id; ``tags`` and ``ways`` (phone, email: as typed) replace those that there
    are. False when it was so already. Raises Missing, StalePage, and Invalid with an error per field.

    Bookings keep what was typed with them.
    """

    def work(session: OrmSession) -> bool:
        values, tagged, reached = _checked(session, fields, tags, ways)
        ids = _contacts(session, reached) if reached is not None else None
        before = locked(session, id)
        old = {name: getattr(before, name) for name in values}
        was, new = diff(old, values)
        changed = set(new)
        if tagged is not None and _set_tags(session, id, tagged):
            changed.add("tags")
        if ids is not None and _set_ways(session, id, ids):
            changed.add("contacts")
        if not changed:
            return False
        if revision is not None and revision != before.revision:
            raise errors.StalePage(revision=before.revision)
        named = _named(new["name"]) if "name" in new else {}
        written = {**new, **named, "revision": before.revision + 1, "compared_at": None}
        session.execute(update(Customer).where(Customer.id == id).values(**written).execution_options(**_QUIET))
        record(
            session,
            at=now,
            actor=actor,
            object_kind="customer",
            object_id=id,
            action="changed",
            after={"fields": sorted(changed)},
            personal_before=was or None,
            personal_after=new or None,
        )
        return True

    return run(work)


def wrong(
    *,
    fields: Mapping[str, Any],
    tags: Sequence[str] | None = None,
    ways: Mapping[str, Sequence[str]] | None = None,
) -> Mapping[str, FieldError]:
    """What ``change`` would find wrong with these, field by field. Nothing is written."""
    try:
        _checked(db.session(), fields, tags, ways)
    except Invalid as refusal:
        return refusal.errors
    return {}


def _named(name: str) -> dict[str, str]:
    said = text.folded(name)
    return {"folded_name": said, "family_first": text.family_first(said)}


def locked(session: OrmSession, id: int) -> Customer:
    """The customer, locked, who is neither merged nor erased. Raises Missing."""
    query = select(Customer).where(Customer.id == id).with_for_update()
    found = session.execute(query.execution_options(populate_existing=True)).scalar_one_or_none()
    if found is None or found.merged_into is not None or found.erased_at is not None:
        raise errors.Missing
    session.expunge(found)
    return found


def _checked(
    session: OrmSession,
    fields: Mapping[str, Any],
    tags: Sequence[str] | None,
    ways: Mapping[str, Sequence[str]] | None,
) -> tuple[dict[str, Any], list[str] | None, list[tuple[str, str]] | None]:
    wrong: dict[str, FieldError] = {}
    values: dict[str, Any] = {}
    for name, longest in (("name", 100), ("level", 40), ("region", 80)):
        if name in fields:
            said = text.line(fields[name] or "", longest=longest)
            if isinstance(said, FieldError):
                wrong[name] = said
            elif name == "name" and not said:
                wrong[name] = FieldError("required")
            else:
                values[name] = said or None
    if "owner_id" in fields:
        owner = fields["owner_id"]
        if owner is not None and session.execute(select(Staff.id).where(Staff.id == owner)).first() is None:
            wrong["owner_id"] = FieldError("not_an_option")
        values["owner_id"] = owner
    tagged = _tags(tags, wrong) if tags is not None else None
    reached = _ways(session, ways, wrong) if ways is not None else None
    if wrong:
        raise Invalid(errors=wrong)
    return values, tagged, reached


def _tags(typed: Sequence[str], wrong: dict[str, FieldError]) -> list[str]:
    found: dict[str, str] = {}
    for each in typed:
        said = text.line(each, longest=40)
        if isinstance(said, FieldError):
            wrong["tags"] = said
        elif said:
            found.setdefault(text.folded(said), said)
    if len(found) > MOST_TAGS:
        wrong["tags"] = FieldError("too_many", {"max": MOST_TAGS})
    return list(found.values())


def _ways(
    session: OrmSession, typed: Mapping[str, Sequence[str]], wrong: dict[str, FieldError]
) -> list[tuple[str, str]]:
    judges: dict[str, Callable[[str], str | FieldError]] = {
        "phone": partial(contacts.phone, region=catalogue(session).business.country),
        "email": contacts.email,
    }
    found: dict[tuple[str, str], None] = {}
    for kind, judge in judges.items():
        given = [each for each in typed.get(kind, ()) if not text.blank(each)]
        if len(given) > MOST_WAYS:
            wrong[kind] = FieldError("too_many", {"max": MOST_WAYS})
        for each in given:
            value = judge(each)
            if isinstance(value, FieldError):
                wrong[kind] = value
            else:
                found[kind, value.lower()] = None
    return list(found)


def _contacts(session: OrmSession, wanted: Sequence[tuple[str, str]]) -> set[int]:
    """Ids of these contacts, made where they are new, locked in one order; no booking is counted."""
    found = set()
    for kind, value in sorted(wanted):
        row = {"kind": kind, "value": value, "state": "good", "backwards": value[::-1], "counted": 0}
        session.execute(upsert(Contact, dialect_of(session)).values(**row).on_conflict_do_nothing())
        query = select(Contact.id).where(Contact.kind == kind, Contact.value == value)
        found.add(session.execute(query.with_for_update()).scalar_one())
    return found


def _set_tags(session: OrmSession, id: int, wanted: Collection[str]) -> bool:
    known = set(session.scalars(select(CustomerTag.tag).where(CustomerTag.customer_id == id)))
    gone, fresh = known - set(wanted), set(wanted) - known
    mine = delete(CustomerTag).where(CustomerTag.customer_id == id, CustomerTag.tag.in_(gone))
    session.execute(mine.execution_options(**_QUIET))
    if fresh:
        session.execute(insert(CustomerTag), [{"customer_id": id, "tag": each} for each in sorted(fresh)])
    return bool(gone or fresh)


def _set_ways(session: OrmSession, id: int, wanted: set[int]) -> bool:
    """Links her to these contacts only. Of a name that was merged into hers, too: it must not lead to her by a number that is not
    hers any more."""
    known = set(session.scalars(select(CustomerContact.contact_id).where(CustomerContact.customer_id == id)))
    gone, fresh = known - wanted, wanted - known
    merged = select(Customer.id).where((Customer.id == id) | (Customer.merged_into == id))
    theirs = CustomerContact.customer_id.in_(merged) & CustomerContact.contact_id.in_(gone)
    session.execute(delete(CustomerContact).where(theirs).execution_options(**_QUIET))
    if fresh:
        session.execute(insert(CustomerContact), [{"customer_id": id, "contact_id": each} for each in sorted(fresh)])
    return bool(gone or fresh)
