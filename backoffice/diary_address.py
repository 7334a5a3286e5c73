"""The address of the diary: which view of which days, narrowed to what. It can be shared and kept as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.datastructures import MultiDict

from backoffice.figure_codes import counts
from models.diary import Wanted
from rules import diary, text
from rules.errors import FieldError
from rules.facts import Catalogue, Location
from rules.rights import Viewer
from rules.workflow import LIVE, STATES
from web.fields import whole

BY = ("resource", "person")
LONGEST, LONGEST_LIST = 80, 731


@dataclass(frozen=True, slots=True)
class Address:
    """What the address of the diary says, everything odd left out. ``status`` empty means whatever takes time.
    ``session`` is one class of a day, of which the table then is. ``count`` is what a figure counts from ``day`` to ``until``:
    then the list is that."""

    view: str
    day: date
    by: str = "resource"
    location: str = ""
    resource: str = ""
    service: str = ""
    status: tuple[str, ...] = ()
    source: str = ""
    q: str = ""
    table: bool = False
    session: int = 0
    page: int = 1
    until: date | None = None
    count: tuple[str, ...] = ()

    @property
    def narrowed(self) -> bool:
        """True when some bookings of the days are left out."""
        asked = (self.resource, self.service, self.status, self.source, self.q, self.session, self.count)
        return any(asked)

    def values(self) -> dict[str, Any]:
        """The parts that differ from what is shown anyway."""
        plain = Address(self.view, self.day)
        found = {name: value for name, value in asdict(self).items() if value != getattr(plain, name)}
        if self.table:
            found["table"] = 1
        if self.until:
            found["until"] = self.until.isoformat()
        return {"view": self.view, "day": self.day.isoformat(), **found}

    def to(self, **changes: Any) -> str:
        """The address with some parts changed; another page of the list only if asked for, and no class of other days."""
        other = {"page": 1} if changes.keys() <= {"page"} else {"page": 1, "session": 0}
        return url_for("desk.diary", **replace(self, **{**other, **changes}).values())

    def leaf(self, pages: int) -> str:
        """The address of the days after or before."""
        if self.view == "list" and not self.table:
            return self.to(day=diary.turned("month", self.day, pages))
        return self.to(day=diary.turned(self.view, self.day, pages))

    def clear(self) -> str:
        """The address of the same days with nothing left out."""
        return Address(self.view, self.day, by=self.by, location=self.location, table=self.table).to()


def parse(typed: MultiDict[str, str], known: Catalogue, today: date) -> Address:
    """The address as it was typed, or followed, or kept years ago."""
    view, day = _one_of(typed.get("view"), diary.VIEWS, "week"), diary.kept(_day(typed.get("day", ""), today))
    count, until = typed.getlist("count")[:6] if view == "list" else [], _day(typed.get("until", ""), day)
    said = text.line(typed.get("q", ""), longest=LONGEST)
    page, table = typed.get("page", ""), typed.get("table") == "1"
    return Address(
        view=view,
        day=day,
        by=_one_of(typed.get("by"), BY, "resource"),
        location=_one_of(typed.get("location"), known.locations, ""),
        resource=_one_of(typed.get("resource"), known.resources, ""),
        service=_one_of(typed.get("service"), known.services, ""),
        status=tuple(each for each in STATES if each in typed.getlist("status")),
        source=typed.get("source", "")[:LONGEST],
        q="" if isinstance(said, FieldError) else said,
        table=table,
        session=(whole(typed.get("session", ""), digits=10) or 0) if table and view != "list" else 0,
        page=whole(page, digits=5) or 1,
        until=min(max(until, day), diary.kept(day + timedelta(days=LONGEST_LIST))) if count else None,
        count=tuple(each for each in count if counts(each, known)),
    )


def _one_of(wanted: str | None, known: Any, otherwise: str) -> str:
    return wanted if wanted is not None and wanted in known else otherwise


def _day(typed: str, today: date) -> date:
    try:
        return date.fromisoformat(typed[:10])
    except ValueError:
        return today


def places_of(known: Catalogue, viewer: Viewer, wanted: str, *, everywhere: bool = False) -> list[Location]:
    """The places that a page of the diary shows, all in one zone unless ``everywhere``: the wanted one, else those that share
    the zone of the first where she works. Empty where she may see none."""
    hers = mine(known, viewer)
    if everywhere and not wanted:
        return hers
    if wanted:
        return [each for each in hers if each.slug == wanted]
    return [each for each in hers if each.timezone == hers[0].timezone]


def mine(known: Catalogue, viewer: Viewer) -> list[Location]:
    """The places whose diary she may see, or where she or her people work."""
    if viewer.scope("booking.see") != "location" or not viewer.locations:
        return list(known.locations.values())
    works = {
        place for id in viewer.mine("location") if id in known.resource_by_id for place in known.resource_by_id[id].at
    }
    return [each for each in known.locations.values() if each.id in viewer.locations | works]


def wanted_of(address: Address, known: Catalogue, places: list[Location]) -> Wanted:
    """What the queries look for."""
    return Wanted(
        locations=tuple(each.id for each in places),
        resource=known.resources[address.resource].id if address.resource else None,
        service=known.services[address.service].id if address.service else None,
        statuses=address.status or (() if address.until else tuple(sorted(LIVE))),
        source=address.source or None,
        text=address.q,
        named=tuple(id for id, each in known.service_by_id.items() if _named(each.name, address.q)),
        counted=address.count,
        reasons=known.customers_reasons,
        first=address.day if address.until else None,
        last=address.until,
    )


def _named(name: str | Mapping[str, str], text: str) -> bool:
    names = [name] if isinstance(name, str) else name.values()
    return any(text.casefold() in each.casefold() for each in names)


def today_in(zone: str, now: datetime) -> date:
    """The date there."""
    return now.astimezone(ZoneInfo(zone)).date()
