"""Where customers come from: each service, place and person has a sign of its own; campaigns have links of theirs."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.record import record
from actions.transaction import run
from models.doors import Source
from models.snapshot import catalogue
from rules import errors, text
from rules.errors import FieldError
from rules.reference import SYMBOLS
from rules.rights import Viewer

LONGEST, MOST = 60, 500
CAMPAIGN = "campaign"


def ensure_signs(session: OrmSession, owners: dict[str, dict[str, int]]) -> None:
    """Gives each service, location and resource its sign, once. The code says nothing, so that a slug may change."""
    columns = {"service": Source.service_id, "location": Source.location_id, "resource": Source.resource_id}
    for kind, ids in owners.items():
        column = columns[kind]
        known = set(session.execute(select(column).where(Source.kind == "sign", column.is_not(None))).scalars())
        for id in ids.values():
            if id not in known:
                session.execute(insert(Source).values(code=_code(), kind="sign", **{f"{kind}_id": id}))


def _code() -> str:
    return "".join(secrets.choice(SYMBOLS) for _ in range(7))


def add_campaign(*, label: str, service: str | None = None, by: Viewer, now: datetime) -> str:
    """Makes a link of one's own, to a service or to all of them, and returns its code. Raises NotAllowed, Invalid."""
    said = _label(label, by)

    def work(session: OrmSession) -> str:
        known = catalogue(session)
        if service and service not in known.services:
            raise errors.Invalid(errors={"service": FieldError("unknown")})
        if session.execute(select(func.count()).where(Source.kind == CAMPAIGN)).scalar_one() >= MOST:
            raise errors.Invalid(errors={"label": FieldError("too_many", {"max": MOST})})
        row = {"code": _code(), "kind": CAMPAIGN, "label": said}
        session.execute(insert(Source).values(**row, service_id=known.services[service].id if service else None))
        _remember(session, "campaign_made", by, now, after={"name": said})
        return row["code"]

    return run(work)


def rename_campaign(*, code: str, label: str, by: Viewer, now: datetime) -> None:
    """Calls a campaign otherwise; its link stays. Raises NotAllowed, Invalid, Missing."""
    said = _label(label, by)

    def work(session: OrmSession) -> None:
        wanted = select(Source.label).where(Source.code == code, Source.kind == CAMPAIGN).with_for_update()
        before = session.execute(wanted).scalar_one_or_none()
        if before is None:
            raise errors.Missing
        if before == said:
            return
        change = update(Source).where(Source.code == code).values(label=said)
        session.execute(change.execution_options(synchronize_session=False))
        _remember(session, "campaign_renamed", by, now, before={"name": before}, after={"name": said})

    run(work)


def _label(typed: str, by: Viewer) -> str:
    if not by.may("business.write"):
        raise errors.NotAllowed
    said = text.line(typed, longest=LONGEST)
    if isinstance(said, FieldError) or not said:
        raise errors.Invalid(errors={"label": said if isinstance(said, FieldError) else FieldError("required")})
    return said


def _remember(session: OrmSession, action: str, by: Viewer, now: datetime, **values: Any) -> None:
    record(session, at=now, actor=by.actor, object_kind="business", object_id=1, action=action, **values)
