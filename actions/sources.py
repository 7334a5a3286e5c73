"""Where customers come from: each service, place and person has a sign of its own."""

from __future__ import annotations

import secrets

from sqlalchemy import insert, select
from sqlalchemy.orm import Session as OrmSession

from models.doors import Source
from rules.reference import SYMBOLS


def ensure_signs(session: OrmSession, owners: dict[str, dict[str, int]]) -> None:
    """Gives each service, location and resource its sign, once. The code says nothing, so that a slug may change."""
    columns = {"service": Source.service_id, "location": Source.location_id, "resource": Source.resource_id}
    for kind, ids in owners.items():
        column = columns[kind]
        known = set(session.execute(select(column).where(Source.kind == "sign", column.is_not(None))).scalars())
        for id in ids.values():
            if id not in known:
                code = "".join(secrets.choice(SYMBOLS) for _ in range(7))
                session.execute(insert(Source).values(code=code, kind="sign", **{f"{kind}_id": id}))
