"""The business as the file that it could have been loaded from."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile.times import DAYS
from models.base import db
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
from models.snapshot import NoBusiness
from rules import pricing

_DEFAULTS: dict[str, Any] = {
    "who": "public",
    "place": "here",
    "overnight": False,
    "buffer_before": 0,
    "buffer_after": 0,
    "slot_step": 15,
    "min_notice": 0,
    "horizon_days": 60,
    "seats": 1,
    "price_per": "booking",
    "assign": "fewest_bookings",
    "approval": "none",
    "cancel_until": 0,
    "reschedule_until": 0,
    "discreet": False,
    "feedback": False,
    "capacity": 1,
    "weight": 1,
}

# PostgreSQL keeps no order inside JSON; a file that goes into version control has to have one.
_ORDERS = (
    ("key", "type", "label", "help", "required", "min", "max", "max_length", "max_mb", "accept", "options", "show_if"),
    ("value", "label"),
    ("field", "op", "value"),
    ("phone", "email", "company"),
    ("by", "decide_within"),
    ("days_before", "time"),
)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?\Z")


def dump(*, pictures_dir: Path, target: Path | None = None) -> str:
    """The YAML text of what is not retired. With ``target`` it is written there, pictures beside it. Raises NoBusiness."""
    document = Dump(db.session()).document()
    document = _in_order(document, document["business"].get("locale", "en"))
    text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False, width=110)
    if target is not None:
        target.write_text(text, encoding="utf-8")
        names = [document["business"].get("logo"), *(each.get("picture") for each in document.get("services", []))]
        for name in filter(None, names):
            kept, beside = pictures_dir / name, target.parent / name
            if kept.exists() and kept.resolve() != beside.resolve():
                shutil.copyfile(kept, beside)
    return text


class Dump:
    """All rows once, then one mapping per thing: of the business, or of one ``location``, ``resource`` or ``service``."""

    def __init__(self, session: OrmSession) -> None:
        def rows(table: Any, *order: Any) -> list[Any]:
            fresh = select(table).order_by(*order).execution_options(populate_existing=True)
            return list(session.execute(fresh).scalars())

        found = next(iter(rows(Business)), None)
        if found is None:
            raise NoBusiness
        self.business = found
        self.rows = {
            "location": rows(Location, Location.position, Location.id),
            "resource": rows(Resource, Resource.position, Resource.id),
            "service": rows(Service, Service.position, Service.id),
        }
        # What is retired is in no file: nothing names it either.
        kept = {kind: [row for row in each if row.retired_at is None] for kind, each in self.rows.items()}
        self.locations, self.resources, self.services = kept["location"], kept["resource"], kept["service"]
        self.weekly = rows(WeeklyHours, WeeklyHours.weekday, WeeklyHours.from_minute)
        self.special = rows(SpecialDay, SpecialDay.date)
        self.absences = rows(Absence, Absence.from_local)
        self.works_at = rows(ResourceLocation, ResourceLocation.position)
        self.units = [row for row in rows(ResourceUnit, ResourceUnit.position) if row.retired_at is None]
        self.skills = rows(ResourceSkill, ResourceSkill.position)
        self.offered = rows(ServiceLocation, ServiceLocation.position)
        self.needs = rows(Need, Need.position)
        self.need_resources = rows(NeedResource, NeedResource.position)
        self.need_skills = rows(NeedSkill, NeedSkill.position)
        self.questions = {row.id: row.document for row in rows(Definition, Definition.id)}
        self.slug = {("location", row.id): row.slug for row in self.locations}
        self.slug |= {("resource", row.id): row.slug for row in self.resources}

    def row(self, kind: str, slug: str | None) -> Any:
        """The row of one thing, in service or retired, or None."""
        if kind == "business":
            return self.business
        return next((row for row in self.rows[kind] if row.slug == slug), None)

    def entry(self, kind: str, row: Any) -> dict[str, Any]:
        """What the file says of one thing."""
        write: dict[str, Any] = {"location": self._location, "resource": self._resource, "service": self._service}
        found = self._business() if kind == "business" else write[kind](row)
        return dict(_in_order(found, self.business.locale))

    def document(self) -> dict[str, Any]:
        """What the file says of everything in service."""
        return _without_empty(
            {
                "business": self._business(),
                "locations": [self._location(row) for row in self.locations],
                "resources": [self._resource(row) for row in self.resources],
                "services": [self._service(row) for row in self.services],
            }
        )

    def _business(self) -> dict[str, Any]:
        names = "name timezone country locale currency phone email logo colour imprint_url privacy_url cancel_reasons require"
        return _without_empty({name: getattr(self.business, name) for name in names.split()})

    def _location(self, row: Location) -> dict[str, Any]:
        days = [day for day in self.special if (day.owner_kind, day.owner_id) == ("location", row.id)]
        region = next((day.source.partition(":")[2] for day in days if day.kind == "holiday"), None)
        return _without_empty(
            {
                "slug": row.slug,
                "name": row.name,
                "timezone": row.timezone,
                "country": row.country,
                "address": row.address,
                "directions": row.directions,
                "coordinates": [row.latitude, row.longitude] if row.latitude is not None else None,
                "region": row.region,
                "hours": self._week("location", row.id),
                "holidays": region,
                "closed": _dates(day for day in days if day.kind == "closed"),
                "special_hours": _special(days),
                "works_as": {day.date.isoformat(): DAYS[day.weekday or 0] for day in days if day.kind == "works_as"},
            }
        )

    def _week(self, kind: str, id: int, location: int | None = None) -> Any:
        """One week, or the list of those that hold for a time each, that of always first."""
        weeks: dict[tuple[str, str, int], dict[str, list[str]]] = {}
        for row in self.weekly:
            if (row.owner_kind, row.owner_id) == (kind, id) and row.location_id in (None, location):
                spell = (str(row.valid_from or ""), str(row.valid_until or ""), row.every_weeks)
                week = weeks.setdefault(spell, {})
                week.setdefault(DAYS[row.weekday], []).append(_window(row.from_minute, row.to_minute))
        if set(weeks) <= {("", "", 1)}:
            return weeks.get(("", "", 1), {})
        return [_spell(*spell) | week for spell, week in sorted(weeks.items())]

    def _resource(self, row: Resource) -> dict[str, Any]:
        places = [
            place
            for place in self.works_at
            if place.resource_id == row.id and ("location", place.location_id) in self.slug
        ]
        where: dict[str, Any]
        if len(places) == 1:
            week = self._week("resource", row.id, places[0].location_id) if places[0].own_hours else {}
            where = {"location": self.slug["location", places[0].location_id], "hours": week}
        else:
            where = {
                "locations": {
                    self.slug["location", place.location_id]: (
                        {"hours": self._week("resource", row.id, place.location_id)} if place.own_hours else None
                    )
                    for place in places
                }
            }
        units = [unit.name for unit in self.units if unit.resource_id == row.id]
        days = [day for day in self.special if (day.owner_kind, day.owner_id) == ("resource", row.id)]
        return _without_empty(
            {
                "slug": row.slug,
                "kind": row.kind,
                "name": row.name,
                **where,
                "capacity": row.capacity,
                "units": units if any(units) else None,
                "skills": [skill.skill for skill in self.skills if skill.resource_id == row.id],
                "weight": row.weight,
                "email": row.email,
                "special_hours": _special(days),
                "time_off": [_absence(each) for each in self.absences if each.resource_id == row.id],
            }
        )

    def _service(self, row: Service) -> dict[str, Any]:
        plain = (
            "slug group name description picture before_visit who place online_link overnight buffer_before buffer_after "
            "slot_step min_notice horizon_days seats price_per assign approval cancel_until reschedule_until reminders "
            "staff_reminders discreet feedback ask"
        ).split()
        days = [day for day in self.special if (day.owner_kind, day.owner_id) == ("service", row.id)]
        found = {name: getattr(row, name) for name in plain} | (row.extra or {})
        found["duration"] = row.durations[0] if len(row.durations) == 1 else row.durations
        if row.price_minor is not None:
            decimals = pricing.digits(self.business.currency)
            found["price"] = f"{row.price_minor / 10**decimals:.{decimals}f}"
        if row.starts is not None:
            found["starts"] = {DAYS[n]: [_clock(minute) for minute in day] for n, day in enumerate(row.starts) if day}
        found["locations"] = [
            self.slug["location", each.location_id]
            for each in self.offered
            if each.service_id == row.id and ("location", each.location_id) in self.slug
        ]
        found["hours"] = self._week("service", row.id)
        found["special_hours"] = _special(days)
        found["needs"] = [self._need(need) for need in self.needs if need.service_id == row.id]
        found["limits"] = _without_empty({"per_customer": row.per_customer, "per_day": row.per_day})
        found["questions"] = self.questions.get(row.definition_id) if row.definition_id else None
        return _without_empty(found)

    def _need(self, need: Need) -> dict[str, Any]:
        return _without_empty(
            {
                "kind": need.kind,
                "any_of": [
                    self.slug["resource", each.resource_id]
                    for each in self.need_resources
                    if each.need_id == need.id and ("resource", each.resource_id) in self.slug
                ],
                "skills": [each.skill for each in self.need_skills if each.need_id == need.id],
                "count": need.count if need.count > 1 else None,
                "customer_may_choose": need.customer_may_choose or None,
            }
        )


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _window(start: int, end: int) -> str:
    return f"{_clock(start)}-{_clock(end if end <= 1440 else end - 1440)}"


def _spell(first: str, last: str, every: int) -> dict[str, Any]:
    return {name: each for name, each in (("from", first), ("until", last), ("every", every)) if each not in ("", 1)}


def _dates(days: Iterable[SpecialDay]) -> list[str]:
    """Dates as they were given: a yearly one once, without its year."""
    found = [day.date.isoformat()[5:] if day.source == "yearly" else day.date.isoformat() for day in days]
    return list(dict.fromkeys(found))


def _special(days: Iterable[SpecialDay]) -> dict[str, list[str]]:
    return {
        (day.date.isoformat()[5:] if day.source == "yearly" else day.date.isoformat()): [
            _window(*pair) for pair in day.windows or []
        ]
        for day in days
        if day.kind == "special_hours"
    }


def _absence(row: Absence) -> dict[str, Any]:
    if row.whole_days:
        last: date = row.to_local.date() - timedelta(days=1)
        return _without_empty({"from": row.from_local.date().isoformat(), "to": last.isoformat(), "reason": row.reason})
    return _without_empty(
        {"from": row.from_local.isoformat()[:16], "to": row.to_local.isoformat()[:16], "reason": row.reason}
    )


def _in_order(found: Any, home: str) -> Any:
    """The same with the keys of small mappings in the order in which one writes them: the house's language first."""
    if isinstance(found, list):
        return [_in_order(each, home) for each in found]
    if not isinstance(found, dict):
        return found
    names = list(found)
    for order in _ORDERS:
        if set(names) <= set(order):
            names.sort(key=order.index)
    if all(_LANGUAGE.match(name) and isinstance(found[name], str) for name in names):
        names.sort(key=lambda name: (name != home, name != "en", name))
    return {name: _in_order(found[name], home) for name in names}


def _without_empty(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in found.items()
        if value not in (None, [], {}) and (name not in _DEFAULTS or value != _DEFAULTS[name])
    }
