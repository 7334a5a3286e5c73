"""A workbook of 50,000 customers on PostgreSQL: looked at and written, with the memory that it takes."""

from __future__ import annotations

import os
import resource
import time
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import xlsxwriter

from actions import accounts
from actions.importing import choosing, receiving, running
from bench.house import House
from bench.table import row
from models.base import db
from models.imports import ImportRun
from models.people import Staff
from models.staff_queries import viewer_of

ROWS, MOST_SECONDS = 50_000, 60


def imports(folder: Path) -> None:
    """Prints how long it takes until the last of them is a customer."""
    rows = int(os.environ.get("BENCH_ROWS") or ROWS)
    house = House("postgres", folder)
    with house.app.app_context():
        now = datetime.now(UTC)
        added = accounts.add(
            email="o@example.com", name="O", role="owner", invite=False, by=None, actor="shell", now=now
        )
        staff = db.session.get(Staff, added.id)
        assert staff is not None
        by, before = viewer_of(db.session(), staff), _memory()
        began = time.perf_counter()
        kept = receiving.receive(workbook(rows), kind="customers", label="bench.xlsx", folder=folder, by=by, now=now)
        run = db.session.get(ImportRun, kept)
        assert run is not None
        receiving.match(id=kept, mapping=run.mapping, by=by)
        running.carry_on(folder=folder, clock=lambda: datetime.now(UTC))
        looked = time.perf_counter() - began
        choosing.start(id=kept, tell=False, by=by, now=now)
        running.carry_on(folder=folder, clock=lambda: datetime.now(UTC))
        took = time.perf_counter() - began
        assert running.counts(db.session(), kept) == {"made": rows}
        more = _memory() - before
    house.close()
    note = f"{rows:,} customers; {looked:.1f} s of it looking at them, {more} MB more than before"
    row("a workbook of customers imported, s", took, MOST_SECONDS, MOST_SECONDS / 2, note, most=True)


def workbook(rows: int) -> BytesIO:
    """A workbook with as many customers, each with a phone and a mailbox."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("Customers")
        sheet.write_row(0, 0, ["Name", "Phone", "E-mail", "Company", "Level"])
        for n in range(rows):
            cells = [f"Customer {n}", f"+49 151 {10000000 + n}", f"c{n}@example.com", f"Firm {n % 900}", "ABC"[n % 3]]
            sheet.write_row(n + 1, 0, cells)
    out.seek(0)
    return out


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
