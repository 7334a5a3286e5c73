"""What a service needs and what it asks, on their way into the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile.rows import QUIET
from models.catalogue import Definition, Need, NeedResource, NeedSkill, Resource, Service


def write_needs(
    session: OrmSession, id: int, wanted: Sequence[Mapping[str, Any]], *, resources: Mapping[str, int]
) -> bool:
    """Makes the needs of service ``id`` those of the file; True when they differed."""
    rows = list(session.execute(select(Need).where(Need.service_id == id).order_by(Need.position)).scalars())
    before = [(row.kind, row.count, row.customer_may_choose, *_served_by(session, row.id)) for row in rows]
    after = [
        (
            need["kind"],
            need["count"],
            need["customer_may_choose"],
            [resources[slug] for slug in need["any_of"]],
            need["skills"],
        )
        for need in wanted
    ]
    if before == after:
        return False
    gone = [row.id for row in rows]
    for table in (NeedResource, NeedSkill):
        session.execute(delete(table).where(table.need_id.in_(gone)).execution_options(**QUIET))
    session.execute(delete(Need).where(Need.id.in_(gone)).execution_options(**QUIET))
    for position, (kind, count, choose, any_of, skills) in enumerate(after):
        values = {"position": position, "kind": kind, "count": count, "customer_may_choose": choose}
        need = session.execute(insert(Need).values(service_id=id, **values).returning(Need.id)).scalar_one()
        for n, resource in enumerate(any_of):
            session.execute(insert(NeedResource).values(need_id=need, resource_id=resource, position=n))
        for n, skill in enumerate(skills):
            session.execute(insert(NeedSkill).values(need_id=need, skill=skill, position=n))
    return True


def _served_by(session: OrmSession, need: int) -> tuple[list[int], list[str]]:
    """What a need names, without what is retired: no file names that, and it is back in its place when it is revived."""
    any_of = (
        select(NeedResource.resource_id)
        .join(Resource, Resource.id == NeedResource.resource_id)
        .where(NeedResource.need_id == need, Resource.retired_at.is_(None))
        .order_by(NeedResource.position)
    )
    skills = select(NeedSkill.skill).where(NeedSkill.need_id == need).order_by(NeedSkill.position)
    return list(session.execute(any_of).scalars()), list(session.execute(skills).scalars())


def write_questions(session: OrmSession, id: int, slug: str, wanted: list[dict[str, Any]]) -> bool:
    """An edit makes a version; bookings keep the one that they were made with. True when there was one."""
    of_it = select(Definition).where(Definition.kind == "questions", Definition.key == slug)
    versions = list(session.execute(of_it.order_by(Definition.version)).scalars())
    live = next((each for each in versions if each.state == "live"), None)
    if (live.document if live else []) == wanted:
        return False
    if live is not None:
        ended = update(Definition).where(Definition.id == live.id).values(state="retired")
        session.execute(ended.execution_options(**QUIET))
    definition = None
    if wanted:
        number = versions[-1].version + 1 if versions else 1
        values = {"kind": "questions", "key": slug, "version": number, "state": "live", "document": wanted}
        definition = session.execute(insert(Definition).values(**values).returning(Definition.id)).scalar_one()
    asks = update(Service).where(Service.id == id).values(definition_id=definition)
    session.execute(asks.execution_options(**QUIET))
    return True
