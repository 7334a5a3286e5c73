"""Figures and the bookings behind them as files, within the rights of who takes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from flask import Response, g, redirect, request, session, url_for
from werkzeug.wrappers import Response as AnyResponse

import clock
from actions import counting, exports
from actions.exporting import exported
from backoffice import access, figures_address
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.diary_address import mine
from backoffice.figure_tables import Row, Tables
from backoffice.figure_tables import columns as table_columns
from backoffice.figure_tiles import Tiles
from backoffice.figure_words import COLUMNS, HEADS, TABLES
from backoffice.figures_address import Address
from backoffice.figures_look import said
from models import diary as lists
from models.base import db
from models.diary import Wanted
from models.figures import WIDE
from models.snapshot import catalogue
from reports import export
from reports import figures as reading
from reports.export import Sheet, Tally, Value
from rules import pricing
from rules.errors import Missing, NotAllowed
from rules.facts import Catalogue
from web import limits
from web.locale import here, words
from wire.desk import Shown, shown
from wire.listing import Rows, columns, marked
from wire.wording import n_

FORMS = {
    "xlsx": (export.workbook, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "csv": (export.separated, "text/csv; charset=utf-8"),
}
# More than that nobody waits for at a page.
MOST, PAGE = 20_000, 1000


def _own() -> str:
    return f"export:{access.viewer().id}"


@desk.post("/figures/export")
@door("export")
@limits.limiter.limit(limits.EXPORTS, key_func=_own)
def do_export_figures() -> Response:
    """Tiles and tables as they are on the page."""
    address, known, now = _asked()
    counting.count(now=now, seconds=8)
    today = now.astimezone(ZoneInfo(here())).date()
    found = reading.read(db.session(), known, address.ask(known), today=today)
    say, prices = words(), access.viewer().on("prices")
    tables = Tables(found, address, known, say)
    tiles = Tiles(found, address, known, say, prices=prices).all()
    heads = [
        say.gettext(each) for each in (n_("Figure"), n_("Value"), n_("Against the period before"), n_("What it is"))
    ]
    first = Sheet(
        say.gettext("Figures"),
        heads,
        [(each.name, each.value, each.said or each.few, each.definition) for each in tiles],
    )
    sheets = [first, *(_sheet(tables, name, prices=prices) for name in tables.tables())]
    return _file("figures", sheets, address, known, now)


def _sheet(tables: Tables, table: str, *, prices: bool) -> Sheet:
    """One table with plain numbers; shares are per cent, money is the currency's own unit."""
    say, names = words(), table_columns(table, prices=prices, apart=tables.address.apart)
    currency = tables.known.business.currency
    heads = [say.gettext(HEADS[table])]
    heads += [f"{say.gettext(COLUMNS[name])}{_unit(name, currency)}" for name in names]
    rows = [[row.name, *(_value(row, name, currency) for name in names)] for row in tables.rows(table)]
    return Sheet(say.gettext(TABLES[table]), heads, rows)


def _unit(column: str, currency: str) -> str:
    if column == "income":
        return f" ({currency})"
    return " (%)" if column in ("fulfilled", "of_bookable", "conversion") else ""


def _value(row: Row, column: str, currency: str) -> Value:
    if column == "income":
        return row.now.income / 10 ** pricing.digits(currency)
    if column == "fulfilled":
        return None if row.now.fulfilment is None else row.now.fulfilment / 10
    if column == "cancelled":
        return row.now.by_customer
    if column in row.more:
        value = row.more[column]
        return value / 10 if column == "conversion" and value is not None else value
    return int(getattr(row.now, column))


@desk.post("/figures/export-bookings")
@door("export")
@limits.limiter.limit(limits.EXPORTS, key_func=_own)
def do_export_bookings() -> AnyResponse:
    """The bookings that the figures count, each as she may read it; more than a page waits for are made in the background."""
    address, known, now = _asked()
    say, viewer = words(), access.viewer()
    wanted = _wanted(address, known)
    if lists.how_many(db.session(), viewer, wanted) > MOST:
        exports.ask(
            what="bookings",
            form=request.form["form"],
            asked=exports.kept(wanted),
            locale=say.locale,
            by=viewer,
            now=now,
        )
        session["done"] = say.gettext("There are many of them: the file is being made. It appears here.")
        return redirect(url_for("desk.exports"), 303)
    names = columns("bookings", prices=viewer.on("prices"))
    made = Rows(say, known, tuple(names))
    rows = [made.booking(each) for each in _bookings(address, wanted)]
    sheet = Sheet(say.gettext("Bookings"), [say.gettext(text) for text in names.values()], rows)
    return _file("bookings", [sheet], address, known, now)


def _wanted(address: Address, known: Catalogue) -> Wanted:
    viewer, ask = access.viewer(), address.ask(known)
    hers = {each.id for each in mine(known, viewer)} | (
        set(ask.locations) - {each.id for each in known.locations.values()}
    )
    return Wanted(
        tuple(each for each in ask.locations if each in hers),
        resource=ask.resource,
        service=ask.service,
        first=address.period.first,
        last=address.period.last,
    )


def _bookings(address: Address, wanted: Wanted) -> Iterator[Shown]:
    """Page by page, so that no more than one of them is held with everything that it brings."""
    viewer = access.viewer()
    # A day of any zone begins within a day of that of UTC.
    since = datetime.combine(address.period.first, time(), UTC) - WIDE
    for skip in range(0, MOST, PAGE):
        views = lists.listed(db.session(), viewer, wanted, since=since, limit=PAGE, skip=skip)
        yield from (shown(viewer, view) for view in views)
        if len(views) < PAGE:
            return


def _asked() -> tuple[Address, Catalogue, datetime]:
    """The address of the page, of somebody who may see figures too."""
    if not access.viewer().may("figures.see"):
        raise NotAllowed
    if request.form.get("form") not in FORMS:
        raise Missing
    known, now = catalogue(db.session()), clock.now()
    return figures_address.parse(request.args, known, now.astimezone(ZoneInfo(here())).date()), known, now


def _file(what: str, sheets: list[Sheet], address: Address, known: Catalogue, now: datetime) -> Response:
    """Written down first: what cannot be is not handed over."""
    form, rows = request.form["form"], sum(len(each.rows) for each in sheets)
    make, kind = FORMS[form]
    exported(
        what=what,
        form=form,
        rows=rows,
        at=request.full_path,
        by=access.viewer(),
        now=now,
    )
    answer = Response(make(sheets, lambda tally: _mark(address, known, now, tally)), content_type=kind)
    days = f"{address.period.first}-{address.period.last}"
    answer.headers["Content-Disposition"] = f'attachment; filename="{what}-{days}.{form}"'
    return answer


def _mark(address: Address, known: Catalogue, now: datetime, tally: Tally) -> Sheet:
    local = now.astimezone(ZoneInfo(here()))
    return mark(said(address, known, words(), local.date()), now, tally)


def mark(counted: str, now: datetime, tally: Tally) -> Sheet:
    """Who took a file, when, and what it is."""
    return marked(
        words(), access.viewer(), now=now, zone=here(), counted=counted, number=g.get("request_id") or "",
        cut=tally.cut, cleaned=tally.cleaned,
    )  # fmt: skip
