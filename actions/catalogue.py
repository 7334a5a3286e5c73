"""What is offered, edited one entry at a time: what the business file says of the business, a place, a person or thing, or a
service. Each edit is a version: who, when, before, after."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session as OrmSession

from actions import holidays
from actions.businessfile import pictures, retiring, rows
from actions.businessfile.dumping import Dump
from actions.businessfile.loading import Loading, Report, lock_all
from actions.businessfile.reading import Problem
from actions.businessfile.times import DAYS
from actions.catalogue_entries import PLURAL, canonical, checked, stripped, version_of
from actions.catalogue_hits import hits, spans
from actions.catalogue_names import slug_for
from actions.catalogue_versions import last_edit, remember
from actions.offers import outgrown
from actions.transaction import run
from models import snapshot
from models.business import Business, Location
from models.catalogue import Resource, Service
from models.snapshot import NoBusiness
from rules import errors
from rules.facts import Catalogue
from rules.rights import Viewer

KINDS = ("business", "location", "resource", "service")
TABLES: Mapping[str, Any] = {"location": Location, "resource": Resource, "service": Service}
UNKNOWN = {
    "location": errors.UnknownLocation,
    "resource": errors.UnknownResource,
    "service": errors.UnknownService,
}


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of saving. ``changed`` is False where everything was like that already; ``notes`` are what the file's reader
    says of it (English sentences)."""

    slug: str
    version: str
    changed: bool
    added: bool = False
    notes: tuple[str, ...] = ()


def entry(session: OrmSession, kind: str, slug: str | None = None) -> dict[str, Any]:
    """What the business file says of one ``business``, ``location``, ``resource`` or ``service``, retired ones too.
    ``version_of`` makes of it the version that a form carries. Raises UnknownLocation and its like."""
    it = Dump(session)
    return it.entry(kind, _row(it, kind, slug))


def save(
    kind: str,
    slug: str | None,
    entry: Mapping[str, Any],
    *,
    by: Viewer,
    now: datetime,
    version: str | None = None,
    keep: bool = False,
    files: Mapping[str, bytes] | None = None,
    pictures_dir: Path | None = None,
) -> Saved:
    """Makes one entry what ``entry`` says, checked as the business file is, and writes one row of history with what differs;
    nothing at all where it is so already. Without ``slug`` it is a new one, named after its name.

    ``version`` is the one that the form was made from. ``keep``: bookings that would stand outside the new rules stay as they
    are. ``files`` are pictures (made safe) that it names and that are kept with it in ``pictures_dir``.

    Raises NotAllowed, the unknown ones, Invalid (``errors`` by field as the file names it: ``hours.mon[0]``; by ``""`` what is
    wrong elsewhere then), EditedMeanwhile, BookedAhead, HitsBookings.
    """
    allowed(by)
    wanted = stripped(entry)

    def work(session: OrmSession) -> Saved:
        it, known = _locked(session), snapshot.catalogue(session)
        row = _row(it, kind, slug) if slug or kind == "business" else None
        name = slug or ("" if kind == "business" else slug_for(kind, wanted.get("name"), it.rows[kind]))
        before = it.entry(kind, row) if row is not None else {}
        after, notes = _written(session, it, kind, name, wanted, now)
        saved = Saved(name, version_of(after), canonical(before) != canonical(after), row is None, notes)
        if not saved.changed:
            return saved
        if version is not None and row is not None and version != version_of(before):
            raise errors.EditedMeanwhile(**last_edit(session, kind, row.id))
        id = row.id if row is not None else _id(session, kind, name)
        if row is not None and kind in TABLES and not keep:
            _refuse_hits(session, known, kind, id, name, now)
        remember(session, kind, id, "edited" if row is not None else "added", before, after, by=by.actor, now=now)
        return saved

    with pictures.kept(files or {}, pictures_dir or Path()):
        return run(work)


def _refuse_hits(session: OrmSession, known: Catalogue, kind: str, id: int, slug: str, now: datetime) -> None:
    """Raises HitsBookings for those that stood inside the rules of ``known`` and do not inside those that are written, or have
    no room by them. Asked while everything is locked: nobody books in between, and no second editor passes."""
    fresh = snapshot.fresh(session)
    found = {each.id: each for each in hits(session, known, fresh, kind, id, now=now)}
    if kind == "service":
        found |= {each.id: each for each in outgrown(session, known, fresh, slug, now=now)}
    hit = sorted(found.values(), key=lambda each: (each.start, each.id))
    if hit:
        raise errors.HitsBookings(bookings=tuple(hit), spans=spans(fresh, kind, id, hit))


