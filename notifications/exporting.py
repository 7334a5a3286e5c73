"""Makes the large files that somebody has asked for: row after row, however many there are."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session as OrmSession

from actions import exports
from actions.lease import Lease, Lost
from models import diary
from models.base import db
from models.customer_queries import readable_customers, ways
from models.figures import WIDE
from models.imports import ExportFile
from models.people import Customer
from models.snapshot import catalogue
from reports import export
from reports.export import Sheet, Tally, Value
from rules.facts import Catalogue
from rules.rights import Viewer
from wire.desk import shown
from wire.listing import Rows, columns, marked
from wire.wording import Wording, n_, wording

log = logging.getLogger("frontdesk.files")
AT_ONCE = 1000
Row = list[Value]
# So many days are read at a time: what lies behind a long list is not walked over again for each page of it.
DAYS = timedelta(days=7)
TITLES = {"bookings": n_("Bookings"), "customers": n_("Customers")}


def make(*, folder: Path, clock: Callable[[], datetime]) -> bool:
    """Makes one file that waits; False where none does."""
    found = exports.claim(now=clock())
    if found is None:
        return False
    lease, file, viewer = found
    if viewer is None:
        exports.settle(lease, state="failed", now=clock())
        return True
    folder.mkdir(parents=True, exist_ok=True)
    stored = secrets.token_hex(16)
    path = folder / stored
    try:
        tally = _made(file, viewer, path, lease, clock)
    except Lost:
        path.unlink(missing_ok=True)
        log.warning("export %s: another worker makes it by now", file.id)
        return True
    except Exception:
        path.unlink(missing_ok=True)
        log.exception("export %s", file.id)
        db.session.rollback()
        exports.settle(lease, state="failed", now=clock())
        return True
    done: dict[str, Any] = {"rows": tally.rows, "cut": tally.cut, "cleaned": tally.cleaned}
    if not exports.settle(lease, state="ready", now=clock(), stored=stored, **done):
        path.unlink(missing_ok=True)
    return True


def _made(file: ExportFile, viewer: Viewer, path: Path, lease: Lease, clock: Callable[[], datetime]) -> Tally:
    session, now = db.session(), clock()
    known = catalogue(session)
    say = wording(file.locale, known.business.locale)
    names = columns(file.what, prices=viewer.on("prices"))
    parts = (
        _bookings(session, file, viewer, known, say, tuple(names))
        if file.what == "bookings"
        else _customers(session, viewer)
    )
    title = say.gettext(TITLES[file.what])
    sheet = Sheet(title, [say.gettext(text) for text in names.values()], [])

    def mark(tally: Tally) -> Sheet:
        return marked(
            say, viewer, now=now, zone=known.business.timezone, counted=title, number=f"E{file.id}", cut=tally.cut,
            cleaned=tally.cleaned,
        )  # fmt: skip

    return export.streamed(path, file.form, sheet, _held(parts, lease, clock), mark)


def _held(parts: Iterator[list[Row]], lease: Lease, clock: Callable[[], datetime]) -> Iterator[Row]:
    """Each row; the file is held further with every part of them, however long it takes. Raises Lost."""
    for part in parts:
        lease.hold(now=clock())
        yield from part


def _bookings(
    session: OrmSession, file: ExportFile, viewer: Viewer, known: Catalogue, say: Wording, names: tuple[str, ...]
) -> Iterator[list[Row]]:
    """Some days after the other, earliest first."""
    whole = exports.wanted(file.asked)
    made = Rows(say, known, names)
    assert whole.first is not None
    assert whole.last is not None
    first = whole.first
    while first <= whole.last:
        last = min(first + DAYS - timedelta(days=1), whole.last)
        part = exports.wanted({**file.asked, "first": first.isoformat(), "last": last.isoformat()})
        since, skip = datetime.combine(first, time(), UTC) - WIDE, 0
        while True:
            views = diary.listed(session, viewer, part, since=since, limit=AT_ONCE, skip=skip)
            session.rollback()
            yield [made.booking(shown(viewer, view)) for view in views]
            skip += AT_ONCE
            if len(views) < AT_ONCE:
                break
        first = last + timedelta(days=1)


def _customers(session: OrmSession, viewer: Viewer) -> Iterator[list[Row]]:
    """Everybody whom she may read: all of them, or those with a booking that she sees."""
    everybody = viewer.on("contacts") and viewer.scope("export") in ("all", "location") and not viewer.locations
    zone, after = ZoneInfo(catalogue(session).business.timezone), 0
    while True:
        query = select(Customer).where(
            Customer.id > after, Customer.merged_into.is_(None), Customer.erased_at.is_(None)
        )
        found = list(session.execute(query.order_by(Customer.id).limit(AT_ONCE)).scalars())
        if not found:
            return
        ids = [each.id for each in found]
        mine = set(ids) if everybody else readable_customers(session, viewer, ids)
        reached = ways(session, ids)
        rows = [_customer(each, reached, zone) for each in found if each.id in mine]
        after = ids[-1]
        session.expunge_all()
        session.rollback()
        yield rows


def _customer(each: Customer, ways: dict[tuple[int, str], list[str]], zone: ZoneInfo) -> Row:
    extra = each.extra or {}
    phone, email = (", ".join(ways[each.id, kind]) for kind in ("phone", "email"))
    since = each.created_at.astimezone(zone).date().isoformat()
    return [each.name, phone, email, extra.get("company"), each.level, each.region, extra.get("note"), since]
