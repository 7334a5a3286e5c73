"""Files that are brought, as tests bring them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import xlsxwriter

from actions.importing import choosing, receiving, running
from models.base import db
from models.imports import ImportRow, ImportRun
from models.people import Staff
from models.staff_queries import viewer_of
from rules.rights import Viewer
from tests.support.staff import account
from tests.support.time import Clock


class Desk:
    """Somebody who brings files, and the worker that reads them."""

    def __init__(self, folder: Path, clock: Clock, role: str = "owner") -> None:
        self.folder, self.clock, self.id = folder / "imports", clock, account(role, now=clock.now)

    @property
    def by(self) -> Viewer:
        staff = db.session.get(Staff, self.id, populate_existing=True)
        assert staff is not None
        return viewer_of(db.session(), staff)

    def bring(self, body: bytes, kind: str = "customers", label: str = "list.csv") -> int:
        return receiving.receive(
            BytesIO(body), kind=kind, label=label, folder=self.folder, by=self.by, now=self.clock.now
        )

    def look(self, body: bytes, kind: str = "customers") -> int:
        """Brings a file and has its rows looked at."""
        id = self.bring(body, kind)
        receiving.match(id=id, mapping=self.run(id).mapping, by=self.by)
        self.work()
        return id

    def write(self, id: int, *, tell: bool = False) -> dict[str, int]:
        choosing.start(id=id, tell=tell, by=self.by, now=self.clock.now)
        self.work()
        return running.counts(db.session(), id)

    def work(self, **more: Any) -> None:
        def clock() -> Any:
            return self.clock.now

        while running.carry_on(folder=self.folder, clock=clock, **more):
            if more:
                break

    def run(self, id: int) -> ImportRun:
        found = db.session.get(ImportRun, id, populate_existing=True)
        assert found is not None
        return found

    def rows(self, id: int) -> list[ImportRow]:
        db.session.rollback()
        query = db.select(ImportRow).where(ImportRow.run_id == id).order_by(ImportRow.number)
        return list(db.session.execute(query.execution_options(populate_existing=True)).scalars())

    def wrong(self, id: int) -> dict[int, dict[str, str]]:
        """What is wrong, by row and field."""
        return {each.number: {one["field"]: one["code"] for one in each.wrong} for each in self.rows(id) if each.wrong}

    def later(self) -> None:
        """Whoever held a file has been dead for longer than it is left to her."""
        self.clock.tick(minutes=2)


def csv(*lines: str, encoding: str = "utf-8") -> bytes:
    return "\n".join(lines).encode(encoding)


def book(rows: list[list[Any]], **options: Any) -> bytes:
    """A workbook with these rows."""
    out = BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm", **options}) as made:
        sheet = made.add_worksheet("List")
        for line, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(line, column, value)
    return out.getvalue()