def retire(kind: str, slug: str, *, by: Viewer, now: datetime) -> bool:
    """Takes a place, person, thing or service out of the offer; its past stays, and it can be revived. False when it was out
    already. Raises NotAllowed, the unknown ones, BookedAhead with the list, Invalid where others would be left with
    nothing."""
    allowed(by)

    def work(session: OrmSession) -> bool:
        it = _locked(session)
        row = _row(it, kind, slug)
        if row.retired_at is not None:
            return False
        refused: list[Problem] = []
        retiring.retire(session, kind, TABLES[kind], [row], refused=refused, now=now)
        if refused:
            raise errors.BookedAhead(bookings=refused[0].ahead)
        checked(it, left=(kind, slug), today=now.date())
        _published(session)
        remember(session, kind, row.id, "retired", {}, {}, by=by.actor, now=now)
        return True

    return run(work)


def revive(kind: str, slug: str, *, by: Viewer, now: datetime) -> bool:
    """Offers it again, as it was. False when it is offered already. Raises NotAllowed, the unknown ones, Invalid where what it
    names is gone."""
    allowed(by)

    def work(session: OrmSession) -> bool:
        it = _locked(session)
        row = _row(it, kind, slug)
        if row.retired_at is None:
            return False
        checked(it, named=(kind, slug, it.entry(kind, row)), today=now.date())
        table = TABLES[kind]
        session.execute(update(table).where(table.id == row.id).values(retired_at=None).execution_options(**rows.QUIET))
        _published(session)
        remember(session, kind, row.id, "revived", {}, {}, by=by.actor, now=now)
        return True

    return run(work)


def allowed(by: Viewer) -> None:
    """Raises NotAllowed for who may not change what is offered."""
    if not by.may("business.write"):
        raise errors.NotAllowed


def _locked(session: OrmSession) -> Dump:
    """Everything as it stands, while nobody else edits it and nobody books."""
    held = select(Business.id).with_for_update(key_share=True)
    if session.execute(held).scalar_one_or_none() is None:
        raise NoBusiness
    lock_all(session)
    return Dump(session)


def _row(it: Dump, kind: str, slug: str | None) -> Any:
    row = it.row(kind, slug)
    if row is None:
        params: dict[str, Any] = {kind: slug}
        raise UNKNOWN[kind](**params)
    return row


def _written(
    session: OrmSession, it: Dump, kind: str, name: str, wanted: Mapping[str, Any], now: datetime
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The entry as it stands once it is written, and the reader's notes."""
    if kind != "business":
        wanted = {"slug": name, **{key: value for key, value in wanted.items() if key != "slug"}}
    found, notes = checked(it, named=(kind, name, wanted), today=now.date())
    document: dict[str, Any] = {"business": found["business"], "locations": [], "resources": [], "services": []}
    if kind != "business":
        one = next(each for each in found[PLURAL[kind]] if each["slug"] == name)
        known = it.row(kind, name)
        document[PLURAL[kind]] = [{**one, "position": known.position if known is not None else len(it.rows[kind])}]
    loading = Loading(session, document, it.business, Report(), now, it.business.is_demo, 0, at_the_desk=True)
    loading.named()
    if loading.refused:
        raise errors.BookedAhead(bookings=loading.refused[0].ahead)
    loading.finish()
    fresh = Dump(session)
    return fresh.entry(kind, _row(fresh, kind, name)), notes


def _id(session: OrmSession, kind: str, name: str) -> int:
    table = TABLES[kind]
    return int(session.execute(select(table.id).where(table.slug == name)).scalar_one())


def _published(session: OrmSession) -> None:
    """Makes everybody read the catalogue anew."""
    session.execute(
        update(Business).values(catalogue_version=Business.catalogue_version + 1).execution_options(**rows.QUIET)
    )


@dataclass(frozen=True, slots=True)
class Listed:
    """One entry of a list: ``says`` what the file says of it."""

    slug: str
    name: Any
    retired: bool
    says: Mapping[str, Any]


def everything(session: OrmSession, kind: str) -> list[Listed]:
    """All entries of a kind in their order, retired ones too."""
    it = Dump(session)
    return [Listed(row.slug, row.name, row.retired_at is not None, it.entry(kind, row)) for row in it.rows[kind]]


def is_retired(session: OrmSession, kind: str, slug: str) -> bool:
    """True for what is out of the offer."""
    table = TABLES[kind]
    return session.execute(select(table.retired_at).where(table.slug == slug)).scalar() is not None


def with_make_up_days(entry: Mapping[str, Any], *, today: date) -> dict[str, str]:
    """``works_as`` of a place with the official make-up working days still to come, those that are named there unchanged."""
    named = dict(entry.get("works_as") or {})
    try:
        found = holidays.make_up_days(str(entry.get("holidays") or ""), (today.year, today.year + 1))
    except holidays.UnknownRegion:
        return named
    ahead = {day.isoformat(): DAYS[weekday] for day, weekday in found.items() if day >= today}
    return dict(sorted({**ahead, **named}.items()))
