"""Why a time is not offered, and who would get it: answers for staff, from the decision that customers get."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session as OrmSession

from actions.availability import Asked
from actions.desk_wish import Looked, asked_at_the_desk, looked
from actions.faults import told
from actions.loads import Ranking
from models.base import db
from models.desk import Pause
from models.snapshot import catalogue
from rules.assignment import Load
from rules.broken import Broken
from scheduling import availability, hours
from scheduling.availability import candidate_lists
from scheduling.explaining import faults, of_resource


@dataclass(frozen=True, slots=True)
class Candidate:
    """One who could serve need number ``need``. ``broken`` says what keeps her, and is empty when she is free; ``load``
    what she has to do, where it was counted; ``reason`` why she would get it, for the one who would."""

    resource: str
    need: int
    free: bool
    broken: tuple[Broken, ...] = ()
    load: Load | None = None
    reason: dict[str, Any] | None = field(default=None)


def why_not(
    *,
    service: str,
    location: str | None = None,
    start: datetime,
    length: int | str | None = None,
    resources: Sequence[str] = (),
    seats: int = 1,
    now: datetime,
) -> list[Broken]:
    """Every rule that keeps ``start`` from being offered, each with who or what stands in the way; empty when it is.

    Raises what ``asked_at_the_desk`` raises.
    """
    session = db.session()
    asked = asked_at_the_desk(
        catalogue(session), service=service, location=location, length=length, resources=resources, seats=seats
    )
    if start.second or start.microsecond or not hours.on_calendar(int(start.timestamp()) // 60):
        return [Broken("grid", "step", {"step": asked.service.slot_step})]
    seen = looked(session, asked, start, now)
    return [*told(session, seen, faults(seen.case)), *_paused(session, asked, now)]


def who_gets(
    *,
    service: str,
    location: str | None = None,
    start: datetime,
    length: int | str | None = None,
    resources: Sequence[str] = (),
    seats: int = 1,
    now: datetime,
) -> list[Candidate]:
    """Everybody who could serve, need by need: those who are free in the order of the service's strategy, then the others
    with what keeps them. The rules of the time itself (grid, notice, horizon, caps) are left out."""
    session = db.session()
    asked = asked_at_the_desk(
        catalogue(session), service=service, location=location, length=length, resources=resources, seats=seats
    )
    seen = looked(session, asked, start.replace(second=0, microsecond=0), now)
    ranking = Ranking(session, asked, start, now)
    return candidates(session, seen, ranking)


def candidates(session: OrmSession, seen: Looked, ranking: Ranking) -> list[Candidate]:
    """The same for what was looked at already."""
    case, known = seen.case, seen.asked.catalogue.resource_by_id
    facts = (case.service, case.location, case.resources, case.taken, case.ask, case.start)
    given = availability.assign(*facts, ranking.best_first)
    gets = {need: id for need, id, _ in given or ()}
    lists = next(candidate_lists(case.service.needs, case.ask.chosen), [need.candidates for need in case.service.needs])
    found = []
    for index, (need, ids) in enumerate(zip(case.service.needs, lists, strict=True)):
        kept = {id: of_resource(case, id, need.count) for id in ids}
        free = [id for id in ids if not kept[id]]
        # As the assignment ranks them: where one is free there is nothing to count.
        order = ranking.best_first(index, free) if len(free) > 1 else free
        loads = {load.id: load for load in ranking.loads(index)} if len(free) > 1 else {}
        for id in [*order, *(id for id in ids if kept[id])]:
            reason = ranking.reason(index, id) if gets.get(index) == id else None
            broken = tuple(told(session, seen, kept[id]))
            found.append(Candidate(known[id].slug, index, not kept[id], broken, loads.get(id), reason))
    return found


def _paused(session: OrmSession, asked: Asked, now: datetime) -> list[Broken]:
    """Pauses of online booking that concern the wish: of the house, the place, the service, a chosen person, or everybody
    who could serve a need."""
    rows = session.execute(
        select(Pause).where(Pause.since <= now, or_(Pause.until.is_(None), Pause.until > now), Pause.ended_at.is_(None))
    ).scalars()
    found = {(row.subject_kind, row.subject_id): row for row in rows}
    out = {id for kind, id in found if kind == "resource"}
    lists = next(candidate_lists(asked.plan.service.needs, frozenset(each.id for each in asked.chosen)), ())
    gone = {id for ids in lists if ids and out.issuperset(ids) for id in ids}
    wanted = [("business", None), ("location", asked.location.id), ("service", asked.service.id)]
    wanted += [("resource", id) for id in sorted(gone)]
    return [_pause(asked, found[each]) for each in wanted if each in found]


def _pause(asked: Asked, row: Pause) -> Broken:
    who = (
        asked.catalogue.resource_by_id[row.subject_id].name
        if row.subject_kind == "resource" and row.subject_id
        else None
    )
    return Broken("paused", row.subject_kind, {"until": row.until, "sentence": row.sentence, "name": who})
