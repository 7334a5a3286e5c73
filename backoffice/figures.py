"""Figures: how it goes, against the period before; every mark leads to the list that it counts."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, request

import clock
from actions import counting
from backoffice import access, figures_address, figures_look
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.figure_tables import Row, Tables, cell, columns, total
from backoffice.figure_tiles import Tiles
from backoffice.figure_words import COLUMNS, HEADS, PERIODS, TABLES
from backoffice.figures_address import Address, splits
from models.base import db
from models.snapshot import catalogue
from reports import figures as reading
from rules import periods
from rules.facts import Catalogue
from rules.figures import Counts
from web.locale import here, words


@desk.get("/figures")
@door("figures.see")
def figures() -> str:
    """The page."""
    now = clock.now()
    waits = counting.count(now=now)
    known, today = catalogue(db.session()), now.astimezone(ZoneInfo(here())).date()
    address = figures_address.parse(request.args, known, today)
    found = reading.read(db.session(), known, address.ask(known), today=today)
    say, prices = words(), access.viewer().on("prices")
    tables = Tables(found, address, known, say)
    return render_template(
        "backoffice/figures.html",
        address=address,
        said=figures_look.said(address, known, say, today),
        then=figures_look.spell(periods.before(address.period), say, today),
        periods=[(name, say.gettext(text)) for name, text in PERIODS.items()],
        filters=_filters(known),
        splits=[(key, f"{say.text(of.name)}{say.colon}{say.text(each['label'])}") for key, (of, each) in splits(known)],
        tiles=Tiles(found, address, known, say, prices=prices).all(),
        waits=waits,
        empty=not found.now.all.bookings,
        charts=figures_look.Charts(found, address, known, say, tables),
        table=_table(tables, address, prices=prices),
        tables=[(name, say.gettext(TABLES[name])) for name in tables.tables()],
        export=access.viewer().may("export"),
    )


def _filters(known: Catalogue) -> dict[str, list[tuple[str, str]]]:
    say = words()
    return {
        "locations": [(each.slug, say.text(each.name)) for each in known.locations.values()],
        "services": [(each.slug, say.text(each.name)) for each in known.services.values()],
        "resources": [(each.slug, say.text(each.name)) for each in known.resources.values()],
    }


def _table(tables: Tables, address: Address, *, prices: bool) -> dict[str, Any]:
    """The table below: heads, lines with their links, and the sum where the lines are parts of a whole."""
    say, known = words(), tables.known
    rows = tables.rows(address.table)
    names = columns(address.table, prices=prices, apart=address.apart)
    currency = known.business.currency
    found: dict[str, Any] = {
        "heads": [say.gettext(HEADS[address.table]), *(say.gettext(COLUMNS[name]) for name in names)],
        "lines": [(row.name, row.href, [cell(row, name, say, currency) for name in names]) for row in rows],
        "sum": [],
    }
    if address.table not in ("person", "channel", "answer") and rows:
        all_ = Row("", "", "", total(rows), Counts())
        found["sum"] = [cell(all_, name, say, currency) for name in names]
    return found
