"""From a checked file to the tables: one transaction that adds, changes, revives and retires, or does nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile import pictures, retiring, rows
from actions.businessfile.checking import check
from actions.businessfile.needs import write_needs, write_questions
from actions.businessfile.reading import MAX_BYTES, Problem, Wrong, read
from actions.businessfile.reading import Mapping as Written
from actions.businessfile.things import read_resource
from actions.businessfile.units import write_units
from actions.businessfile.values import Check
from actions.businessfile.wiping import wipe
from actions.catalogue_versions import remember_all, standing
from actions.sources import ensure_signs
from actions.taking import lock_resources, lock_services
from actions.transaction import run
from models.business import Absence, Business, Location
from models.catalogue import Resource, ResourceLocation, ResourceSkill, Service, ServiceLocation


@dataclass(slots=True)
class Report:
    """What a load did: ``kind slug`` lines. ``missing`` is in the database and not in the file; ``notes`` are sentences."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    revived: list[str] = field(default_factory=list)
    retired: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wiped: int | None = None


def load(
    path: Path,
    *,
    pictures_dir: Path,
    now: datetime,
    retire_missing: bool = False,
    replace_demo: bool = False,
    demo: bool = False,
) -> Report:
    """Loads a business file. Raises Wrong with every problem, and then nothing has changed.

    ``retire_missing`` retires what the file does not name; ``replace_demo`` drops the demo business and its trial bookings
    in the same step; ``demo`` marks what is loaded as the demo. What differs from what stood there is a version of each entry.
    """
    files: dict[str, bytes] = {}

    def look_at_pictures(found: Mapping[str, Any]) -> list[Problem]:
        kept, problems = pictures.collect(found, path.parent)
        files.update(kept)
        return problems

    with path.open("rb") as file:
        text = file.read(MAX_BYTES + 1)
    document = check(read(text), today=now.date(), also=look_at_pictures)

    def work(session: OrmSession) -> Report:
        report = Report(notes=list(document["notes"]))
        # Two loads at once: the second one waits here and then sees what the first one did.
        current = session.execute(
            select(Business).with_for_update(key_share=True).execution_options(populate_existing=True)
        ).scalar_one_or_none()
        # Never a number that was there before: running servers tell by it whether to read anew.
        version = max(int(now.timestamp()), current.catalogue_version if current else 0) + 1
        if replace_demo:
            if current is None or not current.is_demo:
                raise Wrong([Problem("", "--replace-demo: this is not the demo business; leave the option out")])
            report.wiped = wipe(session)
            session.expunge_all()
            current = None
        loading = Loading(session, document, current, report, now, demo, version, retire_missing)
        if current is None:
            loading.all()
            return report
        lock_all(session)
        before = standing(session)
        loading.all()
        remember_all(session, before, by="shell", now=now)
        if current.is_demo and not demo:
            report.notes.append("this is still the demo business; --replace-demo leaves it")
        return report

    # The disk may be full: it is found out before anything is changed, and no picture changes without its file.
    with pictures.kept(files, pictures_dir):
        return run(work)


def add_resource(session: OrmSession, written: Written, *, now: datetime) -> int:
    """Adds one resource, as a business file writes it, in the current transaction, and returns its id. Raises Wrong."""
    places = {row.slug: row.id for row in session.execute(select(Location.slug, Location.id))}
    it = Check(now.date())
    found = read_resource(it, written, "resource", dict.fromkeys(places))
    if it.problems:
        raise Wrong(it.problems)
    last = session.execute(select(func.max(Resource.position))).scalar() or 0
    document = {"resources": [{**found, "position": last + 1}]}
    loading = Loading(session, document, None, Report(), now, False, 0, False)
    loading.ids["location"] = places
    return loading.one_resource()


