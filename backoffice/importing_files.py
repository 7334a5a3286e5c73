"""Workbooks of imports: the templates to fill, and what was refused and why."""

from __future__ import annotations

from flask import Response

import clock
from actions.exporting import exported
from actions.importing import receiving
from actions.importing.fields import KINDS
from backoffice import access
from backoffice.access import door
from backoffice.blueprint import desk
from backoffice.figures_files import mark
from backoffice.importing import shown
from models import import_queries
from models.base import db
from models.snapshot import catalogue
from reports import export
from reports.export import Sheet
from rules.errors import Missing, NotAllowed
from web.locale import words
from wire import importing as said

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MOST = 50_000


@desk.get("/import/template/<kind>.xlsx")
@door("import")
def import_template(kind: str) -> Response:
    """A workbook with the headers of a kind, one row as an example, and a sheet that explains each column."""
    if kind not in KINDS:
        raise Missing
    say, fields = words(), KINDS[kind].fields
    example = {"service": _first("services"), "location": _first("locations")}
    titles = [say.gettext(said.FIELDS[each.name]) for each in fields]
    explained = [
        (
            title,
            say.gettext("needed") if each.required else say.gettext("if you like"),
            say.gettext(said.EXPLAINED[each.name]) if each.name in said.EXPLAINED else "",
        )
        for title, each in zip(titles, fields, strict=True)
    ]
    sheets = [
        Sheet(say.gettext(said.KINDS[kind]), titles, [[each.example or example.get(each.name, "") for each in fields]]),
        Sheet(
            say.gettext("What the columns mean"),
            [say.gettext("Column"), say.gettext("Needed"), say.gettext("What stands in it")],
            explained,
        ),
    ]
    return _sent(export.workbook(sheets, None), f"{kind}.xlsx")


def _first(what: str) -> str:
    return next((words().text(each.name) for each in getattr(catalogue(db.session()), what).values()), "")


@desk.get("/import/<int:id>/refused.xlsx")
@door("import")
def import_refused(id: int) -> Response:
    """The rows that were not taken as they stood in the file, with the reason; to mend and to bring again."""
    viewer, say = access.viewer(), words()
    run = receiving.owned(db.session(), id, viewer)
    if not viewer.may("export"):
        raise NotAllowed
    fields = [each for each in KINDS[run.kind].fields if each.name in run.mapping]
    heads = [say.gettext("Row"), *(run.heads[run.mapping[each.name]] for each in fields), say.gettext("Why")]
    rows = []
    for each in import_queries.rows(db.session(), id, ("refused", "clash"), limit=MOST):
        given = each.fields.get("_given", {}) | {name: value for name, value in each.fields.items() if name != "_given"}
        cells = [each.fields.get("_given", {}).get(field.name) or shown(field.name, given) for field in fields]
        why = " ".join(
            f"{field}: {reason}" if field else reason for field, reason in said.reasons(say, each.wrong or [])
        )
        rows.append([each.number, *cells, why])
    now = clock.now()
    exported(what="refused", form="xlsx", rows=len(rows), at=f"/desk/import/{id}", by=viewer, now=now)
    return _sent(
        export.workbook([Sheet(say.gettext("Refused"), heads, rows)], lambda tally: mark(run.label, now, tally)),
        f"refused-{id}.xlsx",
    )


def _sent(body: bytes, name: str) -> Response:
    answer = Response(body, content_type=XLSX)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
