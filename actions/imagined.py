"""The catalogue as it would be with one service as a form has it, for looking only: nothing of it is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session as OrmSession

from actions.businessfile import rows
from models.business import SpecialDay, WeeklyHours
from models.catalogue import Definition, Need, NeedResource, NeedSkill, Service, ServiceLocation
from models.snapshot import Rows, compiled
from rules.facts import Catalogue

_NEW = -1  # the id of what is in no table


def with_service(session: OrmSession, wanted: Mapping[str, Any]) -> Catalogue:
    """The catalogue with this service in it; ``wanted`` is typed as the checker of the business file gives it."""
    found = Rows(session)
    there = next((row for row in found.services if row.slug == wanted["slug"]), None)
    service = _service(wanted, there)
    found.services = [service if row is there else row for row in found.services] + ([] if there else [service])
    places = {row.slug: row.id for row in found.locations}
    things = {row.slug: row.id for row in found.resources}
    owner = {"owner_kind": "service", "owner_id": service.id}
    week = rows.weekly(wanted["weekly"] or [])
    grouped: dict[Any, Any] = {
        "weekly": {("service", service.id): [WeeklyHours(**owner, **each) for each in week]},
        "special": {("service", service.id): [SpecialDay(**owner, **each) for each in wanted["days"]]},
        "offered_at": {
            service.id: [
                ServiceLocation(service_id=service.id, location_id=places[slug]) for slug in wanted["locations"]
            ]
        },
    }
    for name, parts in {**grouped, **_needs(wanted["needs"], service.id, things)}.items():
        getattr(found, name).update(parts)
    found.questions = {**found.questions, _NEW: Definition(id=_NEW, document=wanted["questions"])}
    return compiled(found)


def _service(wanted: Mapping[str, Any], there: Service | None) -> Service:
    columns = {name: value for name, value in wanted.items() if name in Service.__mapper__.column_attrs}
    id, position = (there.id, there.position) if there else (_NEW, 10**6)
    return Service(**{**columns, "id": id, "position": position, "definition_id": _NEW, "retired_at": None})


def _needs(wanted: list[Mapping[str, Any]], service: int, things: Mapping[str, int]) -> dict[str, Any]:
    """The needs by their service, and by need who or what serves it. Their numbers are below those of any table."""
    needs, served, skilled = [], {}, {}
    for n, need in enumerate(wanted):
        id = _NEW - n
        plain = {name: need[name] for name in ("kind", "count", "customer_may_choose")}
        needs.append(Need(id=id, service_id=service, position=n, **plain))
        served[id] = [NeedResource(need_id=id, resource_id=things[slug]) for slug in need["any_of"]]
        skilled[id] = [NeedSkill(need_id=id, skill=skill) for skill in need["skills"]]
    return {"needs": {service: needs}, "need_resources": served, "need_skills": skilled}
