"""From a checked file to the tables: one transaction that adds, changes, revives and retires, or does nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session as OrmSession

from actions.businessfile import pictures
from actions.businessfile.checking import check
from actions.businessfile.reading import MAX_BYTES, Problem, Wrong, read
from actions.businessfile.wiping import wipe
from actions.sources import ensure_signs
from actions.taking import lock_resources, lock_services
from actions.transaction import run
from models import bookings
from models.booking import Allocation
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

_QUIET = {"synchronize_session": False}


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
    in the same step; ``demo`` marks what is loaded as the demo.
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
                raise Wrong([Problem("", "--replace-demo: this is not the demo business")])
            report.wiped = wipe(session)
            session.expunge_all()
            current = None
        _Loading(session, document, current, report, now, demo, version, retire_missing).all()
        if current is not None and current.is_demo and not demo:
            report.notes.append("this is still the demo business; --replace-demo leaves it")
        return report

    # The disk may be full: it is found out before anything is changed, and no picture changes without its file.
    with pictures.kept(files, pictures_dir):
        return run(work)


class _Loading:
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
        retire_missing: bool,
    ) -> None:
        self.version, self.retire_missing = version, retire_missing
        self.session, self.document, self.business, self.report = session, document, current, report
        self.now, self.demo = now, demo
        self.changed = False
        self.ids: dict[str, dict[str, int]] = {}
        self.refused: list[Problem] = []

    def all(self) -> None:
        # In the one order that everybody keeps: services, then resources.
        lock_services(self.session, self.session.execute(select(Service.id)).scalars().all())
        existing = self.session.execute(select(Resource.id)).scalars().all()
        if existing:
            lock_resources(self.session, existing)
        self._business()
        self.ids["location"] = self._rows("location", Location, self.document["locations"], self._location)
        self.ids["resource"] = self._rows("resource", Resource, self.document["resources"], self._resource)
        self.ids["service"] = self._rows("service", Service, self.document["services"], self._service)
        ensure_signs(self.session, self.ids)
        self._missing()
        if self.refused:
            raise Wrong(self.refused)
        if self.changed:
            self.session.execute(
                update(Business).values(catalogue_version=Business.catalogue_version + 1).execution_options(**_QUIET)
            )

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
            self.session.execute(update(Business).values(**values).execution_options(**_QUIET))

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
        rows = {row.slug: row for row in self.session.execute(fresh).scalars()}
        ids = {slug: row.id for slug, row in rows.items()}
        self.ids[kind] = ids
        for each in wanted:
            slug = each["slug"]
            known = rows.get(slug)
            columns = {name: value for name, value in each.items() if name in table.__mapper__.column_attrs}
            if known is None:
                ids[slug] = self.session.execute(insert(table).values(**columns).returning(table.id)).scalar_one()
                write(ids[slug], each, True)
                self.report.added.append(f"{kind} {slug}")
                self.changed = True
                continue
            differs = any(getattr(known, name) != value for name, value in columns.items())
            parts = write(known.id, each, False)
            if known.retired_at is not None:
                columns["retired_at"] = None
                self.report.revived.append(f"{kind} {slug}")
                self.changed = True
            else:
                self._noted(f"{kind} {slug}", differs or parts)
            if differs or known.retired_at is not None:
                self.session.execute(
                    update(table).where(table.id == known.id).values(**columns).execution_options(**_QUIET)
                )
        return ids

    def _location(self, id: int, each: Mapping[str, Any], _new: bool) -> bool:
        hours = _weekly("location", id, None, each["weekly"])
        return self._parts(WeeklyHours, _owner(WeeklyHours, "location", id), hours) | self._parts(
            SpecialDay, _owner(SpecialDay, "location", id), _days("location", id, each["days"])
        )

    def _resource(self, id: int, each: Mapping[str, Any], _new: bool) -> bool:
        places, hours = [], []
        for position, place in enumerate(each["works_at"]):
            location = self.ids["location"][place["location"]]
            own = place["weekly"] is not None
            places.append({"resource_id": id, "location_id": location, "position": position, "own_hours": own})
            if own:
                hours += _weekly("resource", id, location, place["weekly"])
        skills = [{"resource_id": id, "skill": skill, "position": n} for n, skill in enumerate(each["skills"])]
        absences = [{"resource_id": id, "unit_id": None, **absence} for absence in each["absences"]]
        changed = [
            self._parts(ResourceLocation, ResourceLocation.resource_id == id, places),
            self._parts(WeeklyHours, _owner(WeeklyHours, "resource", id), hours),
            self._parts(SpecialDay, _owner(SpecialDay, "resource", id), _days("resource", id, each["days"])),
            self._parts(ResourceSkill, ResourceSkill.resource_id == id, skills),
            self._parts(Absence, Absence.resource_id == id, absences),
            self._units(id, each),
        ]
        return any(changed)

    def _units(self, id: int, each: Mapping[str, Any]) -> bool:
        """Units keep their identity by name, then by order; one too many is retired, if nothing ahead takes it."""
        query = select(ResourceUnit).where(ResourceUnit.resource_id == id).order_by(ResourceUnit.position)
        rows = list(self.session.execute(query).scalars())
        matched = _matched(rows, each["units"])
        changed = False
        for position, (name, row) in enumerate(zip(each["units"], matched, strict=True)):
            if row is None:
                self.session.execute(insert(ResourceUnit).values(resource_id=id, position=position, name=name))
                changed = True
            elif (row.name, row.position, row.retired_at) != (name, position, None):
                self._set_unit(row.id, name=name, position=position, retired_at=None)
                changed = True
        surplus = [row for row in rows if row.retired_at is None and row not in matched]
        if surplus:
            self._refuse_taken(f"resource {each['slug']}", surplus)
            for row in surplus:
                self._set_unit(row.id, retired_at=self.now)
            changed = True
        return changed

    def _set_unit(self, id: int, **values: Any) -> None:
        self.session.execute(
            update(ResourceUnit).where(ResourceUnit.id == id).values(**values).execution_options(**_QUIET)
        )

    def _refuse_taken(self, name: str, units: Iterable[ResourceUnit]) -> None:
        sessions = select(Allocation.session_id).where(
            Allocation.unit_id.in_([unit.id for unit in units]),
            Allocation.live,
            Allocation.busy_to > self.now,
            or_(Allocation.held_until.is_(None), Allocation.held_until > self.now),
        )
        taken = self.session.execute(sessions).scalars().all()
        ahead = bookings.of_sessions(self.session, taken)
        if ahead or taken:
            gone = ", ".join(unit.name for unit in units if unit.name)
            of = f" ({gone})" if gone else ""
            reason = f"capacity cannot shrink below what is booked ahead{of}: {_listed(ahead)}"
            self.refused.append(Problem(name, reason))

    def _service(self, id: int, each: Mapping[str, Any], _new: bool) -> bool:
        offered = [
            {"service_id": id, "location_id": self.ids["location"][slug], "position": n}
            for n, slug in enumerate(each["locations"])
        ]
        changed = [
            self._parts(ServiceLocation, ServiceLocation.service_id == id, offered),
            self._parts(
                WeeklyHours, _owner(WeeklyHours, "service", id), _weekly("service", id, None, each["weekly"] or [])
            ),
            self._parts(SpecialDay, _owner(SpecialDay, "service", id), _days("service", id, each["days"])),
            self._needs(id, each["needs"]),
            self._questions(id, each["slug"], each["questions"]),
        ]
        return any(changed)

    def _needs(self, id: int, wanted: Sequence[Mapping[str, Any]]) -> bool:
        def plain(rows: Sequence[Need]) -> list[Any]:
            return [(row.kind, row.count, row.customer_may_choose, *self._need_parts(row.id)) for row in rows]

        rows = list(self.session.execute(select(Need).where(Need.service_id == id).order_by(Need.position)).scalars())
        target = [
            (
                need["kind"],
                need["count"],
                need["customer_may_choose"],
                [self.ids["resource"][slug] for slug in need["any_of"]],
                need["skills"],
            )
            for need in wanted
        ]
        if plain(rows) == target:
            return False
        ids = [row.id for row in rows]
        for table in (NeedResource, NeedSkill):
            self.session.execute(delete(table).where(table.need_id.in_(ids)).execution_options(**_QUIET))
        self.session.execute(delete(Need).where(Need.id.in_(ids)).execution_options(**_QUIET))
        for position, (kind, count, choose, any_of, skills) in enumerate(target):
            need = self.session.execute(
                insert(Need)
                .values(service_id=id, position=position, kind=kind, count=count, customer_may_choose=choose)
                .returning(Need.id)
            ).scalar_one()
            for n, resource in enumerate(any_of):
                self.session.execute(insert(NeedResource).values(need_id=need, resource_id=resource, position=n))
            for n, skill in enumerate(skills):
                self.session.execute(insert(NeedSkill).values(need_id=need, skill=skill, position=n))
        return True

    def _need_parts(self, need: int) -> tuple[list[int], list[str]]:
        any_of = select(NeedResource.resource_id).where(NeedResource.need_id == need).order_by(NeedResource.position)
        skills = select(NeedSkill.skill).where(NeedSkill.need_id == need).order_by(NeedSkill.position)
        return list(self.session.execute(any_of).scalars()), list(self.session.execute(skills).scalars())

    def _questions(self, id: int, slug: str, wanted: list[dict[str, Any]]) -> bool:
        """An edit makes a version; bookings keep the one that they were made with."""
        versions = (
            select(Definition)
            .where(Definition.kind == "questions", Definition.key == slug)
            .order_by(Definition.version)
        )
        rows = list(self.session.execute(versions).scalars())
        live = next((row for row in rows if row.state == "live"), None)
        if (live.document if live else []) == wanted:
            return False
        if live is not None:
            self.session.execute(
                update(Definition).where(Definition.id == live.id).values(state="retired").execution_options(**_QUIET)
            )
        definition = None
        if wanted:
            version = rows[-1].version + 1 if rows else 1
            definition = self.session.execute(
                insert(Definition)
                .values(kind="questions", key=slug, version=version, state="live", document=wanted)
                .returning(Definition.id)
            ).scalar_one()
        self.session.execute(
            update(Service).where(Service.id == id).values(definition_id=definition).execution_options(**_QUIET)
        )
        return True

    def _parts(self, table: Any, mine: Any, wanted: list[dict[str, Any]]) -> bool:
        """Makes the rows of one owner equal to ``wanted``; True when they differed."""
        names = sorted(
            {name for row in wanted for name in row} | {column.name for column in table.__table__.columns} - {"id"}
        )
        rows = self.session.execute(select(table).where(mine)).scalars().all()
        before = sorted((_plain(row, names) for row in rows), key=repr)
        after = sorted((_defaults(table, row, names) for row in wanted), key=repr)
        if before == after:
            return False
        self.session.execute(delete(table).where(mine).execution_options(**_QUIET))
        for row in rows:
            self.session.expunge(row)
        for row in wanted:
            self.session.execute(insert(table).values(**row))
        return True

    def _missing(self) -> None:
        kinds: tuple[tuple[str, Any, Any], ...] = (
            ("service", Service, self.document["services"]),
            ("resource", Resource, self.document["resources"]),
            ("location", Location, self.document["locations"]),
        )
        for kind, table, wanted in kinds:
            named = {each["slug"] for each in wanted}
            rows = self.session.execute(select(table).where(table.retired_at.is_(None))).scalars().all()
            gone = [row for row in rows if row.slug not in named]
            if not gone:
                continue
            if not self.retire_missing:
                self.report.missing += [f"{kind} {row.slug}" for row in gone]
                self._put_last(table, gone, len(wanted))
                continue
            self._refuse_booked(kind, gone)
            self.session.execute(
                update(table)
                .where(table.id.in_([row.id for row in gone]))
                .values(retired_at=self.now)
                .execution_options(**_QUIET)
            )
            self.report.retired += [f"{kind} {row.slug}" for row in gone]
            self.changed = True

    def _put_last(self, table: Any, rows: Sequence[Any], first: int) -> None:
        """What the file does not name comes after what it names, in its own order."""
        for position, row in enumerate(sorted(rows, key=lambda each: (each.position, each.id)), first):
            if row.position != position:
                self.session.execute(
                    update(table).where(table.id == row.id).values(position=position).execution_options(**_QUIET)
                )
                self.changed = True

    def _refuse_booked(self, kind: str, gone: Sequence[Any]) -> None:
        for row in gone:
            find = {
                "service": bookings.future_of_service,
                "resource": bookings.future_of_resource,
                "location": bookings.future_of_location,
            }[kind]
            ahead = find(self.session, [row.id], self.now)
            if ahead:
                reason = f"cannot be retired while it is booked ahead: {_listed(ahead)}"
                self.refused.append(Problem(f"{kind} {row.slug}", reason))


def _matched(rows: Sequence[ResourceUnit], names: Sequence[str | None]) -> list[ResourceUnit | None]:
    """For each wanted unit the row that it is: the one of its name, else the next one in service that no other name
    claims, else a retired one, else None."""
    named = {row.name: row for row in sorted(rows, key=lambda each: each.retired_at is None) if row.name}
    found = [named.get(name) if name else None for name in names]
    claimed = {row.id for row in found if row is not None}
    rest = iter(sorted((row for row in rows if row.id not in claimed), key=lambda each: each.retired_at is not None))
    return [row if row is not None else next(rest, None) for row in found]


def _listed(ahead: Sequence[bookings.BookingView]) -> str:
    shown = [f"{view.reference} ({view.start.astimezone(UTC):%Y-%m-%d %H:%M} UTC)" for view in ahead[:20]]
    return (
        ", ".join(shown) + (f" and {len(ahead) - 20} more" if len(ahead) > 20 else "")
        if shown
        else "a time that is being held"
    )


def _owner(table: Any, kind: str, id: int) -> Any:
    return (table.owner_kind == kind) & (table.owner_id == id)


def _weekly(
    kind: str, id: int, location: int | None, week: Sequence[Sequence[tuple[int, int]]]
) -> list[dict[str, Any]]:
    return [
        {
            "owner_kind": kind,
            "owner_id": id,
            "location_id": location,
            "weekday": weekday,
            "from_minute": start,
            "to_minute": end,
        }
        for weekday, windows in enumerate(week)
        for start, end in windows
    ]


def _days(kind: str, id: int, days: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [{"owner_kind": kind, "owner_id": id, **day} for day in days]


def _plain(row: Any, names: Sequence[str]) -> list[Any]:
    return [getattr(row, name) for name in names]


def _defaults(table: Any, row: Mapping[str, Any], names: Sequence[str]) -> list[Any]:
    found = []
    for name in names:
        default = table.__table__.columns[name].default
        fallback = default.arg if default is not None and default.is_scalar else None
        found.append(row.get(name, fallback))
    return found
