"""The first hour of an empty house: from a template to a place, one person and one service, each step kept as it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from babel.core import get_global
from babel.numbers import get_territory_currencies
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile.checking import check
from actions.businessfile.dumping import Dump
from actions.businessfile.loading import Loading, Report
from actions.businessfile.reading import Wrong, written
from actions.businessfile.rows import QUIET
from actions.catalogue import allowed
from actions.catalogue_names import slug_for
from actions.catalogue_versions import remember
from actions.transaction import run
from models.business import Business
from models.catalogue import Resource, Service
from rules.errors import FieldError, Invalid
from rules.rights import Viewer

STARTS = Path(__file__).with_name("starts")
NAMES = ("clinic", "studio", "consultancy", "showroom", "rental")
START = "start"


@lru_cache(maxsize=1)
def templates() -> Mapping[str, Mapping[str, Any]]:
    """What each kind of house starts with, by name: title, about, business, hours, resource, service."""
    return {name: yaml.safe_load((STARTS / f"{name}.yaml").read_text(encoding="utf-8")) for name in NAMES}


def step(session: OrmSession) -> str:
    """The step that is next: ``house``, ``person``, ``service``, or ``done``."""
    if session.execute(select(Business.id)).first() is None:
        return "house"
    if session.execute(select(Service.id).where(Service.retired_at.is_(None)).limit(1)).first():
        return "done"
    there = session.execute(select(Resource.id).where(Resource.retired_at.is_(None)).limit(1)).first()
    return "service" if there else "person"


def template_of(session: OrmSession) -> Mapping[str, Any]:
    """The template that this house was begun with; the consultancy's where none was."""
    extra = session.execute(select(Business.extra)).scalar() or {}
    return templates().get(extra.get(START, ""), templates()["consultancy"])


def of_zone(zone: str) -> tuple[str, str]:
    """The country of a time zone and what is paid with there."""
    country = str(get_global("zone_territories").get(zone, "DE"))
    currencies = get_territory_currencies(country)
    return country, str(currencies[0]) if currencies else "EUR"


def found(
    *,
    template: str,
    name: str,
    place: str,
    address: str,
    zone: str,
    hours: Mapping[str, list[str]],
    locale: str,
    by: Viewer,
    now: datetime,
) -> bool:
    """Opens the house with its first place. False when somebody has opened it already. Raises NotAllowed, and Invalid by
    field: name, place, address, timezone, ``hours.mon[0]``."""
    allowed(by)
    chosen = templates().get(template)
    if chosen is None:
        raise Invalid(errors={"template": FieldError("not_an_option")})
    country, currency = of_zone(zone)
    given = {"name": name, "timezone": zone, "country": country, "locale": locale, "currency": currency}
    slug = slug_for("location", place or name, [])
    first = {"slug": slug, "name": place or name, "address": address or None, "hours": dict(hours)}
    document = _checked({**given, **chosen["business"]}, first, now)

    def work(session: OrmSession) -> bool:
        if session.execute(select(Business.id)).first() is not None:
            return False
        version = int(now.timestamp()) + 1
        loading = Loading(session, document, None, Report(), now, False, version, at_the_desk=True)
        loading.named()
        loading.finish()
        session.execute(update(Business).values(extra={START: template}).execution_options(**QUIET))
        it = Dump(session)
        rows = (("business", it.business), ("location", it.row("location", slug)))
        for kind, row in rows:
            remember(session, kind, row.id, "added", {}, it.entry(kind, row), by=by.actor, now=now)
        return True

    try:
        return run(work)
    except IntegrityError:
        # Two at once: the row of the business is there once.
        return False


def _checked(business: dict[str, Any], place: dict[str, Any], now: datetime) -> dict[str, Any]:
    named = {"business": business, "locations": [place], "resources": [], "services": []}
    try:
        return check(written(named), today=now.date())
    except Wrong as error:
        wrong: dict[str, FieldError] = {}
        for each in error.problems:
            field = each.place.removeprefix("business.").removeprefix("locations[0].")
            field = "place" if each.place == "locations[0].name" else field
            wrong.setdefault(field, FieldError("as_in_the_file", {"reason": each.reason}))
        raise Invalid(errors=wrong) from error