def lock_all(session: OrmSession) -> None:
    """Locks everything that can be booked, in the one order that everybody keeps: services, then resources."""
    lock_services(session, session.execute(select(Service.id)).scalars().all())
    existing = session.execute(select(Resource.id)).scalars().all()
    if existing:
        lock_resources(session, existing)


class Loading:
    """One file on its way into the tables."""

    def __init__(
        self,
        session: OrmSession,
        document: Mapping[str, Any],
        current: Business | None,
        report: Report,
        now: datetime,
        demo: bool,
        version: int,
        retire_missing: bool = False,
        at_the_desk: bool = False,
    ) -> None:
        self.at_the_desk = at_the_desk
        self.version, self.retire_missing = version, retire_missing
        self.session, self.document, self.business, self.report = session, document, current, report
        self.now, self.demo = now, demo
        self.changed = False
        self.ids: dict[str, dict[str, int]] = {}
        self.refused: list[Problem] = []

    def all(self) -> None:
        lock_all(self.session)
        self.named()
        self._missing()
        self.finish()

    def named(self) -> None:
        """Writes what the document names; the rest stays where and as it is."""
        self._business()
        self.ids["location"] = self._rows("location", Location, self.document["locations"], self._location)
        self.ids["resource"] = self._rows("resource", Resource, self.document["resources"], self._resource)
        self.ids["service"] = self._rows("service", Service, self.document["services"], self._service)
        ensure_signs(self.session, self.ids)

    def finish(self) -> None:
        """Refuses, or makes everybody read the catalogue anew."""
        if self.refused:
            raise Wrong(self.refused)
        if self.changed:
            self.session.execute(
                update(Business)
                .values(catalogue_version=Business.catalogue_version + 1)
                .execution_options(**rows.QUIET)
            )

    def one_resource(self) -> int:
        """Only that: the rest of the business stays as it is."""
        found = self.document["resources"][0]
        columns = {name: value for name, value in found.items() if name in Resource.__mapper__.column_attrs}
        id = self.session.execute(insert(Resource).values(**columns).returning(Resource.id)).scalar_one()
        self.ids["resource"] = {found["slug"]: id}
        self._resource(id, found)
        ensure_signs(self.session, {"resource": self.ids["resource"]})
        if self.refused:
            raise Wrong(self.refused)
        raised = update(Business).values(catalogue_version=Business.catalogue_version + 1)
        self.session.execute(raised.execution_options(**rows.QUIET))
        return id

    def _business(self) -> None:
        values = self.document["business"]
        if self.business is None:
            self.session.execute(
                insert(Business).values(id=1, is_demo=self.demo, catalogue_version=self.version, extra={}, **values)
            )
            self.report.added.append("business")
            self.changed = True
            return
        before = {name: getattr(self.business, name) for name in values}
        self._noted("business", before != values)
        if before != values:
            self._note_currency(values["currency"])
            self.session.execute(update(Business).values(**values).execution_options(**rows.QUIET))

    def _note_currency(self, currency: str) -> None:
        """A price that the file does not name becomes one of another currency: whoever loads it should know."""
        assert self.business is not None
        if self.business.currency == currency:
            return
        named = [each["slug"] for each in self.document["services"]]
        priced = select(Service.slug).where(Service.price_minor > 0, Service.retired_at.is_(None))
        left = self.session.execute(priced.where(Service.slug.not_in(named))).scalars().all()
        if left and not self.retire_missing:
            names = ", ".join(left)
            self.report.notes.append(
                f"business.currency: not in the file, and their prices now count in {currency}: {names}"
            )

    def _noted(self, name: str, changed: bool) -> None:
        (self.report.changed if changed else self.report.left).append(name)
        self.changed |= changed

    def _rows(self, kind: str, table: Any, wanted: Sequence[Mapping[str, Any]], write: Any) -> dict[str, int]:
        fresh = select(table).execution_options(populate_existing=True)
        there = {row.slug: row for row in self.session.execute(fresh).scalars()}
        ids = {slug: row.id for slug, row in there.items()}
        self.ids[kind] = ids
        for each in wanted:
            slug = each["slug"]
            known = there.get(slug)
            columns = {name: value for name, value in each.items() if name in table.__mapper__.column_attrs}
            if known is None:
                ids[slug] = self.session.execute(insert(table).values(**columns).returning(table.id)).scalar_one()
                write(ids[slug], each)
                self.report.added.append(f"{kind} {slug}")
                self.changed = True
                continue
            differs = any(getattr(known, name) != value for name, value in columns.items())
            parts = write(known.id, each)
            if known.retired_at is not None:
                columns["retired_at"] = None
                self.report.revived.append(f"{kind} {slug}")
                self.changed = True
            else:
                self._noted(f"{kind} {slug}", differs or parts)
            if differs or known.retired_at is not None:
                self.session.execute(
                    update(table).where(table.id == known.id).values(**columns).execution_options(**rows.QUIET)
                )
        return ids

    def _location(self, id: int, each: Mapping[str, Any]) -> bool:
        changed = [
            rows.hours_of(self.session, "location", id, rows.weekly(each["weekly"])),
            rows.days_of(self.session, "location", id, each["days"], at_the_desk=self.at_the_desk),
        ]
        return any(changed)

    def _resource(self, id: int, each: Mapping[str, Any]) -> bool:
        places, hours = [], []
        for position, place in enumerate(each["works_at"]):
            location = self.ids["location"][place["location"]]
            own = place["weekly"] is not None
            places.append({"resource_id": id, "location_id": location, "position": position, "own_hours": own})
            if own:
                hours += rows.weekly(place["weekly"], location)
        skills = [{"resource_id": id, "skill": skill, "position": n} for n, skill in enumerate(each["skills"])]
        absences = [{"resource_id": id, "unit_id": None, **absence} for absence in each["absences"]]
        away = rows.equal_at_the_desk if self.at_the_desk else rows.equal_beside_the_desk
        changed = [
            rows.make_equal(self.session, ResourceLocation, ResourceLocation.resource_id == id, places),
            rows.hours_of(self.session, "resource", id, hours),
            rows.days_of(self.session, "resource", id, each["days"], at_the_desk=self.at_the_desk),
            rows.make_equal(self.session, ResourceSkill, ResourceSkill.resource_id == id, skills),
            away(self.session, Absence, Absence.resource_id == id, absences),
            write_units(self.session, id, each, refused=self.refused, now=self.now),
        ]
        return any(changed)

    def _service(self, id: int, each: Mapping[str, Any]) -> bool:
        offered = [
            {"service_id": id, "location_id": self.ids["location"][slug], "position": n}
            for n, slug in enumerate(each["locations"])
        ]
        changed = [
            rows.make_equal(self.session, ServiceLocation, ServiceLocation.service_id == id, offered),
            rows.hours_of(self.session, "service", id, rows.weekly(each["weekly"] or [])),
            rows.days_of(self.session, "service", id, each["days"], at_the_desk=self.at_the_desk),
            write_needs(self.session, id, each["needs"], resources=self.ids["resource"]),
            write_questions(self.session, id, each["slug"], each["questions"]),
        ]
        return any(changed)

    def _missing(self) -> None:
        kinds: tuple[tuple[str, Any, Any], ...] = (
            ("service", Service, self.document["services"]),
            ("resource", Resource, self.document["resources"]),
            ("location", Location, self.document["locations"]),
        )
        for kind, table, wanted in kinds:
            gone = retiring.unnamed(self.session, table, [each["slug"] for each in wanted])
            named = [f"{kind} {row.slug}" for row in gone]
            if self.retire_missing:
                retiring.retire(self.session, kind, table, gone, refused=self.refused, now=self.now)
                self.report.retired += named
                self.changed |= bool(gone)
            else:
                self.report.missing += named
                self.changed |= retiring.put_last(self.session, table, gone, first=len(wanted))
