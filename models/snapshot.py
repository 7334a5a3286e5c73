"""The catalogue as facts: read in a fixed number of queries, compiled once per version and process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session as OrmSession

from models import prepared
from models.business import Absence, Business, Location, SpecialDay, WeeklyHours
from models.catalogue import (
    Definition,
    Need,
    NeedResource,
    NeedSkill,
    Resource,
    ResourceLocation,
    ResourceSkill,
    ResourceUnit,
    Service,
    ServiceLocation,
)
from models.desk import Pause
from rules import facts
from scheduling import availability, hours

_VERSION = select(Business.catalogue_version)
_compiled: dict[str, facts.Catalogue] = {}
# To spell an address takes as long as to read a row.
_places: WeakKeyDictionary[Engine, str] = WeakKeyDictionary()
_lock = Lock()


class NoBusiness(Exception):
    """No business has been loaded yet."""


def catalogue(session: OrmSession) -> facts.Catalogue:
    """The catalogue as it now stands in the database: one small query when it is unchanged. Raises NoBusiness."""
    version = prepared.run(session, _VERSION).scalar()
    if version is None:
        raise NoBusiness
    where = _place(session)
    known = _compiled.get(where)
    if known is not None and known.version == version:
        return known
    with _lock:
        found = _compile(session)
        _compiled[where] = found
    return found


def fresh(session: OrmSession) -> facts.Catalogue:
    """The catalogue as this transaction sees it, which nobody else may know yet: compiled, and not kept."""
    return _compile(session)


def latest(session: OrmSession) -> facts.Catalogue:
    """The catalogue that this process compiled last, unasked; for readers that check its version with what they read."""
    return _compiled.get(_place(session)) or catalogue(session)


def outdated(session: OrmSession) -> bool:
    """True when ``latest`` was not the catalogue that now stands; it is from here on."""
    known = _compiled.get(_place(session))
    return known is not None and catalogue(session) is not known


def _place(session: OrmSession) -> str:
    engine = session.get_bind().engine
    if engine not in _places:
        _places[engine] = str(engine.url)
    return _places[engine]


def forget() -> None:
    """Drops what was compiled, for tests that put another database in the same place."""
    _compiled.clear()


def _compile(session: OrmSession) -> facts.Catalogue:
    return compiled(Rows(session))


def compiled(rows: Rows) -> facts.Catalogue:
    """The facts that rows say."""
    locations = {row.id: _location(row, rows) for row in rows.locations}
    resources = {row.id: _resource(row, rows, locations) for row in rows.resources}
    services = {row.id: _service(row, rows, locations) for row in rows.services}
    gone_locations = {row.id for row in rows.locations if row.retired_at}
    gone_resources = {row.id for row in rows.resources if row.retired_at}
    current = [services[row.id] for row in rows.services if not row.retired_at]
    plans = {
        (service.id, location): _plan(service, locations[location], resources, gone_resources, rows)
        for service in current
        for location in service.locations
        if location not in gone_locations
    }
    return facts.Catalogue(
        version=rows.business.catalogue_version,
        business=_business(rows.business),
        locations={row.slug: locations[row.id] for row in rows.locations if not row.retired_at},
        resources={row.slug: resources[row.id] for row in rows.resources if not row.retired_at},
        services={service.slug: service for service in current},
        location_by_id=locations,
        resource_by_id=resources,
        service_by_id=services,
        plans=plans,
        pauses=tuple(_pause(row) for row in rows.pauses),
        questions={id: tuple(row.document) for id, row in rows.questions.items()},
    )


class Rows:
    """All catalogue rows, grouped the way in which they are asked for."""

    def __init__(self, session: OrmSession) -> None:
        self.business = session.execute(select(Business).execution_options(populate_existing=True)).scalar_one()
        self.locations = _all(session, Location)
        self.resources = _all(session, Resource)
        self.services = _all(session, Service)
        self.weekly = _grouped(
            _all(session, WeeklyHours, WeeklyHours.from_minute), lambda row: (row.owner_kind, row.owner_id)
        )
        self.special = _grouped(_all(session, SpecialDay, SpecialDay.date), lambda row: (row.owner_kind, row.owner_id))
        self.absences = _grouped(_all(session, Absence, Absence.from_local), lambda row: row.resource_id)
        self.works_at = _grouped(_all(session, ResourceLocation), lambda row: row.resource_id)
        self.units = _grouped(_all(session, ResourceUnit), lambda row: row.resource_id)
        self.skills = _grouped(_all(session, ResourceSkill), lambda row: row.resource_id)
        self.offered_at = _grouped(_all(session, ServiceLocation), lambda row: row.service_id)
        self.needs = _grouped(_all(session, Need), lambda row: row.service_id)
        self.need_resources = _grouped(_all(session, NeedResource), lambda row: row.need_id)
        self.need_skills = _grouped(_all(session, NeedSkill), lambda row: row.need_id)
        self.pauses = list(session.execute(select(Pause).where(Pause.ended_at.is_(None)).order_by(Pause.id)).scalars())
        # Those of old, too: bookings keep the questions that they answered.
        asked = select(Definition).where(Definition.kind == "questions")
        self.questions = {row.id: row for row in session.execute(asked).scalars()}


def _all(session: OrmSession, table: Any, order: Any = None) -> list[Any]:
    order = table.position if order is None else order
    return list(session.execute(select(table).order_by(order).execution_options(populate_existing=True)).scalars())


def _grouped(rows: Iterable[Any], key: Any) -> Mapping[Any, list[Any]]:
    groups: dict[Any, list[Any]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return groups


def _business(row: Business) -> facts.Business:
    return facts.Business(
        id=row.id,
        name=row.name,
        timezone=row.timezone,
        country=row.country,
        locale=row.locale,
        currency=row.currency,
        phone=row.phone,
        email=row.email,
        logo=row.logo,
        colour=row.colour,
        imprint_url=row.imprint_url,
        privacy_url=row.privacy_url,
        cancel_reasons=tuple(row.cancel_reasons or ()),
        require=tuple(row.require or ()),
        is_demo=row.is_demo,
        second_factor_required=bool((row.extra or {}).get("second_factor_required")),
        sequence_base=int((row.extra or {}).get("sequence_base", 0)),
    )


def _pause(row: Pause) -> facts.Pause:
    return facts.Pause(
        id=row.id,
        kind=row.subject_kind,
        subject=row.subject_id,
        sentence=row.sentence,
        since=row.since,
        until=row.until,
    )


# A week without a first or last day that holds every week.
_ALWAYS = (None, None, 1)


def _timetable(rows: Rows, kind: str, owner: int, location: int | None = None) -> hours.Timetable:
    weeks: dict[tuple[Any, ...], list[list[hours.Window]]] = {_ALWAYS: [[] for _ in range(7)]}
    for row in rows.weekly[kind, owner]:
        if row.location_id in (None, location):
            spell = (row.valid_from, row.valid_until, row.every_weeks)
            weeks.setdefault(spell, [[] for _ in range(7)])[row.weekday].append((row.from_minute, row.to_minute))
    made = {spell: tuple(tuple(windows) for windows in week) for spell, week in weeks.items()}
    special: dict[date, tuple[hours.Window, ...]] = {}
    works_as: dict[date, int] = {}
    closed: set[date] = set()
    holidays: set[date] = set()
    for day in rows.special[kind, owner]:
        if day.location_id not in (None, location):
            continue
        if day.kind == "special_hours":
            special[day.date] = tuple((start, end) for start, end in day.windows)
        elif day.kind == "works_as":
            works_as[day.date] = day.weekday
        else:
            (closed if day.kind == "closed" else holidays).add(day.date)
    return hours.Timetable(
        weekly=made.pop(_ALWAYS),
        spells=tuple(hours.Spell(week, *spell) for spell, week in made.items()),
        special=special,
        works_as=works_as,
        closed=frozenset(closed),
        holidays=frozenset(holidays),
    )


def _location(row: Location, rows: Rows) -> facts.Location:
    return facts.Location(
        id=row.id,
        slug=row.slug,
        position=row.position,
        name=row.name,
        timezone=row.timezone,
        country=row.country,
        hours=availability.Location(id=row.id, zone=row.timezone, timetable=_timetable(rows, "location", row.id)),
        address=row.address,
        directions=row.directions,
        coordinates=None if row.latitude is None or row.longitude is None else (row.latitude, row.longitude),
        region=row.region,
        day_names={day.date: day.name for day in rows.special["location", row.id] if day.name},
    )


def _resource(row: Resource, rows: Rows, locations: Mapping[int, facts.Location]) -> facts.Resource:
    works_at = rows.works_at[row.id]
    units = [unit for unit in rows.units[row.id] if unit.retired_at is None]
    absences = tuple(
        hours.Absence(
            from_local=absence.from_local,
            to_local=absence.to_local,
            unit=absence.unit_id,
            whole_days=absence.whole_days,
        )
        for absence in rows.absences[row.id]
    )
    special = any(day for day in rows.special["resource", row.id])
    at: dict[int, availability.Resource] = {}
    for place in works_at:
        own: hours.Timetable | None = None
        if place.own_hours:
            own = _timetable(rows, "resource", row.id, place.location_id)
        elif special:
            # Special hours without weekly hours of its own: the location's week, these dates replaced.
            base = locations[place.location_id].hours.timetable
            days = _timetable(rows, "resource", row.id, place.location_id)
            own = replace(base, special={**base.special, **days.special}, closed=frozenset(), holidays=frozenset())
        at[place.location_id] = availability.Resource(
            id=row.id,
            order=row.position,
            units=tuple(unit.id for unit in units),
            timetable=own,
            absences=absences,
            absence_zone=locations[works_at[0].location_id].timezone,
        )
    return facts.Resource(
        id=row.id,
        slug=row.slug,
        position=row.position,
        kind=row.kind,
        name=row.name,
        units=tuple(unit.id for unit in units),
        unit_names=tuple(unit.name for unit in units),
        skills=frozenset(skill.skill for skill in rows.skills[row.id]),
        weight=row.weight,
        email=row.email,
        at=at,
    )


def length(value: int | str) -> availability.Length:
    """``45`` minutes or ``"2d"`` days as a length."""
    if isinstance(value, str) and value.endswith("d"):
        return availability.Length(days=int(value[:-1]))
    return availability.Length(minutes=int(value))


def _service(row: Service, rows: Rows, locations: Mapping[int, facts.Location]) -> facts.Service:
    needs = tuple(
        facts.Need(
            position=need.position,
            kind=need.kind,
            any_of=tuple(each.resource_id for each in rows.need_resources[need.id]),
            skills=frozenset(each.skill for each in rows.need_skills[need.id]),
            count=need.count,
            customer_may_choose=need.customer_may_choose,
        )
        for need in rows.needs[row.id]
    )
    approval: Any = row.approval or "none"
    by_day = row.extra or {}
    questions = rows.questions.get(row.definition_id) if row.definition_id else None
    return facts.Service(
        id=row.id,
        slug=row.slug,
        position=row.position,
        name=row.name,
        lengths=tuple(length(each) for each in row.durations),
        needs=needs,
        locations=tuple(each.location_id for each in rows.offered_at[row.id]) or tuple(locations),
        group=row.group,
        description=row.description,
        picture=row.picture,
        before_visit=row.before_visit,
        who=row.who,
        place=row.place,
        online_link=row.online_link,
        overnight=row.overnight,
        buffer_before=row.buffer_before,
        buffer_after=row.buffer_after,
        slot_step=row.slot_step,
        starts=tuple(tuple(day) for day in row.starts) if row.starts else None,
        min_notice=row.min_notice,
        horizon_days=row.horizon_days,
        seats=row.seats,
        price_minor=row.price_minor,
        price_per=row.price_per,
        assign=row.assign,
        approval=approval != "none",
        approval_by=approval.get("by") if isinstance(approval, dict) else None,
        decide_within=approval.get("decide_within") if isinstance(approval, dict) else None,
        cancel_until=by_day.get("cancel_until", row.cancel_until),
        reschedule_until=by_day.get("reschedule_until", row.reschedule_until),
        per_customer=row.per_customer,
        per_day=row.per_day,
        reminders=tuple(row.reminders or ()),
        staff_reminders=tuple(row.staff_reminders or ()),
        discreet=row.discreet,
        feedback=row.feedback,
        ask=dict(row.ask or {}),
        questions=tuple(questions.document) if questions else (),
        definition_id=row.definition_id,
    )


def _plan(
    service: facts.Service,
    location: facts.Location,
    resources: Mapping[int, facts.Resource],
    gone: set[int],
    rows: Rows,
) -> facts.Plan:
    here = {
        id: resource
        for id, resource in resources.items()
        if id not in gone and location.id in resource.at and resource.units
    }
    needs = []
    for need in service.needs:
        if need.any_of:
            candidates = [id for id in need.any_of if id in here]
        else:
            candidates = [
                id
                for id, resource in sorted(here.items(), key=lambda pair: pair[1].position)
                if resource.kind == need.kind and need.skills <= resource.skills
            ]
        able = tuple(id for id in candidates if len(here[id].units) >= need.count)
        needs.append(availability.Need(candidates=able, count=need.count, choosable=need.customer_may_choose))
    own = _timetable(rows, "service", service.id)
    narrows = any(own.weekly) or bool(own.special) or bool(own.spells)
    return facts.Plan(
        service=availability.Service(
            id=service.id,
            lengths=service.lengths,
            buffer_before=service.buffer_before,
            buffer_after=service.buffer_after,
            step=service.slot_step,
            starts=service.starts,
            overnight=service.overnight,
            min_notice=service.min_notice,
            horizon_days=service.horizon_days,
            seats=service.seats,
            timetable=own if narrows else None,
            needs=tuple(needs),
            per_day=service.per_day,
        ),
        location=location.hours,
        resources={id: here[id].at[location.id] for need in needs for id in need.candidates},
    )
