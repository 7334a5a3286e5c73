"""Writing down that somebody is away or a place is closed: the catalogue is another one from then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.outage_facts import Outage
from actions.record import record
from models.business import Absence, Business, SpecialDay
from rules import errors
from rules.errors import FieldError
from rules.facts import Catalogue, Location
from scheduling import hours

QUIET = {"synchronize_session": False}
LONGEST = 366


def write(
    session: OrmSession, known: Catalogue, outage: Outage, *, reason: str | None, actor: str, now: datetime
) -> bool:
    """Writes the time off or the closed days of an outage and makes everybody read the catalogue anew. False when it was
    written before. The resources concerned are locked. Raises Invalid for a place that would be closed for years."""
    made = [("resource", id) for id in sorted(outage.resource_ids) if _away(session, known, id, outage, reason)]
    if outage.location_id is not None and _closed(session, known.location_by_id[outage.location_id], outage):
        made.append(("location", outage.location_id))
    for kind, id in made:
        after = {"start": outage.start.isoformat(), "end": outage.end.isoformat()}
        what = {"object_kind": kind, "object_id": id, "action": "out"}
        record(session, at=now, actor=actor, after=after, reason=reason, **what)  # type: ignore[arg-type]
    if made:
        session.execute(
            update(Business).values(catalogue_version=Business.catalogue_version + 1).execution_options(**QUIET)
        )
    return bool(made)


def _away(session: OrmSession, known: Catalogue, id: int, outage: Outage, reason: str | None) -> bool:
    zone = next(iter(known.resource_by_id[id].at.values())).absence_zone
    off = outage.absence(zone)
    there = select(Absence.id).where(
        Absence.resource_id == id,
        Absence.unit_id.is_(None),
        Absence.from_local == off.from_local,
        Absence.to_local == off.to_local,
    )
    if session.execute(there.limit(1)).first():
        return False
    row = {"resource_id": id, "from_local": off.from_local, "to_local": off.to_local, "whole_days": off.whole_days}
    row |= {"source": "desk"}
    session.execute(insert(Absence).values(**row, **({"reason": reason} if reason else {})))
    return True


def _closed(session: OrmSession, place: Location, outage: Outage) -> bool:
    """Closed dates where nothing is left of a day, else the hours that are left."""
    zone = ZoneInfo(place.timezone)
    low, high = (each.astimezone(zone).replace(tzinfo=None) for each in (outage.start, outage.end))
    if (high - low).days > LONGEST:
        raise errors.Invalid(errors={"end": FieldError("required")})
    changed = False
    for day, windows in _left(place.hours.timetable, low, high):
        mine = (SpecialDay.owner_kind == "location", SpecialDay.owner_id == place.id, SpecialDay.date == day)
        session.execute(delete(SpecialDay).where(*mine).execution_options(**QUIET))
        row = {"owner_kind": "location", "owner_id": place.id, "date": day, "source": "desk"}
        midnight = datetime.combine(day, datetime.min.time())
        # A closed date takes the tail of the evening before along, so it is one only when all of it is meant.
        whole = low <= midnight and midnight + timedelta(days=1) <= high
        kind = {"kind": "closed"} if whole else {"kind": "special_hours", "windows": [list(each) for each in windows]}
        session.execute(insert(SpecialDay).values(**row, **kind))
        changed = True
    return changed


def _left(timetable: hours.Timetable, low: datetime, high: datetime) -> Iterator[tuple[date, list[tuple[int, int]]]]:
    """Each date on which something is cut away, with the windows that are left of it."""
    for day in hours.days(low.date() - timedelta(days=1), high.date()):
        if hours.is_cut(timetable, day):
            continue
        midnight = datetime.combine(day, datetime.min.time())
        begin, finish = (int((each - midnight).total_seconds()) // 60 for each in (low, high))
        windows = list(hours.windows_of(timetable, day, timetable))
        left = [
            part
            for start, end in windows
            for part in ((start, min(end, begin)), (max(start, finish), end))
            if part[0] < part[1]
        ]
        if left != windows:
            yield day, sorted(set(left))
