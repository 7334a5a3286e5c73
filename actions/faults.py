"""Faults of a start with the names, references and figures that people need to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions.desk_wish import Looked
from models.business import Absence
from rules.broken import Broken
from scheduling import availability, hours
from scheduling.explaining import Fault


def told(session: OrmSession, seen: Looked, found: Iterable[Fault]) -> list[Broken]:
    """Faults with the names, references and figures of their sentences."""
    return [broken for fault in found for broken in _SAYS[fault.rule](session, seen, fault)]


def _grid(_session: OrmSession, seen: Looked, fault: Fault) -> list[Broken]:
    zone, plan = seen.asked.zone, seen.case
    if fault.why != "starts":
        return [Broken("grid", "step", {"step": seen.asked.service.slot_step})]
    day = seen.start.astimezone(zone).date()
    starts = [_instant(each).astimezone(zone) for each in availability.grid_of(plan.service, plan.location, day)]
    return [Broken("grid", "starts" if starts else "no_starts", {"starts": tuple(starts), "day": day})]


def _open(session: OrmSession, seen: Looked, fault: Fault) -> list[Broken]:
    if fault.why == "house":
        return [_shut(seen)]
    if fault.why == "service":
        return [Broken("open", "service", {"service": seen.asked.service.name})]
    assert fault.resource is not None
    who = _named(seen, fault.resource)
    return [
        Broken("open", fault.why, {**who, **(_absence(session, seen, fault.resource) if fault.why == "away" else {})})
    ]


def _shut(seen: Looked) -> Broken:
    asked, timetable = seen.asked, seen.case.location.timetable
    day = seen.start.astimezone(asked.zone).date()
    where = {"location": asked.location.slug, "place": asked.location.name, "day": day}
    if hours.is_cut(timetable, day):
        kind = "closed" if day in timetable.closed else "holiday"
        return Broken("open", kind, {**where, "name": asked.location.day_names.get(day)})
    windows = hours.windows_of(timetable, day, timetable)
    return Broken("open", "house" if windows else "closed", {**where, "windows": windows, "name": None})


def _absence(session: OrmSession, seen: Looked, id: int) -> dict[str, Any]:
    """Until when the resource is away, by its own clock, and why; nothing when no single absence says so."""
    zone = seen.case.resources[id].absence_zone
    start = seen.start
    end = _instant(availability.end_of(seen.case.location, seen.asked.length, seen.case.start))
    rows = session.execute(select(Absence).where(Absence.resource_id == id).order_by(Absence.to_local)).scalars()
    for row in rows:
        off = hours.Absence(row.from_local, row.to_local, row.unit_id, row.whole_days)
        for begin, over in hours.away_minutes([off], zone):
            if begin * 60 < end.timestamp() and start.timestamp() < over * 60:
                return {"until": row.to_local, "whole_days": row.whole_days, "reason": row.reason, "absence": row.id}
    return {"until": None}


def _taken(_session: OrmSession, seen: Looked, fault: Fault) -> list[Broken]:
    """One for each who has the time of the resource, or its buffers."""
    assert fault.resource is not None
    who, case = _named(seen, fault.resource), seen.case
    end = availability.end_of(case.location, case.ask.length, case.start)
    low, high = case.start - case.service.buffer_before, end + case.service.buffer_after
    found = []
    for each in seen.around:
        if each.resource_id != fault.resource or not (each.busy[0] < high and low < each.busy[1]):
            continue
        if each.expired(datetime.fromtimestamp(case.ask.now_seconds, UTC)):
            continue
        why = "booking" if each.references else "block" if each.kind == "block" else "hold"
        rule = "free" if each.start < end and case.start < each.end else "buffers"
        span = {"start": _instant(each.start), "end": _instant(each.end), "title": each.title}
        found.append(Broken(rule, why, {**who, **span, "references": each.references, "held_until": each.held_until}))
    return found


def _needs(_session: OrmSession, seen: Looked, fault: Fault) -> list[Broken]:
    need = seen.asked.service.needs[fault.need] if fault.need is not None else None
    return [Broken("needs", fault.why, {"need": fault.need, "kind": need.kind if need else None})]


def _notice(_session: OrmSession, seen: Looked, fault: Fault) -> list[Broken]:
    return [Broken("notice", fault.why, {"min_notice": seen.asked.service.min_notice})]


def _horizon(_session: OrmSession, seen: Looked, _fault: Fault) -> list[Broken]:
    day, reach = seen.start.astimezone(seen.asked.zone).date(), seen.asked.service.horizon_days
    return [Broken("horizon", "far", {"days": reach, "day": day, "opens": day - timedelta(days=reach)})]


def _seats(_session: OrmSession, seen: Looked, fault: Fault) -> list[Broken]:
    case = seen.case
    here = [each for each in case.taken.sessions if each.start == case.start]
    left = max((case.service.seats - each.seats_taken for each in here), default=case.service.seats)
    return [Broken("seats", fault.why, {"left": left, "asked": case.ask.seats, "seats": case.service.seats})]


def _limits(_session: OrmSession, seen: Looked, _fault: Fault) -> list[Broken]:
    day: date = seen.start.astimezone(seen.asked.zone).date()
    limit, count = seen.case.service.per_day, seen.case.taken.per_day.get(day, 0)
    return [Broken("limits", "per_day", {"limit": limit, "count": count, "day": day})]


_SAYS: dict[str, Callable[[OrmSession, Looked, Fault], list[Broken]]] = {
    "grid": _grid,
    "open": _open,
    "free": _taken,
    "buffers": _taken,
    "needs": _needs,
    "notice": _notice,
    "horizon": _horizon,
    "seats": _seats,
    "limits": _limits,
}


def _named(seen: Looked, id: int) -> dict[str, Any]:
    resource = seen.asked.catalogue.resource_by_id[id]
    return {"resource": resource.slug, "name": resource.name}


def _instant(minute: int) -> datetime:
    return datetime.fromtimestamp(minute * 60, UTC)
