"""Blocks: time of people, rooms and things that nobody can book."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.taking import end_stale, lock_resources, lock_session, resources_of
from actions.transaction import Again, run
from models import bookings
from models.base import execute, table
from models.booking import Allocation, Session
from models.snapshot import catalogue
from rules import errors, facts, text
from rules.errors import FieldError, Invalid


@dataclass(frozen=True, slots=True)
class Block:
    """Time that is blocked; ``resources`` are slugs, instants aware UTC. ``live`` until it is lifted; ``replayed`` when it had
    been made or lifted before."""

    session_id: int
    resources: tuple[str, ...]
    location: str
    start: datetime
    end: datetime
    title: str
    made_by: str
    live: bool = True
    replayed: bool = False


def block(*, resources: Sequence[str], start: datetime, end: datetime, title: str, actor: str, now: datetime) -> Block:
    """Blocks every unit of ``resources`` (slugs) in ``[start, end)``, whole minutes, at the first one's first location.

    Raises Invalid for fields to mend, UnknownResource, and InTheWay with everything that takes one of them then.
    """
    said = _checked(resources, start, end, title)

    def work(session: OrmSession) -> Block:
        known = catalogue(session)
        whom = []
        for slug in dict.fromkeys(resources):
            found = known.resources.get(slug)
            if found is None:
                raise errors.UnknownResource(resource=slug)
            whom.append(found)
        lock_resources(session, [each.id for each in whom])
        if catalogue(session) is not known:
            # Edited while the locks were waited for: what there is, and how many units, may be otherwise now.
            raise Again
        again = _again(session, {each.slug for each in whom}, start, end, said, actor)
        if again is not None:
            return again
        _clear(session, [each.id for each in whom], start, end, now)
        place = known.location_by_id[next(iter(whom[0].at))]
        session_id = _write(session, whom, place, start, end, said, actor, now)
        made = Block(session_id, tuple(each.slug for each in whom), place.slug, start, end, said, actor)
        after = {"start": start.isoformat(), "end": end.isoformat(), "resources": list(made.resources)}
        _record(session, "blocked", session_id, actor, now, after=after)
        return made

    return run(work)


def _again(
    session: OrmSession, slugs: set[str], start: datetime, end: datetime, title: str, actor: str
) -> Block | None:
    """The very same block, if the same person has made it already: a second tap."""
    same = select(Session.id).where(
        Session.kind == "block",
        Session.live,
        Session.starts == start,
        Session.ends == end,
        Session.title == title,
        Session.made_by == actor,
    )
    for id in session.execute(same.order_by(Session.id)).scalars().all():
        found = find(session, id)
        if found is not None and set(found.resources) == slugs:
            return Block(**{**_shown(found), "replayed": True})
    return None


def lift(*, session_id: int, actor: str, now: datetime) -> Block:
    """Makes blocked time free again; again changes nothing. Raises Missing for what is no block."""

    def work(session: OrmSession) -> Block:
        lock_resources(session, resources_of(session, [session_id]))
        lock_session(session, session_id)
        found = find(session, session_id)
        if found is None:
            raise errors.Missing
        if not found.live:
            return Block(**{**_shown(found), "replayed": True})
        for rows, mine in ((Session, Session.id), (Allocation, Allocation.session_id)):
            session.execute(
                update(rows).where(mine == session_id).values(live=False).execution_options(synchronize_session=False)
            )
        _record(session, "lifted", session_id, actor, now)
        return Block(**{**_shown(found), "live": False})

    return run(work)


def find(session: OrmSession, session_id: int) -> Block | None:
    """The block with this session id, or None."""
    known = catalogue(session)
    columns = (Session.location_id, Session.starts, Session.ends, Session.title, Session.made_by, Session.live)
    row = session.execute(select(*columns).where(Session.id == session_id, Session.kind == "block")).one_or_none()
    if row is None:
        return None
    order = select(Allocation.resource_id).where(Allocation.session_id == session_id).order_by(Allocation.need)
    slugs = tuple(known.resource_by_id[id].slug for id in dict.fromkeys(session.execute(order).scalars()))
    place = known.location_by_id[row.location_id].slug
    return Block(session_id, slugs, place, row.starts, row.ends, row.title or "", row.made_by or "", row.live)


def _shown(each: Block) -> dict[str, Any]:
    return {name: getattr(each, name) for name in Block.__dataclass_fields__}


def _checked(resources: Sequence[str], start: datetime, end: datetime, title: str) -> str:
    wrong: dict[str, FieldError] = {}
    said = text.line(title, longest=120)
    if isinstance(said, FieldError):
        wrong["title"] = said
    if not resources:
        wrong["resources"] = FieldError("required")
    for name, at in (("start", start), ("end", end)):
        if at.second or at.microsecond:
            wrong[name] = FieldError("not_a_minute")
    if end <= start:
        wrong["end"] = FieldError("end_before_start")
    if wrong or isinstance(said, FieldError):
        raise Invalid(errors=wrong)
    return said


def _clear(session: OrmSession, ids: Sequence[int], start: datetime, end: datetime, now: datetime) -> None:
    """Ends holds that have expired there. Raises InTheWay when anything else takes the time."""
    rows = session.execute(
        select(Session.id, Session.kind, Session.held_until, Session.title)
        .join(Allocation, Allocation.session_id == Session.id)
        .where(Allocation.resource_id.in_(ids), Allocation.live, Allocation.busy_from < end, Allocation.busy_to > start)
        .distinct()
        .order_by(Session.id)
    ).all()
    standing = []
    for row in rows:
        if row.held_until is None or row.held_until > now:
            standing.append(row)
        elif not end_stale(session, row.id, now):
            raise Again
    if not standing:
        return
    booked = bookings.of_sessions(session, [row.id for row in standing if row.kind == "service"])
    holds = [row.held_until for row in standing if row.held_until is not None]
    titles = [row.title for row in standing if row.kind == "block"]
    raise errors.InTheWay(bookings=booked, held_until=max(holds, default=None), blocks=titles)


def _write(
    session: OrmSession,
    whom: Sequence[facts.Resource],
    place: facts.Location,
    start: datetime,
    end: datetime,
    title: str,
    actor: str,
    now: datetime,
) -> int:
    offset = start.astimezone(ZoneInfo(place.timezone)).utcoffset()
    row = {
        "kind": "block",
        "location_id": place.id,
        "starts": start,
        "ends": end,
        "busy_from": start,
        "busy_to": end,
        "zone": place.timezone,
        "utc_offset": int(offset.total_seconds()) // 60 if offset else 0,
        "seats": 1,
        "seats_taken": 0,
        "live": True,
        "created_at": now,
        "title": title,
        "made_by": actor,
    }
    session_id = int(execute(session, _BLOCKED, row).scalar_one())
    taken = {"session_id": session_id, "busy_from": start, "busy_to": end, "live": True}
    units = sorted((unit, need, each.id) for need, each in enumerate(whom) for unit in each.units)
    execute(session, _TAKEN, [{**taken, "unit_id": unit, "need": need, "resource_id": id} for unit, need, id in units])
    return session_id


_BLOCKED = insert(table(Session)).returning(table(Session).c.id)
_TAKEN = insert(table(Allocation)).inline()


def _record(
    session: OrmSession, action: str, session_id: int, actor: str, now: datetime, *, after: dict[str, Any] | None = None
) -> None:
    record(session, at=now, actor=actor, object_kind="block", object_id=session_id, action=action, after=after)
